"""The pacemaker: the main thread's loop, which gives actors their time and watches that they use it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import pykka
import structlog

from ven_actors.actors.base import FleetRef
from ven_actors.actors.supervision import Watch
from ven_actors.actors.supervisor import SupervisorActor
from ven_actors.fleet.draining import Draining
from ven_actors.fleet.embedded_vtn import EmbeddedVtn
from ven_actors.fleet.event_status import power_facts
from ven_actors.messages import Advance, GetStatus, Pulse, Shutdown, StartDrain, Tick
from ven_actors.model import FleetStatus

log = structlog.get_logger()

BEAT_S = 0.1
SHOW_EVERY_S = 0.5
ASK_WITHIN_S = 10.0
STALL_AFTER_S = 60.0
SHUTDOWN_WITHIN_S = 120.0


class Stalled(Exception):  # noqa: N818 - a state of the process, not an error of anybody's
    """Supervisor or clock make no progress: this process is of no more use."""


class JobsDue:
    """The main thread's inbox for ticks: told by the clock, emptied by the main loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._due: frozenset[str] = frozenset()

    def tell(self, tick: Tick, /) -> None:
        with self._lock:
            self._due |= tick.due

    def take(self) -> frozenset[str]:
        with self._lock:
            due, self._due = self._due, frozenset()
        return due


class Pacemaker:
    """Beats ten times a second until told to stop; then drains, then shuts down, beating on all the while.

    `hurry`, once set, ends the draining.
    """

    def __init__(self, stop: threading.Event, hurry: threading.Event, embedded: EmbeddedVtn | None) -> None:
        self._stop = stop
        self._hurry = hurry
        self._embedded = embedded
        self._watch = Watch(STALL_AFTER_S)
        self.jobs_due = JobsDue()
        self.last_status: FleetStatus | None = None
        self._show: Callable[[], None] | None = None
        self._shown_s = float("-inf")

    def begin(self, supervisor: FleetRef[SupervisorActor], refs: Mapping[str, FleetRef[Any]]) -> None:
        self._supervisor = supervisor
        self._refs = refs

    def status(self) -> FleetStatus:
        """Ask the supervisor; may be called from any thread. Raises `Stalled` if it does not answer."""
        try:
            status = self._supervisor.ask(GetStatus(), timeout=ASK_WITHIN_S)
        except (pykka.Timeout, pykka.ActorDeadError) as error:
            raise Stalled(f"the supervisor does not answer ({type(error).__name__})") from error
        assert isinstance(status, FleetStatus)
        self.last_status = status
        return status

    def run(self, duration_s: float | None, show: Callable[[], None] | None) -> None:
        """Beat until stopped or for `duration_s`; then it counts as stopped. `show` is called now and on draining."""
        end_s = float("inf") if duration_s is None else time.monotonic() + duration_s
        self._show = show
        while not self._stop.is_set() and time.monotonic() < end_s:
            self._one_beat(self._stop)
            self._log_jobs()
            if self._embedded is not None:
                self._embedded.look_after()
            self._show_now_and_then()
        self._stop.set()

    def drain(self, limit_s: float) -> bool:
        """Let everything that has ended be closed and delivered, for at most `limit_s`, or until told to hurry.

        Returns whether that was enough. Readings that no report is due for stay queued: nobody waits for them.
        """
        end_s = time.monotonic() + limit_s
        self._supervisor.ask(StartDrain(), timeout=ASK_WITHIN_S)
        draining = Draining()
        while time.monotonic() < end_s and not self._hurry.is_set():
            self._one_beat(self._hurry)
            self._show_now_and_then()
            if draining.is_over(self.status()):
                return True
        return False

    def shut_down(self) -> FleetStatus:
        """Stop all actors in order; returns the last status. Raises `Stalled` if that takes far too long."""
        future = self._supervisor.ask(Shutdown(), timeout=ASK_WITHIN_S)
        end_s = time.monotonic() + SHUTDOWN_WITHIN_S
        while time.monotonic() < end_s:
            self._one_beat(None)
            try:
                status = future.get(timeout=BEAT_S / 5)
            except pykka.Timeout:
                continue
            assert isinstance(status, FleetStatus)
            self.last_status = status
            self._supervisor.stop(block=True, timeout=ASK_WITHIN_S)
            return status
        raise Stalled(f"the actors did not stop within {SHUTDOWN_WITHIN_S:g} s")

    def _show_now_and_then(self) -> None:
        if self._show is not None and time.monotonic() >= self._shown_s + SHOW_EVERY_S:
            self._shown_s = time.monotonic()
            self._show()

    def _one_beat(self, wait_on: threading.Event | None) -> None:
        mono_s = time.monotonic()
        self._tell(self._refs.get("clock"), Advance(time.time(), mono_s))
        self._tell(self._supervisor, Pulse(0.0, mono_s))
        watched = {
            name: ref for name, ref in (("supervisor", self._supervisor), ("clock", self._refs.get("clock"))) if ref
        }
        stalled = self._watch.stalled(watched, mono_s)
        if stalled:
            raise Stalled("; ".join(stalled))
        if wait_on is not None:
            wait_on.wait(BEAT_S)

    @staticmethod
    def _tell(ref: FleetRef[Any] | None, message: object) -> None:
        if ref is not None and ref.is_alive():
            try:
                ref.tell(message)
            except pykka.ActorDeadError:
                return

    def _log_jobs(self) -> None:
        due = self.jobs_due.take()
        if not due:
            return
        status = self.status()
        readings = status.reporter.readings
        states: dict[str, int] = {}
        for ven in status.vens.values():
            states[ven.state.value] = states.get(ven.state.value, 0) + 1
        if "heartbeat" in due:
            log.info("heartbeat", vens=states, restarts=sum(status.restarts.values()))
        if "status" in due:
            log.info(
                "status", generated=readings.generated, accepted=readings.accepted, queued=readings.queued,
                quarantined=readings.quarantined, unasked=readings.unasked, gap=readings.gap,
                unaccounted=readings.unaccounted, **power_facts(status),
            )  # fmt: skip
