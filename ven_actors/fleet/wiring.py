"""Wiring: child specs of all actors, each handed its peers. A restarted child gets the refs of the newest lives."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ven_actors.actors.base import FleetRef, resting
from ven_actors.actors.clock import ClockActor
from ven_actors.actors.notices import NothingAsked, ObjectionsTold
from ven_actors.actors.reporter import ReporterActor
from ven_actors.actors.reporter_needs import ReporterSettings
from ven_actors.actors.schedule import Job, parse_schedule
from ven_actors.actors.sender import SenderActor
from ven_actors.actors.supervision import ChildSpec
from ven_actors.actors.supervisor import SupervisorActor
from ven_actors.actors.ven import VenActor
from ven_actors.actors.ven_needs import VenSettings
from ven_actors.config import FleetConfig
from ven_actors.fleet.clients import Clients
from ven_actors.fleet.dialects import Route
from ven_actors.fleet.faults import Faults, FaultyClient
from ven_actors.fleet.remedies import doctor_line
from ven_actors.fleet.tls import ssl_context_of
from ven_actors.messages import Advance, BreakOff, FinalFlush, Peer, Renew, Subscribe, Tick
from ven_actors.metrics import Metrics
from ven_actors.model import Credentials, Enrolment, Resource
from ven_actors.openadr.client import VtnClient
from ven_actors.openadr.seats import portion_at
from ven_actors.openadr.sent_reports import SentReports
from ven_actors.openadr.traffic import Traffic, origin_of
from ven_actors.openadr.transport import SharedAdapter
from ven_actors.push.desk import CLOSE_WITHIN_S, PushDesk
from ven_actors.simulation.loads import VenSimulation
from ven_actors.simulation.profiles import Profiles
from ven_actors.simulation.response import opts_out
from ven_actors.simulation.selection import ChosenLoads
from ven_actors.storage.store import Store

MAIN_JOBS = frozenset({"heartbeat", "status"})


@dataclass(slots=True)
class Wiring:
    """Everything that actors are built from, and the refs of those that live.

    `routes` and `resources` are by VEN. `credentials` None means a VTN that asks for none. `monotonic` is in seconds.
    """

    config: FleetConfig
    routes: Mapping[str, Route]
    resources: Mapping[str, tuple[Resource, ...]]
    profiles: Profiles
    credentials: Mapping[str, Credentials] | None
    metrics: Metrics
    main: Peer[Tick]
    sim_start_s: float | None
    origin: Advance
    monotonic: Callable[[], float] = time.monotonic
    faults: Faults = field(default_factory=Faults)
    push: PushDesk | None = None
    nothing_asked: Callable[[str, str], None] = field(init=False)
    objected: ObjectionsTold = field(default_factory=ObjectionsTold)
    refs: dict[str, FleetRef[Any]] = field(default_factory=dict)
    clients: Clients = field(default_factory=Clients)
    sent: dict[str, SentReports] = field(default_factory=dict)
    paused_jobs: set[str] = field(default_factory=set)
    leaving: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _changing: set[str] = field(default_factory=set)
    supervisor: FleetRef[SupervisorActor] | None = None
    _adapter: SharedAdapter = field(init=False)
    _traffic: Traffic = field(init=False)
    _broken_off: bool = False

    def __post_init__(self) -> None:
        self.nothing_asked = NothingAsked(lambda ven: doctor_line(self.config, ven))
        self._adapter = SharedAdapter(ssl_context_of(self.config))
        self._traffic = Traffic(self.config.rate, monotonic=self.monotonic, resting=resting)

    def start_supervisor(self) -> FleetRef[SupervisorActor]:
        self.supervisor = SupervisorActor.start(
            "supervisor",
            1,
            _Nobody(),
            self.monotonic,
            children=self._specs(),
            rng=random.Random(f"{self.config.seed} restarts"),  # noqa: S311 - jitter, not secrets
        )
        return self.supervisor

    def abort(self) -> int:
        """Break off all requests and refuse new ones, so that no thread waits for a VTN that does not answer.

        Returns how many requests those were. Reporter and VENs know it before, so that none blames the VTN.
        """
        reporter = self.refs.get("reporter")
        if reporter is not None and reporter.is_alive():
            reporter.tell(BreakOff())
        self._broken_off, broken_off = True, sum(client.abort() for client in self.clients.retired)
        for name, client in list(self.clients.items()):
            self.refs[name].abort()
            broken_off += client.abort()
        return broken_off

    def close(self) -> None:
        if self.push is not None:
            self.push.close(0.0 if self._broken_off else CLOSE_WITHIN_S)
        self.clients.close()
        self._adapter.close()

    def _specs(self) -> tuple[ChildSpec, ...]:
        origins = dict.fromkeys(self._origin_of(name) for name in self.resources)
        places = enumerate((origin for origin in origins for _ in range(self.config.senders)), 1)
        senders = [
            ChildSpec(f"sender-{number}", "core", self._starter(partial(self._sender, origin), f"sender-{number}"),
                      level="senders", hang_s=self.config.deadline_s * 12, stop_s=self.config.deadline_s + 5)
            for number, origin in places
        ]  # fmt: skip
        vens = [
            ChildSpec(name, "ven", self._starter(self._ven, name), hang_s=self.config.deadline_s * 12)
            for name in self.resources
        ]
        return (
            ChildSpec(
                "reporter",
                "core",
                self._starter(self._reporter, "reporter"),
                last_message=FinalFlush(),
                hears_drain=True,
            ),
            *senders,
            ChildSpec("clock", "core", self._starter(self._clock, "clock")),
            *vens,
        )

    def _origin_of(self, ven: str) -> str:
        """What throttle, senders and alarms of a VEN belong to; nothing where it is not in this run."""
        route = self.routes.get(ven)
        return "" if route is None else origin_of(route.url)

    def _doctor(self, ven: str, vtn: str) -> str:
        """The command that examines a VEN, or the first one of this VTN."""
        at_vtn = (name for name in self.resources if self._origin_of(name) == vtn)
        return doctor_line(self.config, ven or next(at_vtn, next(iter(self.resources))), write=True)

    def _starter(self, build: Callable[[str, int], FleetRef[Any]], name: str) -> Callable[[int], FleetRef[Any]]:
        def start(run: int) -> FleetRef[Any]:
            self.refs[name] = build(name, run)
            return self.refs[name]

        return start

    def _reporter(self, name: str, run: int) -> FleetRef[ReporterActor]:
        config = self.config
        return ReporterActor.start(
            name,
            run,
            self.supervisor,
            self.monotonic,
            open_store=lambda: Store(config.state, max_bytes=config.outbox_max_bytes * 2),
            settings=ReporterSettings(
                config.flush_s,
                int(config.keep_accepted_s),
                config.outbox_max_bytes,
                config.max_report_bytes,
                self._doctor,
                config.speed,
            ),
            rng=random.Random(f"{config.seed} retries {run}"),  # noqa: S311 - jitter, not secrets
            origin_of=self._origin_of,
            on_flush=self.metrics.flushed,
        )

    def _sender(self, origin: str, name: str, run: int) -> FleetRef[SenderActor]:
        return SenderActor.start(
            name, run, self.supervisor, self.monotonic,
            reporter=self.refs["reporter"], clients=self.clients, origin=origin,
        )  # fmt: skip

    def schedule(self) -> tuple[Job, ...]:
        """All jobs of this fleet's clock."""
        schedule = self.config.schedule
        return parse_schedule(
            {
                "metering": self.config.interval_s,
                "polling": self.config.poll_every_s,
                "heartbeat": schedule.heartbeat,
                "status": schedule.status,
                "program_sync": schedule.program_sync,
                "enrolment": schedule.enrolment,
                "ven_check": schedule.ven_check,
            }
        )

    def _clock(self, name: str, run: int) -> FleetRef[ClockActor]:
        clock = ClockActor.start(
            name,
            run,
            self.supervisor,
            self.monotonic,
            jobs=self.schedule(),
            paused=frozenset(self.paused_jobs),
            pulses=(self.refs["reporter"],),
            sim_start_s=self.sim_start_s,
            speed=self.config.speed,
            origin=self.origin,
        )
        clock.tell(Subscribe("main", self.main, MAIN_JOBS, run))
        return clock

    def _simulation(self, name: str, resources: tuple[Resource, ...]) -> VenSimulation | ChosenLoads:
        config = self.config
        whole = VenSimulation(self.profiles, resources, config.seed, config.noise, opted_out=self._opts_out(name))
        chosen = config.loads or config.aggregate
        return ChosenLoads(whole, config.loads, summed=config.aggregate) if chosen else whole

    def enrolments(self) -> dict[str, Enrolment]:
        """What their VTN gave the VENs that are registered, by VEN."""
        found = {name: client.enrolment for name, client in list(self.clients.items())}
        return {name: enrolment for name, enrolment in found.items() if enrolment is not None}

    def change(self, name: str, resources: tuple[Resource, ...]) -> None:
        """Give a VEN these resources: it stops in order and starts again with them.

        What it has no longer is still asked for as long as readings of it wait. Raises `DataError`, and changes
        nothing, where a meter of theirs is unknown.
        """
        self._simulation(name, resources)
        before = dict.fromkeys((*(each.name for each in self.resources[name]), *self.leaving.get(name, ())))
        now = {each.name for each in resources}
        self.leaving[name] = tuple(each for each in before if each not in now)
        self.resources = {**self.resources, name: resources}
        self._changing.add(name)
        assert self.supervisor is not None
        self.supervisor.tell(Renew(name))

    def _opts_out(self, name: str) -> bool:
        return opts_out(name, self.config.seed, self.config.opt_out)

    def _ven(self, name: str, run: int) -> FleetRef[VenActor]:
        config, resources, route = self.config, self.resources[name], self.routes[name]
        self.clients.give_way(name, gently=name in self._changing)
        self._changing.discard(name)
        client = (FaultyClient if self.faults.kill_after_accept else VtnClient)(
            route.url,
            name,
            None if self.credentials is None else self.credentials.get(name),
            dialect=route.choice,
            adapter=self._adapter,
            monotonic=self.monotonic,
            deadline_s=config.deadline_s,
            max_response_bytes=config.max_response_bytes,
            on_request=self.metrics.request,
            allow_plain_http=config.insecure_http,
            targets=config.targets,
            strict=config.parsing == "strict",
            opted_out=self._opts_out(name),
            traffic=self._traffic,
            programs=config.programs,
            sent=self.sent.setdefault(name, SentReports()),
        )
        if isinstance(client, FaultyClient):
            client.faults = self.faults
        self.clients[name] = client
        return VenActor.start(
            name,
            run,
            self.supervisor,
            self.monotonic,
            reporter=self.refs["reporter"],
            clock=self.refs["clock"],
            vtn=client,
            resources=resources,
            simulation=self._simulation(name, resources),
            settings=VenSettings(
                config.interval_s,
                config.catch_up_s,
                config.poll_every_s,
                push_poll_every_s=config.push_poll_every_s,
                leaving=self.leaving.get(name, ()),
                resources_per_turn=portion_at(config.rate),
                nothing_asked=self.nothing_asked,
                objected=self.objected,
            ),
            before_interval=self.faults.before_interval,
            push=None if self.push is None else self.push.for_ven(name, client.push_side),
        )


class _Nobody:
    """Whom the supervisor would tell of its own end: the main thread looks itself."""

    def tell(self, _message: object, /) -> None:
        return
