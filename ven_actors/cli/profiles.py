"""`ven-actors profiles`: make and show load profiles."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from ven_actors.cli.registry_options import state_option
from ven_actors.durations import duration_s, duration_text
from ven_actors.errors import DataError
from ven_actors.fleet.progress import progress_bar
from ven_actors.meters import DEMO_METERS
from ven_actors.simulation import synthetic
from ven_actors.simulation.profiles import DEMO_PROFILES, Profiles

PROFILES_NAME = "profiles.h5"


class WholeSeconds(click.ParamType[int]):
    """A duration like 15m, in whole seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            seconds = duration_s(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if seconds != int(seconds) or seconds < 1:
            self.fail(f"{value!r} is not a whole number of seconds, at least 1", param, ctx)
        return int(seconds)


class Moment(click.ParamType[datetime]):
    """An ISO 8601 date, or date and time; UTC where no zone is given."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no date; write it like 2026-01-05 or 2026-01-05T00:00:00Z", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.group()
def profiles() -> None:
    """Make and show load profiles: HDF5 files with the power of many meters over time."""


@profiles.command()
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"The file to write; default: {PROFILES_NAME} in the state folder.",
)
@state_option
@click.option("--start", type=Moment(), default="2026-01-05", show_default=True, help="When the first step begins.")
@click.option("--days", type=click.IntRange(min=1), default=7, show_default=True, help="How many days.")
@click.option("--step", "step_s", type=WholeSeconds(), default="15m", show_default=True, help="Length of a step.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same variation.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def make(*, out: Path | None, state: Path, start: datetime, days: int, step_s: int, seed: int, force: bool) -> None:
    """Write the 153 demo meters: BDEW standard load profiles plus seeded variation.

    Needs the extra `profiles` (pip install '.[profiles]' in a clone). The defaults write the file that ships with the
    program. Days that are not whole weeks wrap with the wrong weekday.
    """
    out = out or state / PROFILES_NAME
    if out.exists() and not force:
        raise DataError(f"{out}: is there already and is not overwritten; use --force, or choose another name")
    with progress_bar("making profiles") as advance:
        power_w = synthetic.make(start, days, step_s, seed, progress=advance)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{out.parent}: this folder cannot be made ({error.strerror}); choose another place") from error
    Profiles.write(
        out,
        power_w,
        start_s=int(start.timestamp()),
        step_s=step_s,
        meters=DEMO_METERS,
        source=f"{synthetic.SOURCE}, seed {seed}",
    )
    click.echo(f"{out}: {power_w.shape[1]} meters, {power_w.shape[0]} steps of {duration_text(step_s)}")


@profiles.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default=DEMO_PROFILES)
@click.option("--json", "as_json", is_flag=True, help="JSON instead of tables.")
def show(file: Path, as_json: bool) -> None:
    """Check a profile file and show what is in it (without FILE: the one that ships with the program)."""
    opened = Profiles.open(file)
    summary = asdict(opened.summary())
    meters = [
        {"meter": meter, "mean_w": round(float(mean), 1), "max_w": round(float(most), 1)}
        for meter, mean, most in zip(
            opened.meters, opened.power_w.mean(axis=0, dtype=np.float64), opened.power_w.max(axis=0), strict=True
        )
    ]
    if as_json:
        click.echo(json.dumps(summary | {"meter_power": meters}, ensure_ascii=False, indent=1))
        return
    console = Console()
    head = Table(show_header=False, title=str(file))
    for key, value in summary.items():
        head.add_row(key, f"{value:,.1f}" if isinstance(value, float) else str(value))
    body = Table("meter", title="mean and greatest power")
    for column in ("mean_w", "max_w"):
        body.add_column(column, justify="right")
    for row in meters:
        body.add_row(str(row["meter"]), *(f"{row[column]:,.1f}" for column in ("mean_w", "max_w")))
    console.print(head)
    console.print(body)
