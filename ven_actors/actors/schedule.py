"""What is due when: interval and cron jobs of many subscribers. Pure logic, no clock of its own."""

from __future__ import annotations

import difflib
import hashlib
import heapq
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from cronsim import CronSim, CronSimError

from ven_actors.errors import UsageError
from ven_actors.model import JobStatus

SHORTEST_INTERVAL_S = 1.0
LONGEST_INTERVAL_S = 366 * 86_400.0
_CRON_STAGGER_S = 60.0
# As cron does: a wall clock set back by less does not make a job run twice, by more plans it anew.
_CLOCK_CHANGE_S = 3 * 3_600.0


class Now(NamedTuple):
    """One moment in all three times, in seconds: simulated, monotonic, wall (UTC)."""

    sim_s: float
    mono_s: float
    wall_s: float


@dataclass(frozen=True, slots=True)
class Job:
    """`every` is an interval in seconds, or a cron line of five fields in UTC.

    An interval counts in simulated time where `simulated`, else in monotonic time; a cron line in wall time.
    `immediate` means that it is also due at once for who subscribes.
    """

    name: str
    every: float | str
    simulated: bool = False
    immediate: bool = False


METERING = "metering"
DEFAULT_JOBS = (
    Job(METERING, 15.0, simulated=True, immediate=True),
    Job("polling", 30.0, immediate=True),
    Job("heartbeat", 300.0),
    Job("status", 300.0),
    Job("program_sync", 3_600.0),
    Job("enrolment", "0 3 * * *"),
    Job("ven_check", 600.0),
)


def parse_schedule(changes: Mapping[str, float | str]) -> tuple[Job, ...]:
    """The default jobs with these changes: name -> seconds or cron line.

    Raises `UsageError` that names everything that is wrong, one line each.
    """
    jobs = {job.name: job for job in DEFAULT_JOBS}
    wrong = []
    for name, every in changes.items():
        known = jobs.get(name)
        if known is None:
            nearest = difflib.get_close_matches(name, jobs, n=1, cutoff=0.0)[0]
            wrong.append(f"schedule: unknown job {name!r}; did you mean {nearest!r}? (jobs: {', '.join(jobs)})")
            continue
        trouble = _trouble(known, every)
        if trouble:
            wrong.append(f"schedule: {name} = {every!r}: {trouble}")
        else:
            every = every if isinstance(every, str) else float(every)  # noqa: PLW2901 - an int becomes seconds
            jobs[name] = Job(name, every, known.simulated, known.immediate)
    if wrong:
        raise UsageError("\n".join(wrong))
    return tuple(jobs.values())


def _trouble(job: Job, every: float | str) -> str:
    if isinstance(every, str):
        if job.simulated:
            return "runs in simulated time and needs an interval, such as 15s, not a cron line"
        return _cron_trouble(every)
    if isinstance(every, bool) or not isinstance(every, (int, float)):
        return "give an interval, such as 30s, or a cron line, such as '0 3 * * *'"
    if not SHORTEST_INTERVAL_S <= every <= LONGEST_INTERVAL_S:
        return f"an interval is from {SHORTEST_INTERVAL_S:g} s to {LONGEST_INTERVAL_S:g} s (366 days)"
    if job.simulated and every != int(every):
        return "a metering interval is a whole number of seconds"
    return ""


def _cron_trouble(line: str) -> str:
    if len(line.split()) != 5:
        return "a cron line has five fields: minute hour day month weekday (UTC), such as '0 3 * * *'"
    try:
        first = next(CronSim(line, datetime(2024, 1, 1, tzinfo=UTC)), None)
    except CronSimError as error:
        return f"not a cron line ({error}); its fields are minute hour day month weekday (UTC), such as '0 3 * * *'"
    return "" if first else "this cron line never comes true"


def phase_of(name: str) -> float:
    """Where in an interval this subscriber has its turn, in [0, 1); the same for the same name, always."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=6).digest()) / 2**48


class Schedule:
    """Who has which job due next; a moment with nothing due costs one comparison per job."""

    def __init__(self, jobs: tuple[Job, ...]) -> None:
        self._lines = [_Line(job) for job in jobs]

    def subscribe(self, name: str, jobs: frozenset[str], now: Now) -> None:
        """Plan these jobs for `name`, in place of what it had; jobs that the schedule has not are never due."""
        for line in self._lines:
            line.forget(name)
            if line.job.name in jobs:
                line.plan_first(name, now)

    def unsubscribe(self, name: str) -> None:
        for line in self._lines:
            line.forget(name)

    def due(self, now: Now, most: int, paused: frozenset[str] = frozenset()) -> dict[str, frozenset[str]]:
        """Subscribers and the jobs that are due for each, longest overdue first, at most `most` of each job.

        Jobs that are `paused` are not, and stay overdue.

        Each job is planned anew from `now` on, so what was missed several times is due once.
        """
        due: dict[str, set[str]] = {}
        for line in self._lines:
            for name in [] if line.job.name in paused else line.take(now, most):
                due.setdefault(name, set()).add(line.job.name)
        return {name: frozenset(jobs) for name, jobs in due.items()}

    def status(self, now: Now, paused: frozenset[str] = frozenset()) -> tuple[JobStatus, ...]:
        """Each job with its earliest next run."""
        return tuple(line.status(now, paused=line.job.name in paused) for line in self._lines)


class _Line:
    """One job and when each of its subscribers has it next, in the job's own time."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._planned: dict[str, float] = {}
        # Entries that `_planned` no longer confirms are stale; they are skipped, and cleared when they are the most.
        self._heap: list[tuple[float, str]] = []
        self._cron_known = (math.inf, -math.inf)
        self._latest_s = -math.inf

    def forget(self, name: str) -> None:
        self._planned.pop(name, None)

    def plan_first(self, name: str, now: Now) -> None:
        self._plan(name, self._own(now) if self.job.immediate else self._next(name, self._own(now)))

    def take(self, now: Now, most: int) -> list[str]:
        own_s = self._own(now)
        if own_s < self._latest_s - _CLOCK_CHANGE_S:
            self._plan_anew(own_s)
        self._latest_s = own_s
        names: list[str] = []
        while self._heap and self._heap[0][0] <= own_s and len(names) < most:
            due_s, name = heapq.heappop(self._heap)
            if self._planned.get(name) == due_s:
                names.append(name)
                self._plan(name, self._next(name, own_s))
        return names

    def status(self, now: Now, *, paused: bool) -> JobStatus:
        own_s = self._own(now)
        while self._heap and self._planned.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        next_s = self._heap[0][0] if self._heap else self._after(own_s, 0.0)
        if self._in_monotonic_time:
            next_s += now.wall_s - now.mono_s
        every = self.job.every if isinstance(self.job.every, str) else f"{self.job.every:g}s"
        return JobStatus(self.job.name, every, next_s, self.job.simulated, paused)

    @property
    def _in_monotonic_time(self) -> bool:
        return not self.job.simulated and not isinstance(self.job.every, str)

    def _own(self, now: Now) -> float:
        if self.job.simulated:
            return now.sim_s
        return now.wall_s if isinstance(self.job.every, str) else now.mono_s

    def _plan(self, name: str, due_s: float) -> None:
        self._planned[name] = due_s
        heapq.heappush(self._heap, (due_s, name))
        if len(self._heap) > 2 * len(self._planned) + 16:
            self._heap = [(planned_s, planned) for planned, planned_s in self._planned.items()]
            heapq.heapify(self._heap)

    def _plan_anew(self, own_s: float) -> None:
        """A wall clock that was years ahead must not put off a cron job for years."""
        for name in tuple(self._planned):
            self._plan(name, self._next(name, own_s))

    def _next(self, name: str, own_s: float) -> float:
        return self._after(own_s, phase_of(name))

    def _after(self, own_s: float, phase: float) -> float:
        """The first turn of that phase after `own_s`, never at it."""
        if isinstance(self.job.every, str):
            stagger_s = phase * _CRON_STAGGER_S
            return self._cron_after(self.job.every, own_s - stagger_s) + stagger_s
        interval_s = self.job.every
        turn = math.floor(own_s / interval_s - phase)
        while (turn + phase) * interval_s <= own_s:
            turn += 1
        return (turn + phase) * interval_s

    def _cron_after(self, line: str, wall_s: float) -> float:
        """All subscribers share one answer until it has come."""
        since_s, until_s = self._cron_known
        if not since_s <= wall_s < until_s:
            found = next(CronSim(line, datetime.fromtimestamp(wall_s, UTC)), None)
            until_s = found.timestamp() if found else math.inf
            self._cron_known = (wall_s, until_s)
        return until_s
