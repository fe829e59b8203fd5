"""`SupervisorActor`: starts, restarts, fences and stops every other actor, and keeps the fleet's status.

It never blocks and does no I/O: all it does follows from its state, a message, and the time in a `Pulse`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import assert_never

import pykka
import structlog

from ven_actors.actors.base import FleetActor
from ven_actors.actors.children import Child, Children, Phase
from ven_actors.actors.fleet_events import EventsTold
from ven_actors.actors.supervision import ChildSpec, CommonCause, CommonCausePolicy, RestartPolicy
from ven_actors.messages import (
    ClockReport,
    Down,
    Drain,
    GetStatus,
    Peer,
    Pulse,
    Renew,
    ReporterReport,
    Shutdown,
    StartDrain,
    TickDone,
    ToSupervisor,
)
from ven_actors.model import FleetStatus, ReporterStatus, VenStatus

log = structlog.get_logger()

_LOOK_FOR_HANGS_EVERY_S = 1.0
_LONGEST_PULSE_GAP_S = 5.0


class SupervisorActor(FleetActor):
    """OTP's rules: rest-for-one for the core, one-for-one for VENs, growing delays, nobody is given up for good.

    Whoever runs the fleet tells it a `Pulse` some ten times a second, from the first moment until the shutdown is
    done; it must not come from a child alone (the clock), which may be the one to be restarted. At each pulse at most
    `starts_per_pulse` VENs are started and `stops_per_pulse` children told to stop.
    """

    def __init__(
        self,
        name: str,
        run: int,
        supervisor: Peer[Down],
        monotonic: Callable[[], float],
        *,
        children: tuple[ChildSpec, ...],
        rng: random.Random,
        restarts: RestartPolicy | None = None,
        common_cause: CommonCausePolicy | None = None,
        starts_per_pulse: int = 100,
        stops_per_pulse: int = 1_000,
    ) -> None:
        super().__init__(name, run, supervisor, monotonic)
        self._children = Children(children)
        self._rng = rng
        self._restarts = restarts or RestartPolicy()
        self._common_cause = CommonCause(len(self._children.vens), common_cause or CommonCausePolicy())
        self._starts_per_pulse = starts_per_pulse
        self._stops_per_pulse = stops_per_pulse
        self._last_run = 0
        self._vens_to_start = {child.spec.name: child for child in self._children.vens}
        # From this place on everything has to be down before anything is started again; None: nothing to stop.
        self._stop_from: int | None = None
        self._pulse_s: float | None = None
        self._awake_since_s = 0.0
        self._hangs_looked_s = float("-inf")
        self._clock = ClockReport(0, 0.0, (), paused=False)
        self._reporter = ReporterStatus()
        self._draining_at_s: float | None = None
        self._ended: pykka.ThreadingFuture[FleetStatus] | None = None
        self._vens_at_end: dict[str, VenStatus] | None = None
        self._events_told = EventsTold()

    def receive(self, message: ToSupervisor) -> FleetStatus | pykka.Future[FleetStatus] | bool | None:
        match message:
            case Pulse():
                self._pulse(message.mono_s)
            case Down():
                self._down(message)
            case TickDone():
                self._tick_done(message)
            case ReporterReport():
                self._reporter_report(message)
            case ClockReport():
                self._clock_report(message)
            case Renew():
                self._renew(message.name)
            case GetStatus():
                return self._status()
            case StartDrain():
                return self._start_drain()
            case Shutdown():
                return self._shutdown()
            case _:
                assert_never(message)
        return None

    def on_down(self) -> None:
        if self._ended is not None and self._stop_from is not None:
            dead = pykka.ActorDeadError("the supervisor ended before the shutdown was done")
            self._ended.set_exception((pykka.ActorDeadError, dead, None))

    # --- what children tell of themselves ------------------------------------------------------------------------

    def _tick_done(self, done: TickDone) -> None:
        child = self._children.living(done.name, done.run)
        if child is not None:
            child.told(done.status)

    def _reporter_report(self, report: ReporterReport) -> None:
        if self._children.core_lives(report.run):
            self._reporter = report.status

    def _clock_report(self, report: ClockReport) -> None:
        if self._children.core_lives(report.run):
            self._clock = report

    # --- time goes on --------------------------------------------------------------------------------------------

    def _pulse(self, mono_s: float) -> None:
        if self._pulse_s is None or mono_s - self._pulse_s > _LONGEST_PULSE_GAP_S:
            # The whole process stood still: nobody is to be blamed for that time.
            self._awake_since_s = mono_s
        self._pulse_s = mono_s
        if mono_s >= self._hangs_looked_s + _LOOK_FOR_HANGS_EVERY_S:
            self._hangs_looked_s = mono_s
            self._replace_who_hangs(mono_s)
        if self._stop_from is not None:
            self._stop_last_level(self._stop_from, mono_s)
        if self._stop_from is None and self._ended is None:
            self._start_core(mono_s)
            self._start_vens(mono_s)
            self._events_told.look(mono_s, self._children.told_statuses(self._clock.now_s))

    def _start_core(self, mono_s: float) -> None:
        while (child := self._children.next_core()) is not None:
            if child.start_at_s > mono_s or not self._start(child, mono_s):
                return

    def _start_vens(self, mono_s: float) -> None:
        if self._children.next_core() is not None:
            return
        due = [child for child in self._vens_to_start.values() if child.start_at_s <= mono_s]
        for child in due[: self._starts_per_pulse]:
            if self._start(child, mono_s) and self._draining_at_s is not None and child.ref is not None:
                self.send(child.ref, Drain(self._draining_at_s))

    def _start(self, child: Child, mono_s: float) -> bool:
        self._last_run += 1
        self._vens_to_start.pop(child.spec.name, None)
        try:
            ref = child.spec.start(self._last_run)
        except Exception as error:  # noqa: BLE001 - whatever a constructor raises is that child's failure
            child.started_s = mono_s
            self._failed(child, f"could not be built: {type(error).__name__}: {error}", mono_s)
            return False
        child.begin(self._last_run, ref, mono_s)
        return True

    # --- somebody ended ------------------------------------------------------------------------------------------

    def _down(self, down: Down) -> None:
        child = self._children.living(down.name, down.run)
        if child is None:
            self._late(down)
            return
        in_order = child.phase is Phase.STOPPING
        last_words = child.last_words()
        if isinstance(last_words, ReporterStatus):
            self._reporter = last_words
        child.forget()
        if in_order:
            self._stopped(child, down)
        else:
            reason = down.reason or "stopped without being told to by its supervisor"
            self._failed(child, reason, self.monotonic(), down)

    def _late(self, down: Down) -> None:
        """An earlier life that was fenced has ended after all."""
        child = self._children.named(down.name)
        if child is not None:
            child.hung_runs.discard(down.run)
        log.debug("child_down_late", child=down.name, run=down.run, reason=down.reason)

    def _stopped(self, child: Child, down: Down) -> None:
        if child.spec.group == "ven":
            self._vens_to_start[child.spec.name] = child
        if down.reason:
            child.last_error = down.reason
            log.warning("child_down", child=child.spec.name, run=down.run, reason=down.reason, traceback=down.traceback)

    def _failed(self, child: Child, reason: str, mono_s: float, down: Down | None = None) -> None:
        if mono_s - child.started_s >= self._restarts.healthy_s:
            child.failures = 0
        child.failures += 1
        wait_s = self._restarts.delay_s(child.failures, len(child.hung_runs), self._rng)
        child.start_at_s = mono_s + wait_s
        child.last_error = reason
        child.failed_of(reason, wait_s, down)
        if child.spec.group == "core":
            self._take_down_from(child.place + 1, f"restarting with {child.spec.name}")
            return
        self._vens_to_start[child.spec.name] = child
        together = self._common_cause.note(child.spec.name, mono_s) if self._ended is None else 0
        if together:
            log.error("common_cause", vens_down=together, reason=reason, restarting="core")
            self._take_down_from(0, f"restarting: {together} VENs went down together")

    def _replace_who_hangs(self, mono_s: float) -> None:
        for child in self._children.all:
            child.look_after(mono_s)
            since_s = child.ref.busy_since if child.ref is not None and child.phase is Phase.RUNNING else None
            if since_s is not None and mono_s - max(since_s, self._awake_since_s) > child.spec.hang_s:
                reason = f"hung: one message for more than {child.spec.hang_s:g} s"
                child.fence()
                self._failed(child, reason, mono_s)

    # --- stopping, from the last level up ------------------------------------------------------------------------

    def _take_down_from(self, place: int, why: str) -> None:
        for child in self._children.all[place:]:
            if child.phase is Phase.RUNNING and child.spec.group == "ven":
                child.last_error = why
        self._stop_from = place if self._stop_from is None else min(place, self._stop_from)

    def _stop_last_level(self, first_place: int, mono_s: float) -> None:
        to_tell = self._stops_per_pulse
        level = tuple(self._children.last_level(first_place))
        for child in level:
            if child.phase is Phase.RUNNING and to_tell:
                to_tell -= 1
                self._ask_to_stop(child, mono_s)
            elif child.phase is Phase.STOPPING and mono_s >= child.stop_by_s:
                log.error("child_stop_overdue", child=child.spec.name, run=child.run, limit_s=child.spec.stop_s)
                child.fence()
                self._stopped(child, Down(child.spec.name, child.run, "", "", 0))
        if not level:
            self._stop_from = None
            if self._ended is not None:
                self._ended.set(self._status())
                log.info("fleet_stopped")

    def _ask_to_stop(self, child: Child, mono_s: float) -> None:
        ref = child.ref
        assert ref is not None
        child.phase = Phase.STOPPING
        child.stop_by_s = mono_s + child.spec.stop_s
        if child.spec.group == "ven":
            ref.end()
            return
        if self._ended is not None and child.spec.last_message is not None:
            child.last_answer = ref.ask(child.spec.last_message, block=False)
        # What waits in the inbox of the core are readings and verdicts: worth the time.
        ref.finish()

    # --- what is asked from outside ------------------------------------------------------------------------------

    def _renew(self, name: str) -> None:
        child = self._children.named(name)
        if child is not None and child.phase is Phase.RUNNING and child.spec.group == "ven" and self._ended is None:
            child.renewed = True
            self._ask_to_stop(child, self.monotonic())

    def _start_drain(self) -> bool:
        if self._draining_at_s is None:
            self._draining_at_s = self._clock.now_s
            for child in self._children.all:
                hears = child.spec.group == "ven" or child.spec.hears_drain
                if hears and child.phase is Phase.RUNNING and child.ref is not None:
                    self.send(child.ref, Drain(self._draining_at_s))
        return True

    def _shutdown(self) -> pykka.Future[FleetStatus]:
        if self._ended is None:
            self._vens_at_end = self._children.ven_statuses(self._clock.now_s)
            self._ended = pykka.ThreadingFuture()
            self._stop_from = 0
        return self._ended

    def _status(self) -> FleetStatus:
        return FleetStatus(
            now_s=self._clock.now_s,
            vens=self._vens_at_end or self._children.ven_statuses(self._clock.now_s),
            restarts={child.spec.name: child.restarts for child in self._children.all},
            jobs=self._clock.jobs,
            paused=self._clock.paused,
            reporter=self._reporter,
            draining=self._draining_at_s is not None,
            errors=self._children.core_errors(),
        )
