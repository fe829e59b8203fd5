"""`VenActor`: one VEN. Closes its metering intervals, reads what its VTN asks, and waits for nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

import structlog

from ven_actors.actors.acting import Acting
from ven_actors.actors.base import FleetActor
from ven_actors.actors.credit import Credit
from ven_actors.actors.foreseeing import foresee
from ven_actors.actors.listening import Listening, NoPush, Push
from ven_actors.actors.notices import Notices
from ven_actors.actors.registering import Registering
from ven_actors.actors.standing import Standing
from ven_actors.actors.ven_needs import Simulation, VenSettings, Vtn
from ven_actors.errors import DataError, VtnError
from ven_actors.messages import (
    Committed,
    Down,
    Drain,
    Enrolled,
    EventsRead,
    ForecastMade,
    ForecastWanted,
    GapRecorded,
    Hint,
    IntervalClosed,
    Peer,
    Recovered,
    Subscribe,
    Tick,
    TickDone,
    ToVen,
    VenStarted,
)
from ven_actors.model import Enrolment, Resource, VenState, VenStatus
from ven_actors.openadr.asking import requests_of
from ven_actors.openadr.event_book import EventBook
from ven_actors.openadr.events import Crawl

log = structlog.get_logger()

JOBS = frozenset({"metering", "polling", "program_sync", "enrolment", "ven_check"})
_READING_JOBS = JOBS - {"metering", "ven_check"}


class VenActor(FleetActor):
    """Owns one VEN: its client, resources, event book and simulation."""

    def __init__(
        self,
        name: str,
        run: int,
        supervisor: Peer[Down | TickDone],
        monotonic: Callable[[], float],
        *,
        reporter: Peer[VenStarted | IntervalClosed | ForecastMade | GapRecorded | EventsRead | Enrolled],
        clock: Peer[Subscribe],
        vtn: Vtn,
        resources: tuple[Resource, ...],
        simulation: Simulation,
        settings: VenSettings,
        before_interval: Callable[[str, int], None] = lambda _name, _start_s: None,
        push: Push | None = None,
    ) -> None:
        super().__init__(name, run, supervisor, monotonic)
        self._tells = supervisor
        self._reporter, self._clock = reporter, clock
        self._vtn, self._resources = vtn, resources
        self._simulation = simulation
        self._settings = settings
        self._credit = Credit(settings.credit * settings.interval_s)
        self._before_interval = before_interval
        self._aborted = False
        self._now_s, self._recovered = 0.0, False
        self._closed_until_s: int | None = None
        self._committed_s: int | None = None
        self._first_s = 0
        self._drain_s: float | None = None
        self._registering = Registering(name, resources, vtn, settings.resources_per_turn)
        self._book = EventBook()
        self._acting = Acting(name, simulation.layout.resource_names, settings.objected)
        self._notices = Notices(name, settings.nothing_asked, settings.objected)
        self._standing = Standing(name, settings.poll_every_s)
        self._push = push or NoPush()
        self._listening = Listening(name, self._push.healthy, settings.push_poll_every_s)

    def on_start(self) -> None:
        """Ask the reporter where to go on; asked again, it says again."""
        self.send(self._reporter, VenStarted(self.name, self.run, self._simulation.layout, self.actor_ref))

    def abort(self) -> None:
        self._aborted = True
        self._vtn.abort()

    def receive(self, message: ToVen) -> None:
        match message:
            case Tick():
                self._on_tick(message)
            case Committed():
                self._on_committed(message)
            case Recovered():
                self._on_recovered(message)
            case ForecastWanted():
                self._on_forecast_wanted(message)
            case Hint():
                self._on_hint()
            case Drain():
                self._on_drain(message)
            case _:
                assert_never(message)

    def _on_recovered(self, message: Recovered) -> None:
        """Go on from what is in the store; told again, it says where the reporter really is."""
        if message.run != self.run:
            return
        self._closed_until_s = self._committed_s = message.closed_until_s
        if self._recovered:
            self._close_intervals()
            return
        self._recovered = True
        self._registering.enrolment = message.enrolment
        if message.event_book is not None:
            try:
                self._book = EventBook.restored(message.event_book)
            except DataError as error:
                log.warning("event_book_lost", ven=self.name, reason=str(error))
        self._acting.follow(self._book)
        self.send(self._clock, Subscribe(self.name, self.actor_ref, JOBS, self.run))

    def _on_tick(self, tick: Tick) -> None:
        self._now_s = max(self._now_s, tick.now_s)
        self._close_intervals()
        if self._closed_until_s is not None and self._credit.stays_used_up(self._closed_until_s, self._kept_until_s()):
            self.on_start()
        self._registering.take_jobs(tick.due)
        has_read_last = self._drain_s is not None and self._standing.state is VenState.RUNNING
        jobs = tick.due & _READING_JOBS
        is_due = self._listening.is_due(jobs, tick.mono_s) or (jobs and not self._registering.is_complete)
        may_ask = self._standing.pace.may_poll(tick.mono_s) and not has_read_last
        if may_ask and (is_due or self._registering.finds_itself_lost()):
            self._poll(tick.mono_s)
        self._tell_status()

    def _on_hint(self) -> None:
        """Read at once what may have changed; before the first reading and after the last one it tells nothing new."""
        mono_s = self.monotonic()
        if not self._standing.reached or self._drain_s is not None:
            return
        if self._listening.hinted(mono_s) and self._standing.pace.may_poll(mono_s):
            self._poll(mono_s)
            self._tell_status()

    def _on_committed(self, message: Committed) -> None:
        if message.run == self.run:
            self._committed_s = message.upto_s
            # After a second `Recovered` the store may be further than it said.
            self._closed_until_s = max(self._closed_until_s or message.upto_s, message.upto_s)
            self._close_intervals()
            if self._drain_s is not None:
                self._tell_status()

    def _on_drain(self, message: Drain) -> None:
        """Close what has ended, nothing after it, and ask a last time what is wanted."""
        self._drain_s = message.now_s
        self._now_s = max(self._now_s, message.now_s)
        self._close_intervals()
        if self._standing.state is VenState.RUNNING:
            self._poll(self.monotonic())
        self._tell_status()

    # --- metering

    def _close_intervals(self) -> None:
        """Close every interval that has ended, in order, as far as the credit goes."""
        interval_s = self._settings.interval_s
        end_s = self._now_s if self._drain_s is None else min(self._now_s, self._drain_s)
        until_s = self._settings.last_end_s(end_s)
        if not self._recovered or until_s <= 0:
            return
        if self._closed_until_s is None:
            self._closed_until_s = self._first_s = self._first_s or until_s - interval_s
        if self._is_too_far_behind(until_s):
            return
        while self._closed_until_s < until_s and self._credit.allows(self._closed_until_s, self._kept_until_s()):
            self._close(self._closed_until_s, interval_s)
            self._closed_until_s += interval_s

    def _close(self, start_s: int, interval_s: int) -> None:
        self._before_interval(self.name, start_s)
        block = self._simulation.block(start_s, interval_s, self._acting.phases(start_s, start_s + interval_s))
        self._acting.metered(block)
        self.send(self._reporter, IntervalClosed(self.name, self.run, block))

    def _on_forecast_wanted(self, message: ForecastWanted) -> None:
        if message.run == self.run:
            blocks = foresee(message, self._simulation, self._resources, self._acting.phases)
            self.send(self._reporter, ForecastMade(self.name, self.run, message.request_id, blocks))

    def _is_too_far_behind(self, until_s: int) -> bool:
        """Whether the next interval is older than the catch-up. Then close none; once all is committed, skip them."""
        assert self._closed_until_s is not None
        oldest_s = self._settings.oldest_s(until_s)
        if self._closed_until_s >= oldest_s:
            return False
        if self._closed_until_s == self._kept_until_s():
            log.warning("gap", ven=self.name, start_s=self._closed_until_s, end_s=oldest_s)
            gap = (self._closed_until_s, oldest_s, self._settings.interval_s)
            self.send(self._reporter, GapRecorded(self.name, self.run, *gap))
            self._closed_until_s = oldest_s
        return True

    def _kept_until_s(self) -> int:
        """Up to where the store has it all, or where this VEN began if nothing of it is in the store yet."""
        return self._first_s if self._committed_s is None else self._committed_s

    def _has_drained(self) -> bool:
        ended_s = float("inf") if self._drain_s is None else self._settings.last_end_s(self._drain_s)
        return self._recovered and (self._closed_until_s or 0) == (self._committed_s or 0) >= ended_s

    # --- what the VTN says

    def _poll(self, mono_s: float) -> None:
        try:
            if self._register() and self._read_events():
                self._standing.works()
        except VtnError as error:
            self._listening.has_failed()
            if not self._aborted:  # else the fleet closed that connection itself: nobody's trouble
                self._standing.fails(error, mono_s, unregistered=self._registering.has_failed(error))

    def _register(self) -> bool:
        """Register the VEN if it is its turn; returns whether it may read (a new VEN only once it is registered)."""
        standing = self._standing
        lacking, failed = bool(standing.unregistered), standing.pace.failures > 0
        self._registering.look_if_wanted(after_failure=failed, lacking=lacking)
        is_our_turn = self._registering.is_due(self._poll_soon)
        if is_our_turn:
            self._enrol()
        return is_our_turn or self._registering.is_complete or self._standing.reached

    def _enrol(self) -> None:
        """Register the VEN and the next portion of its resources; the rest has its turn after what waits."""
        if self._standing.begins_to_enrol():
            self._tell_status()
        enrolment = self._registering.next_portion()
        if not self._registering.is_complete:
            self._poll_soon()
        self._keep(enrolment)

    def _poll_soon(self) -> None:
        self.send(self.actor_ref, Tick(self._now_s, self.monotonic(), frozenset({"polling"})))

    def _keep(self, enrolment: Enrolment) -> None:
        if self._registering.takes(enrolment):
            self.send(self._reporter, Enrolled(self.name, self.run, enrolment))

    def _crawl(self) -> Crawl | None:
        """What the VTN says; None where it has lost the VEN, whose turn to register is yet to come."""
        crawl = self._registering.crawl(self._book)
        if crawl is None and self._registering.is_due(self._poll_soon):
            self._enrol()
            crawl = self._vtn.crawl(self._book.program_of)
        return crawl and self._registering.believed(crawl, self._book, self.monotonic())

    def _read_events(self) -> bool:
        as_of_s, began_s = self._now_s, self.monotonic()
        crawl = self._crawl()
        if crawl is None:
            return False
        changes = self._book.update(crawl.events, as_of_s, crawl.complete, crawl.unreadable_ids, crawl.programs)
        has_changed = self._acting.follow(self._book, changes)
        self._standing.unregistered = crawl.unregistered
        if crawl.enrolment is not None:
            self._keep(crawl.enrolment)
        is_complete, enrolment = self._registering.is_complete, self._registering.enrolment
        names = (*self._simulation.layout.resource_names, *self._settings.leaving)
        requests = requests_of(crawl, self._book, self.name, names, self._settings.interval_s)
        self._notices.say(crawl, self._book.notices(), requests, enrolled=is_complete)
        proves_nothing = crawl.reported is None and not crawl.complete and not crawl.events
        if (crawl.reported is None or is_complete) and not proves_nothing:
            news = (requests, self._book.unsaved(), self._standing.pace.failures > 0)
            self.send(self._reporter, EventsRead(self.name, self.run, as_of_s, *news))
        self._listening.has_read(began_s, self.monotonic(), changed=has_changed)
        if is_complete and enrolment is not None and self._drain_s is None:
            self._push.keep(self.actor_ref, enrolment.ven_id, crawl.program_ids)
        return True

    def _tell_status(self) -> None:
        standing, events = self._standing, len(self._book)
        heard = (standing.last_error, standing.reached, self._has_drained(), standing.pace.answered)
        status = VenStatus(
            self.name, standing.state, len(self._resources), None, self._committed_s, events, *heard,
            unregistered=standing.unregistered,
        )  # fmt: skip
        next_s = self._now_s + self._settings.interval_s  # by then a tick comes
        self.send(self._tells, TickDone(self.name, self.run, self._acting.facts(status, self._now_s, next_s)))
