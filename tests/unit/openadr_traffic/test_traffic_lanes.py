"""Whose turn it is where requests of several lanes wait for one origin."""

import pytest

from ven_actors.openadr.lanes import Lane, current_lane, in_lane
from ven_actors.openadr.queueing import LONGEST_WAIT_S, Line, Ticket


def ticket(lane: Lane, joined_s: float = 0.0) -> Ticket:
    return Ticket(lane, lambda: None, joined_s)


def every_lane(_lane: Lane) -> bool:
    return True


def test_the_lanes_go_in_their_order_and_within_one_lane_who_came_first() -> None:
    line = Line()
    tickets = {(lane, number): ticket(lane) for lane in reversed(Lane) for number in range(2)}
    for each in tickets.values():
        line.join(each)
    order = []
    while (chosen := line.next(0.0, 0.0, every_lane)) is not None:
        line.serve(chosen, 0.0)
        order.append(chosen)
    assert order == [tickets[lane, number] for lane in Lane for number in range(2)]


@pytest.mark.parametrize("rate", [2, 20, 200])
def test_no_lane_waits_longer_than_five_seconds_for_a_permit(rate: float) -> None:
    line, served = Line(), dict.fromkeys(Lane, 0.0)
    for lane in Lane:
        for _ in range(60 * rate):
            line.join(ticket(lane))
    for number in range(60 * rate):
        now_s = number / rate
        chosen = line.next(now_s, 1 / rate, every_lane)
        assert chosen is not None
        line.serve(chosen, now_s)
        assert now_s - served[chosen.lane] <= LONGEST_WAIT_S
        served[chosen.lane] = now_s
    assert all(60 - at_s <= LONGEST_WAIT_S for at_s in served.values())


def test_at_a_high_rate_nearly_all_goes_to_the_first_lane() -> None:
    line, first = Line(), 0
    for lane in Lane:
        for _ in range(2000):
            line.join(ticket(lane))
    for number in range(2000):
        chosen = line.next(number / 200, 1 / 200, every_lane)
        assert chosen is not None
        line.serve(chosen, number / 200)
        first += chosen.lane is Lane.TOKEN
    assert first > 0.98 * 2000


def test_where_permits_come_too_seldom_for_that_the_lanes_take_turns() -> None:
    line, counts = Line(), dict.fromkeys(Lane, 0)
    for lane in Lane:
        for _ in range(100):
            line.join(ticket(lane))
    for number in range(60):
        chosen = line.next(number * 10.0, 10.0, every_lane)
        assert chosen is not None
        line.serve(chosen, number * 10.0)
        counts[chosen.lane] += 1
    assert all(9 <= count <= 11 for count in counts.values())


def test_a_lane_that_may_not_go_is_passed_over() -> None:
    line = Line()
    first, second = ticket(Lane.REGISTRATION), ticket(Lane.BACKLOG)
    line.join(first)
    line.join(second)
    assert line.next(0.0, 0.0, lambda lane: lane is Lane.BACKLOG) is second


def test_who_has_gone_away_is_not_waited_for() -> None:
    line = Line()
    gone, other = ticket(Lane.POLL), ticket(Lane.POLL)
    line.join(gone)
    line.join(other)
    gone.gone = True
    assert line.next(0.0, 0.0, every_lane) is other
    assert list(line.waiting()) == [other]


def test_the_innermost_lane_counts() -> None:
    assert current_lane() is Lane.POLL
    with in_lane(Lane.REGISTRATION):
        with in_lane(Lane.TOKEN):
            assert current_lane() is Lane.TOKEN
        assert current_lane() is Lane.REGISTRATION
    assert current_lane() is Lane.POLL


def test_in_one_lane_a_lower_rank_goes_first_and_of_one_rank_who_came_first() -> None:
    line = Line()
    second, later, first = (Ticket(Lane.REGISTRATION, lambda: None, 0.0, rank) for rank in (2, 2, 1))
    for each in (second, later, first):
        line.join(each)
    order = []
    while (chosen := line.next(0.0, 0.0, every_lane)) is not None:
        line.serve(chosen, 0.0)
        order.append(chosen)
    assert order == [first, second, later]
