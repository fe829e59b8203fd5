"""`ven-actors vtn event`: publish, change, cancel and list events of a running VTN, and play scenarios."""

from __future__ import annotations

import contextlib
import functools
import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click

from ven_actors.vtn.admin.events import Values, Wish, cancelled_event, changed_event, moment_s, new_event
from ven_actors.vtn.admin.listing import shown
from ven_actors.vtn.admin.operator import AdminError, Operator, access_of
from ven_actors.vtn.admin.scenario import Player, read_scenario
from ven_actors.vtn.admin.vocabulary import doubts, doubts_about_targets
from ven_actors.vtn.admin.words import values_of
from ven_actors.vtn.clients import ClientsError, parse_client
from ven_actors.vtn.options import option
from ven_actors.vtn.units import Seconds
from ven_actors.vtn.v310.formats import OBJECT_ID

F = TypeVar("F", bound=Callable[..., Any])


class Failed(click.ClickException):
    """Said on stderr, a line each; exit code 2."""

    exit_code = 2


@contextlib.contextmanager
def operator_of(ctx: click.Context) -> Iterator[Operator]:
    """A session as the group's options say; what it cannot do ends the command."""
    given = ctx.obj
    try:
        client = None if given["client"] is None else parse_client(given["client"])
        operator = Operator(access_of(given["state"], given["vtn_url"], client, given["clients_file"]))
        with contextlib.closing(operator):
            yield operator
    except (AdminError, ClientsError) as error:
        raise Failed(str(error)) from error


def _access_options(make: Callable[..., Callable[[F], F]], default_state: str | None) -> Callable[[F], F]:
    """Options for the VTN's address and our client, before or after the subcommand; those after it win."""
    path = click.Path(path_type=Path)
    of_fleet = {} if default_state is None else {"also": "VEN_ACTORS_STATE"}
    added = [
        make(
            "--state",
            type=path,
            **of_fleet,
            default=default_state,
            help="State folder of the fleet that runs the VTN: its address and its operator are there. The folder of a"
            " VTN that runs alone has only its address.",
        ),
        make("--vtn-url", help="OpenADR 3.1 base URL of the VTN, where it is not in a state folder."),
        make("--client", metavar="NAME:SECRET:bl", help="Business-logic client. Prefer --clients-file."),
        make("--clients-file", type=path, help="CSV with the header name,secret,role; its first bl is used."),
    ]
    return lambda command: functools.reduce(lambda done, add: add(done), reversed(added), command)


_ACCESS = ("state", "vtn_url", "client", "clients_file")


def _asking(command: F) -> F:
    """A subcommand that also takes the group's options after its own name."""

    @functools.wraps(command)
    def with_access(ctx: click.Context, /, **said: Any) -> Any:
        own = {name: value for name in _ACCESS if (value := said.pop(name)) is not None}
        ctx.obj = ctx.obj | own
        return command(ctx, **said)

    decorated: F = click.pass_context(_access_options(click.option, None)(with_access))  # type: ignore[assignment]
    return decorated


@click.group(context_settings={"show_default": True})
@_access_options(option, "state")
@click.pass_context
def event(ctx: click.Context, /, **given: Any) -> None:
    """Publish, change, cancel and list events of a VTN that runs.

    Times are those of this machine's clock: `now`, `+5m`, or 2026-01-16T17:00:00Z. Options work before and after
    the subcommand.
    """
    ctx.obj = given


def _wish_options(length: str = "", kind: str = "") -> Callable[[F], F]:
    """What an event shall be; `length` and `kind` tell the defaults of a new one."""
    options = [
        click.option("--start", default=None, metavar="WHEN", help="now, +5m, or an RFC 3339 date-time."),
        click.option("--duration", "length_s", type=Seconds(), help=f"Length of each interval.{length}"),
        click.option("--type", "payload_type", help=f"Payload type of the values.{kind}"),
        click.option(
            "--values",
            default="",
            show_default=False,
            metavar="V,V",
            help="A value for each of the event's intervals; SIMPLE: 0 to 3. A point is X:Y; several values of one"
            " interval are separated by semicolons: '0:1;10:2'.",
        ),
        click.option("--units", help="Units of the values, such as KW, KWH or PERCENT."),
        click.option("--priority", type=click.IntRange(0), help="0 is the highest."),
        click.option("--target", "targets", multiple=True, help="Only for VENs with this target; repeatable."),
        click.option("--ask", multiple=True, metavar="TYPE", help="Report payload type to ask for; repeatable."),
        click.option("--loops", is_flag=True, help="The intervals begin anew for ever."),
    ]
    return lambda command: functools.reduce(lambda done, add: add(done), reversed(options), command)


def _wish(start: str | None, values: str, name: str | None = None, **said: Any) -> Wish:
    try:
        start_s = None if start is None else moment_s(start, time.time())
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--start") from None
    return Wish(name=name, start_s=start_s, values=_values(values), **said)


def _values(text: str) -> tuple[Values, ...]:
    with _about_values():
        return values_of(text)


@contextlib.contextmanager
def _about_values() -> Iterator[None]:
    """What is wrong with `--values` is a usage error."""
    try:
        yield
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--values") from None


def _warn(found: Iterable[str]) -> None:
    """Print warnings on standard error, so that standard output has only the id."""
    for doubt in found:
        click.echo(f"Warning: {doubt}", err=True)


def _warn_of_targets(operator: Operator, wish: Wish) -> None:
    if wish.targets:
        try:
            _warn(doubts_about_targets(wish.targets, operator.known_targets(wish.targets)))
        except AdminError as error:
            click.echo(f"Warning: the targets cannot be checked ({error})", err=True)


def _object_id(ctx: click.Context, param: click.Parameter, text: str) -> str:  # noqa: ARG001 - click's signature
    """It goes into a path as it is, so it must be able to be nothing else there."""
    if not re.match(OBJECT_ID, text):
        raise click.BadParameter(f"{text[:40]!r} is no id; one has 1 to 128 of the characters a-z A-Z 0-9 _ -")
    return text


@event.command()
@click.argument("program")
@click.option("--name", help="The event's name.")
@_wish_options("  [default: 15m]", "  [default: SIMPLE]")
@_asking
def publish(ctx: click.Context, /, program: str, **said: Any) -> None:
    """Publish an event of PROGRAM, which is made if there is none of that name; prints the event's id."""
    wish = _wish(**said)
    if not wish.values and not wish.ask:
        raise click.UsageError("the event would be empty; give --values V,V, or --ask TYPE to ask for reports")
    if wish.units is not None and not wish.values:
        raise click.UsageError("--units needs --values")
    _warn(doubts(wish))
    with _about_values():
        event = new_event(wish, time.time())
    with operator_of(ctx) as operator:
        _warn_of_targets(operator, wish)
        made = operator.post("/events", {"programID": operator.program_id(program), **event})
    click.echo(made["id"])


@event.command()
@click.argument("event_id", callback=_object_id)
@click.option("--name", help="The event's new name.")
@_wish_options()
@_asking
def change(ctx: click.Context, /, event_id: str, **said: Any) -> None:
    """Change what is given, and leave the rest of the event as it is."""
    wish = _wish(**said)
    _warn(doubts(wish))
    with operator_of(ctx) as operator:
        _warn_of_targets(operator, wish)
        path = f"/events/{event_id}"
        before = operator.get(path)
        with _about_values():
            after = changed_event(before, wish)
        click.echo(shown(operator.put(path, after), time.time(), operator.program_names()))


@event.command()
@click.argument("event_id", callback=_object_id)
@click.option("--keep", is_flag=True, help="Do not delete it: let it start now and last no time (PT0S).")
@_asking
def cancel(ctx: click.Context, /, event_id: str, keep: bool) -> None:
    """Cancel an event: delete it."""
    with operator_of(ctx) as operator:
        path = f"/events/{event_id}"
        done = operator.put(path, cancelled_event(operator.get(path))) if keep else operator.delete(path)
        click.echo(shown(done, time.time(), operator.program_names()))


@event.command("list")
@click.option("--json", "as_json", is_flag=True, help="As the VTN says it.")
@_asking
def list_(ctx: click.Context, /, as_json: bool) -> None:
    """List all events, one line each: id, program, name, active or over, from when to when (UTC), what, for whom."""
    with operator_of(ctx) as operator:
        found = operator.all("/events")
        programs = {} if as_json else operator.program_names()
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for each in found:
        click.echo(shown(each, time.time(), programs))


@event.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Only read the scenario; no VTN is asked.")
@_asking
def play(ctx: click.Context, /, scenario: Path, check: bool) -> None:
    """Play a scenario: a TOML file of steps with times from the start."""
    try:
        steps = read_scenario(scenario)
    except AdminError as error:
        raise Failed(str(error)) from error
    for number, step in enumerate(steps, 1):
        _warn(f"step {number}: {doubt}" for doubt in doubts(step.wish(0.0)))
    if check:
        click.echo(f"{scenario}: {len(steps)} steps, {steps[-1].at_s:g} s")
        return
    with operator_of(ctx) as operator:
        player = Player(operator, time.time, click.echo)
        begun_s, never = time.monotonic(), threading.Event()
        for step in steps:
            never.wait(max(0.0, begun_s + step.at_s - time.monotonic()))
            _warn_of_targets(operator, step.wish(0.0))
            player.play(step)
