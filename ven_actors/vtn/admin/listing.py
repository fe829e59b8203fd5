"""Events as an operator reads them: one line each, all times in one form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from ven_actors.vtn.v310.formats import add_duration, check_date_time, epoch_s, is_now

Json = dict[str, Any]
INFINITY = float("inf")


def shown(event: Json, now_s: float, programs: Mapping[str, str] | None = None) -> str:
    """An event in one line; `programs` are names by id. `now_s` decides whether it is active."""
    start_s, end_s = span_s(event)
    asked = [descriptor["payloadType"] for descriptor in event.get("reportDescriptors") or ()]
    parts = [
        event["id"],
        f"program {(programs or {}).get(event['programID'], event['programID'])}",
        event.get("eventName") or "-",
        _standing(start_s, end_s, now_s),
        f"{_moment(start_s)} to {_moment(end_s)}",
        "; ".join(_said(event)) or "-",
        f"priority {event['priority']}" if event.get("priority") is not None else "",
        f"for {','.join(event['targets'])}" if event.get("targets") else "for all",
        f"asks {','.join(asked)}" if asked else "",
    ]
    return "  ".join(part for part in parts if part)


def span_s(event: Json) -> tuple[float | None, float | None]:
    """From when to when, in seconds since the epoch; infinity is never, None is not said."""
    spans = list(_spans(event))
    if not spans:
        return None, None
    start_s = min(start for start, _ in spans)
    if event.get("duration"):
        return start_s, _after(start_s, event["duration"])
    ends = [end for _, end in spans]
    return start_s, None if None in ends else max(end for end in ends if end is not None)


def _spans(event: Json) -> Iterator[tuple[float, float | None]]:
    """Each interval: at its own time, or else after the one before it."""
    period = event.get("intervalPeriod") or {}
    at_s = _start_s(period, event)
    for interval in event.get("intervals") or [{}]:
        own = interval.get("intervalPeriod") or {}
        begin_s = _start_s(own, event) if own.get("start") else at_s
        if begin_s is None:
            return
        duration = own.get("duration") or period.get("duration")
        end_s = _after(begin_s, duration) if duration else None
        yield begin_s, end_s
        at_s = end_s


def _start_s(period: Json, event: Json) -> float | None:
    """The standard's word for now means the moment at which the event was made or changed."""
    start = period.get("start")
    if start is None:
        return None
    start = event.get("modificationDateTime") or event.get("createdDateTime") if is_now(start) else start
    try:
        check_date_time(str(start))
    except ValueError:
        return None
    return epoch_s(str(start))


def _after(at_s: float, duration: str) -> float:
    try:
        moved_s = add_duration(at_s, duration)
    except AssertionError:
        return INFINITY
    return INFINITY if moved_s is None else moved_s


def _standing(start_s: float | None, end_s: float | None, now_s: float) -> str:
    if start_s is None:
        return "without time"
    if end_s is not None and end_s <= now_s:
        return "over"
    return "active" if start_s <= now_s else "to come"


def _moment(at_s: float | None) -> str:
    if at_s is None:
        return "?"
    return "never" if at_s == INFINITY else f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _said(event: Json) -> Iterator[str]:
    """What each payload says, with its units where a descriptor names them."""
    descriptors = event.get("payloadDescriptors") or ()
    units = {each.get("payloadType"): each["units"] for each in descriptors if each.get("units")}
    for interval in event.get("intervals") or ():
        for payload in interval["payloads"]:
            said = f"{payload['type']} {','.join(map(_value, payload['values']))}"
            yield f"{said} {units[payload['type']]}" if payload["type"] in units else said


def _value(value: object) -> str:
    return f"{value.get('x'):g}:{value.get('y'):g}" if isinstance(value, dict) else str(value)
