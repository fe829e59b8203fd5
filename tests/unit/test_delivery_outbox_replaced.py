"""Reports whose event was replaced, or whose ids alone do not say when an interval was (R32)."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from delivery_outbox import STEP_S, T0, Fleet, asked

from ven_actors.delivery.entries import ReportState
from ven_actors.model import EventInterval, IntervalPlan, ReportDescriptor, ReportRequest

EACH = {"start_interval": 0, "num_intervals": 1, "frequency": 1, "repeat": -1}


def listing(*places: tuple[int, float, float], period_s: float | None = None, **parts: Any) -> ReportRequest:
    """A request for a report on each of these intervals: id, start and end in seconds since `T0`."""
    intervals = tuple(EventInterval(number, T0 + start_s, T0 + end_s) for number, start_s, end_s in places)
    end_s = math.inf if period_s else max(each.end_s for each in intervals)
    plan = IntervalPlan(intervals, period_s, end_s, implied=False, own=parts.pop("own", False))
    return ReportRequest("e1.x.0", "e1", "p1", ReportDescriptor("USAGE", **(EACH | parts)), plan)


def queued(fleet: Fleet) -> list[tuple[float, int, bool]]:
    """Start, id and whether it says its place in time, of the first interval of each report."""
    return [(report.start_s - T0, report.intervals[0].interval_id, report.periods) for report in fleet.ven.queue]


def test_r32_queued_reports_of_an_event_that_was_moved_say_when_they_were(fleet: Fleet) -> None:
    fleet.ask(listing((0, 0, 10), (1, 10, 20)))
    fleet.meter(2)
    fleet.flush()
    assert queued(fleet) == [(0, 0, False), (10, 1, False)]
    fleet.ask(listing((0, 20, 30), (1, 10, 20)))
    fleet.meter()
    fleet.flush()
    assert queued(fleet) == [(0, 0, True), (10, 1, False), (20, 0, False)], "one id, two instants"
    fleet.restart()
    assert queued(fleet) == [(0, 0, True), (10, 1, False), (20, 0, False)]


def test_r32_ids_that_the_event_has_no_more_say_when_they_were_and_no_longer_if_it_has_them_again(fleet: Fleet) -> None:
    first = listing((0, 0, 10), (1, 10, 20), (2, 90, 99))
    fleet.ask(first)
    fleet.meter(2)
    fleet.flush()
    fleet.ask(listing((5, 0, 10), (2, 90, 99)))
    assert queued(fleet) == [(0, 0, True), (10, 1, True)]
    fleet.ask(first)
    assert queued(fleet) == [(0, 0, False), (10, 1, False)]


def test_r32_a_report_that_may_have_been_sent_stays_what_it_was(fleet: Fleet) -> None:
    fleet.ask(listing((0, 0, 10), (1, 10, 20)))
    fleet.meter(2)
    fleet.flush()
    report = fleet.send()
    fleet.ask(listing((0, 50, 60), (1, 60, 70)))
    assert not report.periods
    fleet.outbox.back(fleet.ven, report, 0.0, in_doubt=True)
    fleet.ask(listing((0, 51, 60), (1, 60, 70)))
    assert queued(fleet) == [(0, 0, False), (10, 1, True)]


@pytest.mark.parametrize("restarts", [False, True])
def test_r35_what_may_have_arrived_is_sealed_again_as_it_was(fleet: Fleet, restarts: bool) -> None:
    request = listing((0, 0, 10), (1, 10, 20))
    fleet.ask(request)
    fleet.meter(2)
    fleet.flush()
    fleet.outbox.back(fleet.ven, fleet.send(), 0.0, in_doubt=True)
    fleet.ask()
    fleet.flush()
    if restarts:
        fleet.restart()
    fleet.ask(replace(request, plan=replace(request.plan, own=True)))
    fleet.flush()
    assert queued(fleet) == [(0, 0, False), (10, 1, True)]
    assert [report.in_doubt for report in fleet.ven.queue] == [True, False]


@pytest.mark.parametrize(
    ("moved_s", "periods"),
    [(0.0, [False, False, False]), (5.0, [True, True, True]), (-10.0, [True, True, True])],
)
def test_r32_ids_of_implied_intervals_are_counted_from_where_the_event_begins_now(
    fleet: Fleet, moved_s: float, periods: list[bool]
) -> None:
    fleet.ask(asked())
    fleet.meter(3)
    fleet.flush()
    request = asked(start_s=moved_s)
    fleet.ask(replace(request, plan=replace(request.plan, end_s=T0 + 1e6)))
    assert [report.periods for report in fleet.ven.queue] == periods


def test_r32_months_are_said_once_the_event_was_replaced(fleet: Fleet) -> None:
    request = asked()
    monthly = replace(request, plan=replace(request.plan, period_s=0.0, period_months=1))
    fleet.ask(request)
    fleet.meter(2)
    fleet.flush()
    fleet.ask(monthly)
    assert [report.periods for report in fleet.ven.queue] == [False, True]


@pytest.mark.parametrize(
    "request_",
    [
        listing((0, 0, 10), (1, 10, 20), period_s=20.0),
        listing((7, 0, 10), (7, 10, 20)),
        listing((0, 0, 10), (1, 10, 20), own=True),
    ],
    ids=["a loop repeats its ids", "one id twice", "it begins at random, or now"],
)
def test_r32_where_ids_do_not_say_when_an_interval_was_the_report_does(fleet: Fleet, request_: ReportRequest) -> None:
    fleet.ask(request_)
    fleet.meter(2)
    fleet.flush()
    assert [report.periods for report in fleet.ven.queue] == [True, True]
    fleet.ask(replace(request_, program_id="p2"))
    assert [report.periods for report in fleet.ven.queue] == [True, True]


def test_r32_an_id_that_is_doubled_elsewhere_in_the_list_leaves_the_others_alone(fleet: Fleet) -> None:
    fleet.ask(listing((0, 0, 10), (1, 10, 20), (1, 20, 30)))
    fleet.meter(3)
    fleet.flush()
    assert [report.periods for report in fleet.ven.queue] == [False, True, True]


def test_r32_the_parts_of_a_report_that_was_refused_say_what_it_said(fleet: Fleet) -> None:
    fleet.ask(listing((0, 0, 10)))
    fleet.meter()
    fleet.flush()
    fleet.ask(listing((0, STEP_S, 2 * STEP_S)))
    assert fleet.outbox.split(fleet.ven, fleet.send(), "413") == 2
    assert [report.periods for report in fleet.ven.queue] == [True, True]
    assert {report.state for report in fleet.ven.queue} == {ReportState.OPEN}
