"""`ven-actors jobs`: the jobs of a running fleet's clock, listed, paused and resumed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from ven_actors.cli.registry_options import state_option
from ven_actors.cli.seams import seams_of
from ven_actors.cli.status_tables import clean
from ven_actors.errors import StateError, UsageError
from ven_actors.fleet.remedies import command_line, state_words


@click.group(invoke_without_command=True)
@state_option
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
@click.pass_context
def jobs(ctx: click.Context, state: Path, as_json: bool) -> None:
    """List the jobs of the fleet that runs on a state folder, or pause and resume some.

    A paused job is not due until it is resumed or the fleet ends. While metering is paused no interval is closed; the
    missed ones are made up for afterwards, within --catch-up. While polling is paused, events in force stay in force.
    """
    ctx.meta["state"] = state
    if ctx.invoked_subcommand is None:
        _show(ctx, state, as_json=as_json)


def _show(ctx: click.Context, state_dir: Path, *, as_json: bool) -> None:
    status = seams_of(ctx).ask_status(state_dir) if state_dir.is_dir() else None
    if status is None:
        raise _no_fleet(state_dir)
    found = [job for job in status.get("jobs") or () if isinstance(job, Mapping)]
    if as_json:
        click.echo(json.dumps(found, indent=1))
        return
    table = Table("job", "every", "next run", "paused")
    for job in found:
        every, next_run = clean(job.get("every")), clean(job.get("next_run")).replace("+00:00", "Z")
        table.add_row(clean(job.get("name")), every, next_run, "paused" if job.get("paused") else "")
    Console().print(table)


def _no_fleet(state_dir: Path) -> StateError:
    return StateError(f"no fleet runs on {state_dir}, and only a running one has jobs; name its folder with --state")


def _order(ctx: click.Context, what: str, names: tuple[str, ...], *, all_jobs: bool, state_dir: Path | None) -> None:
    folder: Path = state_dir or ctx.meta["state"]
    if bool(names) == all_jobs:
        listing = command_line("jobs", *state_words(folder))
        raise UsageError(f"say which jobs: either their names, or --all; `{listing}` lists them")
    request: dict[str, Any] = {"do": what, "jobs": list(names), "all": all_jobs}
    paused = seams_of(ctx).order(folder, request) if folder.is_dir() else None
    if paused is None:
        raise _no_fleet(folder)
    click.echo(f"paused: {', '.join(map(clean, paused)) or 'none'}")


own_state_option = click.option(
    "--state", "state_dir", type=click.Path(path_type=Path), metavar="DIR", help="State folder of the fleet."
)
names_argument = click.argument("names", metavar="[JOB]...", nargs=-1)


@jobs.command()
@own_state_option
@names_argument
@click.option("--all", "all_jobs", is_flag=True, help="All jobs.")
@click.pass_context
def pause(ctx: click.Context, state_dir: Path | None, names: tuple[str, ...], all_jobs: bool) -> None:
    """Pause these jobs."""
    _order(ctx, "pause", names, all_jobs=all_jobs, state_dir=state_dir)


@jobs.command()
@own_state_option
@names_argument
@click.option("--all", "all_jobs", is_flag=True, help="All jobs.")
@click.pass_context
def resume(ctx: click.Context, state_dir: Path | None, names: tuple[str, ...], all_jobs: bool) -> None:
    """Resume these jobs. A job that missed runs is due once, immediately."""
    _order(ctx, "resume", names, all_jobs=all_jobs, state_dir=state_dir)
