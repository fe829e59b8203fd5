"""Whose readings wait in a state folder: those of this run's VENs, and those of VENs that it leaves out."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Mapping

from ven_actors.model import Readings
from ven_actors.storage.population import fleet_index

_SHOWN = 5


def queued_by_ven(by_ven: Mapping[str, Readings]) -> dict[str, int]:
    """How many readings of each VEN wait, where any do."""
    return {name: readings.queued for name, readings in by_ven.items() if readings.queued}


def left_out(queued: Mapping[str, int], running: Collection[str]) -> dict[str, int]:
    """Those of VENs that are not among the `running` ones."""
    return {name: count for name, count in queued.items() if name not in running}


def say_left_out(queued: Mapping[str, int]) -> str:
    """Whose readings wait, and how they are delivered."""
    shown = [f"{name} ({count:,})" for name, count in list(queued.items())[:_SHOWN]]
    if len(queued) > _SHOWN:
        shown.append(f"and {len(queued) - _SHOWN} more VENs")
    remedy = f"a run with {options_for(queued)} delivers them"
    return f"readings of VENs that this run leaves out wait: {', '.join(shown)}; {remedy}"


def options_for(names: Collection[str]) -> str:
    """The options that make these VENs run, as they are typed."""
    return shlex.join(_options(names))


def _options(names: Collection[str]) -> Iterator[str]:
    numbers = [number for name in names if (number := fleet_index(name)) is not None]
    named = [name for name in names if fleet_index(name) is None]
    if named:
        yield from ("--vens", ",".join(named))
    if numbers:
        yield from ("--count", str(max(numbers)))
