"""What a supervisor knows of its children, and in which order they stand; no actor, no clock."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

import pykka
import structlog

from ven_actors.actors.fleet_events import as_of
from ven_actors.actors.supervision import ChildRef, ChildSpec
from ven_actors.messages import Down
from ven_actors.model import VenState, VenStatus

log = structlog.get_logger()

_WELL_AFTER_S = 10.0
_SAID_TWICE = 2


class Phase(Enum):
    WAITING = auto()
    RUNNING = auto()
    STOPPING = auto()


@dataclass(slots=True)
class Child:
    """One child through all its lives. `place` is its place in the order of start, times are monotonic seconds.

    `renewed`: it ends in order to start again with other resources, which does not count as a restart.
    `hung_runs` are earlier lives that were fenced and have not ended yet. `trouble` is what it last failed of,
    `troubles` how often in a row, until a life lasts.
    """

    spec: ChildSpec
    place: int
    phase: Phase = Phase.WAITING
    ref: ChildRef | None = None
    run: int = 0
    restarts: int = 0
    renewed: bool = False
    failures: int = 0
    started_s: float = 0.0
    start_at_s: float = float("-inf")
    stop_by_s: float = 0.0
    last_error: str = ""
    trouble: str = ""
    troubles: int = 0
    hung_runs: set[int] = field(default_factory=set)
    last_answer: pykka.Future[object] | None = None
    status: VenStatus | None = None
    status_run: int = 0

    def begin(self, run: int, ref: ChildRef, mono_s: float) -> None:
        restarted, self.renewed = self.run != 0 and not self.renewed, False
        self.restarts += restarted
        self.run = run
        self.ref = ref
        self.phase = Phase.RUNNING
        self.started_s = mono_s
        if restarted:
            said = log.info if self.troubles == 1 else log.debug
            said("child_restarted", child=self.spec.name, run=self.run, restarts=self.restarts)

    def failed_of(self, reason: str, wait_s: float, down: Down | None) -> None:
        """Say what ended it; of the same trouble again and again, that it goes on, and no more until it is over."""
        self.troubles = self.troubles + 1 if reason == self.trouble else 1
        self.trouble = reason
        facts = {"child": self.spec.name, "run": self.run, "reason": reason, "restart_in_s": round(wait_s, 2)}
        if self.troubles == 1:
            trace = {"traceback": down.traceback} if down and down.traceback else {}
            log.warning("child_down", **facts, dropped=down.dropped if down else 0, **trace)
        elif self.troubles == _SAID_TWICE:
            log.warning("child_keeps_failing", **facts, remark="tried on, and said again when it works")
        else:
            log.debug("child_down", **facts)

    def look_after(self, mono_s: float) -> None:
        """Forget, and where it was said to go on take back, its trouble when a life lasts."""
        if self.troubles and self.phase is Phase.RUNNING and mono_s - self.started_s >= _WELL_AFTER_S:
            if self.troubles > 1:
                log.info("child_back", child=self.spec.name, run=self.run, failures=self.troubles)
            self.trouble, self.troubles = "", 0

    def forget(self) -> None:
        """It has ended, or is fenced: nothing of this life counts from here on."""
        self.ref = None
        self.phase = Phase.WAITING

    def fence(self) -> None:
        """Break it off, ask it to stop, and forget it: whatever this life still says is refused by its run number."""
        ref = self.ref
        assert ref is not None
        self.hung_runs.add(self.run)
        self.forget()
        ref.end()
        try:
            ref.abort()
        except Exception as error:  # noqa: BLE001 - it is given up already
            log.debug("abort_failed", child=self.spec.name, run=self.run, error=repr(error))

    def last_words(self) -> object | None:
        """What it answered to its `last_message`, once it has ended; None if there was none or it failed."""
        if self.last_answer is None:
            return None
        try:
            return self.last_answer.get(timeout=0)
        except Exception as error:  # noqa: BLE001 - its `Down` says what happened
            log.debug("no_last_answer", child=self.spec.name, run=self.run, error=repr(error))
            return None

    def told(self, status: VenStatus) -> None:
        """What an earlier life had of its VTN counts for the run."""
        before, self.status = self.status, status
        if before is not None and (before.reached or before.answered):
            reached, answered = before.reached or status.reached, before.answered or status.answered
            self.status = dataclasses.replace(status, reached=reached, answered=answered)
        self.status_run = self.run

    def ven_status(self) -> VenStatus:
        """What the VEN last told of itself, corrected by what its supervisor knows better."""
        told = self.status or VenStatus(self.spec.name, VenState.STARTING, None, None, None, 0)
        if self.phase is Phase.RUNNING and self.status_run == self.run:
            just_begun = told.state is VenState.STARTING and not told.last_error
            return dataclasses.replace(told, last_error=self.trouble) if just_begun else told
        begins = self.phase is Phase.RUNNING or not (self.run or self.failures)
        state = VenState.STARTING if begins else VenState.RESTARTING
        return dataclasses.replace(told, state=state, last_error=self.last_error)


class Children:
    """All children in order of start: the core first, then the VENs. Raises `ValueError` for a name used twice."""

    def __init__(self, specs: tuple[ChildSpec, ...]) -> None:
        ordered = sorted(specs, key=lambda spec: spec.group != "core")
        self.all = tuple(Child(spec, place) for place, spec in enumerate(ordered))
        self._by_name = {child.spec.name: child for child in self.all}
        if len(self._by_name) < len(self.all):
            names = [spec.name for spec in specs]
            doubled = sorted({name for name in names if names.count(name) > 1})
            raise ValueError(f"two children of the same name: {', '.join(doubled)}; give each its own")
        self.core = tuple(child for child in self.all if child.spec.group == "core")
        self.vens = tuple(child for child in self.all if child.spec.group == "ven")

    def named(self, name: str) -> Child | None:
        return self._by_name.get(name)

    def living(self, name: str, run: int) -> Child | None:
        """The child of that name if this is its present life."""
        child = self._by_name.get(name)
        return child if child and child.run == run and child.phase is not Phase.WAITING else None

    def core_lives(self, run: int) -> bool:
        """Whether this is the present life of a core child; no two lives have the same run number."""
        return any(child.run == run and child.phase is not Phase.WAITING for child in self.core)

    def ven_statuses(self, now_s: float) -> dict[str, VenStatus]:
        return {child.spec.name: as_of(child.ven_status(), now_s) for child in self.vens}

    def told_statuses(self, now_s: float) -> Iterator[VenStatus]:
        """What the VENs last told of themselves, with the events as they are at `now_s`."""
        return (as_of(child.status, now_s) for child in self.vens if child.status is not None)

    def core_errors(self) -> dict[str, str]:
        """What children of the core failed of and have not got over yet."""
        return {child.spec.name: child.trouble for child in self.core if child.troubles}

    def last_level(self, first_place: int) -> Iterator[Child]:
        """Those to be stopped next: the living children of the last level that has any, from `first_place` on."""
        level = None
        for child in reversed(self.all[first_place:]):
            if child.phase is Phase.WAITING:
                continue
            level = level or child.spec.stop_level
            if child.spec.stop_level != level:
                return
            yield child

    def next_core(self) -> Child | None:
        """The first core child that does not run: none after it may be started before it."""
        return next((child for child in self.core if child.phase is not Phase.RUNNING), None)
