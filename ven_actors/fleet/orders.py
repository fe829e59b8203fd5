"""What a running fleet is told to do through its control socket; each order is done in the control thread."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pykka

from ven_actors.errors import StateError, UsageError
from ven_actors.fleet.wiring import Wiring
from ven_actors.messages import Pause, Resume

Order = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Orders:
    """Every order is an object with the key `do`. Raises `FleetError` for one that cannot be done."""

    wiring: Wiring

    def do(self, request: dict[str, Any]) -> Any:
        deeds: dict[str, Order] = {"pause": self._pause, "resume": self._resume}
        deed = deeds.get(str(request.get("do")))
        if deed is None:
            raise UsageError(f"unknown order {request.get('do')!r}; this version knows {', '.join(deeds)}")
        return deed(request)

    def _pause(self, request: dict[str, Any]) -> list[str]:
        jobs = self._jobs(request)
        self.wiring.paused_jobs |= jobs
        self._tell_clock(Pause(jobs))
        return sorted(self.wiring.paused_jobs)

    def _resume(self, request: dict[str, Any]) -> list[str]:
        jobs = self._jobs(request)
        self.wiring.paused_jobs -= jobs
        self._tell_clock(Resume(jobs))
        return sorted(self.wiring.paused_jobs)

    def _tell_clock(self, message: Pause | Resume) -> None:
        """A clock that is just being restarted is built with what is paused by then."""
        clock = self.wiring.refs.get("clock")
        if clock is None:
            raise StateError("the fleet is only just starting; try again")
        try:
            clock.tell(message)
        except pykka.ActorDeadError:
            return

    def _jobs(self, request: dict[str, Any]) -> frozenset[str]:
        known = [job.name for job in self.wiring.schedule()]
        wanted = request.get("jobs") or ()
        for name in wanted:
            if name not in known:
                nearest = difflib.get_close_matches(str(name), known, n=1, cutoff=0.0)[0]
                raise UsageError(f"unknown job {name!r}; did you mean {nearest!r}? (jobs: {', '.join(known)})")
        return frozenset(known if request.get("all") else wanted)
