"""The reporter and its VENs: what is committed, what is told, and whose word counts."""

import contextlib
import dataclasses
import math
import sqlite3
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from structlog.testing import capture_logs

from ven_actors.messages import (
    Accepted,
    Committed,
    Enrolled,
    FinalFlush,
    ForecastMade,
    ForecastWanted,
    GapRecorded,
    IntervalClosed,
    Recovered,
    ReporterReport,
    Send,
)
from ven_actors.model import (
    Block,
    Enrolment,
    EventInterval,
    IntervalPlan,
    Layout,
    Readings,
    ReporterStatus,
    ReportRequest,
)

T0 = 1_767_225_600
House = Any  # the `reporter` fixture; each of its probes refuses what is told before it is committed


def events(logs: list[Any]) -> list[str]:
    return [entry["event"] for entry in logs]


# --- nothing is told before it is committed


def test_a_ven_hears_where_it_goes_on_only_after_the_next_commit(reporter: House) -> None:
    ven = reporter.ven()
    assert ven.messages == ()
    reporter.pulse()
    assert ven.messages == (Recovered(1, None, None, None),)


def test_what_a_ven_had_closed_and_nobody_had_committed_is_committed_before_its_next_life_hears(
    reporter: House,
) -> None:
    reporter.ven()
    reporter.close(T0, 3)
    second = reporter.ven(run=2)
    reporter.pulse()
    assert second.messages == (Recovered(2, T0 + 30, None, None),)


def test_a_second_state_of_the_folder_gives_back_enrolment_event_book_and_place(
    reporting: Callable[..., House],
) -> None:
    first = reporting()
    first.ven()
    first.tell(Enrolled("Herning", 1, Enrolment("v-1", {"bakery": "r-1"})))
    first.read()
    first.close(T0)
    first.pulse()
    ven = (second := reporting()).ven(run=7)
    second.pulse()
    assert ven.messages == (Recovered(7, T0 + 10, Enrolment("v-1", {"bakery": "r-1"}), b"book"),)


def test_many_blocks_of_many_vens_are_one_commit_and_one_committed_each(reporter: House) -> None:
    vens = [reporter.ven(name) for name in ("Herning", "Aalborg")]
    reporter.pulse()
    commits = reporter.store.commits
    for ven in vens:
        reporter.close(T0, 3, ven=ven.name)
    reporter.pulse()
    assert reporter.store.commits == commits + 1
    assert reporter.flushes[-1] == 6 * 4 * 4
    assert [ven.of(Committed) for ven in vens] == [[Committed(1, T0 + 30)]] * 2


def test_nothing_new_is_no_commit(reporter: House) -> None:
    reporter.pulse()
    assert reporter.store.commits == 0


def test_a_block_waits_for_its_commit_no_longer_than_the_flush_time(reporting: Callable[..., House]) -> None:
    house = reporting(flush_s=2.0)
    ven = house.ven()
    house.pulse()
    house.close(T0)
    house.pulse(1.9)
    assert not ven.of(Committed)
    house.pulse(0.2)
    assert ven.of(Committed) == [Committed(1, T0 + 10)]


def test_an_idle_reporter_commits_only_when_many_blocks_wait(reporter: House) -> None:
    ven = reporter.ven()
    reporter.pulse()
    reporter.close(T0, 15)
    reporter.actor.idle()
    assert not ven.of(Committed)
    reporter.close(T0 + 150)
    reporter.actor.idle()
    assert ven.of(Committed) == [Committed(1, T0 + 160)]


def test_an_idle_reporter_sends_at_once_what_a_free_sender_could_have(reporter: House, metered: ModuleType) -> None:
    reporter.ven()
    reporter.read(metered.asked())
    reporter.close(T0)
    reporter.pulse()
    reporter.actor.idle()
    sender = reporter.sender()
    assert not sender.of(Send)
    reporter.actor.idle()
    (send,) = sender.of(Send)
    assert send.report.name.startswith("Herning.e1.")
    assert (send.blocks[0].power_w == metered.power_at(T0)).all()
    assert (send.layout, send.known_reports, send.report.in_doubt) == (metered.LAYOUT, 0, False)


def test_the_event_book_is_written_only_when_it_has_changed(reporter: House, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[bytes] = []
    monkeypatch.setattr(reporter.store, "keep_event_book", lambda _, book: kept.append(book))
    reporter.ven()
    reporter.read()
    reporter.read(as_of_s=T0 + 30)
    assert kept == [b"book"]


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


# --- time goes by


def test_the_supervisor_hears_the_status_once_a_second(reporter: House) -> None:
    for _ in range(20):
        reporter.pulse(0.1)
    told = reporter.supervisor.of(ReporterReport)
    assert len(told) == 2
    assert told[0] == ReporterReport(1, reporter.status())


def test_the_last_flush_commits_what_is_in_hand_answers_and_sends_nothing_more(
    reporting: Callable[..., House], metered: ModuleType
) -> None:
    house = reporting()
    ven, sender = house.ven(), house.sender()
    house.read(metered.asked())
    house.close(T0)
    status = house.tell(FinalFlush())
    house.actor.idle()
    house.pulse()
    assert status.readings == Readings(generated=4, queued=4)
    assert ven.of(Recovered)
    assert not sender.messages
    again = reporting()
    again.ven()
    sender = again.sender()
    again.pulse()
    assert not sender.of(Send)[0].report.in_doubt, "it never went out, so nobody need look for it"


def test_a_store_that_cannot_be_opened_leaves_nothing_to_close(reporter: House) -> None:
    def broken() -> None:
        raise OSError("no such disk")

    actor = type(reporter.actor)(
        "reporter", 1, reporter.supervisor, reporter.time.monotonic,
        open_store=broken, settings=reporter.actor._settings, rng=reporter.actor._rng,
    )  # fmt: skip
    with pytest.raises(OSError, match="disk"):
        actor.on_start()
    actor.on_down()


def forecast_request(metered: ModuleType) -> ReportRequest:
    asked: ReportRequest = metered.asked()
    descriptor = dataclasses.replace(asked.descriptor, historical=False, num_intervals=1)
    plan = IntervalPlan((EventInterval(0, T0, T0 + 10.0),), 10.0, math.inf, implied=True)
    return dataclasses.replace(asked, descriptor=descriptor, plan=plan)


def test_r31_a_forecast_is_asked_of_the_ven_sealed_and_sent(reporter: House, metered: ModuleType) -> None:
    ven, sender = reporter.ven(), reporter.sender()
    reporter.read(request := forecast_request(metered))
    reporter.close(T0 - 10)
    reporter.pulse()
    reporter.pulse()
    (wanted,) = ven.of(ForecastWanted)
    assert (wanted.run, wanted.request_id) == (1, request.request_id)
    assert [interval.start_s for interval in wanted.intervals] == [T0]
    block = Block(T0, 10, metered.power_at(T0))
    reporter.tell(ForecastMade("Herning", 1, wanted.request_id, (block,)))
    reporter.pulse()
    (send,) = sender.of(Send)
    assert send.blocks == (block,)
    reporter.tell(Accepted("sender-1", 1, send.report.report_id))
    reporter.pulse()
    assert reporter.status().reports_accepted == 1
    assert reporter.status().readings.accepted == 0


def test_a_forecast_that_a_dead_ven_owes_is_asked_of_its_next_life(reporter: House, metered: ModuleType) -> None:
    reporter.ven()
    reporter.read(forecast_request(metered))
    reporter.close(T0 - 10)
    reporter.pulse()
    again = reporter.ven(run=2)
    reporter.tell(ForecastMade("Herning", 1, "e1.r", ()))
    reporter.pulse()
    assert [wanted.run for wanted in again.of(ForecastWanted)] == [2]


def test_a_forecast_whose_columns_are_damaged_is_given_up_and_holds_up_nothing(
    reporting: Callable[..., House], metered: ModuleType
) -> None:
    first = reporting()
    first.ven()
    first.read(request := forecast_request(metered))
    first.close(T0 - 10)
    first.pulse()
    first.tell(ForecastMade("Herning", 1, request.request_id, (Block(T0, 10, metered.power_at(T0)),)))
    first.pulse()
    with contextlib.closing(sqlite3.connect(first.folder / "store.db")) as database:
        database.execute("UPDATE power SET crc32 = 0")
        database.commit()
    second = reporting()
    second.ven()
    sender = second.sender()
    second.pulse()
    second.pulse()
    assert sender.of(Send) == []
    assert second.status().reports_open == 0
