"""The tables of the status view: one row per VEN, or one per state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

Ven = Mapping[str, Any]
RUNNING = "running"
POWERS = ("power_w", "power_without_events_w")
_POWER_HEADS = ("#kW", "#w/o events")
_STYLES = {RUNNING: "green", "starting": "cyan", "enrolling": "cyan", "stopped": "dim"}
_LONGEST_CELL = 200


def clean(value: object) -> str:
    """A VTN's or a file's words as one harmless line: no control characters, no line breaks, bounded."""
    text = str(value)[:_LONGEST_CELL]
    return "".join(character if character.isprintable() else " " for character in text)


def count_text(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else "0" if value is None else clean(value)


def kw_text(power_w: object) -> str:
    return f"{power_w / 1000:,.2f}" if isinstance(power_w, int | float) else "-"


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


def ven_rows(vens: Sequence[Ven], *, total: bool = False) -> list[RenderableType]:
    """A table with one row per VEN and, of several, their total; below it a line for each in trouble."""
    keys = _count_keys(vens)
    rows = table("~VEN", "state", "#resources", *_POWER_HEADS, *(f"#{key}" for key in keys), gap=1)
    for ven in vens:
        rows.add_row(
            cut_text(clean(ven.get("name", "?"))),
            state_text(ven.get("state", "?")),
            "-" if ven.get("resources") is None else count_text(ven["resources"]),
            *(kw_text(ven.get(key)) for key in POWERS),
            *(count_text(ven.get(key)) for key in keys),
        )
    if total and len(vens) > 1:
        rows.add_row("total", "", *_sums(vens, keys), style="bold")
    return [rows, *(_error_line(ven) for ven in vens if _trouble(ven))]


def lines_of(ven: Ven) -> int:
    """How many lines `ven_rows` needs for this VEN."""
    return 2 if _trouble(ven) else 1


def state_table(vens: Sequence[Ven]) -> Table:
    """A row per state, and their total."""
    keys = _count_keys(vens)
    rows = table("state", "#VENs", "#resources", *_POWER_HEADS, *(f"#{key}" for key in keys), gap=1)
    states = sorted({str(ven.get("state")) for ven in vens})
    for state in states:
        group = [ven for ven in vens if str(ven.get("state")) == state]
        rows.add_row(state_text(state), count_text(len(group)), *_sums(group, keys))
    if len(states) > 1:
        rows.add_row("total", count_text(len(vens)), *_sums(vens, keys), style="bold")
    return rows


def _sums(vens: Sequence[Ven], keys: Sequence[str]) -> list[str]:
    """Resources, powers and counts of several VENs together."""
    powers = [
        kw_text(sum(known) if (known := [ven[key] for ven in vens if isinstance(ven.get(key), int | float)]) else None)
        for key in POWERS
    ]
    resources, *counts = (count_text(sum(_number(ven, key) for ven in vens)) for key in ("resources", *keys))
    return [resources, *powers, *counts]


def _count_keys(vens: Sequence[Ven]) -> list[str]:
    """Restarts are shown only where there were any: 80 columns are few."""
    restarts = ["restarts"] if any(ven.get("restarts") for ven in vens) else []
    return ["generated", "accepted", "queued", *restarts]


def _error_line(ven: Ven) -> Text:
    line = Text(f"{clean(ven.get('name', '?'))}: ", no_wrap=True, overflow="ellipsis")
    return line.append(clean(_trouble(ven)), style="red")


def _trouble(ven: Ven) -> str:
    unregistered = f"not registered: {ven['unregistered']}" if ven.get("unregistered") else ""
    return str(ven.get("last_error") or unregistered)


def table(*heads: str, gap: int = 2) -> Table:
    """A `#` before a head aligns its column to the right; columns with a `~` are cut first where there is no room.

    What stands in those is `cut_text`.
    """
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, gap - 1, 0, 0))
    for head in heads:
        justify: JustifyMethod = "right" if head.startswith("#") else "left"
        made.add_column(head.lstrip("#~"), justify=justify, no_wrap=not head.startswith("~"), overflow="ellipsis")
    return made


def cut_text(text: str, style: str = "") -> Text:
    """A text that is cut rather than wrapped."""
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def _number(ven: Ven, key: str) -> int:
    value = ven.get(key)
    return int(value) if isinstance(value, int | float) else 0
