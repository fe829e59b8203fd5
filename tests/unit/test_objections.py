"""What of an event is not obeyed as it is said, and the words for it; what has no words is obeyed as it is."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_actors.signals import Signal
from ven_actors.simulation.objections import objections
from ven_actors.simulation.orders import SERVED, number_of, orders_of

ROWS = {"pub": 0, "bakery": 1}


def signal(kind: str, *values: Any, units: str | None = None) -> Signal:
    return Signal(kind, values, units, None, "e1", "p1", 0, 0.0, math.inf)


def said(*signals: Signal) -> list[tuple[str, str, str]]:
    return [(each.payload_type, each.values, each.reason) for each in objections(signals)]


@pytest.mark.parametrize(
    ("kind", "values", "units", "reason"),
    [
        ("SIMPLE", ["two"], None, "is not obeyed: its value is not a number"),
        ("SIMPLE", [None], None, "is not obeyed: its value is not a number"),
        ("SIMPLE", [True], None, "is not obeyed: its value is not a number"),
        ("SIMPLE", [], None, "is not obeyed: it has no value"),
        ("SIMPLE", [7], None, "is taken as 3: the levels are 0 to 3"),
        ("SIMPLE", [-1], None, "is taken as 0: the levels are 0 to 3"),
        ("SIMPLE", [1.5], None, "is taken as 1: the levels are 0 to 3"),
        ("SIMPLE", [1, 2], None, "is taken as the first of its 2 values"),
        ("CONTROL_LEVEL_OFFSET", [12], None, "is taken as 10: the range is -10 to 10"),
        ("CONTROL_LEVEL_OFFSET_PERCENT", [50], None, "is taken as 1: the range is -1 to 1, and 0.5 means 50 %"),
        ("DISPATCH_SETPOINT", [-2], None, "is taken as 0: no resource feeds in"),
        ("DISPATCH_SETPOINT_RELATIVE", [6], "A", "is not obeyed: A is not a unit of power; W, KW, KVA, MW are"),
        ("CONTROL_SETPOINT", [21.5], None, "changes no power; reports of SETPOINT show it"),
        ("IMPORT_CAPACITY_LIMIT", [6], "A", "is not obeyed: A is not a unit of power; W, KW, KVA, MW are"),
        ("IMPORT_CAPACITY_LIMIT", [-6], "KW", "is not obeyed: it is negative"),
        ("IMPORT_CAPACITY_LIMIT", [{"x": 1.0, "y": 2.0}], "KW", "is not obeyed: its value is not a number"),
        ("PRICE", [0.3, 0.4], None, "has no effect on this fleet"),
        ("EXPORT_CAPACITY_LIMIT", [0], None, "has no effect on this fleet"),
        ("X_FOO", ["bar"], None, "has no effect on this fleet"),
    ],
)
def test_what_is_not_obeyed_as_it_is_said_has_its_reason(
    kind: str, values: list[Any], units: str | None, reason: str
) -> None:
    ((found, _, why),) = said(signal(kind, *values, units=units))
    assert (found, why) == (kind, reason)


@pytest.mark.parametrize(
    ("kind", "values", "units"),
    [
        ("SIMPLE", [0], None), ("SIMPLE", [3], None), ("SIMPLE", [2.0], None), ("CONTROL_LEVEL_OFFSET", [-10], None),
        ("CONTROL_LEVEL_OFFSET_PERCENT", [0.5], "PERCENT"), ("DISPATCH_SETPOINT", [0], "W"),
        ("DISPATCH_SETPOINT_RELATIVE", [-3], " kW "), ("IMPORT_CAPACITY_LIMIT", [0], None),
        ("ALERT_GRID_EMERGENCY", ["now"], None), ("ALERT_FLEX_ALERT", [], None),
    ],
)  # fmt: skip
def test_what_is_obeyed_as_it_is_said_needs_no_word(kind: str, values: list[Any], units: str | None) -> None:
    assert said(signal(kind, *values, units=units)) == []


def test_of_several_controls_in_an_interval_the_others_are_named() -> None:
    two = said(signal("SIMPLE", "x"), signal("DISPATCH_SETPOINT", 3), signal("CONTROL_LEVEL_OFFSET", 1))
    assert [(kind, reason) for kind, _, reason in two] == [
        ("SIMPLE", "is not obeyed: its value is not a number"),
        ("CONTROL_LEVEL_OFFSET", "is not obeyed, as DISPATCH_SETPOINT comes before it in the same interval"),
    ]


def test_very_long_values_are_cut() -> None:
    ((_, values, _),) = said(signal("X_FOO", "y" * 1000))
    assert len(values) == 80


VALUES = st.none() | st.booleans() | st.text(max_size=3) | st.floats() | st.integers() | st.just({"x": 1})


@given(st.sampled_from(sorted(SERVED)), st.lists(VALUES, max_size=2), st.sampled_from([None, "KW", "A"]))
def test_a_payload_without_an_objection_is_always_obeyed(kind: str, values: list[Any], units: str | None) -> None:
    one = signal(kind, *values, units=units)
    orders = orders_of((one,), ROWS)
    if not said(one):
        assert orders.asks.all()
    if not orders.asks.any():
        assert said(one)
    if kind == "SIMPLE" and not said(one):
        assert orders.level.tolist() == [number_of(one)] * 2
