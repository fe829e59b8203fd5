"""The reporter and its VENs: nothing is told before it is committed, and what the last flush commits."""

from collections.abc import Callable
from types import ModuleType

import pytest
from reporter_house import BOOK, T0
from reporter_house import ReporterHouse as House

from ven_actors.kept import KeptBook
from ven_actors.messages import Committed, Enrolled, EventsRead, FinalFlush, Recovered, ReporterReport, Send
from ven_actors.model import Enrolment, Readings

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
    assert ven.messages == (Recovered(7, T0 + 10, Enrolment("v-1", {"bakery": "r-1"}), BOOK),)


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
    kept: list[KeptBook] = []
    monkeypatch.setattr(reporter.store, "keep_event_book", lambda _, book: kept.append(book))
    reporter.ven()
    reporter.read()
    reporter.tell(EventsRead("Herning", 1, T0 + 30, (), None))
    assert kept == [BOOK]


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
