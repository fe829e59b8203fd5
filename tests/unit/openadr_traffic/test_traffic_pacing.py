"""The rate, and how many requests are in flight at once."""

import random
from bisect import bisect_left

import pytest

from ven_actors.openadr.lanes import Lane
from ven_actors.openadr.pacing import FEWEST_SLOTS, FIRST_SLOTS, Pace, Slots


def moments(rate: float, seconds: float, late_s: float) -> list[float]:
    """When requests go if more wait all the time, and each wake-up comes late by up to `late_s`."""
    pace, rng, now_s, sent = Pace(rate), random.Random(7), 0.0, []
    while now_s < seconds:
        wait_s = pace.wait_s(now_s)
        if wait_s > 0:
            now_s += wait_s + rng.uniform(0, late_s)
            continue
        pace.took(now_s)
        sent.append(now_s)
    return sent


@pytest.mark.parametrize("late_s", [0.0, 0.004, 0.1])
@pytest.mark.parametrize("rate", [2, 5, 20, 200, 1000])
def test_over_any_ten_seconds_with_more_waiting_the_rate_is_sent_and_never_more(rate: float, late_s: float) -> None:
    sent = moments(rate, 40, late_s)
    for number, first_s in enumerate(sent):
        if first_s > 29:
            break
        after_one = bisect_left(sent, first_s + 1e-9 + 10) - number - 1
        with_one = bisect_left(sent, first_s + 10) - number
        assert after_one >= 0.95 * 10 * rate
        assert with_one <= 10 * rate


def test_after_a_pause_no_more_goes_at_once_than_can_be_made_up_for() -> None:
    pace = Pace(200)
    pace.took(0.0)
    at_once = 0
    while pace.wait_s(100.0) <= 0:
        pace.took(100.0)
        at_once += 1
    assert at_once <= 0.15 * 200 + 1


def test_without_a_rate_nobody_waits() -> None:
    pace = Pace(None)
    for _ in range(10):
        pace.took(0.0)
    assert pace.wait_s(0.0) == 0


def crowd(slots: Slots, each_takes_s: float, *, at_once: int = 16) -> None:
    """Answers of a VTN that serves one after the other to requests of one lane that come all at once."""
    for number in range(1, at_once + 1):
        slots.answered(Lane.POLL, number * each_takes_s, number, number * each_takes_s)


def test_a_vtn_that_serves_one_after_the_other_gets_few_requests_at_once() -> None:
    slots = Slots()
    crowd(slots, 0.5)
    assert slots.limit == FEWEST_SLOTS


def test_a_crowd_from_the_beginning_shows_that_as_well() -> None:
    slots = Slots()
    for number in range(5, 17):
        slots.answered(Lane.POLL, number * 0.5, number, number * 0.5)
    assert slots.limit == FEWEST_SLOTS


def test_what_was_sent_before_the_last_cut_is_no_reason_for_another() -> None:
    slots = Slots()
    crowd(slots, 0.5)
    for number in range(20):
        slots.answered(Lane.POLL, 1.0, slots.limit, 20.0 + number)
    grown = slots.limit
    assert grown > FEWEST_SLOTS
    slots.answered(Lane.POLL, 60.0, 16, 40.0)
    assert slots.limit == grown


def test_a_vtn_that_is_slow_but_serves_many_at_once_gets_as_many_after_a_while() -> None:
    slots, now_s = Slots(), 0.0
    for _ in range(100):
        for _ in range(slots.limit):
            slots.answered(Lane.POLL, 3.0, slots.limit, now_s)
        now_s += 3.0
    assert slots.limit >= FIRST_SLOTS


def test_a_lane_that_takes_long_by_itself_does_not_make_a_vtn_look_slow() -> None:
    slots = Slots()
    slots.answered(Lane.TOKEN, 0.01, 1, 0.0)
    slots.answered(Lane.LIVE, 5.0, 4, 5.0)
    assert slots.limit == FIRST_SLOTS


def test_a_vtn_that_has_become_quick_gets_more_requests_at_once_again() -> None:
    slots = Slots()
    crowd(slots, 0.5)
    for number in range(600):
        slots.answered(Lane.POLL, 0.1, slots.limit, 20.0 + number / 10)
    assert slots.limit >= FIRST_SLOTS


def test_many_senders_alone_let_it_grow_too_though_reports_leave_a_slot_free() -> None:
    slots = Slots()
    for number in range(2000):
        slots.answered(Lane.LIVE, 0.1, slots.limit - 1, float(number))
    assert slots.limit > 60


def test_it_does_not_grow_while_nobody_needs_more() -> None:
    slots = Slots()
    for number in range(1000):
        slots.answered(Lane.POLL, 0.1, 3, float(number))
    assert slots.limit == FIRST_SLOTS
