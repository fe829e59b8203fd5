"""The outbox: which intervals a report is on, what it says where nobody metered, and states (R29 to R34)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from delivery_outbox import STEP_S, T0, THREE, TWO, Fleet, asked, brief

from ven_actors.delivery.entries import OutboxReport, ReportState
from ven_actors.delivery.rendering import render
from ven_actors.delivery.restoring import block_record
from ven_actors.model import EventInterval, IntervalPlan, Layout, Readings, ReportRequest, SealedReport

# --- what was not metered (R34)


def rendered(fleet: Fleet, report: OutboxReport) -> dict[str, Any]:
    request = report.request.request
    records = [block_record(fleet.ven, block) for block in report.blocks]
    blocks = [block for block in fleet.store.blocks(records, fleet.outbox.layouts) if block is not None]
    sealed = SealedReport(
        1, report.name, "Herning", request.event_id, request.program_id, request.descriptor,
        report.intervals, report.rows, report.periods, report.in_doubt,
    )  # fmt: skip
    body: dict[str, Any] = json.loads(render(sealed, fleet.outbox.layouts[report.layout_id], blocks))
    return body


def said(body: dict[str, Any]) -> list[dict[str, Any]]:
    """What each interval of the first resource says, by payload type, load components apart."""
    return [
        {each["type"]: each["values"][0] for each in interval["payloads"] if not each["type"].startswith("LOAD")}
        for interval in body["resources"][0]["intervals"]
    ]


def listed(count: int, length_s: float, **more: Any) -> ReportRequest:
    """A request for one report on `count` intervals."""
    cut = tuple(EventInterval(n, T0 + n * length_s, T0 + (n + 1) * length_s) for n in range(count))
    return replace(asked(num_intervals=-1, repeat=1, **more), plan=IntervalPlan(cut, None, cut[-1].end_s, False))


def meter_with_a_gap(fleet: Fleet, before: int, gap: int, after: int, layout: Layout = THREE) -> None:
    fleet.meter(before, layout)
    start_s = fleet.ven.closed_until_s
    assert start_s is not None
    layout_id = fleet.outbox.layout_id(fleet.ven, layout)
    fleet.outbox.add_gap(fleet.ven, layout_id, start_s, start_s + gap * STEP_S, STEP_S)
    fleet.meter(after, layout)


def test_r34_an_interval_that_nobody_metered_is_reported_as_missing(fleet: Fleet) -> None:
    fleet.ask(listed(4, 10))
    meter_with_a_gap(fleet, 1, 2, 1)
    fleet.flush()
    (report,) = fleet.ven.queue
    assert not report.periods
    missing = {"DATA_QUALITY": "MISSING"}
    assert said(rendered(fleet, report)) == [{"DEMAND": 0.0}, missing, missing, {"DEMAND": 0.06}]
    fleet.deliver()
    assert fleet.readings == Readings(generated=12, accepted=12, gap=12)


def test_r34_a_part_of_an_interval_says_which_part_it_is(fleet: Fleet) -> None:
    fleet.ask(listed(2, 20))
    meter_with_a_gap(fleet, 1, 2, 1)
    fleet.flush()
    (report,) = fleet.ven.queue
    assert report.periods
    intervals = rendered(fleet, report)["resources"][0]["intervals"]
    assert [(each["id"], each["intervalPeriod"]["duration"]) for each in intervals] == [(0, "PT10S"), (1, "PT10S")]


@pytest.mark.parametrize(("mode", "ids"), [("SUB_INTERVALS", [0, 0, 1]), ("OPEN_INTERVALS", [0, 1, 2])])
def test_r34_a_missing_interval_stands_whole_among_those_of_the_ven(fleet: Fleet, mode: str, ids: list[int]) -> None:
    fleet.ask(listed(2, 20, report_intervals=mode))
    meter_with_a_gap(fleet, 2, 2, 0)
    fleet.flush()
    (report,) = fleet.ven.queue
    assert [interval.interval_id for interval in report.intervals] == ids
    assert [interval.quality for interval in report.intervals] == ["", "", "MISSING"]


@pytest.mark.parametrize(("kind", "value"), [("DEMAND", 0.09), ("USAGE", 0.09 * 30 / 3600)])
def test_edge_case_21_the_sum_of_three_resources_over_a_meter_gap_is_estimated(
    fleet: Fleet, kind: str, value: float
) -> None:
    fleet.ask(listed(2, 30, payload_type=kind, aggregate=True))
    meter_with_a_gap(fleet, 4, 1, 1)
    fleet.flush()
    (report,) = fleet.ven.queue
    body = rendered(fleet, report)
    assert [entry["resourceName"] for entry in body["resources"]] == ["AGGREGATED_REPORT"]
    whole, estimated = said(body)
    assert whole == {kind: pytest.approx(value * 2 / 3)}
    assert estimated == {kind: pytest.approx(value * (3 + 5) * 2 / 6), "DATA_QUALITY": "ESTIMATED"}
    assert "intervalPeriod" not in body["resources"][0]["intervals"][1]
    fleet.deliver()
    assert fleet.readings.accepted == 5 * 6


def test_edge_case_21_a_sum_over_other_resources_is_not_estimated_but_said_apart(fleet: Fleet) -> None:
    fleet.ask(listed(1, 20, aggregate=True))
    fleet.meter(1, TWO)
    fleet.meter(1, THREE)
    fleet.flush()
    assert [[each.quality for each in report.intervals] for report in fleet.ven.queue] == [[""], [""]]
    assert all(report.periods for report in fleet.ven.queue)


# --- whose intervals (R29, R32)


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("INTERVALS", [(0, None), (1, None)]),
        ("SUB_INTERVALS", [(0, "PT10S"), (0, "PT10S"), (1, "PT10S"), (1, "PT10S")]),
        ("OPEN_INTERVALS", [(0, "PT10S"), (1, "PT10S"), (2, "PT10S"), (3, "PT10S")]),
    ],
)
def test_r32_a_report_is_on_the_intervals_of_the_event_parts_of_them_or_those_of_the_ven(
    fleet: Fleet, mode: str, told: list[tuple[int, str | None]]
) -> None:
    fleet.ask(listed(2, 20, report_intervals=mode))
    fleet.meter(4)
    fleet.flush()
    intervals = rendered(fleet, fleet.ven.queue[0])["resources"][0]["intervals"]
    assert [(each["id"], each.get("intervalPeriod", {}).get("duration")) for each in intervals] == told


def test_r29_the_intervals_of_the_ven_itself_say_where_they_lie(fleet: Fleet) -> None:
    request = asked()
    fleet.ask(replace(request, plan=replace(request.plan, own=True)))
    fleet.meter()
    fleet.flush()
    (interval,) = rendered(fleet, fleet.ven.queue[0])["resources"][0]["intervals"]
    assert interval["intervalPeriod"]["duration"] == "PT10S"


def test_r30_targets_choose_the_resources_of_a_report(fleet: Fleet) -> None:
    fleet.ask(asked(rows=("r2",)))
    fleet.meter(1, THREE)
    fleet.flush()
    assert [entry["resourceName"] for entry in rendered(fleet, fleet.ven.queue[0])["resources"]] == ["r2"]


@pytest.mark.parametrize(("reading", "watts"), [("DIRECT_READ", 30), ("MEAN", 30), ("AVERAGE", 30), ("PEAK", 60)])
def test_r30_a_reading_type_says_how_an_interval_is_read(fleet: Fleet, reading: str, watts: float) -> None:
    fleet.ask(asked(length_s=40, reading_type=reading, units="W"))
    fleet.meter(4)
    fleet.flush()
    assert said(rendered(fleet, fleet.ven.queue[0])) == [{"DEMAND": watts}]


# --- at the VEN's own cause (R31, frequency 0)


def levels(fleet: Fleet) -> list[tuple[str, int]]:
    return [(brief(report), said(rendered(fleet, report))[0]["SIMPLE_LEVEL"]) for report in fleet.ven.queue]


def test_r31_a_state_is_reported_when_it_is_asked_for_and_whenever_it_changes(fleet: Fleet) -> None:
    request = asked(payload_type="SIMPLE_LEVEL", frequency=0)
    fleet.meter(2)
    fleet.ask(request)
    for level in (None, None, 2, 2, 1, None):
        fleet.meter(1, **({} if level is None else {"simple_level": [level, level], "baseline_w": [[1, 2], [3, 4]]}))
        fleet.flush()
    assert levels(fleet) == [("20+10", 0), ("40+10", 2), ("60+10", 1), ("70+10", 0)]
    assert all(report.periods for report in fleet.ven.queue)
    fleet.restart()
    assert [brief(report) for report in fleet.ven.queue] == ["20+10", "40+10", "60+10", "70+10"]
    fleet.ask(request)
    fleet.meter()
    assert fleet.flush() == []
    fleet.deliver()
    assert fleet.readings == Readings(generated=36, unasked=36)


def test_r31_a_state_that_changed_while_its_event_was_away_is_told_when_it_is_back_and_never_twice(
    fleet: Fleet,
) -> None:
    request = asked(payload_type="SIMPLE_LEVEL", frequency=0)
    fleet.ask(request)
    fleet.meter()
    fleet.meter(1, simple_level=[1, 1])
    fleet.flush()
    fleet.outbox.close(fleet.ven, fleet.send(), ReportState.ACCEPTED)
    fleet.ask(as_of_s=T0)
    fleet.meter(1, simple_level=[1, 1])
    fleet.flush()
    fleet.ask(request, as_of_s=T0)
    fleet.meter(1, simple_level=[2, 1])
    fleet.flush()
    names = [report.name for report in fleet.ven.queue]
    assert len(names) == len(set(names))
    assert levels(fleet)[-1] == ("30+10", 2)


def test_r31_a_state_that_holds_for_the_smaller_part_of_an_interval_causes_no_report(fleet: Fleet) -> None:
    fleet.ask(asked(payload_type="SIMPLE_LEVEL", frequency=0))
    fleet.meter()
    fleet.flush()
    for halves, ends_s in (([[3, 0]] * 2, [4.0, 10.0]), ([[0, 2]] * 2, [4.0, 10.0])):
        fleet.meter(1, simple_level=halves, state_ends_s=[ends_s] * 2)
    fleet.meter(1, simple_level=[2, 2])
    fleet.flush()
    assert levels(fleet) == [("0+10", 0), ("20+10", 2)]


def test_r31_no_state_is_told_before_its_event_begins_or_after_it_ends(fleet: Fleet) -> None:
    request = asked(payload_type="SIMPLE_LEVEL", frequency=0, start_s=20)
    fleet.ask(replace(request, plan=replace(request.plan, end_s=T0 + 40.0)))
    for level in range(6):
        fleet.meter(1, simple_level=[level, level])
        fleet.flush()
    assert levels(fleet) == [("20+10", 2), ("30+10", 3)]
