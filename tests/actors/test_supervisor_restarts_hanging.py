"""`SupervisorActor` by hand: common causes, and children that hang."""

from typing import Any

import pytest
import structlog

from ven_actors.model import VenState

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
