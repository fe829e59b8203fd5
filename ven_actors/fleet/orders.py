"""Orders to a running fleet through its control socket; each is carried out in the control thread."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pykka
import structlog

from ven_actors.errors import StateError, UsageError
from ven_actors.fleet.folder import load_population
from ven_actors.fleet.removals import Removal, Removals
from ven_actors.fleet.summary import RunFacts
from ven_actors.fleet.wiring import Wiring
from ven_actors.messages import Pause, Resume
from ven_actors.model import FleetStatus

log = structlog.get_logger()

Order = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Orders:
    """Every order is an object with the key `do`. Raises `FleetError` for one that cannot be done."""

    wiring: Wiring
    facts: RunFacts
    removals: Removals
    status: Callable[[], FleetStatus]

    def do(self, request: dict[str, Any]) -> Any:
        orders: dict[str, Order] = {"pause": self._pause, "resume": self._resume, "reread": self._reread}
        order = orders.get(str(request.get("do")))
        if order is None:
            raise UsageError(f"unknown order {request.get('do')!r}; this version knows {', '.join(orders)}")
        return order(request)

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

    def _reread(self, request: dict[str, Any]) -> dict[str, Any]:
        """Read the registry again; returns which `vens` start again with other resources, and how many they have.

        `delete` are pairs of VEN and resource name, to be deleted at the VTN once their last readings are settled;
        those whose VEN is not registered there are told.
        """
        wiring = self.wiring
        population = load_population(wiring.config, wiring.profiles.meters, again=True)
        changed = {name: new for name, new in population.resources.items() if new != wiring.resources[name]}
        wanted = [(str(ven), str(name)) for ven, name in request.get("delete") or ()]
        removals = [removal for ven, name in wanted if (removal := self._removal(ven, name)) is not None]
        for name, resources in changed.items():
            wiring.change(name, resources)
        self.facts.statistics = population.statistics
        if removals:
            self.removals.add(*removals)
        counts = {name: len(new) for name, new in changed.items()}
        if counts:
            log.info("resources_changed", vens=counts)
        deleted = {(each.ven, each.name) for each in removals}
        return {"vens": counts, "unregistered": [name for ven, name in wanted if (ven, name) not in deleted]}

    def _removal(self, ven: str, name: str) -> Removal | None:
        enrolment = self.wiring.enrolments().get(ven)
        if enrolment is None:
            return None
        resource_id = enrolment.resource_ids.get(name) or None
        return Removal(ven, name, enrolment.ven_id, resource_id, self.status().now_s + self.wiring.config.interval_s)
