"""The desk: what goes out next, and what each verdict does to the outbox, the throttle and the accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from ven_actors.delivery.entries import ReportState
from ven_actors.delivery.throttle import FIRST_RETRY_S, LONGEST_ASKED_S, SLOW_RETRY_S, RefusalAlarm, retry_wait_s
from ven_actors.model import SealedReport

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from ven_actors.delivery.accounts import Accounts
    from ven_actors.delivery.columns import Columns
    from ven_actors.delivery.dispatch import Dispatcher, InFlight
    from ven_actors.delivery.entries import QueuedBlock
    from ven_actors.delivery.fleet_outbox import FleetOutbox
    from ven_actors.delivery.outbox import VenOutbox
    from ven_actors.model import Block

log = structlog.get_logger()

_OF_CONTENT = frozenset({400, 413, 415, 422})


class Desk:
    """Stands between the outbox and the senders; monotonic time (`now_s`) is a parameter."""

    def __init__(
        self, outbox: FleetOutbox, dispatcher: Dispatcher, columns: Columns, accounts: Accounts, rng: random.Random
    ) -> None:
        self._outbox = outbox
        self._dispatcher = dispatcher
        self._columns = columns
        self._accounts = accounts
        self._rng = rng
        self._alarm = RefusalAlarm()
        self._told: set[object] = set()

    def outgoing(self, now_s: float) -> Iterator[tuple[InFlight, SealedReport, tuple[Block, ...], int]]:
        """Choose what goes out now, marked in the next commit: report, columns, and how many the VTN holds already.

        A report whose columns are damaged is taken back; the damaged blocks are evicted.
        """
        for flight in self._dispatcher.choose(now_s):
            report, outbox = flight.report, flight.outbox
            blocks, lost = self._columns.of(outbox, report)
            if lost:
                self._dispatcher.landed(flight.report_id)
                self._dispatcher.sender_is_free(flight.sender)
                # A block cannot be given up while other readings of it are in flight: then this one has to wait.
                self._outbox.back(outbox, report, now_s + FIRST_RETRY_S, in_doubt=False)
                if report.request.forecast:
                    log.error("forecast_lost", ven=outbox.name, report=report.name)
                    self._outbox.give_up(outbox, report.whole)
                self.evict(outbox, lost, "its columns do not match their checksum")
                self._dispatcher.offer(outbox)
                continue
            if not report.in_doubt and outbox.sealer.is_too_wide(report) and self._outbox.split(outbox, report):
                self._dispatcher.landed(flight.report_id)
                self._dispatcher.sender_is_free(flight.sender)
                self._dispatcher.offer(outbox)
                continue
            request = report.request.request
            sealed = SealedReport(
                flight.report_id, report.name, outbox.name, request.event_id, request.program_id,
                request.descriptor, report.intervals, report.rows, report.periods, report.in_doubt,
                report.component,
            )  # fmt: skip
            self._outbox.mark_sent(report)
            yield flight, sealed, blocks, outbox.known_reports(request.event_id)

    def evict(self, outbox: VenOutbox, blocks: list[QueuedBlock], why: str) -> None:
        """Give blocks up, and seal again what they were part of without them."""
        lost = sum(self._outbox.evict(outbox, block) for block in blocks)
        if not lost:
            return
        self._outbox.advance(outbox)
        log.error("readings_evicted", ven=outbox.name, readings=lost, blocks=len(blocks), why=why)
        self._accounts.trouble(outbox.name, f"{lost} readings evicted: {why}")

    # --- verdicts

    def accepted(self, flight: InFlight, *, possibly_doubled: bool) -> None:
        self._outbox.close(flight.outbox, flight.report, ReportState.ACCEPTED)
        self._accounts.accepted(flight.outbox.name, possibly_doubled=possibly_doubled or flight.report.unsettled)
        self._alarm.accepted()
        self._dispatcher.throttle.succeeded()

    def refused(
        self,
        flight: InFlight,
        status: int,
        words: str,
        now_s: float,
        *,
        body_bytes: int = 0,
        possibly_there: bool = False,
    ) -> None:
        """Halve the report until what the VTN does not want stands alone, and quarantine that.

        Where the VTN refuses one after the other, hold them and say so instead. One that may be there already
        (`possibly_there`) is never halved, and nor is one that is refused for another reason than its content or size.
        """
        said = f"{status}: {words}"
        outbox, report = flight.outbox, flight.report
        if report.component is not None:
            self._refused_reading(flight, status, said, now_s)
            return
        halvable = status in _OF_CONTENT and not possibly_there and outbox.sealer.can_halve(report)
        if status == 413 and body_bytes:
            most_bytes = outbox.sealer.width.too_wide(body_bytes)
            log.warning("report_too_large", ven=outbox.name, body_bytes=body_bytes, most_bytes_from_now=most_bytes)
        if status == 413 and halvable:
            self._outbox.split(outbox, report, said)
            return
        if self._alarm.refused() and not (halvable and report.alarmed):
            report.alarmed = True
            self._dispatcher.throttle.failed(now_s, SLOW_RETRY_S, vtn_asked=True)
            self.hold(flight, f"the VTN refuses every report ({said})", now_s, wait_s=SLOW_RETRY_S)
            return
        if halvable:
            self._accounts.trouble(outbox.name, f"the VTN refuses part of {report.name} ({said})")
            log.warning("report_halved", ven=outbox.name, report=report.name, said=said)
            self._outbox.split(outbox, report, said)
            return
        log.error("report_quarantined", ven=flight.outbox.name, report=flight.report.name, said=said)
        self._outbox.close(flight.outbox, flight.report, ReportState.REFUSED, said)
        self._accounts.refused(flight.outbox.name, said)

    def _refused_reading(self, flight: InFlight, status: int, said: str, now_s: float) -> None:
        """Quarantine a single reading; one that was not what the VTN wants (422) is never sent again, alarm or not."""
        resource = (flight.outbox.name, flight.report.rows)
        if self._alarm.refused(resource):
            self._dispatcher.throttle.failed(now_s, SLOW_RETRY_S, vtn_asked=True)
            if status != 422:
                self.hold(flight, f"the VTN refuses every reading ({said})", now_s, wait_s=SLOW_RETRY_S)
                return
        if resource not in self._told:
            log.error("reading_quarantined", ven=flight.outbox.name, report=flight.report.name, said=said)
            self._told.add(resource)
        self._outbox.close(flight.outbox, flight.report, ReportState.REFUSED, said)
        self._accounts.refused(flight.outbox.name, said)

    def hold(
        self,
        flight: InFlight,
        reason: str,
        now_s: float,
        *,
        wait_s: float | None = None,
        in_doubt: bool = False,
        vtn_asked: bool = False,
    ) -> None:
        """Keep the report and try again after a growing, jittered while, or after `wait_s`.

        `vtn_asked` says that `wait_s` is the VTN's word: then it is the least, up to an hour, and the whole fleet
        keeps to it. Otherwise a given `wait_s` is a matter of this VEN alone, and stops no other.
        """
        flight.report.attempts += 1
        backoff_s = retry_wait_s(flight.report.attempts, self._rng)
        if wait_s is None or vtn_asked:
            wait_s = max(backoff_s, min(wait_s or 0.0, LONGEST_ASKED_S))
            self._dispatcher.throttle.failed(now_s, wait_s, vtn_asked=vtn_asked)
        self.put_back(flight, reason, now_s + wait_s, in_doubt=in_doubt)

    def put_back(self, flight: InFlight, reason: str, next_try_s: float, *, in_doubt: bool) -> None:
        if self._accounts.trouble(flight.outbox.name, reason):
            log.warning("report_held", ven=flight.outbox.name, report=flight.report.name, reason=reason)
        self._outbox.back(flight.outbox, flight.report, next_try_s, in_doubt=in_doubt)

    def event_gone(self, flight: InFlight) -> None:
        event_id = flight.report.request.request.event_id
        log.warning("event_gone", ven=flight.outbox.name, event_id=event_id)
        self._outbox.event_gone(flight.outbox, flight.report)
        self._accounts.trouble(flight.outbox.name, f"the VTN knows event {event_id} no more; its reports are withdrawn")
