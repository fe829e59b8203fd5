"""The tables of the status view: one row per VEN, or one per state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

Ven = Mapping[str, Any]
RUNNING = "running"
_STYLES = {RUNNING: "green", "starting": "cyan", "enrolling": "cyan", "stopped": "dim"}
_LONGEST_CELL = 200


def clean(value: object) -> str:
    """A VTN's or a file's words as one harmless line: no control characters, no line breaks, bounded."""
    text = str(value)[:_LONGEST_CELL]
    return "".join(character if character.isprintable() else " " for character in text)


def count_text(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else "0" if value is None else clean(value)


def power_text(power_w: object) -> str:
    """Three digits that matter: 950 W, 12.3 kW, 4.56 MW."""
    if not isinstance(power_w, int | float):
        return "-"
    for limit, factor, unit in ((1000, 1, "W"), (999_500, 1000, "kW"), (999_500_000, 1_000_000, "MW")):
        if abs(power_w) < limit:
            return f"{power_w / factor:.3g} {unit}"
    return f"{power_w / 1e9:.3g} GW"


def state_text(state: object) -> Text:
    return Text(clean(state), style=_STYLES.get(str(state), "bold yellow"))


def worst_first(vens: Sequence[Ven]) -> list[Ven]:
    """Those not running, then those with an error, with restarts, with the longest queue."""

    def badness(ven: Ven) -> tuple[bool, bool, int, int]:
        return (
            ven.get("state") != RUNNING,
            bool(ven.get("last_error")),
            _number(ven, "restarts"),
            _number(ven, "queued"),
        )

    return sorted(vens, key=badness, reverse=True)


def ven_rows(vens: Sequence[Ven]) -> list[RenderableType]:
    """A table with one row per VEN, and below it a line for each that has had an error."""
    keys = _count_keys(vens)
    table = _table("VEN", "state", "#resources", "#power", *(f"#{key}" for key in keys))
    for ven in vens:
        table.add_row(
            Text(clean(ven.get("name", "?"))),
            state_text(ven.get("state", "?")),
            "-" if ven.get("resources") is None else count_text(ven["resources"]),
            power_text(ven.get("power_w")),
            *(count_text(ven.get(key)) for key in keys),
        )
    return [table, *(_error_line(ven) for ven in vens if ven.get("last_error"))]


def lines_of(ven: Ven) -> int:
    """How many lines `ven_rows` needs for this VEN."""
    return 2 if ven.get("last_error") else 1


def state_table(vens: Sequence[Ven]) -> Table:
    keys = _count_keys(vens)
    table = _table("state", "#VENs", "#resources", "#power", *(f"#{key}" for key in keys))
    for state in sorted({str(ven.get("state")) for ven in vens}):
        group = [ven for ven in vens if str(ven.get("state")) == state]
        resources, power_w, *counts = (
            sum(_number(ven, key) for ven in group) for key in ("resources", "power_w", *keys)
        )
        cells = [len(group), resources, power_text(power_w), *counts]
        table.add_row(state_text(state), *map(count_text, cells))
    return table


def _count_keys(vens: Sequence[Ven]) -> list[str]:
    """Restarts are shown only where there were any: 80 columns are few."""
    restarts = ["restarts"] if any(ven.get("restarts") for ven in vens) else []
    return ["generated", "accepted", "queued", *restarts]


def _error_line(ven: Ven) -> Text:
    line = Text(f"{clean(ven.get('name', '?'))}: ", no_wrap=True, overflow="ellipsis")
    return line.append(clean(ven["last_error"]), style="red")


def _table(*heads: str) -> Table:
    """A `#` before a head aligns its column to the right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for head in heads:
        right = head.startswith("#")
        table.add_column(head.lstrip("#"), justify="right" if right else "left", no_wrap=True, overflow="ellipsis")
    return table


def _number(ven: Ven, key: str) -> int:
    value = ven.get(key)
    return int(value) if isinstance(value, int | float) else 0
