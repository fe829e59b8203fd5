"""The outbox of one VEN in memory: what was metered, what is asked, what is sealed, and what became of it.

Pure: the store writes what these methods return, in the same transaction, and builds the same objects again at start.
"""

from __future__ import annotations

import itertools
from collections import deque
from typing import TYPE_CHECKING, Any

from ven_actors.delivery.entries import INFINITY, OutboxReport, ReportState, RequestState
from ven_actors.delivery.fates import settlement
from ven_actors.delivery.forecasts import sayable
from ven_actors.delivery.marks import Reading, bits_of, marks_of, next_reading
from ven_actors.delivery.measures import measure_of
from ven_actors.delivery.width import Width
from ven_actors.delivery.window_sealing import Sealer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy.typing as npt

    from ven_actors.delivery.entries import NextWindow, QueuedBlock, Sendable, Settlement
    from ven_actors.model import Layout, ReportRequest, Window
    from ven_actors.records import SpanRecord


class VenOutbox:
    """All that is open for one VEN; `layouts` is shared by the fleet's outboxes, `spans` with the VEN's ledger."""

    def __init__(
        self,
        name: str,
        ven_key: int,
        layouts: dict[int, Layout],
        spans: list[SpanRecord],
        next_window: NextWindow,
        width: Width | None = None,
    ) -> None:
        self.name = name
        self.ven_key = ven_key
        self.closed_until_s: int | None = None
        self.read_as_of_s: float = -INFINITY
        self.blocks: dict[int, QueuedBlock] = {}
        self.requests: dict[str, RequestState] = {}
        self.queue: deque[OutboxReport] = deque()
        self.in_flight: OutboxReport | None = None
        self.asked_forecasts: set[int] = set()
        self.states: dict[str, npt.NDArray[Any]] = {}
        self.sealer = Sealer(name, layouts, spans, width or Width())
        self._layouts = layouts
        self._next_window = next_window
        self._horizon_s: float = -INFINITY

    # --- what was metered

    def add_block(self, block: QueuedBlock) -> None:
        self.blocks[block.start_s] = block
        self.closed_until_s = max(self.closed_until_s or block.end_s, block.end_s)

    def reopen(self, blocks: Iterable[QueuedBlock]) -> None:
        """Take settled blocks back because a request that came late asks for them too."""
        self.blocks = dict(sorted((self.blocks | {block.start_s: block for block in blocks}).items()))

    def order_queue(self) -> None:
        self.queue = deque(sorted(self.queue, key=lambda report: report.order))

    def oldest_unsettled_s(self) -> int | None:
        return next(iter(self.blocks), None)

    # --- what is asked

    def active_requests(self) -> Iterator[RequestState]:
        return (state for state in self.requests.values() if not state.gone)

    def ask(
        self, request: ReportRequest, new_key: Callable[[], int], owed_since_s: Callable[[ReportRequest], float]
    ) -> RequestState | None:
        """Take one request of the newest crawl; returns its state if it is new or has changed, to be stored.

        A new one is owed from `owed_since_s` on (R33). Until the next `seal` nothing is settled.
        """
        state = self.requests.get(request.request_id)
        if state is None:
            state = RequestState(new_key(), request, owed_since_s(request))
            state.joins = True
            self.requests[request.request_id] = state
        elif not state.gone and state.request == request:
            return None
        state.joins = state.joins or state.gone
        state.request, state.gone = request, False
        self._horizon_s = -INFINITY
        return state

    def forget_others(self, request_ids: set[str]) -> tuple[list[RequestState], list[OutboxReport]]:
        """Withdraw what a complete crawl no longer asks for; returns the requests that went and their open reports.

        If such a request comes back, its windows from the first withdrawn one are owed again.
        """
        went = [state for name, state in self.requests.items() if not state.gone and name not in request_ids]
        withdrawn: list[OutboxReport] = []
        for state in went:
            state.gone = True
            withdrawn += [report for report in self.queue if report.request is state]
        for report in withdrawn:
            self.withdraw(report)
        return went, withdrawn

    def narrow(self, state: RequestState) -> list[OutboxReport]:
        """Send of its open reports no more readings than it asks for now; returns the reports that this changes."""
        changed = []
        for report in [report for report in self.queue if report.request is state]:
            asked = bits_of(self.sealer.rows(state.request, report.layout_id), self._layouts[report.layout_id])
            if report.marks is not None and report.marks.narrow(asked):
                changed.append(report)
                self._close_if_done(report)
        return changed

    def withdraw(self, report: OutboxReport) -> None:
        """Take an open report back: its window is no longer sealed. Until the next `seal` nothing is settled.

        One that goes out reading by reading stays sealed, and keeps what is accepted; the rest is no longer asked for.
        """
        self._horizon_s = -INFINITY
        if report.marks is not None:
            report.marks.narrow(0)
            self._close_if_done(report)
            return
        if not report.request.forecast:
            report.request.sealed_until_s = min(report.request.sealed_until_s, report.start_s)
        if report.marked:
            report.request.doubted[report.name] = report.start_s, report.end_s, report.chunk, report.periods
        self.queue.remove(report)
        report.state = ReportState.WITHDRAWN
        for block in report.blocks:
            block.reports.remove(report)

    # --- what is owed

    def seal(self) -> list[OutboxReport]:
        """Seal every window that has ended; returns the new reports in the order in which they will be sent."""
        sealed: list[OutboxReport] = []
        horizon_s = INFINITY
        for state in self.active_requests():
            if measure_of(state.request.descriptor) is None or state.forecast:
                continue
            if state.request.descriptor.frequency == 0:
                self._seal_changes(state, sealed)
            else:
                upcoming = self._seal_ended(state, sealed)
                horizon_s = horizon_s if upcoming is None else min(horizon_s, upcoming.needs_from_s)
        self._horizon_s = horizon_s
        for report in sealed:
            if report.request.request.by_reading:
                report.marks = marks_of(report.rows, self._layouts[report.layout_id])
        sealed.sort(key=lambda report: report.order)
        behind = bool(sealed and self.queue and self.queue[-1].order > sealed[0].order)
        self.queue.extend(sealed)
        if behind:
            self.order_queue()
        return sealed

    def _seal_ended(self, state: RequestState, sealed: list[OutboxReport]) -> Window | None:
        """Seal the windows of one request that have ended; returns the first that has not."""
        window = state.upcoming(self._next_window)
        while window is not None and self.closed_until_s is not None and window.end_s <= self.closed_until_s:
            blocks = list(self.blocks_in(window.start_s, window.end_s))
            if blocks:
                sealed += self.sealer.seal(state, window, blocks)
                state.sealed_until_s = window.end_s
            elif window.others_from_s < window.start_s:
                state.sealed_until_s = window.end_s
            else:
                state.sealed_until_s = max(window.end_s, self._next_block_s(window.end_s, self.closed_until_s))
            window = state.upcoming(self._next_window)
        return window

    def _seal_changes(self, state: RequestState, sealed: list[OutboxReport]) -> None:
        """Seal the intervals with which a state has changed; and the newest, for one who joins."""
        plan = state.request.plan
        begins_s = min(interval.start_s for interval in plan.intervals)
        newer = list(itertools.takewhile(lambda start_s: start_s >= state.sealed_until_s, reversed(self.blocks)))
        for number, start_s in enumerate(reversed(newer), 1):
            block = self.blocks[start_s]
            joins = state.joins and number == len(newer)
            if (block.cause or joins) and begins_s < block.end_s and start_s < plan.end_s:
                sealed += self.sealer.seal_state(state, block)
                state.joins = state.joins and not joins
        if self.closed_until_s is not None:
            state.sealed_until_s = max(state.sealed_until_s, self.closed_until_s)

    def _next_block_s(self, after_s: float, closed_until_s: int) -> int:
        return next((start_s for start_s in self.blocks if start_s >= after_s), closed_until_s)

    def blocks_in(self, start_s: float, end_s: float) -> Iterator[QueuedBlock]:
        first = next(iter(self.blocks.values()), None)
        if first is None:
            return
        step_s = first.end_s - first.start_s
        at_s = max(int(start_s // step_s) * step_s, first.start_s)
        while at_s < end_s and at_s < (self.closed_until_s or 0):
            block = self.blocks.get(at_s)
            if block is not None and block.end_s > start_s:
                yield block
            at_s += step_s

    def seal_forecast(
        self, state: RequestState, window: Window, layout_id: int, blocks: list[QueuedBlock]
    ) -> list[OutboxReport]:
        """Seal a forecast whose columns are there; a forecast is never owed twice, and is no reading."""
        state.sealed_until_s = window.end_s
        sealed = self.sealer.seal_forecast(state, window, sayable(window), layout_id, blocks)
        self.queue.extend(sealed)
        self.order_queue()
        return sealed

    def split(self, report: OutboxReport) -> list[OutboxReport]:
        """Close the report that was in flight, and seal its halves; none, and nothing is done, where it has none."""
        halves = self.sealer.halve(report)
        if halves:
            self.in_flight = None
            report.state = ReportState.SPLIT
            for block in report.blocks:
                block.reports.remove(report)
            self.queue.extend(halves)
            self.order_queue()
        return halves

    # --- what goes out, and what became of it

    def next_to_send(self, now_s: float = -INFINITY) -> Sendable | None:
        """Return what is next, whether or not its time to try has come; None while its stream has one in flight."""
        if self.in_flight is not None or not self.queue:
            return None
        return self.queue[0] if self.queue[0].marks is None else next_reading(self.queue, now_s)

    def held(self) -> list[Sendable]:
        """Return what was tried and is waiting for another try."""
        every = (report.marks.tried.values() if report.marks is not None else (report,) for report in self.queue)
        return [each for some in every for each in some if each.attempts]

    def known_reports(self, event_id: str) -> int:
        return sum(state.accepted for state in self.requests.values() if state.request.event_id == event_id)

    def sending(self, report: Sendable) -> None:
        if isinstance(report, Reading):
            report.take_off()
        else:
            self.queue.remove(report)
            self.in_flight = report

    def back(self, report: Sendable, next_try_s: float, *, in_doubt: bool) -> bool:
        """Put a report that was in flight back at its place; False if it is asked for no more and was withdrawn."""
        report.in_doubt = report.in_doubt or in_doubt
        report.next_try_s = next_try_s
        if isinstance(report, Reading):
            rows = () if report.request.gone else self.sealer.rows(report.request.request, report.layout_id)
            still_asked = report.land(still_asked=rows is None or report.rows[0] in rows)
            self._close_if_done(report.whole)
            return still_asked
        self.in_flight = None
        self.queue.appendleft(report)
        if report.alarmed:
            self.order_queue()
        if report.request.gone:
            self.withdraw(report)
        return not report.request.gone

    def finish(self, report: Sendable, state: ReportState) -> None:
        """Close the report that was in flight: accepted, or refused."""
        if isinstance(report, Reading):
            report.decide(accepted=state is ReportState.ACCEPTED)
            self._close_if_done(report.whole)
        else:
            self.in_flight = None
            report.state = state
            report.request.accepted += state is ReportState.ACCEPTED

    def _close_if_done(self, report: OutboxReport) -> None:
        if report.marks is not None and not report.marks.waiting and report.state is ReportState.OPEN:
            report.state = ReportState.REFUSED if report.marks.refused else ReportState.ACCEPTED
            self.queue.remove(report)

    def settle(self, candidates: Iterable[QueuedBlock] | None = None) -> list[Settlement]:
        """Settle and forget every block (of `candidates`, or of all) whose fate is known for certain."""
        asked = self.blocks.values() if candidates is None else candidates
        closed = [block for block in asked if block.end_s <= self._horizon_s and not block.is_open]
        fates = [settlement(block, self._layouts[block.layout_id], self.read_as_of_s) for block in closed]
        settled = [known for known in fates if known is not None]
        for known in settled:
            del self.blocks[known.block.start_s]
        return settled
