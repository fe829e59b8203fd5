"""`ven-actors status`: what a running fleet says of itself, or what the state folder says where none runs."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
from rich.live import Live
from rich.text import Text

from ven_actors.cli.health import ailments
from ven_actors.cli.keyboard import QuietKeyboard
from ven_actors.cli.live import PipeConsole
from ven_actors.cli.registry_options import state_option
from ven_actors.cli.seams import Seams, Status, seams_of
from ven_actors.cli.status_view import render
from ven_actors.errors import UsageError
from ven_actors.fleet.remedies import command_line

REFRESH_S = 1.0
WIDTH_WITHOUT_TERMINAL = 200


@click.command()
@state_option
@click.option("--watch", is_flag=True, help="Show it again every second until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; with --watch one line each time.")
@click.option(
    "--check",
    is_flag=True,
    help="Say only whether the fleet is healthy, and why not: exit code 0 or 1. Not with --watch.",
)
@click.pass_context
def status(ctx: click.Context, state: Path, *, watch: bool, as_json: bool, check: bool) -> int:
    """Show events, VENs, readings, reports and jobs of the fleet that runs on a state folder.

    Where none runs, show what the last one left there.

    With --check a fleet is healthy (exit code 0) if it runs, every VEN of it is starting, enrolling or running and has
    no trouble with its VTN or its reports, none of its other parts fails, and no reading is unaccounted for. Otherwise
    the exit code is 1, and each reason is one line. It is 2 for a folder that is not a state folder, and for a fleet
    that does not answer.
    """
    seams = seams_of(ctx)
    if check:
        if watch:
            raise UsageError("--check looks only once and cannot be combined with --watch")
        return _check(seams, state, as_json=as_json)
    if as_json:
        _print_json(seams, state, watch=watch)
    elif watch:
        _watch(seams, state)
    else:
        _console().print(render(_status(seams, state)))
    return 0


def _check(seams: Seams, state_dir: Path, *, as_json: bool) -> int:
    """The exit code: 0 for a healthy fleet, else 1, and the reasons said."""
    live = seams.ask_status(_existing(state_dir))
    found = list(ailments(live or {}))
    if as_json:
        click.echo(msgspec.json.encode({"healthy": not found, "reasons": found}))
    else:
        for line in found or ["healthy"]:
            click.echo(line)
    return 1 if found else 0


def _status(seams: Seams, state_dir: Path) -> Status:
    """Raises UsageError where there is no such folder, and what the store raises where it holds no fleet's state."""
    live = seams.ask_status(_existing(state_dir))
    if live is not None:
        return live
    return {**seams.read_totals(state_dir), "running": False}


def _existing(state_dir: Path) -> Path:
    if not state_dir.is_dir():
        run = command_line("run", "--state", str(state_dir))
        raise UsageError(
            f"there is no state folder {state_dir}; start a fleet with `{run}`, or name another folder with --state"
        )
    return state_dir


def _console() -> PipeConsole:
    console = PipeConsole()
    return console if console.is_terminal else PipeConsole(width=WIDTH_WITHOUT_TERMINAL)


def _print_json(seams: Seams, state_dir: Path, *, watch: bool) -> None:
    while True:
        line = msgspec.json.encode(_status(seams, state_dir))
        click.echo(line if watch else msgspec.json.format(line, indent=2))
        if not watch:
            return
        seams.wait(REFRESH_S)


def _watch(seams: Seams, state_dir: Path) -> None:
    console = _console()
    if not console.is_terminal:
        while True:
            console.print(render(_status(seams, state_dir)))
            seams.wait(REFRESH_S)
    keyboard = QuietKeyboard()
    try:
        keyboard.quiet()
        with Live(Text(), console=console, auto_refresh=False) as live:
            while True:
                live.update(render(_status(seams, state_dir), console.height), refresh=True)
                seams.wait(REFRESH_S)
    finally:
        keyboard.restore()
