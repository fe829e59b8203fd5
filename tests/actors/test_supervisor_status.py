"""`SupervisorActor` by hand: the fleet's status, the drain and the shutdown."""

from dataclasses import replace
from typing import Any

import pykka
import pytest
import structlog

from ven_actors.actors.supervision import ChildSpec
from ven_actors.messages import ClockReport, Down, Drain, FinalFlush, ReporterReport, Shutdown, StartDrain
from ven_actors.model import JobStatus, ReporterStatus, VenState, VenStatus
from ven_actors.signals import EventsShown, EventState, Saying, ShownEvent

REPORTED = ReporterStatus(reports_accepted=7)


def clock_report(run: int, now_s: float = 60.0, *, paused: bool = False) -> ClockReport:
    return ClockReport(run, now_s, (JobStatus("metering", "15s", 75.0, simulated=True),), paused)


def down_of(name: str, run: int, reason: str = "") -> Down:
    return Down(name, run, reason, "", 0)


def shut_down(fleet: Any) -> pykka.Future[Any]:
    future = fleet.actor.on_receive(Shutdown())
    for _ in range(5):
        fleet.pulse(0.1)
        fleet.obey()
    fleet.pulse(0.1)
    return future


def test_before_anything_happened_every_ven_is_starting(supervised: Any) -> None:
    status = supervised().status()
    assert {ven.state for ven in status.vens.values()} == {VenState.STARTING}
    assert set(status.vens) == {"ven-0", "ven-1"}
    assert (status.paused, status.draining, status.jobs) == (False, False, ())


def test_the_status_is_what_the_children_told(supervised: Any) -> None:
    fleet = supervised().begun()
    told = fleet.tick_done("ven-0", VenState.VTN_LOST)
    fleet.actor.on_receive(ReporterReport(fleet.run_of("reporter"), REPORTED))
    fleet.actor.on_receive(clock_report(fleet.run_of("clock"), paused=True))
    status = fleet.status()
    assert status.vens["ven-0"] == told
    assert status.vens["ven-1"].state is VenState.STARTING
    assert status.reporter == REPORTED
    assert (status.now_s, status.paused) == (60.0, True)
    assert [job.name for job in status.jobs] == ["metering"]


def test_an_event_comes_into_force_when_it_is_time_though_its_ven_has_told_nothing_since(supervised: Any) -> None:
    fleet = supervised().begun()
    to_come = ShownEvent("e1", "dr", (Saying("SIMPLE", (2,)),), 70.0, 80.0, EventState.TO_COME)
    in_force = replace(to_come, state=EventState.IN_FORCE)
    shown = (EventsShown(70.0, (in_force,), 0), EventsShown(80.0, (), 0))
    fleet.tick_done("ven-0", shown_events=(to_come,), later_shown=shown)
    seen = []
    for now_s in (60.0, 70.5, 80.0):
        fleet.actor.on_receive(clock_report(fleet.run_of("clock"), now_s))
        seen.append(fleet.status().vens["ven-0"].shown_events)
    assert seen == [(to_come,), (in_force,), ()]


def test_what_an_older_life_tells_is_refused(supervised: Any) -> None:
    fleet = supervised().begun()
    old = {name: fleet.run_of(name) for name in ("reporter", "clock", "ven-0")}
    for name in old:
        fleet.down(name, "crash")
    fleet.actor.on_receive(ReporterReport(old["reporter"], REPORTED))
    fleet.actor.on_receive(clock_report(old["clock"]))
    fleet.tick_done("ven-0", run=old["ven-0"])
    status = fleet.status()
    assert status.reporter == ReporterStatus()
    assert status.now_s == 0.0
    assert status.vens["ven-0"].state is VenState.RESTARTING


def test_a_ven_waiting_for_its_restart_says_why_and_keeps_its_figures(supervised: Any) -> None:
    fleet = supervised().begun()
    fleet.tick_done("ven-0")
    fleet.down("ven-0", "ValueError: no")
    ven = fleet.status().vens["ven-0"]
    assert (ven.state, ven.last_error, ven.resources) == (VenState.RESTARTING, "ValueError: no", 120)
    fleet.pulse(1)
    assert fleet.status().vens["ven-0"].state is VenState.STARTING
    told = fleet.tick_done("ven-0")
    assert fleet.status().vens["ven-0"] == told


def test_what_a_life_before_had_of_its_vtn_counts_for_the_run(supervised: Any) -> None:
    fleet = supervised().begun()
    child = fleet.actor._children.named("ven-0")
    child.told(VenStatus("ven-0", VenState.RUNNING, 120, 1, None, 0, reached=True, answered=True))
    child.told(VenStatus("ven-0", VenState.STARTING, 120, 1, None, 0))
    ven = fleet.status().vens["ven-0"]
    assert (ven.state, ven.reached, ven.answered) == (VenState.STARTING, True, True)


def test_a_ven_that_has_just_begun_again_still_says_of_what_it_failed(supervised: Any) -> None:
    fleet = supervised().begun()
    fleet.down("ven-0", "ValueError: no")
    fleet.pulse(1)
    fleet.tick_done("ven-0", VenState.STARTING)
    assert fleet.status().vens["ven-0"].last_error == "ValueError: no"
    fleet.tick_done("ven-0", VenState.RUNNING)
    assert fleet.status().vens["ven-0"].last_error == ""


def test_a_ven_taken_down_with_the_core_says_with_whom(supervised: Any) -> None:
    fleet = supervised().begun()
    fleet.down("clock", "crash")
    fleet.pulse()
    assert fleet.status().vens["ven-0"].state is VenState.RESTARTING
    assert fleet.status().vens["ven-0"].last_error == "restarting with clock"


def test_a_drain_is_told_to_every_ven_once_and_answered_at_once(supervised: Any) -> None:
    fleet = supervised().begun()
    fleet.child("ven-1").die()
    fleet.actor.on_receive(clock_report(fleet.run_of("clock"), 60.0))
    assert fleet.actor.on_receive(StartDrain()) is True
    fleet.actor.on_receive(clock_report(fleet.run_of("clock"), 75.0))
    assert fleet.actor.on_receive(StartDrain()) is True
    assert fleet.child("ven-0").of(Drain) == [Drain(60.0)]
    assert fleet.status().draining


# --- shutdown --------------------------------------------------------------------------------------------------


def test_a_shutdown_stops_the_last_first_and_waits_for_each_level(supervised: Any) -> None:
    fleet = supervised().begun()
    future = fleet.actor.on_receive(Shutdown())
    for level in (["ven-0", "ven-1"], ["clock"], ["sender-1", "sender-2"], ["reporter"]):
        before = set(fleet.told_to_stop())
        fleet.pulse(0.1)
        assert set(fleet.told_to_stop()) - before == set(level)
        fleet.pulse(0.1)
        assert set(fleet.told_to_stop()) - before == set(level)
        with pytest.raises(pykka.Timeout):
            future.get(timeout=0)
        fleet.obey()
    fleet.pulse(0.1)
    assert future.get(timeout=0) == fleet.status()


def test_nothing_is_started_in_or_after_a_shutdown(supervised: Any) -> None:
    fleet = supervised().begun()
    fleet.down("ven-0", "crash")
    started = list(fleet.order)
    shut_down(fleet).get(timeout=0)
    fleet.pass_time(10)
    assert fleet.order == started


def test_the_last_status_shows_the_vens_as_they_were_when_it_began(supervised: Any) -> None:
    fleet = supervised(vens=3).begun()
    told = fleet.tick_done("ven-0"), fleet.tick_done("ven-1", VenState.REFUSED)
    fleet.down("ven-2", "crash")
    last = shut_down(fleet).get(timeout=0)
    assert (last.vens["ven-0"], last.vens["ven-1"]) == told
    assert last.vens["ven-2"].state is VenState.RESTARTING


def test_the_last_message_is_asked_before_the_end_and_its_answer_is_in_the_last_status(supervised: Any) -> None:
    fleet = supervised()
    flushed = ChildSpec("reporter", "core", fleet.specs[0].start, last_message=FinalFlush())
    fleet = supervised(children=(flushed,))
    fleet.specs[0] = flushed
    fleet.pulse()
    (reporter,) = fleet.actor._children.core
    future = fleet.actor.on_receive(Shutdown())
    fleet.pulse(0.1)
    assert reporter.ref.messages == (FinalFlush(),)
    assert reporter.ref.finished
    reporter.ref.answer.set(REPORTED)
    fleet.actor.on_receive(down_of("reporter", reporter.run))
    fleet.pulse(0.1)
    assert future.get(timeout=0).reporter == REPORTED


def test_a_last_message_that_fails_does_not_keep_the_fleet_from_ending(supervised: Any) -> None:
    first = supervised()
    fleet = supervised(children=(ChildSpec("reporter", "core", first.specs[0].start, last_message=FinalFlush()),))
    fleet.pulse()
    (reporter,) = fleet.actor._children.core
    future = fleet.actor.on_receive(Shutdown())
    fleet.pulse(0.1)
    reporter.ref.answer.set_exception((OSError, OSError("disk full"), None))
    fleet.actor.on_receive(down_of("reporter", reporter.run, "OSError: disk full"))
    fleet.pulse(0.1)
    assert future.get(timeout=0).reporter == ReporterStatus()


def test_a_last_message_is_for_the_shutdown_alone(supervised: Any) -> None:
    first = supervised()
    specs = (first.specs[0], ChildSpec("clock", "core", first.specs[3].start, last_message=FinalFlush()))
    fleet = supervised(children=specs)
    fleet.pulse()
    reporter, clock = fleet.actor._children.core
    fleet.actor.on_receive(down_of("reporter", reporter.run, "crash"))
    fleet.pulse(0.1)
    assert clock.ref.finished
    assert clock.ref.messages == ()


def test_who_does_not_end_in_time_does_not_keep_the_fleet_from_ending(supervised: Any) -> None:
    fleet = supervised().begun()
    future = fleet.actor.on_receive(Shutdown())
    with structlog.testing.capture_logs() as logs:
        fleet.pass_time(45)
    assert future.get(timeout=0).restarts["ven-0"] == 0
    assert all(fleet.child(name).aborted for name in fleet.lives)
    assert sum(line["event"] == "child_stop_overdue" for line in logs) == 6


def test_a_child_that_crashes_in_the_shutdown_stays_down(supervised: Any) -> None:
    fleet = supervised().begun()
    future = fleet.actor.on_receive(Shutdown())
    fleet.down("reporter", "crash")
    fleet.down("sender-1", "crash")
    for _ in range(4):
        fleet.pulse(0.1)
        for name in ("ven-0", "ven-1", "clock", "sender-2"):
            if fleet.child(name).ended or fleet.child(name).finished:
                fleet.down(name, "OSError: in its clean-up")
    fleet.pulse(5)
    assert future.get(timeout=0).restarts["reporter"] == 0
    assert fleet.lived("reporter") == 1


def test_vens_that_crash_in_the_shutdown_raise_no_alarm(supervised: Any) -> None:
    fleet = supervised(vens=3).begun()
    fleet.actor.on_receive(Shutdown())
    with structlog.testing.capture_logs() as logs:
        for ven in fleet.vens:
            fleet.down(ven, "crash")
    assert {line["event"] for line in logs} == {"child_down"}


def test_asking_for_the_shutdown_twice_is_answered_by_the_same(supervised: Any) -> None:
    fleet = supervised().begun()
    first = fleet.actor.on_receive(Shutdown())
    assert shut_down(fleet) is first


def test_a_shutdown_before_anything_was_started_is_done_at_once(supervised: Any) -> None:
    fleet = supervised()
    future = fleet.actor.on_receive(Shutdown())
    fleet.pulse()
    assert future.get(timeout=0).vens["ven-0"].state is VenState.STARTING
    assert fleet.order == []


def test_a_supervisor_that_ends_in_the_middle_says_so_to_who_waits(supervised: Any) -> None:
    fleet = supervised().begun()
    future = fleet.actor.on_receive(Shutdown())
    fleet.actor.on_down()
    with pytest.raises(pykka.ActorDeadError, match="before the shutdown was done"):
        future.get(timeout=0)


def test_a_supervisor_that_ends_after_the_shutdown_has_nothing_to_say(supervised: Any) -> None:
    fleet = supervised().begun()
    future = shut_down(fleet)
    fleet.actor.on_down()
    assert future.get(timeout=0) == fleet.status()


def test_a_message_that_is_none_of_its_own_ends_the_supervisor(supervised: Any) -> None:
    with pytest.raises(AssertionError):
        supervised().actor.on_receive("nonsense")
