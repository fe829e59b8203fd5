"""`ClockActor` by hand: simulated time, ticks, pulses, pause and reports."""

import pytest
from clock_stage import EVERY_15_S, METERING, Stage

from ven_actors.actors.clock import ClockActor
from ven_actors.actors.schedule import DEFAULT_JOBS, phase_of
from ven_actors.messages import Advance, ClockReport, Pulse, Subscribe, Tick, Unsubscribe
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.probe import Probe


def test_who_subscribes_gets_a_tick_with_what_is_due_at_the_next_advance() -> None:
    stage = Stage()
    ven = stage.subscribe()
    assert ven.messages == ()
    stage.advance()
    assert ven.messages == (Tick(stage.time.wall_s, stage.time.mono_s, METERING),)


def test_who_subscribes_later_is_planned_from_then_on() -> None:
    stage = Stage(jobs=DEFAULT_JOBS)
    stage.advance()
    ven = stage.subscribe(jobs=frozenset({"metering", "polling", "heartbeat"}))
    stage.advance(0.1)
    assert [tick.due for tick in ven.of(Tick)] == [{"metering", "polling"}]


def test_each_ven_has_its_own_turn_in_the_interval() -> None:
    stage = Stage()
    vens = {name: stage.subscribe(name) for name in ("Herning", "Aalborg", "Lemvig")}
    stage.advance()
    start_s = stage.time.wall_s
    for _ in range(149):
        stage.advance(0.1)
    for name, ven in vens.items():
        _, second = ven.of(Tick)
        assert second.now_s - start_s == pytest.approx(15 * phase_of(name), abs=0.11)


def test_an_advance_with_nothing_due_tells_no_ven_anything() -> None:
    stage = Stage()
    ven = stage.subscribe()
    stage.advance()
    ven.clear()
    stage.advance(0)
    assert ven.messages == ()


def test_every_advance_is_a_pulse_for_those_who_wait_for_time() -> None:
    stage = Stage()
    stage.advance()
    stage.advance(0.5)
    assert stage.reporter.messages == (
        Pulse(stage.time.wall_s - 0.5, stage.time.mono_s - 0.5),
        Pulse(stage.time.wall_s, stage.time.mono_s),
    )


def test_a_receiver_of_pulses_that_died_is_not_told_again() -> None:
    stage = Stage()
    stage.reporter.die()
    stage.advance()
    stage.advance(1)
    assert stage.clock.undeliverable == 1


def test_a_dead_subscriber_is_forgotten_and_the_others_are_told() -> None:
    stage = Stage()
    dead, living = stage.subscribe("Aalborg"), stage.subscribe("Herning")
    dead.die()
    stage.advance()
    stage.advance(60)
    assert len(living.messages) == 2
    assert stage.clock.undeliverable == 1


def test_who_unsubscribes_gets_no_more_ticks() -> None:
    stage = Stage()
    early, late = stage.subscribe("Aalborg"), stage.subscribe("Herning")
    stage.clock.on_receive(Unsubscribe("Aalborg"))
    stage.advance()
    stage.clock.on_receive(Unsubscribe("Herning", 0))
    stage.advance(60)
    assert early.messages == ()
    assert len(late.messages) == 1


def test_a_new_life_takes_the_place_of_the_old_one() -> None:
    stage = Stage()
    stage.advance()
    old = stage.subscribe(run=3)
    new = stage.subscribe(run=5)
    stage.advance(1)
    assert (len(old.messages), len(new.messages)) == (0, 1)


def test_an_old_life_that_wakes_up_does_not_take_the_place_of_the_new_one() -> None:
    stage = Stage()
    stage.advance()
    new = stage.subscribe(run=5)
    old = stage.subscribe(run=3)
    stage.clock.on_receive(Unsubscribe("Herning", 3))
    stage.advance(1)
    assert (len(old.messages), len(new.messages)) == (0, 1)


def test_what_became_due_all_at_once_is_paced() -> None:
    stage = Stage(most_per_advance=10)
    vens = [stage.subscribe(f"Fleet-{n:04d}") for n in range(25)]
    told = []
    for _ in range(4):
        stage.advance()
        told.append(sum(len(ven.messages) for ven in vens))
    assert told == [10, 20, 25, 25]


# --- simulated time --------------------------------------------------------------------------------------------


def test_at_speed_1_simulated_time_is_wall_time() -> None:
    stage = Stage()
    stage.advance()
    stage.time.set_wall(stage.time.wall_s + 100)
    stage.advance(1)
    assert stage.now_s == stage.time.wall_s


def test_simulated_time_holds_while_the_wall_clock_is_set_back() -> None:
    stage = Stage()
    stage.advance()
    begin_s = stage.now_s
    stage.time.set_wall(stage.time.wall_s - 100)
    stage.advance(1)
    assert stage.now_s == begin_s
    stage.advance(110)
    assert stage.now_s == begin_s + 11


def test_a_simulation_of_another_day_starts_there() -> None:
    stage = Stage(sim_start_s=86_400.0)
    stage.advance()
    stage.advance(7)
    assert stage.now_s == 86_407.0


def test_at_another_speed_simulated_time_runs_with_the_monotonic_clock() -> None:
    stage = Stage(speed=60.0, sim_start_s=86_400.0)
    stage.advance()
    stage.time.set_wall(0.0)
    stage.advance(2)
    assert stage.now_s == 86_520.0


def test_a_restarted_clock_goes_on_from_the_same_origin() -> None:
    first = Stage(speed=60.0)
    first.advance()
    origin = Advance(first.time.wall_s, first.time.mono_s)
    second = Stage(speed=60.0, origin=origin)
    second.advance(10)
    assert second.now_s == origin.wall_s + 600


# --- reports ---------------------------------------------------------------------------------------------------


def test_the_supervisor_hears_of_the_schedule_at_most_once_a_second() -> None:
    stage = Stage(jobs=DEFAULT_JOBS)
    for _ in range(21):
        stage.advance(0.125)
    reports = stage.supervisor.of(ClockReport)
    assert len(reports) == 3
    assert {report.run for report in reports} == {4}
    assert [job.name for job in reports[0].jobs] == [job.name for job in DEFAULT_JOBS]
    assert not reports[0].paused


def test_a_message_that_is_none_of_its_own_ends_the_clock() -> None:
    with pytest.raises(AssertionError):
        Stage().clock.on_receive("nonsense")


def test_a_started_clock_ticks(request: pytest.FixtureRequest) -> None:
    time, supervisor, ven = ManualClock(), Probe(), Probe()
    ref = ClockActor.start("clock", 1, supervisor, time.monotonic, jobs=EVERY_15_S)
    request.addfinalizer(lambda: ref.stop(timeout=10))
    ref.tell(Subscribe("Herning", ven, METERING))
    ref.tell(Advance(time.wall_s, time.mono_s))
    assert ven.expect(Tick) == Tick(time.wall_s, time.mono_s, METERING)
