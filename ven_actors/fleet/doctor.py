"""The checks of `ven-actors doctor`, in order: each is tried only when those that it needs have not failed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from ven_actors.config import FleetConfig
from ven_actors.control import ask_status
from ven_actors.errors import FleetError, UsageError
from ven_actors.fleet.checks import access, asking, network, pushing, registering, reporting, settings, speed, writing
from ven_actors.fleet.checks.case import Case
from ven_actors.fleet.checks.finding import Finding, Verdict, bad, good, skipped
from ven_actors.fleet.dialects import asked_for, routes_of
from ven_actors.fleet.discovery import discovered
from ven_actors.fleet.embedded_vtn import EmbeddedVtn, demo_arguments, embedded_clients, known_clients
from ven_actors.fleet.folder import preview_population
from ven_actors.meters import DEMO_METERS
from ven_actors.model import Credentials
from ven_actors.openadr.choosing import dialect_by_url
from ven_actors.openadr.dialect import StandardDialect

__all__ = ["STEPS", "Case", "Finding", "Verdict", "case_of", "examine", "unconfigured"]


class Step(NamedTuple):
    """A check, and those that must not have failed. `elsewhere` is what to say where the dialect is no standard one."""

    name: str
    check: Callable[[Case], Finding]
    needs: tuple[str, ...] = ()
    elsewhere: str = ""
    writes: bool = False


_ONCE = "not tried: what {dialect} gives at a registration it gives once, and the fleet needs it"
STEPS = (
    Step("configuration", settings.configuration),
    Step("credentials", settings.credentials),
    Step("name look-up", network.name_lookup),
    Step("connection", network.connection, ("name look-up",)),
    Step("encryption", network.encryption, ("configuration", "connection")),
    Step("token", access.token, ("credentials", "encryption")),
    Step("interface", access.interface, ("token",)),
    Step("answer time", speed.answer_time, ("interface",)),
    Step("clock", asking.clock, ("interface",)),
    Step("scopes", access.scopes, ("interface",), "{dialect} has no scopes"),
    Step("page limits", access.page_limits, ("scopes",), "{dialect} has no pages"),
    Step("registration", registering.registration, ("page limits",)),
    Step("programs", asking.programs, ("registration",)),
    Step(
        "report requests",
        asking.report_requests,
        ("registration",),
        "{dialect} takes every reading of an approved resource, without an event that asks for it",
    ),
    Step("notifiers", access.notifiers, ("interface",), "{dialect} offers no push"),
    Step("subscriptions", pushing.subscriptions, ("interface",), "{dialect} offers no push", writes=True),
    Step("vens", writing.vens, ("scopes",), _ONCE, writes=True),
    Step("resources", writing.resources, ("vens",), _ONCE, writes=True),
    Step("reports", reporting.reports, ("resources", "report requests"), _ONCE, writes=True),
)


@contextmanager
def case_of(config: FleetConfig, environ: Mapping[str, str], *, write: bool = False) -> Iterator[Case]:
    """The first VEN of a run with this configuration. Raises `UsageError`, `DataError`, `StateError`.

    Without a VTN URL it is the embedded VTN of the fleet that runs on the state folder, or, where none runs, one that
    is started for as long as the case is open.
    """
    config = discovered(config)
    alone = replace(config, vens=config.vens[:1], count=0 if config.vens else min(config.count, 1))
    ((name, resources),) = preview_population(alone, DEMO_METERS).items()
    with ExitStack() as closing:
        urls, own = ({}, None) if asked_for(config, name)[1] else _embedded(config, name, closing)
        route = routes_of(config, [name], urls, {})[name]
        case = Case(config, route.url, name, resources, route.choice, environ, time.time, time.monotonic, write, own)
        yield closing.enter_context(case)


def _embedded(config: FleetConfig, name: str, closing: ExitStack) -> tuple[Mapping[str, str], Credentials]:
    """The embedded VTN's base URLs and the VEN's credentials for it."""
    running = ask_status(config.state)
    if running is not None:
        url = str(running["vtn"]["url"])
        own = known_clients(config.state / "vtn").get(name)
        if own is None:
            raise UsageError(
                f"--vtn-url: the fleet on {config.state} runs against {url}; name that VTN, and its --credentials"
            )
        spoken = ((dialect_by_url(each), each) for each in url.split(", "))
        return {dialect.base_urls_key: each for dialect, each in spoken if dialect is not None}, own
    folder = Path(closing.enter_context(TemporaryDirectory(prefix="ven-actors-doctor-")))
    own = embedded_clients(folder, [name])[name]
    now_s = time.time()
    arguments = demo_arguments(config.report_every_s, config.vtn_keep_bytes, 1.0, now_s, now_s)
    embedded = EmbeddedVtn(folder, arguments, time.monotonic)
    closing.callback(embedded.stop)
    embedded.start()
    return embedded.base_urls, own


def unconfigured(error: FleetError) -> Iterator[tuple[str, Finding]]:
    """The findings where there is no case to examine, because of `error`."""
    why = "with this configuration no fleet starts"
    yield STEPS[0].name, bad(str(error), why, "correct what it names; `ven-actors run --help` lists every option")
    yield from ((step.name, skipped(f"not tried: it needs {STEPS[0].name}")) for step in STEPS[1:])


def examine(case: Case) -> Iterator[tuple[str, Finding]]:
    """The name and the finding of each check, as they come. Nothing on the VTN changes unless the case may write."""
    held_up: set[str] = set()
    for step in STEPS:
        missing = [name for name in step.needs if name in held_up]
        if step.writes and not case.write:
            finding = skipped("not tried: it would change something on the VTN, which --write allows")
        elif missing:
            finding = skipped(f"not tried: it needs {' and '.join(missing)}")
        elif step.elsewhere and _is_elsewhere(case):
            finding = (skipped if step.writes else good)(step.elsewhere.format(dialect=case.dialect.name))
        else:
            finding = _tried(step, case)
        if finding.holds_up:
            held_up.add(step.name)
        yield step.name, finding


def _is_elsewhere(case: Case) -> bool:
    return case.choice.dialect is not None and not isinstance(case.choice.dialect, StandardDialect)


def _tried(step: Step, case: Case) -> Finding:
    try:
        return step.check(case)
    except FleetError as error:
        return bad(str(error), "the fleet would meet the same", "try again; if it stays, show it to the VTN's operator")
