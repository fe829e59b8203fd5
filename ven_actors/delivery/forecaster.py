"""Forecasts of a whole state folder: which are wanted, and how they come into the outbox.

A forecast is no reading: it is in no ledger. Once it is sealed, its columns are in the store, and its report is
delivered as any other is.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ven_actors.delivery.entries import QueuedBlock
from ven_actors.delivery.forecasts import due, sayable
from ven_actors.delivery.restoring import report_record
from ven_actors.records import ForecastRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ven_actors.delivery.entries import NextWindow, RequestState
    from ven_actors.delivery.fleet_outbox import FleetOutbox
    from ven_actors.delivery.journal import Journal
    from ven_actors.delivery.outbox import VenOutbox
    from ven_actors.model import Block, Window


class Forecaster:
    """Time is that of the VEN: a window has begun when the VEN has closed all its intervals up to there."""

    def __init__(self, outbox: FleetOutbox, journal: Journal, next_window: NextWindow) -> None:
        self._outbox = outbox
        self._journal = journal
        self._next_window = next_window

    def wanted(self, outbox: VenOutbox) -> list[tuple[RequestState, Window]]:
        """Return the windows that have begun and whose forecast nobody makes yet; from now on somebody does."""
        if outbox.closed_until_s is None or not any(state.forecast for state in outbox.requests.values()):
            return []
        before = {state.request_key: state.sealed_until_s for state in outbox.requests.values()}
        found = []
        for state, window in due(outbox.active_requests(), self._next_window, outbox.closed_until_s):
            if not sayable(window):
                state.sealed_until_s = window.end_s
            elif state.request_key not in outbox.asked_forecasts:
                outbox.asked_forecasts.add(state.request_key)
                found.append((state, window))
        for state in outbox.requests.values():
            if state.sealed_until_s != before[state.request_key]:
                self._journal.keep_cursor(state.request_key, state.sealed_until_s)
        return found

    def add(self, outbox: VenOutbox, request_id: str, blocks: Sequence[Block], layout_id: int) -> list[QueuedBlock]:
        """Seal the forecast that was wanted, one block for each interval; none if it is wanted no more."""
        state = outbox.requests.get(request_id)
        if state is None or state.request_key not in outbox.asked_forecasts:
            return []
        outbox.asked_forecasts.remove(state.request_key)
        window = None if state.gone else state.upcoming(self._next_window)
        intervals = () if window is None else sayable(window)
        if window is None or [math.floor(each.start_s) for each in intervals] != [each.start_s for each in blocks]:
            return []
        queued = []
        for block in blocks:
            queued.append(QueuedBlock(self._outbox.new_block_id(), block.start_s, block.end_s, layout_id))
            place = (state.request_key, window.start_s, window.end_s, block.start_s, block.end_s)
            self._journal.add_forecast(ForecastRecord(queued[-1].block_id, *place), block)
        for report in outbox.seal_forecast(state, window, layout_id, queued):
            self._journal.keep_report(report_record(report))
        self._journal.keep_cursor(state.request_key, state.sealed_until_s)
        return queued
