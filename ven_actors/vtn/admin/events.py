"""From an operator's few words to an event of OpenADR 3.1.0, and its changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ven_actors.vtn.units import seconds_of
from ven_actors.vtn.v310.formats import check_date_time, date_time, epoch_s, is_now

Json = dict[str, Any]
Value = float | str

DEFAULT_TYPE = "SIMPLE"
DEFAULT_LENGTH_S = 900
_METADATA = ("id", "createdDateTime", "modificationDateTime", "objectType", "clientID")
_CANCELLED = {"start": "0001-01-01T00:00:00Z", "duration": "PT0S"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What an operator said of an event; None and () are what was left unsaid.

    `values` are those of intervals that follow each other, each `length_s` long. `report_every_s` goes with `ask`.
    """

    name: str | None = None
    start_s: float | None = None
    length_s: int | None = None
    payload_type: str | None = None
    values: tuple[Value, ...] = ()
    priority: int | None = None
    targets: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    loops: bool = False


def new_event(program_id: str, wish: Wish, now_s: float) -> Json:
    period = {
        "start": date_time(now_s if wish.start_s is None else wish.start_s),
        "duration": f"PT{wish.length_s or DEFAULT_LENGTH_S}S",
    }
    return _applied({"programID": program_id, "intervalPeriod": period}, wish)


def changed_event(event: Json, wish: Wish) -> Json:
    """The event as it has to be PUT, with what `wish` says in place of what it said before."""
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
        said["intervals"] = [
            {"id": number, "payloads": [{"type": kind, "values": [value]}]} for number, value in enumerate(wish.values)
        ]
    if wish.ask:
        said["reportDescriptors"] = [
            {"payloadType": kind, "numIntervals": 1, "frequency": 1, "repeat": -1} for kind in wish.ask
        ]
    return event | {name: value for name, value in said.items() if value is not None}


def _type_of(event: Json) -> str | None:
    payloads = [payload for interval in event.get("intervals") or () for payload in interval["payloads"]]
    return str(payloads[0]["type"]) if payloads else None


def moment_s(text: str, now_s: float) -> float:
    """`now`, `+5m`, `-90s` from `now_s`, or an RFC 3339 date-time with a zone. Raises `ValueError`."""
    if text == "now":
        return now_s
    if text[:1] in ("+", "-"):
        distance_s = seconds_of(text[1:])
        if distance_s or text[1:].lstrip("0") in ("", "s"):
            return now_s + (distance_s if text[0] == "+" else -distance_s)
    try:
        check_date_time(text)
    except ValueError:
        raise ValueError(f"{text!r} is no moment; write now, +5m, or 2026-01-16T17:00:00Z") from None
    if is_now(text):
        raise ValueError(f"{text!r} is the standard's word for now; write now")
    return epoch_s(text)


def shown(event: Json) -> str:
    """An event in one line."""
    period = event.get("intervalPeriod") or {}
    values = [
        f"{payload['type']} {','.join(map(str, payload['values']))}"
        for interval in event.get("intervals") or ()
        for payload in interval["payloads"]
    ]
    asked = [descriptor["payloadType"] for descriptor in event.get("reportDescriptors") or ()]
    parts = [
        event["id"], event.get("eventName") or "-", f"{period.get('start', '-')} {period.get('duration', '')}".strip(),
        "; ".join(values) or "-", f"priority {event['priority']}" if event.get("priority") is not None else "",
        f"for {','.join(event['targets'])}" if event.get("targets") else "", f"asks {','.join(asked)}" if asked else "",
    ]  # fmt: skip
    return "  ".join(part for part in parts if part)
