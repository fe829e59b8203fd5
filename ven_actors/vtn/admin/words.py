"""Values as they are written in the shell: `1,2,0`, a point `0:1.5`, several values of one interval `0:1;10:2`."""

from __future__ import annotations

import math

from ven_actors.vtn.admin.events import Value, Values


def values_of(text: str) -> tuple[Values, ...]:
    """Intervals stand between commas, their values between semicolons. Raises `ValueError`."""
    parts = text.split(",") if text else []
    if not all(word.strip() for part in parts for word in part.split(";")):
        raise ValueError(f"{text!r} has nothing between two commas, or at an end; write 1,2,0")
    intervals = [[_value(word.strip()) for word in part.split(";")] for part in parts]
    return tuple(each if len(each) > 1 else each[0] for each in intervals)


def _value(text: str) -> Value:
    x, colon, y = text.partition(":")
    if colon and _is_number(x) and _is_number(y):
        return {"x": _number(x), "y": _number(y)}
    return _number(text) if _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is not a finite number; write one, like 1 or 2.5")
    return int(number) if number.is_integer() and "." not in text else number
