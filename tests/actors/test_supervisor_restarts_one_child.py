"""`SupervisorActor` by hand: who is started, which child is restarted alone and when, and what is said of it."""

from typing import Any

import structlog

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


# --- what a restarted VEN and the log are told ------------------------------------------------------------------


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
