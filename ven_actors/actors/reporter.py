"""`ReporterActor`: owns the store; commits, batches, throttles and accounts, and never touches the network."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import assert_never

import structlog

from ven_actors.actors.base import FleetActor
from ven_actors.actors.housekeeping import Housekeeping
from ven_actors.actors.landing import land
from ven_actors.actors.reporter_needs import ReporterSettings, Store
from ven_actors.actors.ven_lives import LivingOnly, VenLife, VenLives
from ven_actors.delivery.accounts import Accounts
from ven_actors.delivery.columns import Columns
from ven_actors.delivery.desk import Desk
from ven_actors.delivery.fleet_outbox import FleetOutbox
from ven_actors.delivery.forecaster import Forecaster
from ven_actors.delivery.forecasts import sayable
from ven_actors.delivery.outbox import VenOutbox
from ven_actors.delivery.throttle import Throttle
from ven_actors.delivery.width import Width
from ven_actors.messages import (
    Accepted,
    Ambiguous,
    BreakOff,
    Down,
    Drain,
    Enrolled,
    EventGone,
    EventsRead,
    FinalFlush,
    ForecastMade,
    ForecastWanted,
    GapRecorded,
    Held,
    IntervalClosed,
    Peer,
    Pulse,
    Refused,
    ReporterReport,
    Send,
    SenderReady,
    ToReporter,
    VenStarted,
    Verdict,
)
from ven_actors.model import Block, ReporterStatus
from ven_actors.openadr.report_schedule import next_window

log = structlog.get_logger()

_STATUS_EVERY_S = 1.0
_TIDY_EVERY_S = 10.0
_BLOCKS_PER_FLUSH = 16


class ReporterActor(FleetActor):
    """Everything that arrives between two flushes is one transaction; nobody relies on anything before it."""

    def __init__(
        self,
        name: str,
        run: int,
        supervisor: Peer[Down | ReporterReport],
        monotonic: Callable[[], float],
        *,
        open_store: Callable[[], Store],
        settings: ReporterSettings,
        rng: random.Random,
        origin_of: Callable[[str], str] = lambda _ven: "",
        on_flush: Callable[[float, int], None] = lambda _seconds, _column_bytes: None,
    ) -> None:
        super().__init__(name, run, supervisor, monotonic)
        self._reports_to = supervisor
        self._open_store = open_store
        self._settings = settings
        self._rng = rng
        self._origin_of = origin_of
        self._on_flush = on_flush
        self._lives = VenLives()
        self._senders: dict[str, tuple[int, Peer[Send]]] = {}
        self._touched: dict[str, VenOutbox] = {}
        self._new_blocks = 0
        self._ending = self._broken_off = False
        self._flushed_s = self._told_s = self._tidied_s = float("-inf")
        self._store: Store | None = None

    def on_start(self) -> None:
        self._store = self._open_store()
        self._journal = self._store
        recovery = self._store.load()
        self._outbox = FleetOutbox(recovery, self._store, next_window, Width(self._settings.max_report_bytes))
        self._forecasts = Forecaster(self._outbox, self._store, next_window)
        self._columns = Columns(self._store, self._outbox.layouts)
        self._accounts = Accounts(self._outbox, recovery.counters)
        self._dispatcher = LivingOnly(Throttle, self._origin_of, self._lives)
        settings = self._settings
        self._dispatcher.speed = settings.speed
        self._desk = Desk(self._outbox, self._dispatcher, self._columns, self._accounts, self._rng, settings.doctor)
        keep_s, most_bytes = self._settings.keep_s, self._settings.most_bytes
        self._housekeeping = Housekeeping(self._store, self._outbox, self._desk, keep_s=keep_s, most_bytes=most_bytes)

    def on_down(self) -> None:
        if self._store is not None:
            self._store.close()

    def receive(self, message: ToReporter) -> ReporterStatus | None:
        match message:
            case Pulse():
                self._on_pulse(message)
            case IntervalClosed() | ForecastMade() | GapRecorded():
                self._on_made(message)
            case Accepted() | Refused() | Held() | Ambiguous() | EventGone():
                self._on_verdict(message)
            case EventsRead():
                self._on_events(message)
            case VenStarted():
                self._on_ven_started(message)
            case SenderReady():
                self._on_sender(message)
            case Enrolled():
                self._on_enrolled(message)
            case Drain() | BreakOff() | FinalFlush():
                return self._on_end(message)
            case _:
                assert_never(message)
        return None

    def idle(self) -> None:
        now_s = self.monotonic()
        if self._new_blocks >= _BLOCKS_PER_FLUSH or (not self._ending and self._dispatcher.has_work(now_s)):
            self._flush(now_s)

    # --- VENs

    def _on_ven_started(self, message: VenStarted) -> None:
        """Begin a life; only from here on reports of this VEN go out, as only now it has a client."""
        if self._lives.outlived(message):
            return
        outbox = self._outbox.ven(message.ven)
        outbox.asked_forecasts.clear()
        self._lives.begin(message, self._outbox.layout_id(outbox, message.layout))
        self._touched[message.ven] = outbox

    def _current(self, name: str, run: int) -> tuple[VenLife, VenOutbox] | None:
        """Return the present life of a VEN and its outbox, touched; None if the message is of another life."""
        life = self._lives.current(name, run)
        if life is None:
            return None
        self._touched[name] = self._outbox.ven(name)
        return life, self._touched[name]

    def _on_made(self, message: IntervalClosed | ForecastMade | GapRecorded) -> None:
        current = self._current(message.ven, message.run)
        if current is None:
            return
        life, outbox = current
        match message:
            case IntervalClosed(block=block):
                self._add_block(life, outbox, block)
            case ForecastMade(request_id=request_id, blocks=blocks):
                queued = self._forecasts.add(outbox, request_id, blocks, life.layout_id)
                for entry, block in zip(queued, blocks, strict=False):
                    self._columns.remember(entry.block_id, block)
            case GapRecorded(start_s=start_s, end_s=end_s):
                if life.follows(start_s, outbox.closed_until_s):
                    self._outbox.add_gap(outbox, life.layout_id, start_s, end_s, message.interval_s)
                    life.new_until_s = end_s

    def _add_block(self, life: VenLife, outbox: VenOutbox, block: Block) -> None:
        if life.follows(block.start_s, outbox.closed_until_s):
            queued = self._outbox.add_block(outbox, block, life.layout_id)
            self._columns.remember(queued.block_id, block)
            life.new_until_s = block.end_s
            self._new_blocks += 1

    def _on_enrolled(self, message: Enrolled) -> None:
        current = self._current(message.ven, message.run)
        if current is not None:
            self._journal.keep_enrolment(current[1].ven_key, message.enrolment)

    def _on_events(self, message: EventsRead) -> None:
        current = self._current(message.ven, message.run)
        if current is None:
            return
        _, outbox = current
        is_new = self._outbox.take_requests(outbox, message.requests, message.as_of_s)
        self._desk.events_read(outbox, message.as_of_s, is_new=is_new, is_back=message.is_back)
        if message.event_book is not None:
            self._journal.keep_event_book(outbox.ven_key, message.event_book)

    # --- senders

    def _on_sender(self, message: SenderReady) -> None:
        run, _ = self._senders.get(message.sender, (0, None))
        if message.run < run:
            log.warning("stale_run_refused", sender=message.sender, run=message.run, current=run)
            return
        for flight in self._dispatcher.lost_sender(message.sender):
            # It waits a while: a report that kills its sender must not do so without end.
            reason = f"{message.sender} ended while sending it"
            self._desk.holding.hold(flight, reason, self.monotonic(), in_doubt=True)
            self._touched[flight.outbox.name] = flight.outbox
        self._senders[message.sender] = (message.run, message.peer)
        self._dispatcher.has_sender_for(message.sender, message.origin)

    def _on_verdict(self, verdict: Verdict) -> None:
        run, _ = self._senders.get(verdict.sender, (None, None))
        flight = self._dispatcher.landed(verdict.report_id) if run == verdict.run else None
        if flight is None:
            log.warning("stale_verdict_refused", sender=verdict.sender, run=verdict.run, current=run)
            return
        self._dispatcher.sender_is_free(verdict.sender)
        self._accounts.posted(verdict.posts)
        self._touched[flight.outbox.name] = flight.outbox
        now_s = self.monotonic()
        if self._broken_off and isinstance(verdict, Held | Ambiguous):
            self._outbox.back(flight.outbox, flight.report, now_s, in_doubt=isinstance(verdict, Ambiguous))
        else:
            land(self._desk, flight, verdict, now_s)
        self._dispatcher.offer(flight.outbox)

    # --- flush

    def _on_pulse(self, pulse: Pulse) -> None:
        self._dispatcher.sim_now_s = pulse.now_s
        tidy = pulse.mono_s >= self._tidied_s + _TIDY_EVERY_S
        if tidy or pulse.mono_s >= self._flushed_s + self._settings.flush_s:
            self._flush(self.monotonic())
        if tidy:
            self._tidied_s = pulse.mono_s
            self._touched |= {outbox.name: outbox for outbox in self._housekeeping.tidy(int(pulse.now_s))}
        if pulse.mono_s >= self._told_s + _STATUS_EVERY_S:
            self._told_s = pulse.mono_s
            self.send(self._reports_to, ReporterReport(self.run, self._status()))

    def _on_end(self, message: Drain | BreakOff | FinalFlush) -> ReporterStatus | None:
        """Little time is left: give held reports one try. None is left: commit what is in hand, send nothing more."""
        if isinstance(message, Drain):
            self._touched |= self._desk.holding.drain(self._lives)
            return None
        self._ending, self._broken_off = True, self._broken_off or isinstance(message, BreakOff)
        if isinstance(message, BreakOff):
            return None
        self._flush(self.monotonic())
        return self._status()

    def _flush(self, now_s: float) -> None:
        """Seal, choose what goes out, commit, and only then tell VENs and senders."""
        touched, self._touched = self._touched, {}
        wanted = []
        for outbox in touched.values():
            self._outbox.advance(outbox)
            self._dispatcher.offer(outbox)
            life = self._lives.get(outbox.name)
            wanted += [(life, *each) for each in self._forecasts.wanted(outbox)] if life else []
        outgoing = [] if self._ending else list(self._desk.outgoing(now_s))
        if touched or outgoing:
            self._journal.keep_counters(self._accounts.counters)
            column_bytes = self._journal.commit()
            self._on_flush(self.monotonic() - now_s, column_bytes)
        self._flushed_s, self._new_blocks = now_s, 0
        for outbox in touched.values():
            self._tell_committed(outbox)
        for life, state, window in wanted:
            sheddable = state.request.descriptor.payload_type == "LOAD_SHED_DELTA_AVAILABLE"
            intervals = sayable(window)
            self.send(life.peer, ForecastWanted(life.run, state.request.request_id, intervals, sheddable))
        for flight, report, blocks, known in outgoing:
            layout = self._outbox.layouts[flight.report.layout_id]
            event = self._desk.sights.of(report.ven_name, report.event_id, now_s)
            self.send(self._senders[flight.sender][1], Send(report, layout, blocks, known, event, flight.backlog))

    def _tell_committed(self, outbox: VenOutbox) -> None:
        life = self._lives.get(outbox.name)
        owed = life and life.owed(outbox.closed_until_s, lambda: self._journal.ven_facts(outbox.ven_key))
        if life and owed:
            self.send(life.peer, owed)

    def _status(self) -> ReporterStatus:
        holds = self._desk.holding.holds
        warnings = holds.warnings(self._accounts.failing())
        return self._accounts.status(len(self._dispatcher.in_flight), holds.now(self.monotonic()), warnings)
