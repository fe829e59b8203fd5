"""`ven-actors run`: from flags, environment and file to a running fleet."""

from __future__ import annotations

from typing import Any

import click
import structlog

from ven_actors.cli.former import former_variables
from ven_actors.cli.live import LiveView, PipeConsole
from ven_actors.cli.run_options import OptionsInSections, run_options
from ven_actors.cli.seams import Seams, seams_of
from ven_actors.cli.status_view import totals_lines
from ven_actors.cli.streams import silence_stdout
from ven_actors.config import FleetConfig
from ven_actors.config_applies import RUN, Idle
from ven_actors.config_sources import load_config
from ven_actors.errors import FleetError
from ven_actors.telemetry import configure_logging

_log = structlog.get_logger(__name__)


def run_command(ctx: click.Context, /, **flags: Any) -> int:
    """Run a fleet of VENs until it is stopped (Ctrl-C, SIGTERM, SIGHUP) or --duration is over.

    With no option: Herning and Aalborg of the demo data, against an embedded VTN on this machine.

    Every option is also a key of the file and an environment variable: --report-every is report_every and
    VEN_ACTORS_REPORT_EVERY. A flag wins over the environment, that over the file, that over the default. Durations
    are written 15s, 5m, 1h30m or PT15M, sizes 64KiB, 500MB or 1GiB.
    """
    seams = seams_of(ctx)
    idle: list[Idle] = []
    loaded = load_config(flags, seams.environ, RUN, idle.append)
    config = loaded.config
    console = PipeConsole()
    is_live = console.is_terminal and not console.is_dumb_terminal and not config.headless
    with LiveView(console) as view:
        configure_logging(config.log_format, config.log_level, view.log_stream() if is_live else None)
        for variable, near in loaded.unknown_variables:
            _log.warning("unknown_variable", variable=variable, nearest=near)
        for variable, now in former_variables(seams.environ):
            _log.warning("former_variable", variable=variable, now=now, remedy="it is not read; set the new one")
        for option, reason in idle:
            _log.warning("option_without_effect", option=option, reason=reason, remedy="leave it out")
        code = seams.run_fleet(config, show=view.show if is_live else None)
    if not view.kept:
        _print_totals(config, seams)
    return code


def _print_totals(config: FleetConfig, seams: Seams) -> None:
    """The last words: what became of every reading that the state folder ever had."""
    try:
        totals = seams.read_totals(config.state)
    except FleetError as error:
        _log.warning("totals_unreadable", error=str(error))
        return
    try:
        for line in totals_lines(totals):
            click.echo(line)
    except OSError as error:
        # What became of the fleet is the exit code; that nobody could read the last words is not.
        _log.warning("output_lost", error=error.strerror)
        silence_stdout()


run = OptionsInSections(
    "run",
    callback=click.pass_context(run_command),
    params=run_options(),
    help=run_command.__doc__,
    short_help="Run a fleet of VENs until it is stopped.",
)
