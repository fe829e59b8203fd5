"""How fast reports go out, how soon they are tried again, and what an answer's status means."""

from __future__ import annotations

import random

import pytest
from delivery_desk import INF

from ven_actors.delivery.throttle import FIRST_RETRY_S, LONGEST_RETRY_S, Throttle, retry_wait_s
from ven_actors.delivery.verdicts import Verdict, judge

# --- throttle


def test_a_vtn_that_fails_several_vens_gets_one_try_at_a_time_until_it_succeeds() -> None:
    throttle = Throttle()
    for number in range(Throttle.BREAKS_AFTER - 1):
        throttle.failed(f"ven-{number}", 0, 5)
        assert throttle.wait_s(0, 3) == 0
    throttle.failed("another", 0, 5)
    assert throttle.wait_s(0, 0) == 5
    assert throttle.wait_s(5, 0) == 0
    assert throttle.wait_s(5, 1) == INF
    throttle.succeeded()
    assert throttle.wait_s(5, 1) == 0


def test_one_ven_that_fails_for_ever_breaks_nothing() -> None:
    throttle = Throttle()
    for now_s in range(100):
        throttle.failed("one", now_s, 20)
    assert throttle.wait_s(100, 3) == 0


def test_a_closed_throttle_keeps_to_the_longest_time_asked() -> None:
    throttle = Throttle()
    throttle.asked_for(0, 60)
    throttle.asked_for(0, 10)
    assert throttle.wait_s(1, 0) == 59
    throttle.resume()
    throttle.succeeded()
    assert throttle.wait_s(59, 0) == 1, "what the VTN asked for does not end with a report that was on its way"
    assert throttle.wait_s(60, 0) == 0


def test_a_pause_ends_when_it_is_over_or_sooner() -> None:
    throttle = Throttle()
    throttle.pause(0, 8)
    assert throttle.wait_s(1, 0) == 7
    throttle.resume()
    assert throttle.wait_s(1, 0) == 0


def test_retries_grow_with_jitter_up_to_a_bound_and_never_end() -> None:
    rng = random.Random(3)
    for attempt in (1, 2, 3, 5, 6, 50, 10_000):
        ceiling_s = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(attempt - 1, 20))
        waits = {retry_wait_s(attempt, rng) for _ in range(50)}
        assert ceiling_s / 2 <= min(waits) < max(waits) <= ceiling_s


# --- what an answer means


@pytest.mark.parametrize(
    ("status", "complete", "meaning"),
    [
        (201, True, Verdict.ACCEPTED),
        (201, False, Verdict.AMBIGUOUS),
        (200, True, Verdict.AMBIGUOUS),
        (204, True, Verdict.AMBIGUOUS),
        (400, True, Verdict.REFUSED),
        (401, True, Verdict.HOLD_SLOWLY),
        (404, True, Verdict.ASK_FOR_EVENT),
        (409, True, Verdict.LOOK_UP),
        (413, True, Verdict.REFUSED),
        (422, True, Verdict.REFUSED),
        (429, True, Verdict.HOLD),
        (408, True, Verdict.AMBIGUOUS),
        (500, True, Verdict.AMBIGUOUS),
        (503, True, Verdict.AMBIGUOUS),
        (501, True, Verdict.HOLD_SLOWLY),
        (599, True, Verdict.AMBIGUOUS),
        (302, True, Verdict.HOLD_SLOWLY),
        (418, True, Verdict.HOLD_SLOWLY),
    ],
)
def test_an_answer_means_what_the_table_says(status: int, complete: bool, meaning: Verdict) -> None:
    assert judge(status, success=frozenset({201}), complete=complete) is meaning


def test_a_503_that_asks_for_time_has_taken_nothing_and_a_500_may_have() -> None:
    asked = {"success": frozenset({201}), "complete": False, "asks_for_time": True}
    assert judge(503, **asked) is Verdict.HOLD
    assert judge(500, **asked) is Verdict.AMBIGUOUS
