"""`SupervisorActor` by hand: who is started, restarted, fenced, and when."""

from typing import Any

import pytest
import structlog

from ven_actors.actors.supervision import RestartPolicy
from ven_actors.messages import Drain, StartDrain
from ven_actors.model import VenState


def test_the_core_starts_in_order_and_the_vens_after_it(supervised: Any) -> None:
    fleet = supervised().begun()
    assert fleet.order == ["reporter", "sender-1", "sender-2", "clock", "ven-0", "ven-1"]


def test_no_two_lives_have_the_same_run_and_runs_grow(supervised: Any) -> None:
    fleet = supervised().begun()
    fleet.down("ven-0", "crash")
    fleet.pulse(1)
    runs = [run for name in fleet.lives for run, _ in fleet.lives[name]]
    assert len(set(runs)) == 7
    assert fleet.lives["ven-0"][1][0] == 7


def test_many_vens_are_started_so_many_per_pulse(supervised: Any) -> None:
    fleet = supervised(vens=25, starts_per_pulse=10).begun()
    started = [len(fleet.order) - 4]
    for _ in range(3):
        fleet.pulse(0.1)
        started.append(len(fleet.order) - 4)
    assert started == [10, 20, 25, 25]


def test_a_ven_that_went_down_is_restarted_alone_after_a_delay(supervised: Any) -> None:
    fleet = supervised().begun()
    fleet.down("ven-0", "crash")
    fleet.pulse()
    assert fleet.lived("ven-0") == 1
    fleet.pulse(0.5)
    assert fleet.lived("ven-0") == 2
    assert fleet.told_to_stop() == []
    assert fleet.status().restarts["ven-0"] == 1
    assert sum(fleet.status().restarts.values()) == 1


def test_a_ven_that_stops_unasked_is_restarted_too(supervised: Any) -> None:
    fleet = supervised().begun()
    fleet.down("ven-0")
    assert "without being told" in fleet.status().vens["ven-0"].last_error
    fleet.pulse(1)
    assert fleet.lived("ven-0") == 2


def test_delays_grow_and_a_healthy_while_resets_them(supervised: Any) -> None:
    fleet = supervised().begun()
    waits = []
    for healthy_s in (0, 0, 0, 0, 0, 61):
        fleet.pass_time(healthy_s)
        fleet.down("ven-0", "crash")
        lives, since_s = fleet.lived("ven-0"), fleet.time.mono_s
        fleet.until(lambda lives=lives: fleet.lived("ven-0") > lives)
        waits.append(fleet.time.mono_s - since_s)
    assert waits[4] >= 4
    assert waits[4] > waits[2] > waits[0]
    assert waits[5] <= 0.5


def test_a_ven_is_never_given_up(supervised: Any) -> None:
    fleet = supervised().begun()
    for lives in range(1, 30):
        assert fleet.lived("ven-0") == lives
        fleet.down("ven-0", "crash")
        fleet.until(lambda lives=lives: fleet.lived("ven-0") > lives)


def test_a_down_of_an_older_life_changes_nothing(supervised: Any) -> None:
    fleet = supervised().begun()
    old = fleet.run_of("ven-0")
    fleet.down("ven-0", "crash")
    fleet.pulse(1)
    fleet.down("ven-0", "crash again", run=old)
    fleet.down("nobody", "crash", run=3)
    fleet.pulse(1)
    assert fleet.lived("ven-0") == 2


def test_a_child_that_cannot_be_built_is_tried_again(supervised: Any) -> None:
    fleet = supervised()
    fleet.unbuildable.add("ven-0")
    fleet.pulse()
    status = fleet.status().vens["ven-0"]
    assert (status.state, status.last_error) == (VenState.RESTARTING, "could not be built: OSError: ven-0 has no luck")
    assert fleet.lived("ven-1") == 1
    fleet.unbuildable.clear()
    fleet.pulse(1)
    assert fleet.lived("ven-0") == 1
    assert fleet.status().vens["ven-0"].state is VenState.STARTING


def test_nothing_is_started_before_what_it_stands_on(supervised: Any) -> None:
    fleet = supervised()
    fleet.unbuildable.add("sender-2")
    fleet.pulse()
    assert fleet.order == ["reporter", "sender-1"]
    fleet.unbuildable.clear()
    fleet.pulse(1)
    assert fleet.order == ["reporter", "sender-1", "sender-2", "clock", "ven-0", "ven-1"]


# --- rest for one ----------------------------------------------------------------------------------------------


def test_a_core_child_takes_along_what_was_started_after_it_and_nothing_else(supervised: Any) -> None:
    fleet = supervised().begun()
    fleet.down("sender-1", "crash")
    fleet.pulse()
    assert fleet.told_to_stop() == ["ven-0", "ven-1"]
    fleet.down("ven-0")
    fleet.pulse(0.1)
    assert fleet.told_to_stop() == ["ven-0", "ven-1"]
    fleet.down("ven-1")
    fleet.pulse(0.1)
    assert set(fleet.told_to_stop()) == {"ven-0", "ven-1", "clock"}
    fleet.down("clock")
    fleet.pulse(0.1)
    assert "sender-2" in fleet.told_to_stop()
    assert fleet.lived("sender-1") == 1
    fleet.down("sender-2")
    fleet.order.clear()
    fleet.until(lambda: fleet.order)
    assert fleet.order == ["sender-1", "sender-2", "clock", "ven-0", "ven-1"]
    assert fleet.lived("reporter") == 1


def test_the_core_is_asked_to_finish_and_vens_to_stop_at_once(supervised: Any) -> None:
    fleet = supervised().begun()
    fleet.down("reporter", "crash")
    fleet.pulse()
    fleet.obey()
    fleet.pulse()
    assert fleet.child("ven-0").ended
    assert not fleet.child("ven-0").finished
    assert fleet.child("clock").finished
    assert not fleet.child("clock").ended


def test_a_crash_of_the_clock_restarts_the_vens_after_it(supervised: Any) -> None:
    fleet = supervised().begun()
    fleet.down("clock", "crash")
    fleet.pulse()
    fleet.obey()
    fleet.order.clear()
    fleet.until(lambda: fleet.order)
    assert fleet.order == ["clock", "ven-0", "ven-1"]
    assert fleet.status().restarts == {"reporter": 0, "sender-1": 0, "sender-2": 0, "clock": 1, "ven-0": 1, "ven-1": 1}


def test_who_does_not_stop_in_time_is_fenced(supervised: Any) -> None:
    fleet = supervised().begun()
    old = fleet.run_of("ven-0")
    fleet.down("clock", "crash")
    fleet.pulse()
    fleet.down("ven-1")
    fleet.pass_time(9)
    assert fleet.lived("clock") == 1
    fleet.pass_time(2)
    assert fleet.lives["ven-0"][0][1].aborted
    assert fleet.lived("ven-0") == 2
    fleet.down("ven-0", "woke up", run=old)
    fleet.pulse(1)
    assert fleet.lived("ven-0") == 2


def test_a_second_crash_in_the_core_during_a_restart_reaches_as_far_as_it_must(supervised: Any) -> None:
    fleet = supervised().begun()
    fleet.down("clock", "crash")
    fleet.pulse()
    fleet.down("reporter", "crash")
    fleet.order.clear()
    for _ in range(6):
        fleet.obey()
        fleet.pulse(0.5)
    assert fleet.order == ["reporter", "sender-1", "sender-2", "clock", "ven-0", "ven-1"]


def test_an_earlier_crash_does_not_narrow_a_wider_restart(supervised: Any) -> None:
    fleet = supervised().begun()
    fleet.down("reporter", "crash")
    fleet.pulse()
    fleet.down("clock", "crash")
    for _ in range(6):
        fleet.obey()
        fleet.pulse(0.5)
    assert [fleet.lived(name) for name in ("reporter", "sender-1", "sender-2", "clock", "ven-0")] == [2] * 5


def test_many_children_are_told_to_stop_so_many_per_pulse(supervised: Any) -> None:
    fleet = supervised(vens=25, stops_per_pulse=10).begun()
    fleet.down("clock", "crash")
    told = []
    for _ in range(3):
        fleet.pulse()
        told.append(len(fleet.told_to_stop()))
    assert told == [10, 20, 25]


def test_a_ven_waiting_for_its_own_restart_waits_on_through_one_of_the_core(supervised: Any) -> None:
    fleet = supervised(restarts=RestartPolicy(base_s=20.0)).begun()
    fleet.down("ven-0", "crash")
    fleet.actor._children.named("ven-0").start_at_s = fleet.time.mono_s + 100
    fleet.down("clock", "crash")
    fleet.pulse()
    fleet.obey()
    fleet.until(lambda: fleet.lived("ven-1") == 2)
    assert fleet.lived("ven-0") == 1
    fleet.pass_time(101)
    assert fleet.lived("ven-0") == 2


def test_a_core_child_waits_for_its_delay_as_well(supervised: Any) -> None:
    fleet = supervised().begun()
    fleet.down("reporter", "crash")
    for _ in range(6):
        fleet.pulse()
        fleet.obey()
    assert fleet.lived("reporter") == 1
    fleet.pulse(0.5)
    assert fleet.lived("reporter") == 2


def test_who_is_stopping_has_its_own_deadline_and_does_not_count_as_hanging(supervised: Any) -> None:
    fleet = supervised().begun()
    fleet.child("ven-0").busy_since = fleet.time.mono_s
    fleet.pass_time(58)
    fleet.down("clock", "crash")
    fleet.pass_time(6)
    assert fleet.child("ven-0").ended
    assert not fleet.child("ven-0").aborted


# --- common causes ---------------------------------------------------------------------------------------------


def test_half_of_the_vens_down_together_restart_the_core_once_per_cool_down(supervised: Any) -> None:
    fleet = supervised(vens=6).begun()
    with structlog.testing.capture_logs() as logs:
        for ven in fleet.vens[:3]:
            fleet.down(ven, "no file descriptors left")
    (said,) = [line for line in logs if line["event"] == "common_cause"]
    assert (said["vens_down"], said["reason"]) == (3, "no file descriptors left")
    for _ in range(10):
        fleet.pulse(0.5)
        fleet.obey()
    fleet.until(lambda: fleet.lived("ven-5") == 2)
    assert fleet.lived("reporter") == 2
    fleet.pulse(1)
    for ven in fleet.vens:
        fleet.down(ven, "no file descriptors left")
    fleet.pass_time(5)
    assert fleet.lived("reporter") == 2
    assert fleet.told_to_stop() == []


def test_fewer_vens_than_that_leave_the_core_alone(supervised: Any) -> None:
    fleet = supervised(vens=6).begun()
    for ven in fleet.vens[:2]:
        fleet.down(ven, "crash")
    fleet.pass_time(3)
    assert fleet.lived("reporter") == 1
    assert fleet.told_to_stop() == []


# --- hanging ---------------------------------------------------------------------------------------------------


def test_a_ven_that_hangs_is_broken_off_fenced_and_replaced(supervised: Any) -> None:
    fleet = supervised().begun()
    hung, old = fleet.child("ven-0"), fleet.run_of("ven-0")
    hung.busy_since = fleet.time.mono_s
    fleet.pass_time(60)
    assert (fleet.lived("ven-0"), hung.aborted) == (1, False)
    fleet.pass_time(4)
    assert (hung.aborted, hung.ended) == (True, True)
    assert fleet.lived("ven-0") == 2
    assert "hung: one message for more than 60 s" in fleet.status().vens["ven-0"].last_error
    fleet.tick_done("ven-0", run=old)
    assert fleet.status().vens["ven-0"].state is VenState.STARTING
    fleet.down("ven-0", run=old)
    fleet.pulse(5)
    assert fleet.lived("ven-0") == 2


def test_an_abort_that_fails_does_not_hurt_the_supervisor(supervised: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = supervised().begun()

    def refuse() -> None:
        raise OSError("already closed")

    monkeypatch.setattr(fleet.child("ven-0"), "abort", refuse)
    fleet.child("ven-0").busy_since = fleet.time.mono_s
    fleet.pass_time(64)
    assert fleet.lived("ven-0") == 2


def test_a_ven_that_hangs_and_never_wakes_is_replaced_ever_more_rarely(supervised: Any) -> None:
    fleet = supervised().begun()
    child = fleet.actor._children.named("ven-0")
    delays = []
    for lives in range(1, 6):
        fleet.child("ven-0").busy_since = fleet.time.mono_s
        fleet.until(lambda lives=lives: len(child.hung_runs) == lives, 100)
        delays.append(child.start_at_s - fleet.time.mono_s)
        fleet.until(lambda lives=lives: fleet.lived("ven-0") > lives)
    assert [round(delay, 1) for delay in delays] == sorted(round(delay, 1) for delay in delays)
    assert delays[4] >= 8.0
    for run, _ in fleet.lives["ven-0"][:5]:
        fleet.down("ven-0", run=run)
    assert child.hung_runs == set()


def test_a_hung_core_child_is_replaced_with_what_stands_on_it(supervised: Any) -> None:
    fleet = supervised().begun()
    fleet.child("clock").busy_since = fleet.time.mono_s
    fleet.pass_time(62)
    assert fleet.lives["clock"][0][1].aborted
    assert fleet.told_to_stop() == ["clock", "ven-0", "ven-1"]


def test_a_process_that_stood_still_blames_nobody_for_that_time(supervised: Any) -> None:
    fleet = supervised().begun()
    fleet.child("ven-0").busy_since = fleet.time.mono_s
    fleet.pulse(3_600)
    fleet.pass_time(2)
    assert fleet.lived("ven-0") == 1
    assert not fleet.child("ven-0").aborted
    fleet.pass_time(61)
    assert fleet.lives["ven-0"][0][1].aborted


# --- draining --------------------------------------------------------------------------------------------------


def test_a_ven_restarted_in_the_drain_is_told_of_it(supervised: Any) -> None:
    fleet = supervised().begun()
    fleet.down("ven-0", "crash")
    assert fleet.actor.on_receive(StartDrain()) is True
    fleet.pulse(1)
    assert fleet.child("ven-0").of(Drain) == [Drain(0.0)]
    assert fleet.child("ven-1").of(Drain) == [Drain(0.0)]


def test_everybody_goes_down_and_up_with_one_line_each(supervised: Any) -> None:
    fleet = supervised().begun()
    with structlog.testing.capture_logs() as logs:
        fleet.down("ven-0", "ValueError: no")
        fleet.pulse(1)
        fleet.pulse(1)
    assert [line["event"] for line in logs] == ["child_down", "child_restarted"]
    assert logs[0]["child"] == "ven-0"
    assert logs[0]["reason"] == "ValueError: no"
    assert {"run", "restart_in_s", "dropped"} <= logs[0].keys()
    assert (logs[1]["run"], logs[1]["restarts"]) == (7, 1)


def test_a_trouble_that_goes_on_is_said_twice_and_again_when_it_is_over(supervised: Any) -> None:
    fleet = supervised().begun()
    with structlog.testing.capture_logs() as logs:
        for _ in range(6):
            lives = fleet.lived("reporter")
            fleet.down("reporter", "StateError: the disk is full")
            for name in ("ven-0", "ven-1", "clock", "sender-1", "sender-2"):
                fleet.until(lambda name=name: fleet.child(name).ended or fleet.child(name).finished)
                fleet.down(name)
            fleet.until(lambda lives=lives: fleet.lived("reporter") > lives and fleet.lived("ven-1") > lives)
            assert fleet.status().errors == {"reporter": "StateError: the disk is full"}
        fleet.pass_time(9)
        said = [(line["event"], line["child"]) for line in logs if line["log_level"] != "debug"]
        assert said == [(event, "reporter") for event in ("child_down", "child_restarted", "child_keeps_failing")]
        logs.clear()
        fleet.pass_time(30)
    assert [(line["event"], line["child"], line["failures"]) for line in logs] == [("child_back", "reporter", 6)]
    assert fleet.status().errors == {}


def test_another_trouble_and_one_after_a_good_life_are_said_anew(supervised: Any) -> None:
    fleet = supervised().begun()
    with structlog.testing.capture_logs() as logs:
        for reason, well_s in (("one", 1), ("other", 15), ("other", 1)):
            lives = fleet.lived("ven-0")
            fleet.down("ven-0", reason)
            fleet.until(lambda lives=lives: fleet.lived("ven-0") > lives)
            fleet.pass_time(well_s)
    assert [line["event"] for line in logs] == ["child_down", "child_restarted"] * 3
