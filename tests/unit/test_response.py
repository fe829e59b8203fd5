"""What resources do with signals: each payload type, caps, alerts, opting out, and what they say of themselves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_actors.columns import BASELINE_W, OPERATING_STATE, OPERATING_STATES, SETPOINT, SIMPLE_LEVEL, STATE_ENDS_S
from ven_actors.delivery.quantities import QUANTITIES
from ven_actors.model import Block
from ven_actors.signals import Phase, Signal
from ven_actors.simulation.response import Response, opts_out

T0 = 1_767_225_600
# Rows: nothing sheddable, one, two, three (of 6 kW), and one that is idle.
SHEDDABLE = np.array(
    [[0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 1], [1, 1, 1, 0], [1, 1, 1, 1]], dtype=np.bool_
)  # fmt: skip
POWER = np.array([[100, 200, 300, 400], [1000, 10, 20, 30], [50, 500, 60, 700], [1000, 2000, 3000, 0], [0, 0, 0, 0]],
                 dtype=np.int32)  # fmt: skip
NAMES = ("none", "one", "two", "three", "idle")


def signal(kind: str, *values: Any, units: str | None = None, on: tuple[str, ...] | None = None) -> Signal:
    return Signal(kind, values, units, None, "e1", "p1", 0, 0.0, math.inf, on)


def answered(*signals: Signal, opted_out: bool = False, power_w: Any = POWER) -> Block:
    response = Response(NAMES, SHEDDABLE, opted_out=opted_out)
    return response.to(Block(T0, 15, power_w), (Phase(1.0, signals),))


def total_w(block: Block, name: str) -> int:
    return int(block.power_w[NAMES.index(name)].sum())


def states(block: Block) -> list[str]:
    return [OPERATING_STATES[state] for state in block.extras[OPERATING_STATE]]


# --- nothing asked


@pytest.mark.parametrize(
    "said",
    [
        (), (signal("PRICE", 0.3),), (signal("GHG", 5),), (signal("X_FOO", 1),), (signal("CURVE", {"x": 1, "y": 2}),),
        (signal("ALERT_FIRE", "smoke"),), (signal("ALERT_POSSIBLE_OUTAGE", "storm"),), (signal("OLS", 0.1, 0.9),),
        (signal("CHARGE_STATE_SETPOINT", 0.5),), (signal("EXPORT_CAPACITY_LIMIT", 0),), (signal("CTA2045_REBOOT", 0),),
        (signal("DISPATCH_INSTRUCTION", "go"),), (signal("IMPORT_CAPACITY_AVAILABLE", 1),),
    ],
)  # fmt: skip
def test_r16_what_means_nothing_to_a_load_leaves_the_very_same_block(said: tuple[Signal, ...]) -> None:
    response = Response(NAMES, SHEDDABLE)
    block = Block(T0, 15, POWER)
    assert response.to(block, (Phase(1.0, said),)) is block


VALUES = st.none() | st.booleans() | st.text() | st.floats() | st.integers() | st.just(10**400) | st.just({"x": 1})
KINDS = st.sampled_from(
    ["SIMPLE", "CONTROL_LEVEL_OFFSET", "CONTROL_LEVEL_OFFSET_PERCENT", "DISPATCH_SETPOINT", "CONTROL_SETPOINT",
     "DISPATCH_SETPOINT_RELATIVE", "IMPORT_CAPACITY_LIMIT", "IMPORT_CAPACITY_SUBSCRIPTION", "ALERT_BLACK_START",
     "IMPORT_CAPACITY_RESERVATION"]
)  # fmt: skip


@given(st.lists(st.tuples(KINDS, st.lists(VALUES, max_size=2), st.sampled_from([None, "KW", "W", "FURLONG"])),
                max_size=4))  # fmt: skip
def test_r16_no_value_is_an_exception_and_power_stays_within_reach(said: list[Any]) -> None:
    block = answered(*(signal(kind, *values, units=units) for kind, values, units in said))
    assert (block.power_w >= 0).all()
    assert (block.power_w <= 2 * POWER).all()
    assert block.power_w.dtype == np.int32


@pytest.mark.parametrize("value", ["2", True, None, {"x": 2}, math.inf, math.nan, 10**400])
def test_r16_edge_case_18_a_level_that_is_no_number_is_none(value: Any) -> None:
    assert not answered(signal("SIMPLE", value)).extras


def test_r16_edge_case_18_a_level_may_be_a_float() -> None:
    assert (answered(signal("SIMPLE", 2.0)).power_w == answered(signal("SIMPLE", 2)).power_w).all()


def test_r16_unknown_units_of_power_ask_nothing() -> None:
    assert not answered(signal("DISPATCH_SETPOINT", 1, units="FURLONGS")).extras
    assert not answered(signal("IMPORT_CAPACITY_LIMIT", -1)).extras


# --- levels and offsets


@pytest.mark.parametrize(
    ("level", "rest"),
    [
        (0, {"none": 1000, "one": 1060, "two": 1310, "three": 6000}),
        (1, {"none": 1000, "one": 60, "two": 810, "three": 5000}),
        (2, {"none": 1000, "one": 60, "two": 110, "three": 3000}),
        (3, {"none": 1000, "one": 60, "two": 110, "three": 0}),
        (7, {"none": 1000, "one": 60, "two": 110, "three": 0}),
        (-2, {"none": 1000, "one": 1060, "two": 1310, "three": 6000}),
    ],
)
def test_r20_simple_switches_off_a_third_two_thirds_or_all_that_is_sheddable(level: int, rest: dict[str, int]) -> None:
    block = answered(signal("SIMPLE", level))
    assert {name: total_w(block, name) for name in rest} == rest


@pytest.mark.parametrize(
    ("said", "three_w"),
    [
        (signal("CONTROL_LEVEL_OFFSET", 5), 3000), (signal("CONTROL_LEVEL_OFFSET", -5), 9000),
        (signal("CONTROL_LEVEL_OFFSET", 99), 0), (signal("CONTROL_LEVEL_OFFSET", -99), 12_000),
        (signal("CONTROL_LEVEL_OFFSET_PERCENT", 0.25), 4500), (signal("CONTROL_LEVEL_OFFSET_PERCENT", -1), 12_000),
        (signal("DISPATCH_SETPOINT", 3), 3000), (signal("DISPATCH_SETPOINT", 3000, units="W"), 3000),
        (signal("DISPATCH_SETPOINT", 3, units="kVA"), 3000), (signal("DISPATCH_SETPOINT", 0), 0),
        (signal("DISPATCH_SETPOINT", 99), 12_000),
        (signal("DISPATCH_SETPOINT_RELATIVE", 1.5), 7500), (signal("DISPATCH_SETPOINT_RELATIVE", -1.5), 4500),
        (signal("DISPATCH_SETPOINT_RELATIVE", -99), 0), (signal("DISPATCH_SETPOINT", 1e308), 12_000),
    ],
)  # fmt: skip
def test_r20_offsets_and_setpoints_move_the_load_as_far_as_it_goes(said: Signal, three_w: int) -> None:
    block = answered(said)
    assert total_w(block, "three") == three_w
    assert total_w(block, "none") == 1000
    assert total_w(block, "idle") == 0


def test_r20_a_setpoint_leaves_what_is_not_sheddable_alone() -> None:
    block = answered(signal("DISPATCH_SETPOINT", 0.4))
    assert block.power_w[2].tolist() == [50, 121, 60, 169]
    assert block.power_w[1].tolist() == [340, 10, 20, 30]


def test_r20_the_first_control_that_is_understood_is_obeyed() -> None:
    block = answered(signal("SIMPLE", "x"), signal("DISPATCH_SETPOINT", 3), signal("CONTROL_LEVEL_OFFSET", 10))
    assert total_w(block, "three") == 3000


def test_r15_only_the_resources_of_a_signal_react() -> None:
    block = answered(signal("SIMPLE", 3, on=("three", "somebody else's")))
    assert (block.power_w[:3] == POWER[:3]).all()
    assert total_w(block, "three") == 0
    assert states(block) == ["NORMAL", "NORMAL", "NORMAL", "IDLE_CURTAILED", "NORMAL"]


def test_more_than_fits_a_reading_is_the_most_that_does() -> None:
    most = np.full((5, 4), 2**31 - 1, dtype=np.int32)
    assert (answered(signal("CONTROL_LEVEL_OFFSET", -10), power_w=most).power_w == most).all()


# --- caps and alerts


@pytest.mark.parametrize(
    ("said", "two_w"),
    [
        ([signal("IMPORT_CAPACITY_LIMIT", 0.71)], 710),
        ([signal("IMPORT_CAPACITY_LIMIT", 0.055)], 55),
        ([signal("IMPORT_CAPACITY_LIMIT", 0)], 0),
        ([signal("IMPORT_CAPACITY_SUBSCRIPTION", 1)], 1000),
        ([signal("IMPORT_CAPACITY_SUBSCRIPTION", 1), signal("IMPORT_CAPACITY_RESERVATION", 0.2)], 1200),
        ([signal("IMPORT_CAPACITY_RESERVATION", 0.2)], 1310),
        ([signal("IMPORT_CAPACITY_SUBSCRIPTION", 1), signal("IMPORT_CAPACITY_LIMIT", 0.71)], 710),
        ([signal("IMPORT_CAPACITY_SUBSCRIPTION", 0.71), signal("IMPORT_CAPACITY_LIMIT", 9)], 710),
        ([signal("DISPATCH_SETPOINT", 2), signal("IMPORT_CAPACITY_LIMIT", 1.4)], 1400),
    ],
)
def test_r20_caps_hold_for_each_resource(said: list[Signal], two_w: int) -> None:
    block = answered(*said)
    assert two_w - 4 <= total_w(block, "two") <= two_w


@given(st.integers(0, 8000))
def test_r20_a_limit_is_never_exceeded_by_rounding(limit_w: int) -> None:
    block = answered(signal("IMPORT_CAPACITY_LIMIT", limit_w / 1000))
    assert (block.power_w.sum(axis=1) <= limit_w).all()


def test_r20_what_is_sheddable_gives_way_to_a_cap_first() -> None:
    block = answered(signal("IMPORT_CAPACITY_LIMIT", 0.71))
    assert block.power_w[2, [0, 2]].tolist() == [50, 60]
    assert total_w(block, "one") == 710
    assert (block.power_w[0] < POWER[0]).all()


@pytest.mark.parametrize(
    ("said", "three_w"),
    [
        ([signal("ALERT_GRID_EMERGENCY", "now")], 0), ([signal("ALERT_BLACK_START", "now")], 0),
        ([signal("ALERT_FLEX_ALERT", "save")], 5000),
        ([signal("ALERT_FLEX_ALERT", "save"), signal("ALERT_BLACK_START", "now"), signal("ALERT_FLEX_ALERT", "x")], 0),
        ([signal("SIMPLE", 2), signal("ALERT_FLEX_ALERT", "save")], 3000),
        ([signal("SIMPLE", 0), signal("ALERT_GRID_EMERGENCY", "now")], 0),
        ([signal("DISPATCH_SETPOINT", 9), signal("ALERT_FLEX_ALERT", "save")], 7500),
    ],
)  # fmt: skip
def test_r20_alerts_come_on_top_of_controls(said: list[Signal], three_w: int) -> None:
    assert total_w(answered(*said), "three") == three_w


# --- parts of an interval


def test_r28_power_is_the_mean_over_the_parts_of_an_interval() -> None:
    shed = (signal("SIMPLE", 3),)
    block = Response(NAMES, SHEDDABLE).to(Block(T0, 15, POWER), (Phase(0.25, shed), Phase(0.75, ())))
    assert total_w(block, "three") == 4500
    assert (block.power_w[0] == POWER[0]).all()
    assert block.extras[SIMPLE_LEVEL].tolist() == [[3, 0]] * 5
    assert block.extras[STATE_ENDS_S].tolist() == [[3.75, 15.0]] * 5
    assert [OPERATING_STATES[state] for state in block.extras[OPERATING_STATE][3]] == ["IDLE_CURTAILED", "NORMAL"]
    assert (block.extras[BASELINE_W] == POWER).all()


def test_r28_parts_in_which_the_states_are_the_same_are_one() -> None:
    shed, priced = (signal("SIMPLE", 3),), (signal("SIMPLE", 3), signal("PRICE", 1.0))
    block = Response(NAMES, SHEDDABLE).to(Block(T0, 15, POWER), (Phase(0.5, shed), Phase(0.5, priced)))
    assert STATE_ENDS_S not in block.extras
    assert block.extras[SIMPLE_LEVEL].tolist() == [3] * 5


def test_r28_the_next_interval_without_signals_is_as_before() -> None:
    response = Response(NAMES, SHEDDABLE)
    block = Block(T0, 15, POWER)
    assert response.to(block, (Phase(1.0, (signal("SIMPLE", 3),)),)) is not block
    assert response.to(block, (Phase(1.0, ()),)) is block


# --- what they say of themselves


def test_r37_states_say_who_runs_and_how() -> None:
    block = answered(signal("DISPATCH_SETPOINT", 1.06))
    assert states(block) == ["RUNNING_NORMAL", "RUNNING_NORMAL", "RUNNING_CURTAILED", "RUNNING_CURTAILED",
                             "IDLE_NORMAL"]  # fmt: skip
    assert "RUNNING_HEIGHTENED" in states(answered(signal("DISPATCH_SETPOINT", 1.2)))


def test_r37_who_opted_out_does_not_act_and_says_so() -> None:
    block = answered(signal("SIMPLE", 3), opted_out=True)
    assert (block.power_w == POWER).all()
    assert states(block) == ["RUNNING_OPTED_OUT"] * 4 + ["IDLE_OPTED_OUT"]
    assert block.extras.keys() == {OPERATING_STATE}


def test_r37_who_opted_out_is_normal_where_nothing_is_asked() -> None:
    block = answered(signal("SIMPLE", 3, on=("one",)), opted_out=True)
    assert states(block) == ["NORMAL", "RUNNING_OPTED_OUT", "NORMAL", "NORMAL", "NORMAL"]
    assert not answered(signal("PRICE", 3), opted_out=True).extras


def test_r30_reports_tell_baseline_difference_level_and_setpoint() -> None:
    block = answered(signal("SIMPLE", 2, on=("three",)), signal("CONTROL_SETPOINT", 21.5, on=("two",)))
    assert (QUANTITIES["BASELINE"].of(block) == POWER).all()
    assert QUANTITIES["DELTA_USAGE"].of(block).sum(axis=1).tolist() == [0, 0, 0, -3000, 0]
    assert QUANTITIES["SIMPLE_LEVEL"].of(block).tolist() == [0, 0, 0, 2, 0]
    assert QUANTITIES["SETPOINT"].of(block).tolist() == [0, 0, 21.5, 0, 0]
    assert block.extras.keys() == {BASELINE_W, OPERATING_STATE, SIMPLE_LEVEL, SETPOINT}


# --- who opts out


def test_r37_the_share_that_opts_out_is_drawn_once_for_all_from_seed_and_name() -> None:
    names = [f"Fleet-{number:04d}" for number in range(1000)]
    out = [name for name in names if opts_out(name, 7, 0.3)]
    assert out == [name for name in names if opts_out(name, 7, 0.3)]
    assert 250 < len(out) < 350
    assert set(out) <= {name for name in names if opts_out(name, 7, 0.4)}
    assert out != [name for name in names if opts_out(name, 8, 0.3)]
    assert all(opts_out(name, 7, 1) and not opts_out(name, 7, 0) for name in names)
