"""From the 3.1.0 form that the store keeps to OpenADR 3.0.1. All works on decoded JSON.

`duration` of an event and `reportIntervals` are unknown to 3.0.1, which allows unknown properties; they stay, for
clients that know them.
"""

from __future__ import annotations

import re

from ven_actors.vtn.v301.targets import Json, TypeOf, typed_targets
from ven_actors.vtn.v301.to_310 import PROGRAM_ATTRIBUTES
from ven_actors.vtn.v301.wire import NOW_310
from ven_actors.vtn.v310.formats import DURATION, add_duration, date_time, epoch_s, is_now

_FLAGS = frozenset({"bindingEvents", "localPrice"})
_DURATION = re.compile(DURATION)


def program_301(program: Json) -> Json:
    made = {name: value for name, value in program.items() if name != "attributes"}
    by_type = {attribute["type"]: attribute["values"] for attribute in program.get("attributes") or ()}
    for name, kind in PROGRAM_ATTRIBUTES.items():
        values = by_type.get(kind)
        if values and _is_fit(name, values[0]):
            made[name] = values[0]
    _start(made)
    return made


def event_301(event: Json, modified_s: float, type_of: TypeOf) -> Json:
    """Each period has to have a start in 3.0.1: what follows another begins at its end, the sentinel "now" (the
    start of what has none) counted from the last modification.
    """
    made = {"intervals": [], **event}
    if made.get("reportDescriptors"):
        made["reportDescriptors"] = [_report_descriptor(given, type_of) for given in made["reportDescriptors"]]
    made["intervals"] = _intervals(made, modified_s)
    _start(made)
    return made


def report_301(report: Json, created_s: float) -> Json:
    """As events: each period gets a start."""
    made = []
    for entry in report["resources"]:
        started = {**entry, "intervals": _intervals(entry, created_s)}
        _start(started)
        made.append(started)
    return {**report, "resources": made}


def _report_descriptor(descriptor: Json, type_of: TypeOf) -> Json:
    if "targets" not in descriptor:
        return descriptor
    return {**descriptor, "targets": typed_targets(descriptor["targets"], type_of)}


def _intervals(holder: Json, modified_s: float) -> list[Json]:
    whole = holder.get("intervalPeriod", {})
    at_s = _start_s(whole, modified_s, modified_s)
    made = []
    for interval in holder["intervals"]:
        period = interval.get("intervalPeriod")
        if period is None:
            made.append(interval)
        else:
            started = period if "start" in period else {**period, "start": date_time(at_s)}
            made.append({**interval, "intervalPeriod": started})
            at_s = _start_s(period, at_s, modified_s)
        at_s = _end_s(at_s, {**whole, **(period or {})}.get("duration"))
    return made


def _start(holder: Json) -> None:
    period = holder.get("intervalPeriod")
    if period is not None and "start" not in period:
        holder["intervalPeriod"] = {"start": NOW_310, **period}


def _start_s(period: Json, otherwise_s: float, now_s: float) -> float:
    if "start" not in period:
        return otherwise_s
    if is_now(period["start"]):
        return now_s
    return epoch_s(period["start"])


def _end_s(at_s: float, duration: str | None) -> float:
    """What never ends is followed from its start."""
    end_s = None if duration is None else add_duration(at_s, duration)
    return at_s if end_s is None else end_s


def _is_fit(name: str, value: object) -> bool:
    if name in _FLAGS:
        return isinstance(value, bool)
    return isinstance(value, str) and (name != "timeZoneOffset" or _DURATION.match(value) is not None)
