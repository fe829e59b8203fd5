"""Changes to a registry from the shell, whether or not a fleet runs on it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from ven_actors.cli.seams import Seams, seams_of
from ven_actors.cli.status_tables import clean
from ven_actors.errors import StateError, UsageError
from ven_actors.storage.registry import Registry


@contextlib.contextmanager
def changing(
    ctx: click.Context, db: Path, state: Path, delete: Sequence[tuple[str, str]] | None = None
) -> Iterator[Registry]:
    """The registry, open for changes that all hold or none. A fleet that runs on it is told afterwards.

    `delete` are VENs and names of resources that it shall delete at their VTN. Raises `StateError` where another fleet
    than that of `state` runs on the registry, and where the fleet refuses: then the registry is changed, and the next
    run has it so.
    """
    seams = seams_of(ctx)
    runs = _runs_on(seams, db, state)
    if delete is not None and not runs:
        raise UsageError(
            f"--at-vtn needs a fleet that runs on {state} with this registry, as the fleet deletes at the VTN"
        )
    with _opened(db, runs=runs) as registry, registry.all_or_nothing():
        yield registry
    if not runs:
        return
    try:
        changed = seams.order(state, {"do": "reread", "delete": list(delete or ())})
    except StateError as error:
        raise StateError(f"{db} is changed, but the running fleet did not accept the change: {error}") from error
    changed = changed or {}
    for name, count in changed.get("vens", {}).items():
        click.echo(f"VEN {clean(name)} runs {count} resources from now on")
    if not changed.get("vens"):
        click.echo("no VEN of the running fleet is affected")
    for name in changed.get("unregistered", ()):
        click.echo(f"the VEN of resource {clean(name)} is not registered at a VTN: nothing is deleted there")


def _opened(db: Path, *, runs: bool) -> Registry:
    try:
        return Registry.open(db, writable=True, beside_fleet=runs)
    except StateError as error:
        raise StateError(f"{error}; or name the folder of the fleet that runs on it with --state") from error


def _runs_on(seams: Seams, db: Path, state: Path) -> bool:
    """Whether the fleet of the state folder runs, with this registry."""
    status = seams.ask_status(state) if state.is_dir() else None
    used = None if status is None else status.get("registry")
    return isinstance(used, str) and db.exists() and Path(used).exists() and db.samefile(used)
