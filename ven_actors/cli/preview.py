"""`ven-actors preview`: the reports one interval would send, as JSON, with no network."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import click
import msgspec

from ven_actors.cli.run_options import CONFIG_OPTION, OptionsInSections, options_named
from ven_actors.cli.seams import seams_of
from ven_actors.config_applies import Command
from ven_actors.config_sources import load_config
from ven_actors.errors import UsageError
from ven_actors.fleet.preview import preview_reports

_OPTIONS = ("vens", "count", "state", "registry", "profiles", "seed", "noise", "approve", "interval", "report_every",
            "loads", "aggregate", "dialect")  # fmt: skip

# Two days from the beginning of time: the longest window, and the one before it.
_EARLIEST_S, _LATEST_S = 2 * 86_400, 32_503_680_000


def preview_command(ctx: click.Context, /, at: str | None, **flags: Any) -> int:
    """Print the reports that one reporting window would send, as a JSON array, one report per VEN.

    The window is the last whole one, of the demo's own event; with --dialect energydesk it is the readings of the last
    whole metering interval, one by one. Nothing is written and nothing is sent, so --dialect auto is openadr-3.1 unless
    the path of a VTN's URL says another; where the state folder has no resources yet, the demo's are made in memory.
    Ids are the VTN's to give and stand as EVENT-ID, PROGRAM-ID, VEN-ID, RESOURCE-ID.
    """
    config = load_config(flags, seams_of(ctx).environ, Command(_OPTIONS, reaches_vtn=False)).config
    now_s = time.time() if at is None else _instant_s(at)
    for index, report in enumerate(preview_reports(config, now_s)):
        click.echo("[" if index == 0 else ",", nl=index == 0)
        click.echo(msgspec.json.format(report, indent=2))
    click.echo("]")
    return 0


def _instant_s(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--at: {text!r} is no ISO 8601 time, such as 2026-01-16T10:00:00Z") from error
    instant_s = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if not _EARLIEST_S <= instant_s <= _LATEST_S:
        raise UsageError(f"--at: {text!r} is out of range; 1970-01-03 to 3000-01-01 is possible")
    return instant_s


preview = OptionsInSections(
    "preview",
    callback=click.pass_context(preview_command),
    params=[
        click.Option(["--at"], metavar="TIME", help="Preview as of this time (ISO 8601, UTC where it has no zone)."),
        CONFIG_OPTION,
        *options_named(_OPTIONS),
    ],
    help=preview_command.__doc__,
    short_help="Print the reports one interval would send, without a network.",
)
