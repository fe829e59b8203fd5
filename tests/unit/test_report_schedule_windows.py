"""R31: which windows a report descriptor asks for."""

import math
from dataclasses import replace
from itertools import islice

import pytest
from report_plans import HOUR, asking, brute, hourly, ids, implied, looped, windows

from ven_actors.model import EventInterval, IntervalPlan, Window
from ven_actors.openadr.durations import Duration, add
from ven_actors.openadr.report_schedule import MOST_INTERVALS, next_window

# --- the windows drawn in the User Guide -----------------------------------------------------------------------


def test_r31_edge_case_20_two_intervals_three_times() -> None:
    request = asking(hourly(6), historical=True, start_interval=1, num_intervals=2, frequency=2, repeat=3)
    assert ids(request) == [[0, 1], [2, 3], [4, 5]]


def test_r31_defaults_ask_once_for_everything_at_the_end() -> None:
    assert ids(asking(hourly(4))) == [[0, 1, 2, 3]]


def test_r31_frequency_two_of_ten_makes_five_reports() -> None:
    assert ids(asking(hourly(10), frequency=2, repeat=-1)) == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]


@pytest.mark.parametrize(
    ("descriptor", "expected"),
    [
        ({"start_interval": 2}, [[2, 3, 4, 5]]),
        ({"num_intervals": 2}, [[4, 5]]),
        ({"num_intervals": 9}, [[0, 1, 2, 3, 4, 5]]),
        ({"num_intervals": 2, "frequency": 3, "repeat": -1}, [[0, 1], [3, 4]]),
        ({"start_interval": 0, "num_intervals": 2}, [[0, 1]]),
        ({"start_interval": 1, "num_intervals": 6}, [[0, 1]]),
        ({"start_interval": 3, "num_intervals": 2, "frequency": 1, "repeat": 2}, [[2, 3], [3, 4]]),
        ({"frequency": 4, "repeat": -1}, [[0, 1, 2, 3], [4, 5]]),
        ({"frequency": 1, "repeat": 2}, [[0], [1]]),
        ({"start_interval": 2, "frequency": 1, "repeat": -1}, [[2, 3, 4, 5], [3, 4, 5], [4, 5], [5]]),
        ({"start_interval": 9, "num_intervals": 2}, []),
        ({"start_interval": 9}, []),
        ({"num_intervals": 0}, []),
        ({"repeat": 0}, []),
        ({"frequency": 0}, []),
        ({"historical": False}, [[0, 1, 2, 3, 4, 5]]),
        ({"historical": False, "start_interval": 4}, [[4, 5]]),
        ({"historical": False, "num_intervals": 2, "frequency": 2, "repeat": -1}, [[0, 1], [2, 3], [4, 5]]),
        (
            {"historical": False, "start_interval": 1, "num_intervals": 3, "frequency": 1, "repeat": 2},
            [[1, 2, 3], [2, 3, 4]],
        ),
        ({"historical": False, "start_interval": 7}, []),
    ],
)
def test_r31_each_branch_of_the_procedure_over_six_intervals(
    descriptor: dict[str, int | bool], expected: list[list[int]]
) -> None:
    request = asking(hourly(6), **descriptor)
    all_windows = [[interval.interval_id for interval in window.intervals] for window in islice(brute(request), 50)]
    assert all_windows == expected
    # a window that ends no later than one before it says nothing new and cannot be asked for by time
    assert ids(request) == [one for i, one in enumerate(expected) if i == 0 or one[-1] > expected[i - 1][-1]]


def test_r31_edge_case_12_ids_are_labels_and_array_order_counts() -> None:
    """Ids 7, 3, 9; startInterval 1 means the second element."""
    plan = IntervalPlan(
        (EventInterval(7, 0, 10), EventInterval(3, 10, 20), EventInterval(9, 20, 30)), None, 30, implied=False
    )
    assert ids(asking(plan, start_interval=1, num_intervals=1)) == [[3]]


# --- implied and looped ----------------------------------------------------------------------------------------


def test_r29_implied_intervals_count_on() -> None:
    request = asking(implied(15.0), frequency=2, repeat=-1)
    assert ids(request, 3) == [[0, 1], [2, 3], [4, 5]]
    assert windows(request, 3)[2].start_s == 60.0


def test_r24_looped_intervals_repeat_their_ids() -> None:
    """Edge case 15: on day two, interval 0 comes again with its id."""
    request = asking(looped(3), frequency=2, repeat=-1)
    assert ids(request, 4) == [[0, 1], [2, 0], [1, 2], [0, 1]]
    assert windows(request, 4)[3].start_s == 6 * HOUR
    assert ids(asking(looped(3), repeat=-1), 2) == [[0, 1, 2], [0, 1, 2]]


def test_r24_the_events_duration_cuts_the_last_interval_and_ends_the_windows() -> None:
    request = asking(implied(10.0, end_s=35.0), frequency=1, repeat=-1)
    assert [window.end_s for window in windows(request)] == [10.0, 20.0, 30.0, 35.0]
    request = asking(looped(3, end_s=4.5 * HOUR), frequency=2, repeat=-1)
    assert [window.end_s for window in windows(request)] == [2 * HOUR, 4 * HOUR, 4.5 * HOUR]


def test_r31_all_of_implied_intervals_that_end_is_all_of_them_at_their_end() -> None:
    assert [len(window.intervals) for window in windows(asking(implied(10.0, end_s=35.0)))] == [4]
    assert ids(asking(implied(10.0, end_s=35.0), num_intervals=2)) == [[2, 3]]


def test_r31_all_of_endless_intervals_is_never_due() -> None:
    assert next_window(asking(implied(10.0)), 0.0) is None
    assert next_window(asking(implied(10.0), historical=False), 0.0) is None


def test_r31_endless_intervals_without_start_interval_begin_at_the_first() -> None:
    assert ids(asking(implied(10.0), num_intervals=3, repeat=-1), 2) == [[0, 1, 2], [3, 4, 5]]
    assert ids(asking(implied(10.0), start_interval=1, num_intervals=3, repeat=2)) == [[1, 2, 3], [4, 5, 6]]


def test_r31_repeat_counts_reports() -> None:
    assert len(windows(asking(implied(10.0), frequency=1, repeat=7), most=20)) == 7
    assert next_window(asking(implied(10.0), frequency=1, repeat=7), 70.0) is None


def test_a_window_of_absurd_length_is_not_asked_for() -> None:
    assert next_window(asking(implied(1.0), num_intervals=MOST_INTERVALS + 1), 0.0) is None
    assert next_window(asking(implied(1.0), frequency=2**31 - 1, repeat=-1), 0.0) is None


def test_more_intervals_than_there_are_means_all_there_are() -> None:
    assert ids(asking(hourly(3), num_intervals=10**9)) == [[0, 1, 2]]
    assert ids(asking(hourly(3), num_intervals=10**9, historical=False)) == [[0, 1, 2]]
    assert ids(asking(implied(10.0, end_s=25.0), num_intervals=10**9, frequency=2, repeat=-1)) == [[0, 1, 2]]


def test_a_window_cut_by_the_events_end_ends_with_its_last_interval() -> None:
    plan = IntervalPlan((EventInterval(0, 0, 10),), None, 20, implied=False)
    request = asking(plan, historical=False, num_intervals=2)
    assert next_window(request, 9.0) == Window(plan.intervals)
    assert next_window(request, 15.0) is None
    looped_with_gap = IntervalPlan((EventInterval(0, 0, 10), EventInterval(1, 90, 100)), 100, 150, implied=False)
    request = asking(looped_with_gap, historical=False, num_intervals=2, frequency=2, repeat=-1)
    assert next_window(request, 105.0).end_s == 110  # type: ignore[union-attr]
    assert next_window(request, 120.0) is None


def test_an_event_that_began_months_ago_is_found_at_once() -> None:
    request = asking(implied(1.0, start_s=1.7e9), frequency=1, repeat=-1)
    after_s = 1.7e9 + 90 * 86_400
    window = next_window(request, after_s)
    assert window is not None
    assert window.intervals == (EventInterval(90 * 86_400, after_s, after_s + 1),)


def test_months_are_implied_by_the_calendar() -> None:
    january = add(0.0, Duration(12 * 56, 0))
    first = EventInterval(0, january, add(january, Duration(1, 0)))
    plan = IntervalPlan((first,), 0.0, math.inf, implied=True, period_months=1)
    request = asking(plan, frequency=1, repeat=-1)
    lengths = [(window.end_s - window.start_s) / 86_400 for window in windows(request, 14)]
    assert lengths == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 28]
    late = next_window(request, add(january, Duration(12_000, 0)))
    assert late is not None
    assert late.intervals[0].interval_id == 12_000


def test_after_a_windows_very_end_comes_the_next_one() -> None:
    request = asking(implied(10.0), frequency=1, repeat=-1)
    assert [next_window(request, after_s).end_s for after_s in (9.999, 10.0, 10.001)] == [10.0, 20.0, 20.0]  # type: ignore[union-attr]


def test_overlapping_and_unsorted_intervals_still_have_their_windows() -> None:
    """Gaps and overlaps are legal (R21): the third of these ends before the second."""
    intervals = (EventInterval(0, 0, 10), EventInterval(1, 10, 40), EventInterval(2, 15, 20), EventInterval(3, 40, 50))
    once = IntervalPlan(intervals, None, 50, implied=False)
    assert ids(asking(once, frequency=1, repeat=-1)) == [[0], [2], [1], [3]]
    again = IntervalPlan(intervals, 50, math.inf, implied=False)
    request = asking(again, frequency=1, repeat=-1)
    assert [window.intervals for window in windows(request, 6)][4:] == [
        (EventInterval(0, 50, 60),),
        (EventInterval(2, 65, 70),),
    ]
    assert next_window(request, 60.0).needs_from_s == 60  # type: ignore[union-attr]
    assert next_window(request, 5e9).end_s == 5e9 + 10  # type: ignore[union-attr]


def test_windows_are_due_in_the_order_of_time_and_not_of_the_list() -> None:
    """Ids are labels: these lie backwards, with a gap, and one id comes twice."""
    intervals = (EventInterval(1, 45, 60), EventInterval(0, 15, 30), EventInterval(1, 5, 15))
    plan = IntervalPlan(intervals, None, 60, implied=False)
    (whole,) = windows(asking(plan))
    assert (whole.intervals, whole.start_s, whole.end_s) == (intervals, 5, 60)
    alone = windows(asking(plan, start_interval=0, num_intervals=1, frequency=1, repeat=-1))
    assert [window.intervals for window in alone] == [(intervals[2],), (intervals[1],), (intervals[0],)]


def test_what_is_due_when_it_begins_comes_in_the_order_of_beginnings_with_what_it_covers() -> None:
    """A forecast must not wait for one that begins after it and ends before it."""
    intervals = (EventInterval(0, 20, 30), EventInterval(1, 0, 60), EventInterval(2, 50, 70))
    plan = IntervalPlan(intervals, None, 70, implied=False)
    assert ids(asking(plan, historical=False, num_intervals=1, frequency=1, repeat=-1)) == [[0, 1], [2]]


def test_windows_that_end_at_the_same_instant_are_one() -> None:
    intervals = (EventInterval(0, 0, 30), EventInterval(1, 10, 30), EventInterval(0, 20, 30), EventInterval(2, 30, 40))
    plan = IntervalPlan(intervals, None, 40, implied=False)
    assert ids(asking(plan, num_intervals=1, frequency=1, repeat=-1)) == [[0, 1, 0], [2]]
    backwards = replace(plan, intervals=intervals[::-1])
    assert ids(asking(backwards, num_intervals=1, frequency=1, repeat=-1)) == [[0, 1, 0], [2]]


def test_disorder_that_would_take_too_long_is_not_asked_for() -> None:
    intervals = tuple(EventInterval(i, 0, 10_000 - i) for i in range(5_000))
    plan = IntervalPlan(intervals, None, 10_000, implied=False)
    assert next_window(asking(plan, num_intervals=2_500, frequency=1, repeat=-1), 0.0) is None
