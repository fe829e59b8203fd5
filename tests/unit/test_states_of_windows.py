"""R30: what SIMPLE_LEVEL, OPERATING_STATE and SETPOINT say of a window: what held for its largest part."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from signal_books import T0, book_of, event

from ven_actors.columns import OPERATING_STATES
from ven_actors.delivery.rendering import render
from ven_actors.delivery.states import longest, parts_of
from ven_actors.model import Block, EventInterval, Layout, ReportDescriptor, SealedReport
from ven_actors.openadr.durations import Duration
from ven_actors.openadr.events import Interval, Payload, Period
from ven_actors.simulation.response import Response

GRID_S = 15
BEGIN_S = int(T0)
LAYOUT = Layout(("all", "half"), ("load_0", "load_1"))
POWER = np.array([[1000, 500], [1000, 500]], dtype=np.int32)


def metered(book: Any, until_s: int, *, resources: tuple[str, ...] = LAYOUT.resource_names) -> list[Block]:
    """The blocks of a VEN that obeys the book, from `BEGIN_S` on."""
    response = Response(resources, np.array([[True, True], [True, False]]))
    plan = book.signal_plan("ven", resources)
    starts = range(BEGIN_S, BEGIN_S + until_s, GRID_S)
    return [response.to(Block(at_s, GRID_S, POWER), plan.phases(at_s, at_s + GRID_S)) for at_s in starts]


def said(kind: str, blocks: list[Block], *windows: tuple[float, float]) -> list[list[Any]]:
    """What the report on these windows says of each, resource by resource."""
    intervals = tuple(EventInterval(n, T0 + start_s, T0 + end_s) for n, (start_s, end_s) in enumerate(windows))
    report = SealedReport(
        1, "r", "ven", "e1", "p1", ReportDescriptor(kind), intervals, None, periods=False, in_doubt=False
    )  # fmt: skip
    entries = json.loads(render(report, LAYOUT, blocks))["resources"]
    return [[each["payloads"][0]["values"][0] for each in entry["intervals"]] for entry in entries]


def stepped(off_s: float, *steps: tuple[Any, ...], length_s: float = 30.0) -> Any:
    """A book of one event that says each of `steps` for `length_s`, beginning `off_s` after the grid."""
    intervals = tuple(Interval(n, None, (Payload(kind, (value,)),)) for n, (kind, value) in enumerate(steps))
    return book_of(event(period=Period(T0 + off_s, Duration(0, length_s)), intervals=intervals))


@pytest.mark.parametrize("off_s", range(15))
def test_r30_an_event_off_the_metering_grid_is_reported_as_it_was(off_s: int) -> None:
    blocks = metered(stepped(off_s, ("SIMPLE", 3), ("SIMPLE", 0)), 90)
    windows = (off_s, off_s + 30), (off_s + 30, off_s + 60)
    assert said("SIMPLE_LEVEL", blocks, *windows) == [[3, 0], [3, 0]]
    assert said("OPERATING_STATE", blocks, *windows) == [
        ["IDLE_CURTAILED", "RUNNING_NORMAL"], ["RUNNING_CURTAILED", "RUNNING_NORMAL"],
    ]  # fmt: skip


@pytest.mark.parametrize("off_s", range(1, 15))
def test_r30_a_window_shorter_than_a_metering_interval_says_what_held_in_it(off_s: int) -> None:
    blocks = metered(stepped(off_s, ("SIMPLE", 1), ("SIMPLE", 2), ("SIMPLE", 3), length_s=4.0), 30)
    windows = [(off_s + 4 * n, off_s + 4 * n + 4) for n in range(3)]
    assert said("SIMPLE_LEVEL", blocks, *windows) == [[1, 2, 3]] * 2


@pytest.mark.parametrize("off_s", range(15))
def test_r30_one_window_of_a_whole_event_says_what_held_for_its_largest_part(off_s: int) -> None:
    blocks = metered(stepped(off_s, ("SIMPLE", 1), ("SIMPLE", 2), ("SIMPLE", 1), ("SIMPLE", 3)), 150)
    assert said("SIMPLE_LEVEL", blocks, (off_s, off_s + 120)) == [[1], [1]]
    assert said("SIMPLE_LEVEL", blocks, (off_s, off_s + 60)) == [[2], [2]], "on a tie the later one"


@pytest.mark.parametrize("off_s", [1, 7, 14])
def test_r30_a_setpoint_off_the_grid_is_the_one_that_held_longest(off_s: int) -> None:
    blocks = metered(stepped(off_s, ("CONTROL_SETPOINT", 21.5), ("CONTROL_SETPOINT", 18.0)), 90)
    assert said("SETPOINT", blocks, (off_s, off_s + 30), (off_s + 30, off_s + 60)) == [[21.5, 18.0]] * 2


def test_r30_an_event_that_covers_less_than_half_of_a_metering_interval_is_not_its_state() -> None:
    blocks = metered(stepped(8, ("SIMPLE", 3)), 60)
    assert said("SIMPLE_LEVEL", blocks, (0, 15), (15, 30), (30, 45)) == [[0, 3, 3]] * 2
    assert said("OPERATING_STATE", blocks, (0, 15), (45, 60)) == [["NORMAL", "NORMAL"]] * 2


def test_r30_resources_of_one_window_are_each_for_themselves() -> None:
    one = event("e1", ("SIMPLE", 3), period=Period(T0 + 4, Duration(0, 26)), targets=("all",))
    two = event("e2", ("SIMPLE", 2), period=Period(T0 + 19, Duration(0, 11)), targets=("half",))
    assert said("SIMPLE_LEVEL", metered(book_of(one, two), 30), (0, 30)) == [[3], [0]]


@given(st.lists(st.tuples(st.floats(0.1, 9), st.lists(st.integers(0, 2), min_size=3, max_size=3)), min_size=1))
def test_the_longest_is_what_adding_up_finds(held: list[tuple[float, list[int]]]) -> None:
    found = longest([(length_s, np.array(values)) for length_s, values in held])
    for row in range(3):
        sums = {value: sum(length_s for length_s, values in held if values[row] == value) for value in range(3)}
        assert sums[int(found[row])] == pytest.approx(max(sums.values()))


def test_a_block_of_an_older_program_is_in_one_state_all_the_time() -> None:
    block = Block(BEGIN_S, GRID_S, POWER, {"operating_state": np.array([4, 0], dtype=np.int8)})
    ((start_s, end_s, part),) = parts_of(block)
    assert (start_s, end_s, part) == (block.start_s, block.end_s, block)
    assert said("OPERATING_STATE", [block], (0, 15)) == [[OPERATING_STATES[4]], [OPERATING_STATES[0]]]
