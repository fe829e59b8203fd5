"""`SupervisorActor` by hand: a core child takes along what was started after it."""

from typing import Any

from ven_actors.actors.supervision import RestartPolicy


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
