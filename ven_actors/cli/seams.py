"""What the commands reach outside for, in one place, so that a test hands in something else as `obj`."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import click

from ven_actors.config import FleetConfig
from ven_actors.control import ask_status, order

Status = dict[str, Any]


class RunFleet(Protocol):
    """Runs a fleet to its end and returns the exit code; calls `show` with the status about twice a second."""

    def __call__(self, config: FleetConfig, *, show: Callable[[Status | bytes], None] | None) -> int: ...


def _run_fleet(config: FleetConfig, *, show: Callable[[Status | bytes], None] | None) -> int:
    from ven_actors.fleet.running import run_fleet  # noqa: PLC0415 - heavy, and needed only here

    return run_fleet(config, show=show)


def _read_totals(state_dir: Path) -> Status:
    from ven_actors.fleet.folder import read_totals  # noqa: PLC0415 - heavy, and needed only where no fleet runs

    return read_totals(state_dir)


def _wait(seconds: float) -> None:
    threading.Event().wait(seconds)


@dataclass(frozen=True, slots=True)
class Seams:
    run_fleet: RunFleet = _run_fleet
    ask_status: Callable[[Path], Status | None] = ask_status
    order: Callable[[Path, Mapping[str, Any]], Any] = order
    read_totals: Callable[[Path], Status] = _read_totals
    wait: Callable[[float], None] = _wait
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)


def seams_of(ctx: click.Context) -> Seams:
    """The seams handed in from outside, or the real ones."""
    return ctx.obj if isinstance(ctx.obj, Seams) else Seams()
