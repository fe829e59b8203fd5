"""`ClockActor`: owns simulated time and the schedule, and tells everyone subscribed what is due."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

import structlog

from ven_actors.actors.base import FleetActor
from ven_actors.actors.schedule import METERING, Job, Now, Schedule
from ven_actors.messages import (
    Advance,
    ClockReport,
    Down,
    Pause,
    Peer,
    Pulse,
    Resume,
    Subscribe,
    Tick,
    ToClock,
    Unsubscribe,
)

log = structlog.get_logger()

_REPORT_EVERY_S = 1.0


class SimulatedTime:
    """Simulated seconds since the epoch, from wall and monotonic time.

    At speed 1 it follows the wall clock (holding while that is set back); else it runs `speed` times as fast as the
    monotonic clock. `start_s` None starts at the wall time of `origin`.
    """

    def __init__(self, start_s: float | None, speed: float, origin: Advance) -> None:
        self._start_s = origin.wall_s if start_s is None else start_s
        self._speed = speed
        self._origin = origin
        self._latest_s = self._start_s

    def at(self, advance: Advance) -> float:
        if self._speed == 1:
            past_s = advance.wall_s - self._origin.wall_s
        else:
            past_s = (advance.mono_s - self._origin.mono_s) * self._speed
        self._latest_s = max(self._latest_s, self._start_s + past_s)
        return self._latest_s


class ClockActor(FleetActor):
    """Each `Advance` becomes a `Tick` for every subscriber with something due, and a `Pulse` for `pulses`.

    `origin` is the moment of `sim_start_s`; None means the first `Advance`. A fleet gives the same one to every life of
    its clock, so that a restart does not set simulated time back. `most_per_advance` paces what became due all at
    once (after a pause, or a process that was stopped): the rest of each job follows with the next `Advance`.
    `paused` are jobs that an earlier life was told to pause.
    """

    def __init__(
        self,
        name: str,
        run: int,
        supervisor: Peer[Down | ClockReport],
        monotonic: Callable[[], float],
        *,
        jobs: tuple[Job, ...],
        pulses: tuple[Peer[Pulse], ...] = (),
        sim_start_s: float | None = None,
        speed: float = 1.0,
        origin: Advance | None = None,
        most_per_advance: int = 1_000,
        paused: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(name, run, supervisor, monotonic)
        self._reports_to = supervisor
        self._schedule = Schedule(jobs)
        self._pulses = list(pulses)
        self._sim_start_s = sim_start_s
        self._speed = speed
        self._origin = origin
        self._most_per_advance = most_per_advance
        self._time: SimulatedTime | None = None
        self._now: Now | None = None
        self._peers: dict[str, Peer[Tick]] = {}
        # The latest life of each name stays known: an older one that wakes up must not take its place.
        self._runs: dict[str, int] = {}
        self._not_yet_planned: dict[str, frozenset[str]] = {}
        self._all = frozenset(job.name for job in jobs)
        self._paused = paused & self._all
        self._told_s = float("-inf")
        self._reported_mono_s = float("-inf")

    def receive(self, message: ToClock) -> None:
        match message:
            case Advance():
                self._advance(message)
            case Subscribe():
                self._subscribe(message)
            case Unsubscribe():
                if message.run is None or message.run >= self._runs.get(message.name, 0):
                    self._forget(message.name)
            case Pause():
                self._set_paused(self._paused | self._named(message.jobs))
            case Resume():
                self._set_paused(self._paused - self._named(message.jobs))
            case _:
                assert_never(message)

    def _advance(self, advance: Advance) -> None:
        if self._time is None:
            self._time = SimulatedTime(self._sim_start_s, self._speed, self._origin or advance)
        now = Now(self._time.at(advance), advance.mono_s, advance.wall_s)
        self._now = now
        for name, jobs in self._not_yet_planned.items():
            self._schedule.subscribe(name, jobs, now)
        self._not_yet_planned.clear()
        if self._paused != self._all:
            self._tell_what_is_due(now)
        pulse = Pulse(now.sim_s, now.mono_s)
        self._pulses = [peer for peer in self._pulses if self.send(peer, pulse)]
        if now.mono_s >= self._reported_mono_s + _REPORT_EVERY_S:
            self._report(now)

    def _tell_what_is_due(self, now: Now) -> None:
        if METERING not in self._paused or self._told_s < 0:
            self._told_s = now.sim_s
        for name, due in self._schedule.due(now, self._most_per_advance, self._paused).items():
            if not self.send(self._peers[name], Tick(self._told_s, now.mono_s, due)):
                log.debug("subscriber_gone", subscriber=name)
                self._forget(name)

    def _subscribe(self, subscription: Subscribe) -> None:
        if subscription.run < self._runs.get(subscription.name, 0):
            return
        self._runs[subscription.name] = subscription.run
        self._peers[subscription.name] = subscription.peer
        if self._now is None:
            self._not_yet_planned[subscription.name] = subscription.jobs
        else:
            self._schedule.subscribe(subscription.name, subscription.jobs, self._now)

    def _forget(self, name: str) -> None:
        self._peers.pop(name, None)
        self._not_yet_planned.pop(name, None)
        self._schedule.unsubscribe(name)

    def _named(self, jobs: frozenset[str] | None) -> frozenset[str]:
        return self._all if jobs is None else jobs & self._all

    def _set_paused(self, paused: frozenset[str]) -> None:
        before, self._paused = self._paused, paused
        for event, jobs in (("jobs_paused", paused - before), ("jobs_resumed", before - paused)):
            if jobs:
                log.info(event, jobs=sorted(jobs), paused=sorted(paused))
        if self._now is not None:
            self._report(self._now)

    def _report(self, now: Now) -> None:
        self._reported_mono_s = now.mono_s
        jobs = self._schedule.status(now, self._paused)
        report = ClockReport(self.run, now.sim_s, jobs, self._paused == self._all)
        self.send(self._reports_to, report)
