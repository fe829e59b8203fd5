"""R31: the windows a report descriptor asks for, against a slow and obvious enumerator."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_plans import brute_next, implied

from ven_actors.model import EventInterval, IntervalPlan, ReportDescriptor, ReportRequest
from ven_actors.openadr.report_schedule import next_window


@st.composite
def plans(draw: st.DrawFn) -> IntervalPlan:
    kind = draw(st.sampled_from(["once", "implied", "looped"]))
    start_s = float(draw(st.integers(0, 20)))
    if kind == "implied":
        period_s = float(draw(st.sampled_from([1, 7, 15, 0.3, 0.25])))
        end_s = draw(st.one_of(st.just(math.inf), st.integers(1, 60).map(lambda span: start_s + span)))
        return implied(period_s, end_s, start_s)
    intervals, cursor_s = [], start_s
    for index in range(draw(st.integers(1, 6))):
        gap_s, length_s = draw(st.sampled_from([0, 0, 0, 3, -4])), draw(st.integers(1, 9))
        begin_s = max(cursor_s + gap_s, start_s)
        intervals.append(EventInterval(index, begin_s, begin_s + length_s))
        cursor_s = begin_s + length_s
    intervals = list(draw(st.permutations(intervals))) if draw(st.booleans()) else intervals
    last_s, start_s = max(each.end_s for each in intervals), min(each.start_s for each in intervals)
    if kind == "once":
        return IntervalPlan(tuple(intervals), None, last_s, implied=False)
    end_s = draw(st.one_of(st.just(math.inf), st.integers(1, 60).map(lambda span: last_s + span)))
    return IntervalPlan(tuple(intervals), last_s - start_s, end_s, implied=False)


descriptors = st.builds(
    ReportDescriptor,
    st.just("USAGE"),
    start_interval=st.integers(-1, 8),
    num_intervals=st.integers(-1, 8),
    historical=st.booleans(),
    frequency=st.integers(-1, 8),
    repeat=st.one_of(st.just(-1), st.integers(0, 6)),
)


@settings(max_examples=400, deadline=None)
@given(plan=plans(), descriptor=descriptors, after_s=st.floats(-10, 80))
def test_r31_the_next_window_is_what_counting_finds(
    plan: IntervalPlan, descriptor: ReportDescriptor, after_s: float
) -> None:
    request = ReportRequest("r", "e", "p", descriptor, plan)
    expected = brute_next(request, after_s)
    found = next_window(request, after_s)
    if expected is None or found is None:
        assert found == expected
        return
    assert [each.interval_id for each in found.intervals] == [each.interval_id for each in expected.intervals]
    assert found.start_s == pytest.approx(expected.start_s)
    assert found.end_s == pytest.approx(expected.end_s)
    assert found.end_s > after_s
    assert found.needs_from_s == pytest.approx(expected.needs_from_s)
