"""The command line of the embedded VTN. Every option is also an environment variable, VEN_ACTORS_VTN_..."""

from __future__ import annotations

import gc
import importlib
import json
import logging
import shlex
import socket
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ven_actors.vtn.app import BASE_PATHS, Limits, Vtn
from ven_actors.vtn.clients import Client, ClientsError, others_may_read, parse_client, read_clients
from ven_actors.vtn.demo import DAY_S, DemoPlan
from ven_actors.vtn.energydesk.book import Plan
from ven_actors.vtn.energydesk.options import Approval
from ven_actors.vtn.facts import Clock
from ven_actors.vtn.options import option, refuse_before, refuse_idle
from ven_actors.vtn.problems import StateUnusable
from ven_actors.vtn.push.broker import BrokerError
from ven_actors.vtn.push.options import push_options, push_plan_of, refuse_idle_push
from ven_actors.vtn.quirks import Quirk, QuirkNames
from ven_actors.vtn.server import READY_NAME, VtnServer, is_loopback, listen, root_url, serve, stop_with_stdin
from ven_actors.vtn.units import Bytes, Seconds

_LARGEST_EPOCH_S = 32_503_680_000  # the year 3000

log = logging.getLogger("ven_actors.vtn")


class CannotStart(click.ClickException):
    """Usage or state; one line on stderr."""

    exit_code = 2


class VtnGroup(click.Group):
    """`vtn` alone runs one; `vtn event` talks to one that runs, and is imported only then."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return ["event"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name != "event":
            return None
        command: click.Command = importlib.import_module("ven_actors.vtn.admin.command").event
        return command


def simulated_clock(start_s: float | None, speed: float, wall_s: Clock, begun_s: float | None = None) -> Clock:
    """Time that stood at `start_s` (None: wall time) at `begun_s` (None: now), `speed` times as fast as `wall_s`."""
    begun_s = wall_s() if begun_s is None else begun_s
    base_s = begun_s if start_s is None else start_s
    return lambda: base_s + (wall_s() - begun_s) * speed


@click.group(cls=VtnGroup, invoke_without_command=True, context_settings={"show_default": True})
@click.pass_context
@option("--host", default="127.0.0.1", help="Address to listen on.")
@option("--port", default=0, type=click.IntRange(0, 65535), help="0 takes a free one.")
@option("--state", default="memory", help="Folder to keep everything in, or `memory`.")
@option(
    "--client",
    "client_texts",
    multiple=True,
    metavar="NAME:SECRET:ROLE",
    help="An OAuth client with the role ven or bl; may be repeated. Other users of this machine can see it in the"
    " process list: prefer --clients-file.",
)
@option(
    "--clients-file",
    type=click.Path(path_type=Path),
    help="CSV with the header name,secret,role.",
)
@option("--keep-bytes", default="1GiB", type=Bytes(), help="Compressed report bodies kept; the oldest go.")
@option("--max-body", default="8MiB", type=Bytes(), help="Largest request body.")
@option("--token-life", default="1h", type=Seconds(), help="How long a token is good for.")
@option(
    "--demo",
    is_flag=True,
    help="Keep a program and daily events that ask for reports. Without it there are none until somebody makes them,"
    " and no VEN reports anything.",
)
@option("--demo-report-every", default="15s", type=Seconds(), help="What the demo's events ask for.")
@option(
    "--demo-speed",
    default=1.0,
    type=click.FloatRange(0, 100_000, min_open=True),
    help="Let the VTN's time run so many times as fast.",
)
@option(
    "--demo-start",
    type=click.FloatRange(0, _LARGEST_EPOCH_S),
    metavar="EPOCH_SECONDS",
    help="The VTN's time at its start, in seconds since 1970; default: now.",
)
@option(
    "--demo-begun",
    type=click.FloatRange(0, _LARGEST_EPOCH_S),
    hidden=True,
    help="The wall's time at which the VTN's was --demo-start, in seconds since 1970; default: now.",
)
@option(
    "--energydesk-approve",
    default="at-once",
    type=Approval(),
    help="When the energydesk interface approves a new resource; suspended: never, and it says so.",
)
@option(
    "--energydesk-existing",
    default="409",
    type=click.Choice(["409", "500"]),
    help="What registering a resource twice is answered there: 409, or a 500 whose words say so.",
)
@push_options
@option(
    "--quirk",
    "quirks",
    multiple=True,
    type=QuirkNames(),
    help="Deviate from the standard as real VTNs do; may be repeated. One of: all, " + ", ".join(Quirk) + ".",
)
@option(
    "--strict",
    is_flag=True,
    help="Refuse what the standard does not allow, even if it is clear: integers written 1.0, empty filters, a missing"
    " objectType; and give a token only the scopes asked for.",
)
@option("--exit-with-stdin", is_flag=True, help="End when stdin reaches its end.")
def vtn(
    ctx: click.Context,
    /,
    host: str,
    port: int,
    state: str,
    client_texts: tuple[str, ...],
    clients_file: Path | None,
    keep_bytes: int,
    max_body: int,
    token_life: int,
    demo: bool,
    demo_report_every: int,
    demo_speed: float,
    demo_start: float | None,
    demo_begun: float | None,
    energydesk_approve: Plan,
    energydesk_existing: str,
    quirks: tuple[frozenset[Quirk], ...],
    strict: bool,
    exit_with_stdin: bool,
    **push: Any,
) -> None:
    """Run the embedded VTN: a small OpenADR server, 3.0.1 and 3.1 beside each other, for demos and tests.

    When it is ready it prints one line of JSON to stdout, with its base URLs. SIGTERM, SIGINT and SIGHUP end it.
    """
    if ctx.invoked_subcommand is not None:
        refuse_before(ctx, ctx.invoked_subcommand)
        return
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    if DAY_S % demo_report_every:
        raise CannotStart(f"--demo-report-every is {demo_report_every} s; it has to divide a day (86400 s)")
    if not demo:
        refuse_idle(ctx, ["demo_report_every"], "--demo")
    refuse_idle_push(ctx)
    folder = None if state == "memory" else Path(state)
    if folder is not None and folder.exists() and not folder.is_dir():
        raise CannotStart(f"--state {state} is no folder; name a folder, or memory")
    sock = ctx.with_resource(_listen(host, port))
    try:
        clients = _clients(client_texts, clients_file)
        house = Vtn(
            clients=clients,
            now_s=simulated_clock(demo_start, demo_speed, time.time, demo_begun),
            mono_s=time.monotonic,
            state_dir=folder,
            limits=Limits(keep_bytes, max_body, token_life),
            demo=DemoPlan(demo_report_every, demo_speed) if demo else None,
            energydesk_plan=replace(energydesk_approve, existing_status=int(energydesk_existing)),
            push_plan=push_plan_of(push),
            quirks=frozenset().union(*quirks),
            strict=strict,
        )
    except (StateUnusable, ClientsError, BrokerError) as error:
        raise CannotStart(str(error)) from error
    with house:
        _serve(house, sock, host, folder=folder, exit_with_stdin=exit_with_stdin)


def _listen(host: str, port: int) -> socket.socket:
    try:
        return listen(host, port)
    except StateUnusable as error:
        raise CannotStart(str(error)) from error


def _serve(house: Vtn, sock: socket.socket, host: str, *, folder: Path | None, exit_with_stdin: bool) -> None:
    if not is_loopback(sock):
        log.warning("not_loopback host=%s: plain HTTP, tokens and secrets can be read on the way", host)
    base_urls = {version: root_url(sock) + path for version, path in BASE_PATHS.items()}
    ready = json.dumps({"ready": True, "base_urls": base_urls, "identity": house.identity})

    def on_ready() -> None:
        if folder is not None:
            (folder / READY_NAME).write_text(ready)
        click.echo(ready)

    server = VtnServer(house.app, on_ready=on_ready)
    if exit_with_stdin:
        stop_with_stdin(server.stop)
    gc.collect()
    gc.freeze()
    serve(server, sock)


def _clients(texts: tuple[str, ...], file: Path | None) -> list[Client]:
    try:
        clients = [parse_client(text) for text in texts]
        if file is not None:
            clients += read_clients(file)
            if others_may_read(file):
                log.warning("clients_file_readable_by_others: run chmod 600 %s", shlex.quote(str(file)))
    except ClientsError as error:
        raise CannotStart(str(error)) from error
    if not clients:
        raise CannotStart("no client could get a token; give --client NAME:SECRET:ROLE or --clients-file FILE")
    return clients
