"""The reporter and its senders: every verdict, stale ones, senders that die, and what is dropped in the end."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from structlog.testing import capture_logs

from ven_actors.delivery.throttle import RefusalAlarm
from ven_actors.messages import Accepted, Ambiguous, EventGone, Held, Refused, Send, SenderReady
from ven_actors.model import Readings

T0 = 1_767_225_600
House = Any


def accept(house: House, send: Send, sender: str = "sender-1", run: int = 1) -> None:
    house.tell(Accepted(sender, run, send.report.report_id))


def sends(house: House, sender: Any, seconds: float) -> int:
    """How many reports went out within so many seconds from now."""
    before = len(sender.of(Send))
    for _ in range(int(seconds / 0.25)):
        house.pulse()
        house.actor.idle()
    return len(sender.of(Send)) - before


# --- each verdict


def test_accepted_readings_are_accepted_in_the_ledger(reporter: House) -> None:
    _, send = reporter.one_in_flight()
    assert reporter.status().in_flight == 1
    accept(reporter, send)
    reporter.pulse()
    status = reporter.status()
    assert status.readings == Readings(generated=4, accepted=4)
    assert (status.reports_accepted, status.posts, status.in_flight, status.possibly_doubled) == (1, 1, 0, 0)


def test_a_doubled_and_a_found_report_are_counted_as_what_they_are(reporter: House) -> None:
    sender, send = reporter.one_in_flight()
    reporter.tell(Accepted("sender-1", 1, send.report.report_id, posts=0, possibly_doubled=True))
    assert (reporter.status().posts, reporter.status().possibly_doubled) == (0, 1)
    reporter.close(T0 + 10)
    reporter.pulse()
    assert sender.of(Send)[-1].known_reports == 1


def test_a_report_sent_twice_into_the_dark_counts_as_doubled_even_if_one_is_found(reporter: House) -> None:
    sender, send = reporter.one_in_flight()
    reporter.tell(Ambiguous("sender-1", 1, send.report.report_id, "lost", possibly_doubled=True))
    reporter.pulse(60)
    again = sender.of(Send)[-1].report
    assert again.in_doubt
    reporter.tell(Accepted("sender-1", 1, again.report_id, posts=0))
    assert reporter.status().possibly_doubled == 1


def test_r41_a_refused_report_is_halved_until_the_bad_resource_stands_alone(reporter: House) -> None:
    sender, send = reporter.one_in_flight()
    reporter.tell(Refused("sender-1", 1, send.report.report_id, 400, "no such unit"))
    reporter.pulse()
    half = sender.of(Send)[-1]
    assert (half.report.rows, half.report.name) == ((0,), send.report.name + ".c2")
    assert reporter.status().readings == Readings(generated=4, queued=4)
    reporter.tell(Refused("sender-1", 1, half.report.report_id, 400, "no such unit"))
    reporter.pulse()
    accept(reporter, sender.of(Send)[-1])
    reporter.pulse()
    assert reporter.status().readings == Readings(generated=4, accepted=2, quarantined=2)
    assert reporter.status().reports_refused == 1


def test_a_report_refused_for_another_reason_than_its_content_is_quarantined_whole(reporter: House) -> None:
    _, send = reporter.one_in_flight()
    reporter.tell(Refused("sender-1", 1, send.report.report_id, 409, "another content"))
    reporter.pulse()
    status = reporter.status()
    assert status.readings == Readings(generated=4, quarantined=4)
    assert status.last_error_by_ven == {"Herning": "409: another content"}


@pytest.mark.parametrize("told", [{"possibly_there": True}, {}])
def test_r41_a_report_that_may_be_there_already_is_never_halved(reporter: House, told: dict[str, bool]) -> None:
    sender, send = reporter.one_in_flight()
    if not told:
        reporter.tell(Ambiguous("sender-1", 1, send.report.report_id, "no answer", possibly_doubled=True))
        sends(reporter, sender, 40)
        send = sender.of(Send)[-1]
    reporter.tell(Refused("sender-1", 1, send.report.report_id, 400, "no", **told))
    reporter.pulse()
    assert reporter.status().readings == Readings(generated=4, quarantined=4)


def test_r36_a_report_that_is_too_large_is_halved_and_the_next_are_sealed_smaller(
    reporting: Callable[..., House], metered: ModuleType
) -> None:
    house = reporting(max_report_bytes=100_000)
    sender, send = house.one_in_flight()
    house.tell(Refused("sender-1", 1, send.report.report_id, 413, "too large", body_bytes=2600))
    for _ in range(2):
        house.pulse()
        accept(house, sender.of(Send)[-1])
    house.close(T0 + 10)
    for _ in range(2):
        house.pulse()
        accept(house, sender.of(Send)[-1])
    house.pulse()
    assert [each.report.rows for each in sender.of(Send)] == [None, (0,), (1,), (0,), (1,)]
    assert house.status().readings == Readings(generated=8, accepted=8)


def test_r36_halves_outlive_the_process(reporting: Callable[..., House], metered: ModuleType) -> None:
    first = reporting()
    sender, send = first.one_in_flight()
    first.tell(Refused("sender-1", 1, send.report.report_id, 413, "too large", body_bytes=2600))
    first.pulse()
    accept(first, sender.of(Send)[-1])
    first.pulse()
    second = reporting()
    second.ven()
    again = second.sender()
    second.read(metered.asked())
    for _ in range(2):
        second.pulse()
        for each in again.of(Send)[-1:]:
            accept(second, each)
    second.pulse()
    assert [(each.report.rows, each.report.in_doubt) for each in again.of(Send)] == [((1,), True)]
    assert second.status().readings == Readings(generated=4, accepted=4)


def test_r36_reports_are_sealed_no_larger_than_configured(reporting: Callable[..., House]) -> None:
    house = reporting(max_report_bytes=10)
    sender, send = house.one_in_flight()
    assert send.report.rows == (0,)
    accept(house, send)
    house.pulse()
    assert sender.of(Send)[-1].report.name == send.report.name.replace(".c2", ".c3")


def test_r36_what_was_sealed_under_a_larger_bound_is_cut_before_it_goes_out(
    reporting: Callable[..., House], metered: ModuleType
) -> None:
    first = reporting()
    first.ven()
    first.read(metered.asked())
    first.close(T0)
    first.pulse()
    second = reporting(max_report_bytes=10)
    second.ven()
    sender = second.sender()
    second.read(metered.asked())
    for _ in range(3):
        second.pulse()
        for send in sender.of(Send)[-1:]:
            accept(second, send)
    second.pulse()
    assert [each.report.rows for each in sender.of(Send)] == [(0,), (1,)]
    assert second.status().readings == Readings(generated=4, accepted=4)


def test_a_vtn_that_is_always_too_small_quarantines_cell_by_cell_in_the_end(reporter: House) -> None:
    sender, _ = reporter.one_in_flight()
    for _ in range(3):
        send = sender.of(Send)[-1]
        reporter.tell(Refused("sender-1", 1, send.report.report_id, 413, "too large", body_bytes=100))
        reporter.pulse()
    assert reporter.status().readings == Readings(generated=4, quarantined=4)


def test_a_vtn_that_refuses_one_after_the_other_is_not_fed_the_fleet(reporter: House, metered: ModuleType) -> None:
    reporter.ven()
    sender = reporter.sender()
    reporter.read(metered.asked())
    reporter.close(T0, 12)
    for _ in range(RefusalAlarm.RINGS_AFTER + 1):
        reporter.pulse()
        reporter.tell(Refused("sender-1", 1, sender.of(Send)[-1].report.report_id, 400, "no"))
    readings = reporter.status().readings
    assert readings.quarantined + readings.queued == 48
    assert 0 < readings.quarantined <= RefusalAlarm.RINGS_AFTER * 2
    assert "refuses every report" in reporter.status().last_error_by_ven["Herning"]
    assert sends(reporter, sender, 290) == 0
    assert sends(reporter, sender, 20) == 1


@pytest.mark.parametrize(
    ("held", "not_within_s", "within_s"),
    [
        ({}, 0.4, 1.25),
        ({"retry_after_s": 20.0}, 19.5, 1.0),
        ({"retry_after_s": 0.0}, 0.4, 1.25),
        ({"slow": True}, 299.0, 1.5),
        ({"slow": True, "retry_after_s": 20.0}, 19.5, 1.0),
    ],
)
def test_a_held_report_is_tried_again_after_its_time(
    reporter: House, held: dict[str, Any], not_within_s: float, within_s: float
) -> None:
    sender, send = reporter.one_in_flight()
    reporter.tell(Held("sender-1", 1, send.report.report_id, "503: not now", **held))
    assert reporter.status().last_error_by_ven == {"Herning": "503: not now"}
    assert sends(reporter, sender, not_within_s) == 0
    assert sends(reporter, sender, within_s) == 1
    assert not sender.of(Send)[-1].report.in_doubt
    assert reporter.status().readings == Readings(generated=4, queued=4)


def test_a_vtn_that_asks_for_time_gets_it_from_the_whole_fleet(reporter: House, metered: ModuleType) -> None:
    sender, send = reporter.one_in_flight()
    other = reporter.sender("sender-2")
    reporter.tell(Held("sender-1", 1, send.report.report_id, "429: slow down", retry_after_s=30.0))
    reporter.ven("Aalborg")
    reporter.read(metered.asked(), ven="Aalborg")
    reporter.close(T0, ven="Aalborg")
    assert sends(reporter, other, 29.5) == 0
    before = len(sender.of(Send)) + len(other.of(Send))
    sends(reporter, other, 1.0)
    assert len(sender.of(Send)) + len(other.of(Send)) == before + 2


def test_an_ambiguous_report_goes_out_again_in_doubt(reporter: House) -> None:
    sender, send = reporter.one_in_flight()
    reporter.tell(Ambiguous("sender-1", 1, send.report.report_id, "cut off"))
    assert sends(reporter, sender, 1.25) == 1
    assert sender.of(Send)[-1].report.in_doubt
    assert sender.of(Send)[-1].report.name == send.report.name


def test_an_event_that_is_gone_takes_its_reports_back_and_is_tried_at_most_once_for_each_crawl(
    reporter: House, metered: ModuleType
) -> None:
    sender, send = reporter.one_in_flight()
    reporter.close(T0 + 10, 2)
    reporter.tell(EventGone("sender-1", 1, send.report.report_id))
    assert sends(reporter, sender, 120) == 0
    assert reporter.status().reports_open == 0
    for crawl in range(3):
        reporter.read(metered.asked(), as_of_s=T0 + crawl)
        assert sends(reporter, sender, 120) == 1
        reporter.tell(EventGone("sender-1", 1, sender.of(Send)[-1].report.report_id))
        assert sends(reporter, sender, 120) == 0
    assert reporter.status().readings.unaccounted == 0
    assert "withdrawn" in reporter.status().last_error_by_ven["Herning"]


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
    assert reporter.status().last_error_by_ven == {"Herning": "sender-1 ended with it in hand"}


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


# --- tidying up


def test_accepted_blocks_are_dropped_when_they_have_been_kept_long_enough_and_stay_counted(
    reporting: Callable[..., House],
) -> None:
    house = reporting(keep_s=60)
    _, send = house.one_in_flight()
    accept(house, send)
    house.pulse()
    kept = house.store.settled_blocks(1, T0)[0]
    house.pulse(50)
    assert house.store.settled_blocks(1, T0)[0] == kept
    assert len(kept) == 1
    house.pulse(20)
    assert house.store.settled_blocks(1, T0)[0] == []
    assert house.status().readings == Readings(generated=4, accepted=4)


def test_a_block_that_a_late_request_has_just_taken_back_is_not_dropped_under_it(
    reporting: Callable[..., House], metered: ModuleType
) -> None:
    house = reporting(keep_s=5)
    sender, send = house.one_in_flight()
    accept(house, send)
    house.pulse()
    house.time.advance(30)
    house.read(metered.asked(), metered.asked("e2"), as_of_s=T0 + 20)
    house.pulse()
    house.pulse(11)
    assert [(each.report.event_id, len(each.blocks)) for each in sender.of(Send)] == [("e1", 1), ("e2", 1)]
    assert house.status().readings == Readings(generated=4, queued=4)


def test_a_store_that_is_full_gives_up_what_is_settled_before_what_is_open(
    reporting: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = reporting(most_bytes=100)
    _, send = house.one_in_flight()
    accept(house, send)
    house.close(T0 + 10)
    house.pulse()
    monkeypatch.setattr(house.store, "used_bytes", lambda: 50 + 60 * len(house.store.settled_blocks(1, 0)[0]))
    house.pulse(11)
    assert house.store.settled_blocks(1, 0)[0] == []
    assert house.status().readings == Readings(generated=8, accepted=4, queued=4)


def test_a_store_that_is_full_gives_up_what_is_quarantined_before_what_is_open(
    reporting: Callable[..., House], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = reporting()
    _, send = house.one_in_flight()
    house.tell(Refused("sender-1", 1, send.report.report_id, 409, "no"))
    house.close(T0 + 10)
    house.pulse()
    sizes = iter([200, 200, 200])
    house.actor._housekeeping._most_bytes = 100
    monkeypatch.setattr(house.store, "used_bytes", lambda: next(sizes, 50))
    given_up = []
    monkeypatch.setattr(house.store, "drop_quarantined", lambda: given_up.append("some") or True)
    house.pulse(11)
    assert given_up == ["some", "some"]
    assert house.status().readings == Readings(generated=8, quarantined=4, queued=4)


def test_a_store_that_has_outgrown_its_bound_evicts_the_oldest_open_blocks_and_says_so(
    reporting: Callable[..., House],
) -> None:
    house = reporting(most_bytes=1)
    house.ven()
    house.close(T0, 40)
    with capture_logs() as logs:
        house.pulse(11)
    house.pulse()
    assert house.status().readings == Readings(generated=160, queued=152, evicted=8)
    assert not house.store.uncommitted
    assert [entry["event"] for entry in logs] == ["readings_evicted"]
    assert "outbox_max_bytes" in house.status().last_error_by_ven["Herning"]
    assert reporting().status().readings == Readings(generated=160, queued=152, evicted=8)


def test_eviction_reaches_the_vens_that_do_not_run_but_sends_nothing_of_theirs(
    reporting: Callable[..., House], metered: ModuleType
) -> None:
    first = reporting()
    first.ven()
    first.read(metered.asked())
    first.close(T0, 2)
    first.pulse()
    second = reporting(most_bytes=1)
    sender = second.sender()
    second.pulse(11)
    assert sends(second, sender, 1) == 0
    assert second.status().readings.evicted == 4


def test_the_sender_ready_of_a_sender_with_nothing_in_hand_is_only_that(reporter: House) -> None:
    reporter.tell(SenderReady("sender-1", 1, reporter.supervisor))
    reporter.tell(SenderReady("sender-1", 2, reporter.supervisor))
    assert reporter.status().in_flight == 0
