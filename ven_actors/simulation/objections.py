"""Which payloads of an event are not obeyed as asked, and why; the rules themselves are in `orders`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from ven_actors.signals import Signal
from ven_actors.simulation.orders import CONTROLS, HIGHEST_LEVEL, POWER_UNITS, SERVED, number_of, watts_of

_LONGEST_VALUES = 80
_Reason = tuple[str, bool]


class Objection(NamedTuple):
    """One payload that is not obeyed as asked; `values` as JSON. `served`: payloads of this type can be obeyed.

    `reason` goes on after type and values: "is taken as 3".
    """

    payload_type: str
    values: str
    reason: str
    served: bool


def objections(signals: Sequence[Signal]) -> Iterator[Objection]:
    """What to say about `signals`, which are all that one interval of one event says."""
    controlled = ""
    for signal in signals:
        kind = signal.payload_type
        reason, understood = _why(signal)
        if kind in CONTROLS and controlled:
            reason = f"is not obeyed, as {controlled} comes before it in the same interval"
        elif kind in CONTROLS and understood:
            controlled = kind
        if reason:
            yield Objection(kind, _json(signal.values), reason, kind in SERVED)


def _why(signal: Signal) -> _Reason:
    """The reason, empty where it is obeyed as asked; and whether it is obeyed at all."""
    kind = signal.payload_type
    if kind not in SERVED:
        return "has no effect on this fleet", False
    rule = _RULES.get(kind)
    if rule is None:
        return "", True
    reason, understood = rule(signal)
    if not reason and len(signal.values) > 1:
        return f"is taken as the first of its {len(signal.values)} values", True
    return reason, understood


def _level(signal: Signal) -> _Reason:
    number = number_of(signal)
    if number is None:
        return _no_number(signal)
    level = min(max(int(number), 0), HIGHEST_LEVEL)
    return ("", True) if level == number else (f"is taken as {level}: the levels are 0 to {HIGHEST_LEVEL}", True)


def _within(least: float, most: float, hint: str = "") -> Callable[[Signal], _Reason]:
    def rule(signal: Signal) -> _Reason:
        number = number_of(signal)
        if number is None:
            return _no_number(signal)
        taken = min(max(number, least), most)
        return (
            ("", True)
            if taken == number
            else (f"is taken as {taken:g}: the range is {least:g} to {most:g}{hint}", True)
        )

    return rule


def _setpoint(signal: Signal) -> _Reason:
    if number_of(signal) is None:
        return _no_number(signal)
    return "changes no power; reports of SETPOINT show it", True


def _power(least_w: float, *, cut: bool) -> Callable[[Signal], _Reason]:
    def rule(signal: Signal) -> _Reason:
        if number_of(signal) is None:
            return _no_number(signal)
        watts = watts_of(signal)
        if watts is None:
            return f"is not obeyed: {signal.units} is not a unit of power; {', '.join(POWER_UNITS)} are", False
        if watts >= least_w:
            return "", True
        return ("is taken as 0: no resource feeds in", True) if cut else ("is not obeyed: it is negative", False)

    return rule


def _no_number(signal: Signal) -> _Reason:
    return "is not obeyed: " + ("its value is not a number" if signal.values else "it has no value"), False


def _json(values: tuple[object, ...]) -> str:
    text = msgspec.json.encode(values).decode()
    return text if len(text) <= _LONGEST_VALUES else text[: _LONGEST_VALUES - 3] + "..."


_CAPACITY = _power(0.0, cut=False)
_RULES: Mapping[str, Callable[[Signal], _Reason]] = {
    "SIMPLE": _level,
    "CONTROL_LEVEL_OFFSET": _within(-10, 10),
    "CONTROL_LEVEL_OFFSET_PERCENT": _within(-1, 1, ", and 0.5 means 50 %"),
    "DISPATCH_SETPOINT": _power(0.0, cut=True),
    "DISPATCH_SETPOINT_RELATIVE": _power(-math.inf, cut=False),
    "CONTROL_SETPOINT": _setpoint,
    "IMPORT_CAPACITY_LIMIT": _CAPACITY,
    "IMPORT_CAPACITY_SUBSCRIPTION": _CAPACITY,
    "IMPORT_CAPACITY_RESERVATION": _CAPACITY,
}
