"""An outbox whose event lists its intervals out of order, overlapping, with gaps, or with one id twice (R21, R33)."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from delivery_outbox import STEP_S, T0, Fleet, brief

from ven_actors.delivery.sealing import MISSING
from ven_actors.model import EventInterval, IntervalPlan, Readings, ReportDescriptor, ReportRequest

EACH = {"start_interval": 0, "num_intervals": 1, "frequency": 1, "repeat": -1}
BACKWARDS = ((1, 40, 50), (0, 10, 20))


def listing(name: str, *places: tuple[int, float, float], **descriptor: Any) -> ReportRequest:
    """A request on an event that lists these intervals: id, start and end in seconds since `T0`."""
    intervals = tuple(EventInterval(number, T0 + start_s, T0 + end_s) for number, start_s, end_s in places)
    plan = IntervalPlan(intervals, None, max(each.end_s for each in intervals), implied=False)
    return ReportRequest(f"{name}.x.0", "e1", "p1", ReportDescriptor("USAGE", **descriptor), plan)


def told(fleet: Fleet) -> list[list[tuple[int, float, float]]]:
    """Id, start and end of every interval, report by report; none is MISSING."""
    intervals = [report.intervals for report in fleet.ven.queue]
    assert not any(interval.quality for each in intervals for interval in each)
    return [[(each.interval_id, each.start_s - T0, each.end_s - T0) for each in of] for of in intervals]


def metered(fleet: Fleet, steps: int) -> None:
    for _ in range(steps):
        fleet.meter()
        fleet.flush()


def test_r21_intervals_out_of_order_are_reported_each_when_it_ends(fleet: Fleet) -> None:
    fleet.ask(listing("each", *BACKWARDS, **EACH), listing("all", *BACKWARDS))
    metered(fleet, 2)
    assert told(fleet) == [[(0, 10, 20)]]
    metered(fleet, 3)
    assert told(fleet) == [[(0, 10, 20)], [*BACKWARDS], [(1, 40, 50)]]
    fleet.deliver()
    assert fleet.readings == Readings(generated=20, accepted=8, unasked=12), "nobody asks for the gaps"


@pytest.mark.parametrize("order", list(permutations([(0, 0, 60), (1, 20, 40), (2, 30, 70), (1, 70, 80)])))
def test_r21_intervals_that_overlap_in_any_order_have_all_their_readings(fleet: Fleet, order: Any) -> None:
    fleet.ask(listing("each", *order, **EACH))
    metered(fleet, 3)
    assert told(fleet) == []
    metered(fleet, 5)
    assert told(fleet) == [[(1, 20, 40)], [(0, 0, 60)], [(2, 30, 70)], [(1, 70, 80)]]
    fleet.deliver()
    assert fleet.readings == Readings(generated=32, accepted=32)


def test_r21_what_a_gap_leaves_before_an_overlapping_window_is_still_owed(fleet: Fleet) -> None:
    fleet.ask(listing("each", (0, 30, 45), (1, 0, 50), **EACH))
    metered(fleet, 2)
    layout_id = fleet.outbox.layout_id(fleet.ven, fleet.outbox.layouts[1])
    fleet.outbox.add_gap(fleet.ven, layout_id, T0 + 20, T0 + 60, STEP_S)
    metered(fleet, 2)
    ((first,),) = [report.intervals for report in fleet.ven.queue]
    assert (first.interval_id, first.start_s - T0, first.end_s - T0) == (1, 0, 20)


@pytest.mark.parametrize(
    ("joined_at_s", "expected"),
    [
        (10, [[(0, 10, 20)], [(1, 40, 50)]]),
        (30, [[(0, 10, 20)], [(1, 40, 50)]]),
        (60, [[(1, 40, 50)]]),
    ],
)
def test_r33_joining_late_is_judged_by_time_and_not_by_the_place_in_the_list(
    fleet: Fleet, joined_at_s: int, expected: list[Any]
) -> None:
    fleet.ask(listing("other", (0, 0, 100)))
    metered(fleet, joined_at_s // STEP_S)
    fleet.ask(as_of_s=T0 + joined_at_s)
    fleet.flush()
    fleet.ask(listing("each", *BACKWARDS, **EACH), as_of_s=T0 + joined_at_s)
    fleet.flush()
    metered(fleet, 10 - joined_at_s // STEP_S)
    assert told(fleet) == expected


def test_r33_an_event_that_is_read_in_its_middle_reports_all_its_intervals_though_another_has_had_them(
    fleet: Fleet,
) -> None:
    fleet.ask(listing("other", (0, 0, 10), (1, 10, 20), (2, 20, 30), **EACH))
    metered(fleet, 3)
    fleet.deliver()
    fleet.ask(listing("other", (0, 0, 10), (1, 10, 20), (2, 20, 30), **EACH), listing("all", *BACKWARDS))
    metered(fleet, 2)
    assert told(fleet) == [[*BACKWARDS]]


def test_r35_a_window_that_is_withdrawn_and_comes_back_seals_nothing_twice(fleet: Fleet) -> None:
    request = listing("each", (0, 0, 60), (1, 20, 40), (2, 30, 70), **EACH)
    fleet.ask(request)
    metered(fleet, 7)
    first = fleet.send()
    fleet.outbox.close(fleet.ven, first, type(first.state).ACCEPTED)
    fleet.ask(as_of_s=T0)
    fleet.flush()
    fleet.ask(request, as_of_s=T0)
    fleet.flush()
    assert brief(first) == "20+20"
    assert [brief(report) for report in fleet.ven.queue] == ["0+60", "30+40"]
    assert MISSING not in {interval.quality for report in fleet.ven.queue for interval in report.intervals}


def test_r31_a_state_is_told_from_the_earliest_interval_on_wherever_it_stands_in_the_list(fleet: Fleet) -> None:
    request = listing("cause", *BACKWARDS, frequency=0)
    fleet.ask(replace(request, descriptor=replace(request.descriptor, payload_type="SIMPLE_LEVEL")))
    for level in (0, 0, 1, 2):
        fleet.meter(1, simple_level=[level, level])
        fleet.flush()
    assert [brief(report) for report in fleet.ven.queue] == ["10+10", "20+10", "30+10"]
