"""The reporter and its senders: whose verdict counts, senders that die, and what goes out first."""

from collections.abc import Callable
from types import ModuleType

import pytest
from reporter_house import T0, accept, sends
from reporter_house import ReporterHouse as House
from structlog.testing import capture_logs

from ven_actors.messages import Ambiguous, BreakOff, Held, Send, SenderReady
from ven_actors.model import Readings

# --- whose verdict counts


@pytest.mark.parametrize(("sender", "run"), [("sender-1", 0), ("sender-1", 2), ("sender-9", 1)])
def test_a_verdict_of_another_life_is_refused(reporter: House, sender: str, run: int) -> None:
    _, send = reporter.one_in_flight()
    with capture_logs() as logs:
        accept(reporter, send, sender, run)
    assert [entry["event"] for entry in logs] == ["stale_verdict_refused"]
    assert reporter.status().in_flight == 1
    assert reporter.status().readings.accepted == 0


def test_a_verdict_that_comes_twice_counts_once(reporter: House) -> None:
    _, send = reporter.one_in_flight()
    accept(reporter, send)
    accept(reporter, send)
    assert (reporter.status().reports_accepted, reporter.status().posts) == (1, 1)


def test_a_new_life_of_a_sender_puts_what_was_in_flight_in_doubt(reporter: House) -> None:
    _, send = reporter.one_in_flight()
    new = reporter.sender(run=2)
    accept(reporter, send, run=1)
    assert reporter.status().readings.accepted == 0
    assert sends(reporter, new, 1.25) == 1
    again = new.of(Send)[0].report
    assert (again.name, again.in_doubt) == (send.report.name, True)
    assert reporter.status().last_error_by_ven == {"Herning": "sender-1 ended while sending it"}


def test_a_report_that_kills_every_sender_that_gets_it_does_so_ever_more_rarely(reporter: House) -> None:
    reporter.one_in_flight()
    waits = []
    for run in range(2, 9):
        sender = reporter.sender(run=run)
        began_s = reporter.time.mono_s
        while not sender.of(Send):
            reporter.pulse()
        waits.append(reporter.time.mono_s - began_s)
    assert waits[0] <= 1.25
    assert waits[-1] >= 15


def test_the_new_life_of_one_sender_leaves_the_others_their_reports(reporter: House, metered: ModuleType) -> None:
    reporter.ven()
    reporter.ven("Aalborg")
    senders = [reporter.sender(), reporter.sender("sender-2")]
    for ven in ("Herning", "Aalborg"):
        reporter.read(metered.asked(), ven=ven)
        reporter.close(T0, ven=ven)
    reporter.pulse()
    (second,) = senders[1].of(Send)
    reporter.sender(run=2)
    accept(reporter, second, "sender-2")
    assert reporter.status().readings.accepted == 4


def test_an_older_life_of_a_sender_does_not_take_its_place(reporter: House, metered: ModuleType) -> None:
    new = reporter.sender(run=2)
    with capture_logs() as logs:
        old = reporter.sender(run=1)
    assert [entry["event"] for entry in logs] == ["stale_run_refused"]
    reporter.ven()
    reporter.read(metered.asked())
    reporter.close(T0)
    reporter.pulse()
    assert (len(new.of(Send)), len(old.of(Send))) == (1, 0)


def test_a_report_told_to_a_dead_sender_waits_for_its_next_life(reporter: House, metered: ModuleType) -> None:
    reporter.sender().die()
    reporter.ven()
    reporter.read(metered.asked())
    reporter.close(T0)
    reporter.pulse()
    assert reporter.actor.undeliverable == 1
    sender = reporter.sender(run=2)
    assert sends(reporter, sender, 1.25) == 1


# --- order and fairness


def test_only_one_report_of_a_ven_is_in_the_air_and_the_oldest_goes_first(reporter: House, metered: ModuleType) -> None:
    reporter.ven()
    senders = [reporter.sender(f"sender-{n}") for n in (1, 2)]
    reporter.read(metered.asked())
    reporter.close(T0, 3)
    reporter.pulse()
    starts = []
    for _ in range(3):
        (sender,) = [each for each in senders if each.messages]
        (send,) = sender.of(Send)
        starts.append(send.blocks[0].start_s)
        sender.clear()
        accept(reporter, send, sender.name)
        reporter.actor.idle()
    assert starts == [T0, T0 + 10, T0 + 20]


def test_what_an_earlier_run_left_goes_out_when_its_ven_has_started_and_not_before(
    reporting: Callable[..., House], metered: ModuleType
) -> None:
    first = reporting()
    for ven in ("Herning", "Aalborg"):
        first.ven(ven)
        first.read(metered.asked(), ven=ven)
        first.close(T0, ven=ven)
    first.pulse()
    second = reporting()
    sender = second.sender()
    second.sender("sender-2")
    assert sends(second, sender, 5) == 0, "no VEN of this run: nobody has a client for it"
    second.ven("Aalborg")
    second.pulse()
    assert [send.report.ven_name for send in sender.of(Send)] == ["Aalborg"]
    assert second.status().readings == Readings(generated=8, queued=8)


def test_a_report_marked_as_sent_is_in_doubt_for_the_next_run(reporting: Callable[..., House]) -> None:
    _, send = reporting().one_in_flight()
    second = reporting()
    second.ven()
    sender = second.sender()
    second.pulse()
    (again,) = sender.of(Send)
    assert (again.report.name, again.report.in_doubt) == (send.report.name, True)


def test_a_verdict_that_was_committed_is_not_sent_again_by_the_next_run(reporting: Callable[..., House]) -> None:
    first = reporting()
    _, send = first.one_in_flight()
    accept(first, send)
    first.pulse()
    second = reporting()
    second.ven()
    sender = second.sender()
    assert sends(second, sender, 2) == 0
    assert second.status().readings == Readings(generated=4, accepted=4)
    assert (second.status().posts, second.status().reports_accepted) == (1, 1)


def test_the_sender_ready_of_a_sender_with_nothing_in_hand_is_only_that(reporter: House) -> None:
    reporter.tell(SenderReady("sender-1", 1, reporter.supervisor))
    reporter.tell(SenderReady("sender-1", 2, reporter.supervisor))
    assert reporter.status().in_flight == 0


# --- the end of a drain


@pytest.mark.parametrize("in_doubt", [False, True])
def test_what_the_fleet_broke_off_itself_is_kept_without_a_word(reporter: House, in_doubt: bool) -> None:
    sender, send = reporter.one_in_flight()
    verdict = Ambiguous if in_doubt else Held
    reporter.tell(BreakOff())
    with capture_logs() as logs:
        reporter.tell(verdict("sender-1", 1, send.report.report_id, "the request was aborted"))
    assert logs == []
    status = reporter.status()
    assert (status.last_error_by_ven, status.in_flight, status.reports_open) == ({}, 0, 1)
    assert sends(reporter, sender, 60) == 0, "nothing more goes out"


def test_what_was_accepted_before_the_connections_closed_still_counts(reporter: House) -> None:
    _, send = reporter.one_in_flight()
    reporter.tell(BreakOff())
    accept(reporter, send)
    assert reporter.status().reports_accepted == 1
    assert reporter.status().delivered == {"Herning"}


def test_a_sender_is_told_whether_a_report_is_live_or_backlog(reporter: House) -> None:
    sender, live = reporter.one_in_flight()
    reporter.close(T0 + 10)
    reporter.pulse(1000)
    accept(reporter, live)
    reporter.pulse()
    assert [send.backlog for send in sender.of(Send)] == [False, True]
