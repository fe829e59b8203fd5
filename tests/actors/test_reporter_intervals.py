"""The reporter and its VENs: whose word counts, and one interval after the other, each once."""

from types import ModuleType

import pytest
from log_events import events
from reporter_house import T0
from reporter_house import ReporterHouse as House
from structlog.testing import capture_logs

from ven_actors.messages import Committed, Enrolled, GapRecorded, IntervalClosed, Recovered
from ven_actors.model import Block, Enrolment, Layout, Readings, ReporterStatus

# --- whose word counts


@pytest.mark.parametrize("message", ["interval", "events", "gap", "enrolled"])
def test_an_older_life_is_refused_whatever_it_says(reporter: House, metered: ModuleType, message: str) -> None:
    reporter.ven(run=2)
    reporter.close(T0, run=2)
    reporter.pulse()
    before, commits = reporter.status(), reporter.store.commits
    with capture_logs() as logs:
        match message:
            case "interval":
                reporter.close(T0 + 10, run=1)
            case "events":
                reporter.read(metered.asked(), run=1)
            case "gap":
                reporter.tell(GapRecorded("Herning", 1, T0 + 10, T0 + 100, 10))
            case _:
                reporter.tell(Enrolled("Herning", 1, Enrolment("another")))
    reporter.pulse()
    assert events(logs) == ["stale_run_refused"]
    assert (reporter.status(), reporter.store.commits) == (before, commits)


def test_a_ven_that_starts_late_does_not_take_the_place_of_its_replacement(reporter: House) -> None:
    new = reporter.ven(run=2)
    old = reporter.ven(run=1)
    reporter.close(T0, run=2)
    reporter.pulse()
    assert old.messages == ()
    assert new.messages == (Recovered(2, T0 + 10, None, None),)


def test_a_ven_that_never_started_is_refused(reporter: House) -> None:
    reporter.close(T0)
    assert reporter.status() == ReporterStatus()


# --- one interval after the other, each once


def test_an_interval_that_comes_twice_is_kept_once_and_confirmed_again(reporter: House) -> None:
    ven = reporter.ven()
    reporter.close(T0, 2)
    reporter.pulse()
    ven.clear()
    reporter.close(T0)
    reporter.pulse()
    assert ven.messages == (Committed(1, T0 + 20),)
    assert reporter.status().readings == Readings(generated=8, queued=8)


def test_intervals_after_a_hole_are_not_taken_and_the_ven_hears_once_where_to_go_on(reporter: House) -> None:
    ven = reporter.ven()
    reporter.close(T0)
    reporter.pulse()
    ven.clear()
    with capture_logs() as logs:
        reporter.close(T0 + 20, 3)
    reporter.pulse()
    reporter.pulse()
    assert ven.messages == (Recovered(1, T0 + 10, None, None),)
    assert events(logs) == ["interval_out_of_order"]
    assert reporter.status().readings.generated == 4


def test_a_gap_is_counted_apart_and_confirmed(reporter: House) -> None:
    ven = reporter.ven()
    reporter.close(T0)
    reporter.tell(GapRecorded("Herning", 1, T0 + 10, T0 + 60, 10))
    reporter.pulse()
    reporter.close(T0 + 60)
    reporter.pulse()
    assert ven.of(Committed) == [Committed(1, T0 + 70)]
    assert ven.of(Recovered) == [Recovered(1, T0 + 60, None, None)]
    assert reporter.status().readings == Readings(generated=8, queued=8, gap=20)


def test_a_gap_that_comes_twice_or_elsewhere_changes_nothing(reporter: House) -> None:
    reporter.ven()
    reporter.close(T0)
    reporter.tell(GapRecorded("Herning", 1, T0 + 10, T0 + 60, 10))
    reporter.close(T0 + 60, 2)
    reporter.tell(GapRecorded("Herning", 1, T0 + 10, T0 + 60, 10))
    reporter.tell(GapRecorded("Herning", 1, T0 + 90, T0 + 120, 10))
    reporter.pulse()
    assert reporter.status().readings == Readings(generated=12, queued=12, gap=20)
    assert reporter.status().closed_until_by_ven == {"Herning": T0 + 80}


def test_a_new_layout_begins_with_a_new_life_and_both_are_accounted(reporter: House, metered: ModuleType) -> None:
    reporter.ven()
    reporter.close(T0)
    reporter.ven(run=2, layout=Layout(("bakery",), ("load_0", "load_1")))
    reporter.tell(IntervalClosed("Herning", 2, Block(T0 + 10, 10, metered.power_at(T0)[:1])))
    reporter.pulse()
    assert reporter.status().readings == Readings(generated=6, queued=6)
