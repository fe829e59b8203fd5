"""Running a fleet: from a configuration to an exit code. The main thread is the pacemaker and nothing else."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import structlog
from prometheus_client.registry import CollectorRegistry

from ven_actors import __version__
from ven_actors.config import FleetConfig
from ven_actors.control import ControlServer
from ven_actors.credentials import CredentialSource
from ven_actors.errors import FleetError, UsageError
from ven_actors.fleet.dialects import asked_for, bindings, routes_of, wants_embedded
from ven_actors.fleet.discovery import discovered
from ven_actors.fleet.embedded_vtn import EmbeddedVtn, demo_arguments, embedded_clients, quirk_arguments
from ven_actors.fleet.faults import Faults
from ven_actors.fleet.folder import (
    Population,
    begun_of,
    check_store,
    load_population,
    locked_folder,
    open_profiles,
    place_checked,
    stored_status,
)
from ven_actors.fleet.given_tokens import check_given_tokens
from ven_actors.fleet.heap import keep_heap_small
from ven_actors.fleet.orders import Orders
from ven_actors.fleet.others import OthersWatch, sent_in
from ven_actors.fleet.outcome import INTERNAL, exit_code, say_broken_off, warn_of_left_out, warn_of_what_is_left
from ven_actors.fleet.pacemaker import Pacemaker, Stalled
from ven_actors.fleet.push import check_push, choose_push, open_push
from ven_actors.fleet.registration_time import say_registration_time
from ven_actors.fleet.removals import Removals
from ven_actors.fleet.seeds import check_seed
from ven_actors.fleet.stopping import Stopping, stopped_by_signals
from ven_actors.fleet.summary import RunFacts, ended_status, status_dict, write_summary
from ven_actors.fleet.time_ahead import warn_if_ahead
from ven_actors.fleet.tls import warn_if_unchecked
from ven_actors.fleet.wiring import Wiring
from ven_actors.messages import Advance
from ven_actors.metrics import Metrics
from ven_actors.model import Credentials, ReporterStatus
from ven_actors.storage.store import read_dialects, read_meta

log = structlog.get_logger()

Show = Callable[[dict[str, Any]], None]


def run_fleet(config: FleetConfig, *, show: Show | None = None, stop: threading.Event | None = None) -> int:
    """Run a fleet until `stop`, a signal or the end of `config.duration_s`; returns the exit code.

    Raises `UsageError`, `DataError` and `StateError` (exit 2) before anything is sent. The summary is written in every
    case.
    """
    facts = RunFacts(config)
    begun_s = time.monotonic()
    keep_heap_small()
    stopping = Stopping(stop)
    try:
        check_push(config)
        with place_checked(config.state), locked_folder(config), stopped_by_signals(stopping):
            return _run_locked(config, facts, stopping, show)
    except FleetError as error:
        facts.error = str(error)
        raise
    finally:
        facts.duration_s = time.monotonic() - begun_s
        _write_summary(config, facts)


def _write_summary(config: FleetConfig, facts: RunFacts) -> None:
    """Raises `UsageError` where it cannot be written, unless something worse is to be said of the run already."""
    if config.summary is None:
        return
    try:
        write_summary(config.summary, facts)
    except UsageError as error:
        if not facts.error:
            raise
        log.error("summary_not_written", reason=str(error))  # noqa: TRY400 - a line, not a traceback


def _run_locked(config: FleetConfig, facts: RunFacts, stopping: Stopping, show: Show | None) -> int:
    config = discovered(config)
    facts.warnings += warn_if_unchecked(config)
    profiles = open_profiles(config)
    population = load_population(config, profiles.meters)
    facts.vens, facts.statistics = len(population.resources), population.statistics
    facts.before = stored_status(config.state)
    facts.warnings += check_seed(config, population)
    warn_of_left_out(facts, population.resources)
    origin = Advance(time.time(), time.monotonic())
    sim_start_s = _sim_start_s(config, facts.before, origin)
    facts.warnings += warn_if_ahead(sim_start_s, origin.wall_s)
    metrics = Metrics(CollectorRegistry(), __version__)
    with _vtn(config, population, (sim_start_s or origin.wall_s, origin.wall_s), facts) as (embedded, credentials):
        chosen = choose_push(config, facts.routes, () if embedded is None else embedded.base_urls.values())
        push = open_push(chosen.config, vens=chosen.vens)
        pacemaker = Pacemaker(stopping.stop, stopping.hurry, embedded)
        wiring = Wiring(
            chosen.config, facts.routes, population.resources, profiles, credentials, metrics, pacemaker.jobs_due,
            sim_start_s, origin, faults=Faults.from_environment(os.environ), push=push,
            sent=sent_in(config.state, population.resources, facts.before.by_ven),
        )  # fmt: skip
        registered = [name for name, dialect in read_dialects(config.state).items() if dialect is not None]
        facts.warnings += say_registration_time(
            config.rate, config.poll_every_s, facts.routes, population.resources, registered
        )
        return _run_actors(config, facts, wiring, pacemaker, show)


def _run_actors(config: FleetConfig, facts: RunFacts, wiring: Wiring, pacemaker: Pacemaker, show: Show | None) -> int:
    begun_s = time.monotonic()

    def status() -> dict[str, Any]:
        facts.requests = wiring.metrics.requests_by_status()
        return status_dict(facts, pacemaker.status(), time.monotonic() - begun_s)

    others = OthersWatch(wiring.clients, wiring.sent)
    facts.others = others.found
    removals = Removals(wiring.clients, pacemaker.status)
    facts.not_deleted, facts.enrolments = removals.left, wiring.enrolments
    orders = Orders(wiring, facts, removals, pacemaker.status)
    control = ControlServer(config.state, lambda: msgspec.json.encode(status()), orders.do)
    pacemaker.begin(wiring.start_supervisor(), wiring.refs)
    control.start()
    with contextlib.ExitStack() as closing:
        closing.callback(wiring.close)
        closing.callback(control.stop)
        closing.callback(others.stop)
        closing.callback(removals.stop)
        if config.metrics_port:
            wiring.metrics.snapshot = status
            closing.callback(wiring.metrics.serve(config.metrics_port).stop)
        try:
            others.start()
            log.info("fleet_started", vens=facts.vens, vtn=facts.vtn["url"], state=str(config.state))
            pacemaker.run(config.duration_s, None if show is None else lambda: show(status()))
            log.info("draining", limit_s=config.drain_s)
            broken_off = None if pacemaker.drain(config.drain_s) else wiring.abort()
            facts.status = pacemaker.shut_down()
            say_broken_off(facts, broken_off)
            if show is not None:
                show(ended_status(facts, facts.status, time.monotonic() - begun_s))
        except Stalled as error:
            return _stalled(error, facts, pacemaker)
        finally:
            facts.requests = wiring.metrics.requests_by_status()
            facts.warnings += wiring.objected.warnings()
    return exit_code(facts, time.monotonic() - begun_s)


def _stalled(error: Stalled, facts: RunFacts, pacemaker: Pacemaker) -> int:
    """Nothing is lost with the process: the store has it all. Whoever started us starts us again."""
    facts.error, facts.status = str(error), pacemaker.last_status
    log.error("stalled", reason=str(error))
    warn_of_what_is_left(facts)
    faulthandler.dump_traceback(sys.stderr, all_threads=True)
    return INTERNAL


def _sim_start_s(config: FleetConfig, before: ReporterStatus, origin: Advance) -> float | None:
    """Simulated time begins at the wall's, or where an earlier, faster run came to; None follows the wall clock."""
    reached_s = max(before.closed_until_by_ven.values(), default=0)
    if config.speed == 1 and reached_s <= origin.wall_s:
        return None
    return max(origin.wall_s, float(reached_s))


@contextlib.contextmanager
def _vtn(
    config: FleetConfig, population: Population, began: tuple[float, float], facts: RunFacts
) -> Iterator[tuple[EmbeddedVtn | None, dict[str, Credentials] | None]]:
    """The VTNs of this run, the state folder bound to them, `facts.routes` to them, and the credentials for them.

    `began` is when simulated time began, in simulated and in wall time (seconds).
    """
    names = population.resources
    spoken = read_dialects(config.state)
    bound = bindings(config, names, read_meta(config.state) or {}, spoken)
    check_store(config.state, bound | {"interval": f"{config.interval_s}s"} | begun_of(config).facts)
    credentials = _credentials(config, [name for name in names if asked_for(config, name)[1] is not None])
    check_given_tokens(config, credentials or {})
    if not wants_embedded(config, names):
        facts.routes = routes_of(config, names, {}, spoken)
        yield None, credentials
        return
    folder = config.state / "vtn"
    _make_private(folder)
    own = embedded_clients(folder, [name for name in names if asked_for(config, name)[1] is None])
    arguments = demo_arguments(config.report_every_s, config.vtn_keep_bytes, config.speed, *began)
    arguments += quirk_arguments(config.quirks)
    embedded = EmbeddedVtn(folder, arguments, time.monotonic)
    try:
        embedded.start()
        facts.routes = routes_of(config, names, embedded.base_urls, spoken)
        check_store(config.state, {"vtn_identity": embedded.identity})
        yield embedded, (credentials or {}) | own
    finally:
        embedded.stop()


def _make_private(folder: Path) -> None:
    folder.mkdir(exist_ok=True, mode=0o700)


def _credentials(config: FleetConfig, ven_names: list[str]) -> dict[str, Credentials] | None:
    """Credentials for VTNs that are not ours."""
    if config.credentials is None or not ven_names:
        return None
    source = CredentialSource.load(config.credentials, os.environ, allow_http=config.insecure_http)
    found = source.for_vens(ven_names)
    for warning in source.warnings:
        log.warning("credentials_exposed", remedy=warning)
    return found
