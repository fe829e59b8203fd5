"""The VEN by hand: its intervals, its credit, its gaps, and what it foresees."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from reporter_house import T0
from ven_house import VenHouse as House

from ven_actors.actors.foreseeing import foresee
from ven_actors.messages import (
    Committed,
    ForecastMade,
    ForecastWanted,
    GapRecorded,
    IntervalClosed,
    Recovered,
    Subscribe,
    TickDone,
    VenStarted,
)
from ven_actors.model import Block, EventInterval, LoadComponent, VenStatus


def test_a_ven_says_who_it_is_and_does_nothing_until_it_knows_where_it_goes_on(ven: Callable[..., House]) -> None:
    house = ven(recovered=False)
    house.tick(T0)
    assert house.reporter.messages == (VenStarted("Herning", 3, house.layout, house.actor.actor_ref),)
    assert house.clock.messages == ()


def test_it_subscribes_once_it_knows_and_only_once(ven: Callable[..., House]) -> None:
    house = ven()
    house.recover()
    jobs = frozenset({"metering", "polling", "program_sync", "enrolment", "ven_check"})
    assert house.clock.messages == (Subscribe("Herning", house.actor.actor_ref, jobs, 3),)


def test_what_is_told_to_another_life_is_ignored(ven: Callable[..., House]) -> None:
    house = ven(recovered=False)
    house.tell(Recovered(2, T0, None, None))
    assert house.clock.messages == ()
    house.recover(T0)
    house.tell(Committed(2, T0 + 500))
    house.tick(T0 + 10)
    assert house.closed == [T0]


# --- intervals


def test_the_first_interval_is_the_last_whole_one_and_is_closed_at_once(ven: Callable[..., House]) -> None:
    house = ven()
    house.tick(T0 + 17.5)
    assert house.closed == [T0]
    (told,) = house.reporter.of(IntervalClosed)
    assert (told.ven, told.run, told.block.interval_s) == ("Herning", 3, 10)
    assert (told.block.power_w == house.power(T0)).all()


def test_an_interval_is_closed_when_it_has_ended_and_not_before(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.tick(T0 + 9.999)
    assert house.closed == []
    house.tick(T0 + 10)
    house.tick(T0 + 10.1)
    assert house.closed == [T0]


def test_missed_intervals_are_made_up_for_in_order_as_far_as_the_credit_goes(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0, credit=4)
    house.tick(T0 + 100)
    assert house.closed == [T0, T0 + 10, T0 + 20, T0 + 30]
    house.tick(T0 + 101)
    assert len(house.closed) == 4
    house.commit(T0 + 20)
    assert house.closed[4:] == [T0 + 40, T0 + 50]
    house.commit(T0 + 60)
    assert house.closed[6:] == [T0 + 60, T0 + 70, T0 + 80, T0 + 90]


def test_the_first_intervals_of_a_new_folder_have_no_more_credit_than_others(ven: Callable[..., House]) -> None:
    house = ven(credit=2)
    house.tick(T0 + 10)
    house.tick(T0 + 100)
    assert house.closed == [T0, T0 + 10]
    house.commit(T0 + 10)
    assert house.closed == [T0, T0 + 10, T0 + 20]


def test_time_that_is_set_back_makes_no_interval_twice(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.tick(T0 + 20)
    house.tick(T0 + 5, "polling")
    house.tick(T0 + 20)
    assert house.closed == [T0, T0 + 10]
    assert house.read_as_of == [T0 + 20], "the reporter must not hear that events were read before that time"


def test_a_store_that_is_ahead_of_time_is_waited_for(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0 + 100)
    house.tick(T0)
    assert house.reporter.of(IntervalClosed) == house.reporter.of(GapRecorded) == []


def test_only_what_is_committed_is_shown_as_closed(ven: Callable[..., House]) -> None:
    house = ven()
    house.tick(T0 + 10)
    assert house.status.closed_until_s is None
    house.commit(T0 + 10)
    house.tick(T0 + 11)
    assert house.status.closed_until_s == T0 + 10


def test_the_status_after_a_tick_is_what_the_ven_sees(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.tick(T0 + 10, "polling")
    done = house.supervisor.of(TickDone)[-1]
    power_w = int(house.power(T0).sum())
    assert done.run == 3
    assert done.status == VenStatus(
        "Herning", "running", 2, power_w, T0, 0, "", reached=True, answered=True, unaffected_w=power_w
    )


def test_a_ven_that_crashes_in_an_interval_has_told_all_before_it_and_nothing_of_it(
    ven: Callable[..., House],
) -> None:
    def crash(name: str, start_s: int) -> None:
        if start_s == T0 + 20:
            raise RuntimeError(name)

    house = ven(closed_until_s=T0, before_interval=crash)
    with pytest.raises(RuntimeError, match="Herning"):
        house.tick(T0 + 50)
    assert house.closed == [T0, T0 + 10]


# --- told again where to go on


def test_told_again_where_to_go_on_it_goes_on_there_at_once(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.tick(T0 + 40)
    house.recover(T0 + 20)
    assert house.closed == [T0, T0 + 10, T0 + 20, T0 + 30, T0 + 20, T0 + 30]


def test_a_commit_beyond_where_it_was_told_to_go_on_is_believed(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0, credit=4)
    house.tick(T0 + 40)
    house.recover(T0 + 10)
    house.reporter.clear()
    house.commit(T0 + 200)
    house.tick(T0 + 220)
    assert house.closed == [T0 + 200, T0 + 210]


# --- gaps


def test_what_lies_within_the_catch_up_is_made_up_for(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0, catch_up_s=100.0)
    house.tick(T0 + 105)
    assert house.reporter.of(GapRecorded) == []
    assert len(house.closed) == 10


def test_what_lies_beyond_it_is_a_gap_of_whole_intervals_recorded_once(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0, catch_up_s=25.0)
    house.tick(T0 + 1_005)
    house.tick(T0 + 1_006)
    assert house.reporter.of(GapRecorded) == [GapRecorded("Herning", 3, T0, T0 + 970, 10)]
    assert house.closed == [], "nothing follows the gap before the gap is committed"
    house.commit(T0 + 970)
    assert house.closed == [T0 + 970, T0 + 980, T0 + 990]
    assert len(house.reporter.of(GapRecorded)) == 1


def test_after_a_long_standstill_in_the_middle_of_a_run_the_gap_begins_where_the_store_ends(
    ven: Callable[..., House],
) -> None:
    house = ven(closed_until_s=T0, catch_up_s=100.0, credit=4)
    house.tick(T0 + 20)
    house.tick(T0 + 100_000)
    house.commit(T0 + 10)
    assert house.closed == [T0, T0 + 10], "one is still out: it is not skipped, and nothing older is made"
    assert house.reporter.of(GapRecorded) == []
    house.commit(T0 + 20)
    assert house.reporter.of(GapRecorded) == [GapRecorded("Herning", 3, T0 + 20, T0 + 99_900, 10)]
    house.commit(T0 + 99_900)
    assert house.closed[2:] == [T0 + 99_900 + 10 * n for n in range(4)]


def test_a_ven_that_makes_up_for_nothing_still_closes_the_last_whole_interval(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0, catch_up_s=0.0)
    house.tick(T0 + 11)
    house.commit(T0 + 10)
    house.tick(T0 + 21)
    assert house.closed == [T0, T0 + 10]
    assert house.reporter.of(GapRecorded) == []


# --- what is foreseen and what is shown


def test_r31_a_ven_foresees_what_it_will_draw(ven: Callable[..., House]) -> None:
    house = ven()
    intervals = (EventInterval(0, T0 + 100.5, T0 + 130.0), EventInterval(1, T0 + 130.0, T0 + 160.0))
    house.tell(ForecastWanted(3, "r", intervals, sheddable=False))
    house.tell(ForecastWanted(2, "an earlier life", intervals, sheddable=False))
    (made,) = house.reporter.of(ForecastMade)
    assert (made.ven, made.run, made.request_id) == ("Herning", 3, "r")
    assert [(block.start_s, block.interval_s) for block in made.blocks] == [(T0 + 100, 30), (T0 + 130, 30)]
    assert made.blocks[0].power_w.tolist() == house.power(T0 + 100).tolist()


def test_r30_what_could_be_shed_is_the_power_of_the_sheddable_loads() -> None:
    class Two:
        layout = None

        def block(self, start_s: int, interval_s: int, phases: Any, /) -> Block:
            return Block(start_s, interval_s, np.array([[5, 7], [11, 13]], dtype=np.int32), {"simple_level": [1, 0]})

    def loads(*sheddable: bool) -> Any:
        named = [LoadComponent(f"load_{n}", "k", "m", 1.0, can) for n, can in enumerate(sheddable)]
        return SimpleNamespace(loads=tuple(reversed(named)))

    wanted = ForecastWanted(1, "r", (EventInterval(0, 0.0, 10.0),), sheddable=True)
    (block,) = foresee(wanted, Two(), [loads(True, False), loads(False, True)], lambda _start_s, _end_s: ())
    assert block.extras["simple_level"] == [1, 0]
    assert block.extras["sheddable_w"].tolist() == [[5, 0], [0, 13]]


def test_power_is_not_known_before_the_first_interval_of_a_life(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.tick(T0 + 9)
    assert house.status.power_w is None
    house.tick(T0 + 10)
    assert house.status.power_w == int(house.power(T0).sum())
