"""The desk: what goes out next, and what each verdict does to the outbox and the accounts; `holding` has what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from ven_actors.delivery.alarm import Refusals, Rung
from ven_actors.delivery.entries import ReportState
from ven_actors.delivery.event_sights import EventSights
from ven_actors.delivery.holding import Holding
from ven_actors.delivery.holds import Doctor, doctor_without_options
from ven_actors.delivery.throttle import FIRST_RETRY_S
from ven_actors.model import SealedReport

if TYPE_CHECKING:
    import random
    from collections.abc import Hashable, Iterator

    from ven_actors.delivery.accounts import Accounts
    from ven_actors.delivery.columns import Columns
    from ven_actors.delivery.dispatch import Dispatcher, InFlight
    from ven_actors.delivery.entries import QueuedBlock
    from ven_actors.delivery.fleet_outbox import FleetOutbox
    from ven_actors.delivery.outbox import VenOutbox
    from ven_actors.model import Block

log = structlog.get_logger()

_OF_CONTENT = frozenset({400, 413, 415, 422})
# With waits of 2, 4, 8, 16, 32 and 64 s between them.
_TRIES_UNEXPLAINED = 6
_BY_200 = (
    "the VTN answers a report with 200 and the stored report, where the standard asks for 201; it is taken as accepted"
)
_UNPROVEN = (
    "the VTN answers a report with {} and without the stored report, where the standard asks for 201 with it; each "
    "such report is looked up before it counts as accepted"
)


class Desk:
    """Stands between the outbox and the senders; monotonic time (`now_s`) is a parameter."""

    def __init__(
        self,
        outbox: FleetOutbox,
        dispatcher: Dispatcher,
        columns: Columns,
        accounts: Accounts,
        rng: random.Random,
        doctor: Doctor = doctor_without_options,
    ) -> None:
        self._outbox = outbox
        self._dispatcher = dispatcher
        self._columns = columns
        self._accounts = accounts
        self._refusals = Refusals()
        self.holding = Holding(outbox, dispatcher, accounts, self._refusals, rng, doctor)
        self.sights = EventSights()
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

    def _tell(self, ven: str, notice: str) -> None:
        """Log what is odd about a VTN, and put it in the summary, once in a run."""
        if self._accounts.warn(notice):
            log.warning("vtn_notice", ven=ven, notice=notice)

    # --- verdicts

    def accepted(self, flight: InFlight, *, possibly_doubled: bool, by_200: bool = False, found: bool = False) -> None:
        """Close it; `by_200`: the VTN stored it but answered 200 instead of 201, which is said once.

        `found`: a look-up found it, without another POST.
        """
        if found:
            self.holding.looked_up(flight.outbox.name, found=True)
        self._outbox.close(flight.outbox, flight.report, ReportState.ACCEPTED)
        self._accounts.accepted(flight.outbox.name, possibly_doubled=possibly_doubled)
        self.holding.accepted(flight.outbox.name)
        self.sights.accepted(flight.outbox.name, flight.report.request.request.event_id)
        if by_200:
            self._tell(flight.outbox.name, _BY_200)

    def doubted(self, flight: InFlight, reason: str, now_s: float, *, possibly_doubled: bool, success: int = 0) -> None:
        """Look it up before it is sent again; each POST of a report that may be there already may double it.

        A `success` (2xx) without the stored report is not a failure: only its report waits, with one notice per run.
        A single reading cannot be looked up, and would be sent again: then it is.
        """
        if flight.report.in_doubt:  # the look-up before this POST found nothing
            self.holding.looked_up(flight.outbox.name, found=False)
        flight.report.unsettled |= possibly_doubled
        self._accounts.doubled(possibly=possibly_doubled)
        if not success or flight.report.component is not None:
            self.holding.hold(flight, reason, now_s, in_doubt=True)
            return
        self._tell(flight.outbox.name, _UNPROVEN.format(success))
        self.holding.look_up(flight, reason, now_s)

    def refused(
        self,
        flight: InFlight,
        status: int,
        words: str,
        now_s: float,
        *,
        body_bytes: int = 0,
        possibly_there: bool = False,
        may_pass: bool = False,
    ) -> None:
        """Halve the report until what the VTN does not want stands alone, and quarantine that.

        Where the VTN refuses one after the other, hold them and say so instead. One that may be there already
        (`possibly_there`) is never halved, and nor is one that is refused for another reason than its content or size.
        Where nothing explains the refusal (`may_pass`), the report is tried again for two minutes before that.
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
        whole = report.whole
        rung = self._rung(flight, (whole.request.request_key, whole.start_s, whole.end_s))
        if rung is not Rung.NOT and not (halvable and report.alarmed):
            self.holding.hold_alarmed(flight, rung, said, now_s)
            return
        if halvable:
            self._accounts.trouble(outbox.name, f"the VTN refuses part of {report.name} ({said})")
            log.warning("report_halved", ven=outbox.name, report=report.name, said=said)
            self._outbox.split(outbox, report, said)
            return
        if may_pass and report.attempts < _TRIES_UNEXPLAINED:
            self.holding.hold_behind(flight, f"the VTN refuses it ({said}), and has no report of that name", now_s)
            return
        log.error("report_quarantined", ven=flight.outbox.name, report=flight.report.name, said=said)
        self._refusals.gave_up(outbox.name, self._dispatcher.origin_of(outbox.name))
        self._quarantine(flight, said)

    def _refused_reading(self, flight: InFlight, status: int, said: str, now_s: float) -> None:
        """Quarantine a single reading; one that was not what the VTN wants (422) is never sent again, alarm or not."""
        rung = self._rung(flight, flight.report.rows)
        if rung is not Rung.NOT and status != 422:
            self.holding.hold_alarmed(flight, rung, said, now_s)
            return
        if rung is not Rung.NOT:
            self.holding.slow_down(flight, rung, said, now_s)
        resource = (flight.outbox.name, flight.report.rows)
        if resource not in self._told:
            log.error("reading_quarantined", ven=flight.outbox.name, report=flight.report.name, said=said)
            self._told.add(resource)
        self._quarantine(flight, said)

    def _rung(self, flight: InFlight, what: Hashable) -> Rung:
        ven = flight.outbox.name
        return self._refusals.add(ven, self._dispatcher.origin_of(ven), what)

    def _quarantine(self, flight: InFlight, said: str) -> None:
        self._outbox.close(flight.outbox, flight.report, ReportState.REFUSED, said)
        self._accounts.refused(flight.outbox.name, said)

    def events_read(self, outbox: VenOutbox, as_of_s: float, *, is_new: bool, is_back: bool) -> None:
        """The VEN has read its events, as of this simulated time; `outbox` knows them."""
        event_ids = {state.request.event_id for state in outbox.active_requests()}
        for event_id in self.sights.listed(outbox.name, event_ids, as_of_s):
            notice = f"the VTN lists event {event_id} but answers 404 for it; the list is believed"
            self._tell(outbox.name, notice)
        self.holding.events_read(outbox, is_new=is_new, is_back=is_back)

    def event_gone(self, flight: InFlight) -> None:
        event_id = flight.report.request.request.event_id
        log.warning("event_gone", ven=flight.outbox.name, event_id=event_id)
        self.sights.denied(flight.outbox.name, event_id, self._dispatcher.sim_now_s)
        self._outbox.event_gone(flight.outbox, flight.report)
        self._accounts.trouble(flight.outbox.name, f"the VTN knows event {event_id} no more; its reports are withdrawn")
