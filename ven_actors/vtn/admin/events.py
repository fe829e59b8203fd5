"""From an operator's few words to an event of OpenADR 3.1.0, and its changes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ven_actors.vtn.units import seconds_of
from ven_actors.vtn.v310.formats import check_date_time, date_time, epoch_s, is_expressible, is_now

Json = dict[str, Any]
Value = float | str | Json
Values = Value | list[Value]

DEFAULT_TYPE = "SIMPLE"
DEFAULT_LENGTH_S = 900
_LEVELS = {"SIMPLE": (0, 1, 2, 3)}
_METADATA = ("id", "createdDateTime", "modificationDateTime", "objectType", "clientID")
_CANCELLED = {"start": "0001-01-01T00:00:00Z", "duration": "PT0S"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What an operator said of an event; None and () are what was left unsaid.

    `values` are those of intervals that follow each other, each `length_s` long: one value each, or a list. A value is
    a number, a text, or a point: {"x": 0, "y": 1.5}.
    """

    name: str | None = None
    start_s: float | None = None
    length_s: int | None = None
    payload_type: str | None = None
    values: tuple[Values, ...] = ()
    units: str | None = None
    priority: int | None = None
    targets: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    loops: bool = False


def new_event(wish: Wish, now_s: float) -> Json:
    """Without the id of its program. Raises `ValueError` as `check_values` does."""
    period = {
        "start": date_time(now_s if wish.start_s is None else wish.start_s),
        "duration": f"PT{wish.length_s or DEFAULT_LENGTH_S}S",
    }
    return _applied({"intervalPeriod": period}, wish)


def changed_event(event: Json, wish: Wish) -> Json:
    """The event as it has to be PUT, with what `wish` says in place of what it said before.

    Raises `ValueError` as `check_values` does.
    """
    kept = {name: value for name, value in event.items() if name not in _METADATA}
    period = dict(kept.get("intervalPeriod") or {})
    if wish.start_s is not None:
        period["start"] = date_time(wish.start_s)
    if wish.length_s is not None:
        period["duration"] = f"PT{wish.length_s}S"
    return _applied(kept | ({"intervalPeriod": period} if period else {}), wish)


def cancelled_event(event: Json) -> Json:
    """The event as it has to be PUT to be seen as cancelled: start "now", no duration (3.1 User Guide 7.9)."""
    kept = {name: value for name, value in event.items() if name not in _METADATA}
    intervals = [
        {name: value for name, value in interval.items() if name != "intervalPeriod"}
        for interval in event.get("intervals") or ()
    ]
    return kept | {"intervalPeriod": _CANCELLED, "intervals": intervals}


def _applied(event: Json, wish: Wish) -> Json:
    said: Json = {"eventName": wish.name, "priority": wish.priority}
    if wish.targets:
        said["targets"] = list(wish.targets)
    if wish.loops:
        said["duration"] = "P9999Y"
    if wish.values:
        kind = wish.payload_type or _type_of(event) or DEFAULT_TYPE
        check_values(kind, wish.values)
        said["intervals"] = [
            {"id": number, "payloads": [{"type": kind, "values": listed(each)}]}
            for number, each in enumerate(wish.values)
        ]
    if wish.units is not None:
        kind = wish.payload_type or _type_of(event) or DEFAULT_TYPE
        others = [each for each in event.get("payloadDescriptors") or () if each.get("payloadType") != kind]
        own = {"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": kind, "units": wish.units}
        said["payloadDescriptors"] = [*others, own]
    if wish.ask:
        said["reportDescriptors"] = [
            {"payloadType": kind, "numIntervals": 1, "frequency": 1, "repeat": -1} for kind in wish.ask
        ]
    return event | {name: value for name, value in said.items() if value is not None}


def _type_of(event: Json) -> str | None:
    payloads = [payload for interval in event.get("intervals") or () for payload in interval["payloads"]]
    return str(payloads[0]["type"]) if payloads else None


def listed(values: Values) -> list[Value]:
    """The values of one interval."""
    return values if isinstance(values, list) else [values]


def check_values(kind: str, values: tuple[Values, ...]) -> None:
    """Raises `ValueError` that names each value that JSON cannot say, or that is not a level of its type."""
    problems = [problem for each in values for value in listed(each) if (problem := _trouble(kind, value))]
    if problems:
        raise ValueError("; ".join(problems))


def _trouble(kind: str, value: Value) -> str:
    if isinstance(value, dict):
        return _trouble_of_point(kind, value)
    said = f"{value:g}" if isinstance(value, float) else repr(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f"{said} is not a finite number; write one, like 1 or 2.5"
    if value not in _LEVELS.get(kind, (value,)):
        levels = ", ".join(map(str, _LEVELS[kind]))
        return f"{said} is not a level of {kind}; write one of {levels}, or give another type"
    return ""


def _trouble_of_point(kind: str, point: Json) -> str:
    numbers = [each for each in point.values() if isinstance(each, int | float) and not isinstance(each, bool)]
    if point.keys() != {"x", "y"} or len(numbers) != len(point) or not all(map(math.isfinite, numbers)):
        return f"{point!r} is not a point; a point has two numbers, x and y"
    return (
        f"the point {point['x']:g}:{point['y']:g} is not a level of {kind}; give another type"
        if kind in _LEVELS
        else ""
    )


def moment_s(text: str, now_s: float) -> float:
    """`now`, `+5m`, `-90s` from `now_s`, or an RFC 3339 date-time with a zone. Raises `ValueError`."""
    if text == "now":
        return now_s
    if text[:1] in ("+", "-"):
        distance_s = seconds_of(text[1:])
        if distance_s or text[1:].lstrip("0") in ("", "s"):
            moved_s = now_s + (distance_s if text[0] == "+" else -distance_s)
            if is_expressible(moved_s):
                return moved_s
    try:
        check_date_time(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is not a moment of the years 1 to 9999 in UTC; write now, +5m, or 2026-01-16T17:00:00Z"
        ) from None
    if is_now(text):
        raise ValueError(f"{text!r} is the standard's word for now; write now")
    return epoch_s(text)
