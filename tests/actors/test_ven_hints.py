"""Hints, and what a VEN makes of them: it reads at once, and believes nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from ven_actors.actors.listening import HINTS_AT_ONCE, ONE_MORE_EVERY_S, Listening
from ven_actors.errors import VtnRefused, VtnUnreachable
from ven_actors.messages import Drain, EventsRead, Hint, IntervalClosed, Tick
from ven_actors.model import VenState
from ven_actors.openadr.events import Crawl, Event, Program

House = Any
T0 = 1_767_225_600
POLL_S = 30.0
SLOW_S = 300.0


class FakePush:
    def __init__(self) -> None:
        self.is_healthy = True
        self.kept: list[tuple[Any, str, tuple[str, ...]]] = []

    def keep(self, peer: Any, ven_id: str, program_ids: tuple[str, ...]) -> None:
        self.kept.append((peer, ven_id, program_ids))

    def healthy(self) -> bool:
        return self.is_healthy


@pytest.fixture
def push() -> FakePush:
    return FakePush()


@pytest.fixture
def running(ven: Callable[..., House], push: FakePush) -> House:
    """A VEN whose first reading is done, with push that is healthy."""
    house = ven(closed_until_s=T0, push=push)
    house.tick_later("polling")
    assert house.vtn.crawls == 1
    return house


def polls_for(house: House, seconds: float) -> int:
    """How often it reads in that time, with a polling tick every 30 s."""
    before = house.vtn.crawls
    for _ in range(int(seconds / POLL_S)):
        house.tick_later("polling")
    return int(house.vtn.crawls - before)


def test_r40_a_hint_is_followed_at_once_and_without_a_tick(running: House) -> None:
    running.vtn.crawl_result = Crawl((), (Event("e1", "p1"),))
    running.tell(Hint())
    assert running.vtn.crawls == 2
    assert len(running.reporter.of(EventsRead)) == 2
    assert running.status.events == 1


def test_r40_polling_goes_on_more_slowly_while_push_is_healthy(running: House, push: FakePush) -> None:
    assert polls_for(running, 3000) == 3000 / SLOW_S
    push.is_healthy = False
    assert polls_for(running, 3000) == 3000 / POLL_S
    push.is_healthy = True
    assert polls_for(running, 3000) == 3000 / SLOW_S


def test_a_ven_without_push_polls_as_ever(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    assert polls_for(house, 300) == 10


def test_only_polling_is_slowed_down(running: House) -> None:
    for job in ("program_sync", "enrolment"):
        before = running.vtn.crawls
        running.tick_later(job)
        assert running.vtn.crawls == before + 1, job


def test_metering_goes_on_while_polls_are_left_out(running: House) -> None:
    running.tick_later("polling", "metering")
    assert running.vtn.crawls == 1
    assert running.reporter.of(IntervalClosed)


def test_r40_repeated_hints_cost_a_bounded_number_of_readings(running: House) -> None:
    for _ in range(1000):
        running.tell(Hint())
    assert running.vtn.crawls == 1 + HINTS_AT_ONCE
    running.time.advance(ONE_MORE_EVERY_S)
    for _ in range(1000):
        running.tell(Hint())
    assert running.vtn.crawls == 2 + HINTS_AT_ONCE


def test_a_hint_that_came_too_soon_is_followed_with_the_next_tick_of_any_job(running: House) -> None:
    for _ in range(HINTS_AT_ONCE + 1):
        running.tell(Hint())
    before = running.vtn.crawls
    running.time.advance(ONE_MORE_EVERY_S)
    running.tick(running.time.wall_s, "metering")
    assert running.vtn.crawls == before + 1
    running.tick(running.time.wall_s, "metering")
    assert running.vtn.crawls == before + 1, "once"


def test_a_hint_that_changes_nothing_is_told_to_nobody_but_the_reporter(running: House) -> None:
    running.tell(Hint())
    (first, second) = running.reporter.of(EventsRead)
    assert first.requests == second.requests
    assert second.event_book is None


def test_hints_before_the_first_reading_are_left_to_it(ven: Callable[..., House], push: FakePush) -> None:
    house = ven(push=push, recovered=False)
    house.tell(Hint())
    assert house.vtn.crawls == 0
    house.recover(T0)
    house.tell(Hint())
    assert house.vtn.crawls == 0
    house.tick_later("polling")
    assert house.vtn.crawls == 1


def test_a_hint_does_not_hurry_a_vtn_that_asked_for_patience(running: House) -> None:
    running.vtn.lose(VtnRefused("busy", status=429, retry_after_s=120))
    running.tell(Hint())
    assert running.status.state is VenState.VTN_LOST
    running.vtn.find()
    running.tell(Hint())
    assert running.vtn.crawls == 2
    running.time.advance(121)
    running.tell(Hint())
    assert running.status.state is VenState.RUNNING


def test_after_a_failed_reading_polling_is_as_quick_as_without_push(running: House) -> None:
    running.vtn.lose(VtnUnreachable("down"))
    running.tell(Hint())
    assert polls_for(running, 300) == 10
    running.vtn.find()
    running.tick_later("polling")
    assert running.status.state is VenState.RUNNING
    assert polls_for(running, 270) == 0


def test_a_reading_that_failed_is_made_up_for_as_soon_as_without_push(running: House) -> None:
    running.vtn.lose(VtnUnreachable("down"))
    running.tick_later("program_sync")
    running.vtn.find()
    assert polls_for(running, 30) == 1
    assert running.status.state is VenState.RUNNING


def test_a_hint_whose_reading_failed_does_not_make_every_tick_try(running: House) -> None:
    running.vtn.lose(VtnUnreachable("down"))
    running.tell(Hint())
    before = running.vtn.crawls
    running.tick_later("metering")
    assert running.vtn.crawls == before


def test_no_hint_is_followed_once_the_fleet_drains(running: House, push: FakePush) -> None:
    running.tell(Drain(running.time.wall_s))
    crawls, kept = running.vtn.crawls, len(push.kept)
    running.tell(Hint())
    assert (running.vtn.crawls, len(push.kept)) == (crawls, kept)


def test_a_change_that_no_hint_announced_brings_polling_back_until_there_is_a_hint(running: House) -> None:
    assert polls_for(running, 270) == 0
    running.vtn.crawl_result = Crawl((), (Event("e1", "p1"),))
    assert polls_for(running, 30) == 1
    assert polls_for(running, 300) == 10, "the VTN does not call, whatever it said"
    running.tell(Hint())
    assert polls_for(running, 270) == 0


def test_a_change_that_a_hint_announced_is_no_reason_for_doubt(running: House) -> None:
    running.vtn.crawl_result = Crawl((), (Event("e1", "p1"),))
    running.tell(Hint())
    assert polls_for(running, 270) == 0


def test_push_is_arranged_after_every_reading_with_what_was_read(running: House, push: FakePush) -> None:
    running.vtn.crawl_result = Crawl((Program("p2", "two"), Program("p1", "one")), ())
    running.tell(Hint())
    assert push.kept == [(running.actor.actor_ref, "v-1", ()), (running.actor.actor_ref, "v-1", ("p1", "p2"))]


def test_push_waits_until_all_resources_are_registered(ven: Callable[..., House], push: FakePush) -> None:
    house = ven(closed_until_s=T0, push=push, resources=450)
    house.tick_later("polling")
    assert push.kept == []
    for _ in range(2):
        (next_turn,) = house.waiting()
        assert isinstance(next_turn, Tick)
        house.tell(next_turn)
    assert len(push.kept) == 1


def test_the_portions_of_a_later_enrolment_are_not_left_out(ven: Callable[..., House], push: FakePush) -> None:
    house = ven(closed_until_s=T0, push=push, resources=450)
    house.tick_later("polling")
    while house.vtn.portions[-1] < 450:
        for told in house.waiting():
            house.tell(told)
    house.vtn.portions.clear()
    house.tick_later("enrolment")
    for _ in range(2):
        for told in house.waiting():
            house.tell(told)
    assert house.vtn.portions[-1] >= 450


def test_time_that_seems_to_go_back_gives_no_readings_away() -> None:
    listening = Listening("Herning", lambda: True, SLOW_S)
    assert sum(listening.hinted(1000.0 - number) for number in range(100)) == HINTS_AT_ONCE
    assert not listening.hinted(1000.0)


def test_on_a_slow_vtn_a_poll_waits_three_times_as_long_as_the_reading_before_it_took() -> None:
    listening = Listening("Herning", lambda: False, SLOW_S)
    with capture_logs() as logs:
        listening.has_read(100.0, 104.0, changed=False)
        listening.has_read(116.0, 120.0, changed=False)
    assert [(entry["event"], entry["next_poll_after_s"]) for entry in logs] == [("vtn_slow", 12.0)]
    assert not listening.is_due(frozenset({"polling"}), 131.9)
    assert listening.is_due(frozenset({"polling"}), 132.0)
    assert listening.is_due(frozenset({"polling", "program_sync"}), 121.0)
    assert listening.hinted(121.0)


def test_a_vtn_that_is_quick_again_is_polled_as_the_schedule_says() -> None:
    listening = Listening("Herning", lambda: False, SLOW_S)
    listening.has_read(100.0, 104.0, changed=False)
    listening.has_read(116.0, 116.5, changed=False)
    assert listening.is_due(frozenset({"polling"}), 116.6)


def test_a_reading_that_hung_puts_the_next_poll_off_by_a_minute_at_most() -> None:
    listening = Listening("Herning", lambda: False, SLOW_S)
    listening.has_read(100.0, 190.0, changed=False)
    assert not listening.is_due(frozenset({"polling"}), 249.9)
    assert listening.is_due(frozenset({"polling"}), 250.0)
