"""Where an event's intervals lie: R21 to R26 and R29."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_actors.model import EventInterval, IntervalPlan
from ven_actors.openadr.durations import FOREVER, NOW, Duration, parse_duration, parse_instant
from ven_actors.openadr.events import Event, Interval, Payload, Period
from ven_actors.openadr.interval_plans import Setting, plan_of

HOUR = Duration(0, 3600.0)
SETTING = Setting("ven-1", 15, anchor_s=100_000.0, first_seen_s=200_000.0)


def planned(setting: Setting = SETTING, **parts: object) -> IntervalPlan | None:
    return plan_of(Event("e1", "p1", **parts), setting)  # type: ignore[arg-type]


def places(**parts: object) -> list[tuple[int, float, float]]:
    plan = planned(**parts)
    return [] if plan is None else [interval[:3] for interval in plan.intervals]


def intervals(*periods: Period | None) -> tuple[Interval, ...]:
    return tuple(Interval(index, period, ()) for index, period in enumerate(periods))


def test_r21_each_property_is_inherited_for_itself() -> None:
    """Edge case 11: an interval with only a duration starts where the one before it ends."""
    assert places(
        period=Period(1000.0, HOUR),
        intervals=intervals(None, Period(duration=Duration(0, 7200.0)), Period(start_s=90_000.0)),
    ) == [(0, 1000.0, 4600.0), (1, 4600.0, 11_800.0), (2, 90_000.0, 93_600.0)]


def test_r21_the_events_start_is_the_first_intervals_only() -> None:
    assert places(period=Period(1000.0, HOUR), intervals=intervals(Period(start_s=500.0), None)) == [
        (0, 500.0, 4100.0),
        (1, 4100.0, 7700.0),
    ]


def test_r21_without_any_start_the_first_interval_starts_now() -> None:
    assert places(intervals=intervals(Period(duration=HOUR), Period(NOW, HOUR))) == [
        (0, 100_000.0, 103_600.0),
        (1, 103_600.0, 107_200.0),
    ]


def test_r21_gaps_and_overlaps_are_legal() -> None:
    assert places(intervals=intervals(Period(1000.0, HOUR), Period(9000.0, HOUR), Period(2000.0, HOUR))) == [
        (0, 1000.0, 4600.0),
        (1, 9000.0, 12_600.0),
        (2, 2000.0, 5600.0),
    ]


@pytest.mark.parametrize("start", ["0001-01-01", "0001-01-01T00:00:00Z"])
def test_r22_a_sentinel_start_is_the_anchor_and_with_infinity_from_then_on(start: str) -> None:
    del start
    assert places(period=Period(NOW, FOREVER), intervals=intervals(None)) == [(0, 100_000.0, math.inf)]


def test_r23_an_absent_duration_lasts_until_the_next_absolute_start_or_the_events_end() -> None:
    assert places(intervals=intervals(Period(start_s=1000.0), Period(start_s=5000.0))) == [
        (0, 1000.0, 5000.0),
        (1, 5000.0, math.inf),
    ]
    assert places(duration=Duration(0, 9000.0), intervals=intervals(Period(start_s=1000.0))) == [(0, 1000.0, 10_000.0)]
    skipping = intervals(Period(start_s=1000.0), Period(duration=HOUR), Period(start_s=5000.0, duration=HOUR))
    assert places(intervals=skipping) == [(0, 1000.0, 5000.0), (1, 5000.0, 8600.0), (2, 5000.0, 8600.0)]
    backwards = intervals(Period(start_s=3000.0), Period(start_s=1000.0, duration=HOUR))
    assert places(intervals=backwards) == [(0, 3000.0, 3000.0), (1, 1000.0, 4600.0)]


def test_r23_months_are_calendar_months() -> None:
    start_s = parse_instant("2026-01-31T00:00:00Z")[0]
    ends = [end_s for _, _, end_s in places(period=Period(start_s, Duration(1, 0)), intervals=intervals(None, None))]
    assert ends == [parse_instant(text)[0] for text in ("2026-02-28T00:00:00Z", "2026-03-28T00:00:00Z")]


def test_r23_p9999y_from_2026_is_for_ever() -> None:
    """Edge case 8."""
    start_s = parse_instant("2026-01-01T00:00:00Z")[0]
    plan = planned(period=Period(start_s, parse_duration("P9999Y")), intervals=intervals(None, None))
    assert plan is not None
    assert plan.intervals == (EventInterval(0, start_s, math.inf),)
    assert plan.end_s == math.inf


def test_r23_only_zero_lengths_ask_for_nothing() -> None:
    assert planned(period=Period(1000.0, Duration(0, 0)), intervals=intervals(None, None)) is None
    assert planned(period=Period(1000.0, Duration(0, 0))) is None


def test_r24_a_longer_duration_loops_the_list_and_a_shorter_one_cuts_it() -> None:
    two = {"period": Period(1000.0, HOUR), "intervals": intervals(None, None)}
    assert planned(**two, duration=FOREVER) == IntervalPlan(
        (EventInterval(0, 1000.0, 4600.0), EventInterval(1, 4600.0, 8200.0)), 7200.0, math.inf, implied=False
    )
    looped = planned(**two, duration=Duration(0, 10_000.0))
    assert looped is not None
    assert (looped.period_s, looped.end_s) == (7200.0, 11_000.0)
    assert planned(**two, duration=Duration(0, 4000.0)) == IntervalPlan(
        (EventInterval(0, 1000.0, 4600.0), EventInterval(1, 4600.0, 5000.0)), None, 5000.0, implied=False
    )
    assert planned(**two, duration=Duration(0, 3600.0)) == IntervalPlan(
        (EventInterval(0, 1000.0, 4600.0),), None, 4600.0, implied=False
    )


def test_r24_pt0s_is_the_default_of_the_events_duration_and_says_nothing() -> None:
    two = {"period": Period(1000.0, HOUR), "intervals": intervals(None, None)}
    assert planned(**two, duration=Duration(0, 0)) == planned(**two)


def test_r24_a_list_of_months_loops_by_the_calendar() -> None:
    plan = planned(
        duration=FOREVER,
        period=Period(0.0, Duration(1, 0)),
        intervals=intervals(None, Period(duration=Duration(1, 60.0))),
    )
    assert plan is not None
    assert (plan.period_months, plan.period_s) == (2, 60.0)
    with_gap = planned(duration=FOREVER, intervals=intervals(Period(0.0, Duration(1, 0)), Period(1e7, HOUR)))
    assert with_gap is not None
    assert (with_gap.period_months, with_gap.period_s) == (0, 1e7 + 3600)


def test_r29_no_intervals_and_no_period_are_the_vens_own() -> None:
    for none in (None, ()):
        assert planned(intervals=none) == IntervalPlan(
            (EventInterval(0, 199_995.0, 200_010.0),), 15.0, math.inf, implied=True, own=True
        )


def test_r29_a_start_without_a_duration_begins_the_vens_own_intervals_there() -> None:
    plan = planned(period=Period(1000.0), duration=HOUR)
    assert plan == IntervalPlan((EventInterval(0, 990.0, 1005.0),), 15.0, 4600.0, implied=True, own=True)
    sentinel = planned(period=Period(NOW))
    assert sentinel is not None
    assert sentinel.intervals[0].start_s == 199_995.0


def test_r29_empty_payloads_are_the_business_logics_intervals() -> None:
    plan = planned(period=Period(1000.0, HOUR), intervals=intervals(None, None))
    assert plan is not None
    assert [interval.interval_id for interval in plan.intervals] == [0, 1]
    assert not plan.own
    assert not plan.implied


def test_r29_a_period_without_intervals_is_endless_or_as_long_as_the_event() -> None:
    assert planned(period=Period(1000.0, HOUR)) == IntervalPlan(
        (EventInterval(0, 1000.0, 4600.0),), 3600.0, math.inf, implied=True
    )
    ended = planned(period=Period(NOW, HOUR), duration=Duration(0, 9000.0))
    assert ended == IntervalPlan((EventInterval(0, 100_000.0, 103_600.0),), 3600.0, 109_000.0, implied=True, own=True)
    monthly = planned(period=Period(0.0, Duration(1, 0)))
    assert monthly is not None
    assert (monthly.period_s, monthly.period_months) == (0.0, 1)


def test_r29_an_infinite_period_without_intervals_is_one_interval() -> None:
    assert planned(period=Period(1000.0, FOREVER)) == IntervalPlan(
        (EventInterval(0, 1000.0, math.inf),), None, math.inf, implied=False
    )
    assert planned(period=Period(1000.0, FOREVER), duration=HOUR) == IntervalPlan(
        (EventInterval(0, 1000.0, 4600.0),), None, 4600.0, implied=False
    )


# --- randomizeStart --------------------------------------------------------------------------------------------

TEN_MINUTES = Duration(0, 600.0)


def shift_of(event_id: str, ven_name: str, randomize: Duration = TEN_MINUTES) -> float:
    event = Event(event_id, "p1", period=Period(10_000.0, HOUR, randomize), intervals=intervals(None))
    plan = plan_of(event, Setting(ven_name, 15, 0.0, 0.0))
    assert plan is not None
    return plan.intervals[0].start_s - 10_000.0


def test_r26_one_draw_per_event_and_ven_that_never_changes() -> None:
    """Edge case 16."""
    shifts = {(event, ven): shift_of(event, ven) for event in ("e1", "e2", "e3") for ven in ("a", "b", "c")}
    assert shifts == {key: shift_of(*key) for key in shifts}
    assert len(set(shifts.values())) > 5
    assert min(shifts.values()) < 0 < max(shifts.values())


@given(event_id=st.text(max_size=8), seconds=st.integers(-5000, 5000))
def test_r26_a_draw_stays_in_its_range_in_whole_metering_intervals(event_id: str, seconds: int) -> None:
    shift_s = shift_of(event_id, "ven", Duration(0, float(seconds)))
    assert abs(shift_s) <= abs(seconds)
    assert shift_s % 15 == 0


def test_r26_followers_and_absolute_starts_shift_equally() -> None:
    plan = planned(
        period=Period(10_000.0, HOUR, TEN_MINUTES), intervals=intervals(None, None, Period(start_s=50_000.0), None)
    )
    assert plan is not None
    shift_s = plan.intervals[0].start_s - 10_000.0
    assert shift_s != 0
    assert [interval.start_s - shift_s for interval in plan.intervals] == [10_000.0, 13_600.0, 50_000.0, 53_600.0]


def test_r26_an_interval_with_its_own_range_draws_anew_for_itself_and_those_after() -> None:
    plan = planned(
        period=Period(10_000.0, HOUR, TEN_MINUTES), intervals=intervals(None, Period(randomize=TEN_MINUTES), None)
    )
    assert plan is not None
    first, second, third = (interval.start_s for interval in plan.intervals)
    assert second - first != 3600.0
    assert third - second == 3600.0
    assert abs(second - 13_600.0) <= 600


def test_r26_an_implied_plan_is_shifted_and_the_vens_own_is_not() -> None:
    event_period = Period(10_000.0, HOUR, TEN_MINUTES)
    implied, own = planned(period=event_period), planned(period=Period(10_005.0, None, TEN_MINUTES))
    assert implied is not None
    assert own is not None
    assert implied.intervals[0].start_s != 10_000.0
    assert own.intervals[0].start_s == 10_005.0


def test_r26_an_endless_range_is_no_range() -> None:
    assert shift_of("e", "v", FOREVER) == 0


def test_payloads_do_not_matter_to_the_plan() -> None:
    with_payload = (Interval(4, Period(0.0, HOUR), (Payload("X_FOO", (1,)),)),)
    assert places(intervals=with_payload) == [(4, 0.0, 3600.0)]


RANDOM = Period(1000.0, HOUR, Duration(0, 60.0))


@pytest.mark.parametrize(
    ("parts", "own"),
    [
        ({"period": Period(1000.0, HOUR), "intervals": intervals(None, None)}, False),
        ({"period": Period(1000.0, HOUR, Duration(0, 0.0)), "intervals": intervals(None)}, False),
        ({"intervals": intervals(Period(1000.0, HOUR), Period(NOW, HOUR))}, False),
        ({"period": Period(1000.0, HOUR)}, False),
        ({"period": Period(NOW, HOUR), "intervals": intervals(None)}, True),
        ({"intervals": intervals(Period(duration=HOUR))}, True),
        ({"period": Period(NOW, HOUR)}, True),
        ({"period": RANDOM, "intervals": intervals(None)}, True),
        ({"period": Period(1000.0, HOUR), "intervals": intervals(None, RANDOM)}, True),
        ({"period": RANDOM}, True),
    ],
)
def test_r32_where_an_event_begins_now_or_at_random_only_a_report_can_say_when_that_was(
    parts: dict[str, object], own: bool
) -> None:
    plan = planned(**parts)
    assert plan is not None
    assert plan.own == own
