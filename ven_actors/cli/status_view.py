"""How a status document looks on a terminal. It may come from another version or be cut short: nothing is required."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from ven_actors.cli.event_table import EventRows
from ven_actors.cli.status_tables import Ven, clean, count_text, lines_of, state_table, ven_rows, worst_first
from ven_actors.durations import duration_text

ALWAYS_SHOWN, SHOWN_IF_ANY = ("accepted", "queued"), ("quarantined", "evicted", "unasked")
_LINES_OF_A_TABLE_HEAD = 2


def render(status: Mapping[str, Any], height: int | None = None) -> RenderableType:
    """The whole view, within `height` lines if that is given: then many VENs become a table of states and the worst."""
    vens: list[Ven] = [ven for ven in status.get("vens") or () if isinstance(ven, Mapping)]
    head, lines = _head(status), [*totals_lines(status), *_job_lines(status)]
    events = EventRows(status)
    if height is None:
        return Group(head, *events.drawn(), *ven_rows(vens, total=True), *map(Text, lines))
    foot = [Text(line, no_wrap=True, overflow="ellipsis") for line in lines]
    spare = 1
    room = height - spare - 1 - len(foot) - _LINES_OF_A_TABLE_HEAD
    states = len({str(ven.get("state")) for ven in vens})
    summed = states + (states > 1) + _LINES_OF_A_TABLE_HEAD + 1
    most_rows = max(0, room // 3)
    drawn, needed = events.drawn(most_rows), events.lines(most_rows)
    if not needed or room - needed < min(sum(map(lines_of, vens)), summed + 1):
        drawn = events.in_a_line()
        needed = len(drawn)
    room -= needed
    if sum(map(lines_of, vens)) + (len(vens) > 1) <= room:
        return Group(head, *drawn, *ven_rows(vens, total=True), *foot)
    note = Text(f"{len(vens)} VENs do not fit here; those that need a look first:", style="dim")
    return Group(head, *drawn, state_table(vens), note, *ven_rows(_within(worst_first(vens), room - summed)), *foot)


def _within(vens: Sequence[Ven], lines: int) -> Sequence[Ven]:
    """The first of them that fit into so many lines; at least one."""
    needed = itertools.accumulate(map(lines_of, vens))
    return vens[: max(1, sum(total <= lines for total in needed))]


def _head(status: Mapping[str, Any]) -> Text:
    vtn = status.get("vtn") or {}
    running = bool(status.get("running"))
    head = Text("running" if running else "not running", style="bold green" if running else "bold yellow")
    for word in ("paused", "draining"):
        if status.get(word):
            head.append(f", {word}", style="bold yellow")
    parts = [_time_text(status.get("now"))]
    if running:
        parts.append(f"up {duration_text(int(status.get('uptime_s') or 0))}")
    if vtn.get("url"):
        parts.append(f"VTN {clean(vtn['url'])} ({clean(vtn.get('dialect') or '?')})")
    parts.append(f"state {clean(status.get('state') or '?')}")
    head.append("  ".join(["", *(part for part in parts if part)]), style="default")
    head.no_wrap, head.overflow = True, "ellipsis"
    return head


def totals_lines(status: Mapping[str, Any]) -> Sequence[str]:
    """The ledger in one line, the reports in the next, then the requests where there were any."""
    readings, reports = status.get("readings") or {}, status.get("reports") or {}
    states = [*ALWAYS_SHOWN, *(name for name in SHOWN_IF_ANY if readings.get(name))]
    sums = " + ".join(f"{name} {count_text(readings.get(name))}" for name in states)
    missing = [f"{name} {count_text(readings[name])}" for name in ("unaccounted", "gap") if readings.get(name)]
    lines = [
        f"readings  generated {count_text(readings.get('generated'))} = {sums}" + "".join(f"; {m}" for m in missing),
        "reports   " + ", ".join(f"{name.replace('_', ' ')} {count_text(n)}" for name, n in reports.items()),
    ]
    requests = status.get("requests") or {}
    if requests:
        lines.append(
            "requests of this process  " + ", ".join(f"{clean(name)}: {count_text(n)}" for name, n in requests.items())
        )
    lines += _hold_lines(status)
    others = (each for each in status.get("other_fleets") or () if isinstance(each, Mapping))
    lines += [f"others    {clean(each.get('said'))}" for each in others]
    errors = status.get("errors")
    troubles = errors.items() if isinstance(errors, Mapping) else ()
    return [*lines, *(f"trouble   {clean(name)}: {clean(error)}" for name, error in troubles)]


def _hold_lines(status: Mapping[str, Any]) -> list[str]:
    """Whose reports the VTN does not take, and when they are tried again."""
    holds = [hold for hold in status.get("holds") or () if isinstance(hold, Mapping)]
    today = _time_text(status.get("now")).partition("T")[0] + "T"
    return [
        f"{'refused' if hold.get('alarm') else 'held':<9} reports of {_whose(hold)}, "
        f"next try {_time_text(hold.get('ends')).removeprefix(today)}: {clean(hold.get('reason'))}"
        for hold in holds
    ]


def _whose(hold: Mapping[str, Any]) -> str:
    return f"VEN {clean(hold['ven'])}" if hold.get("ven") else f"all VENs at {clean(hold.get('vtn'))}"


def _job_lines(status: Mapping[str, Any]) -> list[str]:
    """When each job runs next, or that it is paused; the day stands there only where it is not today."""
    today = _time_text(status.get("now")).partition("T")[0] + "T"
    jobs = [job for job in status.get("jobs") or () if isinstance(job, Mapping)]
    shown = (
        f"{clean(job.get('name'))} "
        + ("paused" if job.get("paused") else _time_text(job.get("next_run")).removeprefix(today))
        for job in jobs
    )
    return ["next      " + ", ".join(shown)] if jobs else []


def _time_text(written: object) -> str:
    return clean(written or "").replace("+00:00", "Z")
