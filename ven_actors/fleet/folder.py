"""The state folder of a run: locked, with its registry and demo data, and bound to one VTN and one interval."""

from __future__ import annotations

import contextlib
import difflib
import errno
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from ven_actors.config import FleetConfig
from ven_actors.config_checks import run_names
from ven_actors.delivery.accounts import Accounts
from ven_actors.delivery.restoring import Books
from ven_actors.errors import DataError, StateError, UsageError
from ven_actors.fleet.approvals import check_approvals, check_begun
from ven_actors.fleet.begun import Begun, made_by_count, only_approved
from ven_actors.fleet.dialects import OF_OLD_STATE
from ven_actors.fleet.progress import progress_bar
from ven_actors.fleet.remedies import command_line, resources_line
from ven_actors.fleet.summary import stopped_status
from ven_actors.model import RegistrationStatus, ReporterStatus, Resource
from ven_actors.openadr.report_schedule import next_window
from ven_actors.records import Recovery
from ven_actors.simulation.profiles import DEMO_PROFILES, Profiles
from ven_actors.storage.lock import FileLock
from ven_actors.storage.population import DEMO_APPROVED, TOWNS, fleet_index, town_ven
from ven_actors.storage.registry import Registry, make_demo, registry_lock
from ven_actors.storage.store import STORE_NAME, Store, read_dialects, read_meta, read_recovery

log = structlog.get_logger()

LOCK_NAME = "fleet.lock"
_REMEDIES = {
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there",
    errno.EIO: "look after the disk",
    errno.EROFS: "make it writable",
    errno.EACCES: "make it writable",
    errno.EPERM: "make it writable",
}


@dataclass(frozen=True, slots=True)
class Population:
    """Who runs: approved resources by VEN, and the original's statistics over these VENs."""

    resources: dict[str, tuple[Resource, ...]]
    statistics: dict[str, Any]


@contextlib.contextmanager
def place_checked(folder: Path) -> Iterator[None]:
    """What the system refuses while a run is made ready is the place's trouble. Raises `StateError`."""
    try:
        yield
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0)
        if remedy is None:
            raise
        where = error.filename or f"state folder {folder}"
        raise StateError(f"{where}: {error.strerror}; {remedy}, or give another --state") from error


@contextlib.contextmanager
def locked_folder(config: FleetConfig) -> Iterator[None]:
    """Make the state folder and hold it, and its registry, for one run. Raises `StateError` if it is in use."""
    try:
        config.state.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StateError(f"{config.state}: the state folder cannot be made ({error.strerror})") from error
    what, remedy = f"state folder {config.state}", "stop that fleet first, or give another --state"
    with FileLock(config.state / LOCK_NAME, shared=False, what=what, remedy=remedy):
        _refuse_emptied(config.state)
        _prepare_registry(config)
        with registry_lock(config.registry_path, shared=True):
            yield


def _refuse_emptied(folder: Path) -> None:
    """Raise `DataError` for a store that has lost its content; a crash leaves an empty one only in a new folder."""
    path = folder / STORE_NAME
    past = (folder / "vtn", path.with_name(f"{STORE_NAME}-wal"))
    if path.exists() and not path.stat().st_size and any(each.exists() and each.stat().st_size for each in past):
        raise DataError(
            f"{path}: is empty, but the folder was in use; bring back a copy, or begin with another --state"
        )


def _prepare_registry(config: FleetConfig) -> None:
    """Make the demo's registry where none is named and none is there."""
    if config.registry is None and not config.registry_path.exists():
        with progress_bar("making the demo's resources") as progress:
            make_demo(config.registry_path, config.seed, begun_of(config).approve, progress)


def begun_of(config: FleetConfig) -> Begun:
    return Begun.of(config.state, config.seed, config.approve)


def load_population(config: FleetConfig, meters: tuple[str, ...], *, again: bool = False) -> Population:
    """Read who runs. Raises `UsageError` naming unknown VENs and the nearest known ones.

    Read `again` while a fleet runs, approvals may be other than `--approve` says.
    """
    names, begun = run_names(config), begun_of(config)
    with Registry.open(config.registry_path) as registry:
        made = set(made_by_count(names, registry.ven_names()))
        stored = [name for name in names if name not in made]
        registry.require(stored)
        found = {name: registry.resources(name, RegistrationStatus.APPROVED) for name in stored}
        statistics = registry.statistics(stored)
    for name in names:
        if name in made:
            begun.count_in(statistics, name)
    if not again:
        check_approvals(config, statistics["by_ven"])
    resources = {name: only_approved(begun.resources(name, meters)) if name in made else found[name] for name in names}
    if made and config.approve == DEMO_APPROVED != begun.approve:
        change = resources_line(config, "approve", next(name for name in names if name in made))
        log.info(
            "approvals_kept", approve=begun.approve, vens=len(made), reason="the folder was begun so", change=change
        )
    for name, approved in resources.items():
        if not approved:
            suspended = ("--suspended",) if statistics["by_ven"][name]["suspended"] else ()
            remedy = resources_line(config, "approve", *suspended, name)
            log.warning("no_approved_resources", ven=name, remedy=remedy)
    return Population(resources, statistics)


def preview_population(config: FleetConfig, meters: tuple[str, ...]) -> dict[str, tuple[Resource, ...]]:
    """Read who would run, without writing anything: the demo's towns are made in memory where no registry is yet."""
    if config.registry is not None or config.registry_path.exists():
        return load_population(config, meters).resources
    names, begun = run_names(config), begun_of(config)
    unknown = [name for name in names if name not in TOWNS and fleet_index(name) is None]
    if unknown:
        near = ", ".join(difflib.get_close_matches(unknown[0], TOWNS, 3, 0.0))
        raise UsageError(f"unknown VEN {unknown[0]!r}; the nearest are: {near}")
    check_begun(config, begun.approve)
    return {
        name: only_approved(
            town_ven(name, config.seed, meters=meters, approve=begun.approve)
            if name in TOWNS
            else begun.resources(name, meters)
        )
        for name in names
    }


def open_profiles(config: FleetConfig) -> Profiles:
    return Profiles.open(config.profiles or DEMO_PROFILES)


def check_store(folder: Path, facts: dict[str, str]) -> None:
    """Bind the state folder to these facts on first use; raises `StateError` where it is bound to others."""
    store = Store(folder)
    try:
        bound = {key: store.meta(key) for key in facts}
        for key, value in facts.items():
            if bound[key] not in {None, value}:
                raise StateError(
                    f"state folder {folder} belongs to {key} {bound[key]!r}, this run has {value!r}; "
                    "give another --state, or run as before"
                )
            store.keep_meta(key, value)
        store.commit()
    finally:
        store.close()


def stored_status(folder: Path) -> ReporterStatus:
    """Return what the store of a folder says of its whole life; all zero where there is none."""
    return _status_of(read_recovery(folder) or Recovery())


def _status_of(recovery: Recovery) -> ReporterStatus:
    return Accounts(Books(recovery, next_window), recovery.counters).status(0)


def read_totals(folder: Path) -> dict[str, Any]:
    """Return the status of a folder on which no fleet runs. Raises `StateError` if no fleet ever ran there."""
    _refuse_emptied(folder)
    meta = read_meta(folder)
    if meta is None:
        run = command_line("run", "--state", str(folder))
        raise StateError(f"{folder} holds no fleet's state: no {STORE_NAME} in it; run `{run}`")
    dialects = {OF_OLD_STATE if name == "" else name for name in read_dialects(folder).values() if name is not None}
    vtn = {"url": meta.get("vtn", ""), "dialect": ", ".join(sorted(dialects))}
    recovery = read_recovery(folder) or Recovery()
    names = {ven.ven_key: ven.name for ven in recovery.vens}
    sizes = {kept.layout_id: len(kept.layout.resource_names) for kept in recovery.layouts}
    resources = {names[span.ven_key]: sizes[span.layout_id] for span in recovery.spans}
    return stopped_status(folder, vtn, _status_of(recovery), resources)
