"""The reporter: what is held slowly, what a good reading of the events and a drain permit, and what is told of it."""

from collections.abc import Callable
from types import ModuleType

import pytest
from reporter_house import T0, accept, sends
from reporter_house import ReporterHouse as House

from ven_actors.delivery.alarm import RINGS_AFTER
from ven_actors.messages import Accepted, Ambiguous, Drain, EventGone, EventsRead, Held, Refused, Send
from ven_actors.model import EventSight


def hold(house: House, send: Send, **said: object) -> None:
    house.tell(Held("sender-1", 1, send.report.report_id, "403: <html>", **({"slow": True} | said)))


# --- slow holds


def test_a_blip_of_403_holds_a_ven_for_2_s_and_one_that_stays_for_ever_longer_times(reporter: House) -> None:
    sender, send = reporter.one_in_flight()
    waits = []
    for _ in range(10):
        hold(reporter, send)
        began_s = reporter.time.mono_s
        while sender.of(Send)[-1] is send:
            reporter.pulse()
        waits.append(reporter.time.mono_s - began_s)
        send = sender.of(Send)[-1]
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    accept(reporter, send)
    reporter.close(T0 + 10)
    reporter.pulse()
    hold(reporter, sender.of(Send)[-1])
    assert sends(reporter, sender, 1.75) == 0
    assert sends(reporter, sender, 0.5) == 1, "a success resets the delay"


def test_a_good_reading_of_the_events_permits_one_probe_and_a_failed_one_doubles_the_delay(
    reporter: House, metered: ModuleType
) -> None:
    sender, send = reporter.one_in_flight()
    hold(reporter, send)
    for _ in range(4):
        reporter.read(metered.asked())
        assert sends(reporter, sender, 0.5) == 1
        hold(reporter, sender.of(Send)[-1])
    assert sends(reporter, sender, 30) == 0, "2, 4, 8, 16, and now 32 s"
    reporter.read(metered.asked())
    assert sends(reporter, sender, 0.5) == 1
    accept(reporter, sender.of(Send)[-1])
    reporter.close(T0 + 10, 2)
    assert sends(reporter, sender, 0.5) == 1


def test_a_vtn_that_was_lost_and_is_back_gets_what_was_held_at_once(reporter: House, metered: ModuleType) -> None:
    sender, send = reporter.one_in_flight()
    for _ in range(5):
        reporter.tell(Held("sender-1", 1, send.report.report_id, "no connection"))
        assert sends(reporter, sender, 25) == 1
        send = sender.of(Send)[-1]
    reporter.tell(Held("sender-1", 1, send.report.report_id, "no connection"))
    assert sends(reporter, sender, 3) == 0
    reporter.tell(EventsRead("Herning", 1, T0, (metered.asked(),), None, is_back=True))
    assert sends(reporter, sender, 0.5) == 1


def test_a_drain_gives_every_report_that_is_held_one_try(reporter: House, metered: ModuleType) -> None:
    sender, _ = reporter.one_in_flight()
    reporter.ven("Aalborg")
    reporter.read(metered.asked(), ven="Aalborg")
    reporter.close(T0, ven="Aalborg")
    for _ in range(5):
        for _ in range(2):
            hold(reporter, sender.of(Send)[-1])
            reporter.actor.idle()
        reporter.pulse(40)
    for _ in range(2):
        hold(reporter, sender.of(Send)[-1])
        reporter.actor.idle()
    assert sends(reporter, sender, 30) == 0
    reporter.tell(Drain(reporter.time.wall_s))
    for _ in range(2):
        assert sends(reporter, sender, 0.5) == 1
        hold(reporter, sender.of(Send)[-1])
    assert {send.report.ven_name for send in sender.of(Send)[-2:]} == {"Herning", "Aalborg"}
    assert sends(reporter, sender, 30) == 0, "one try each"


def test_a_drain_tries_what_a_vtn_in_trouble_has_not_taken_of_every_ven(reporter: House, metered: ModuleType) -> None:
    sender, _ = reporter.one_in_flight()
    names = ("Herning", "Aalborg", "Lemvig", "Skive")
    for name in names[1:]:
        reporter.ven(name)
        reporter.read(metered.asked(), ven=name)
        reporter.close(T0, ven=name)
    for _ in range(40):
        hold(reporter, sender.of(Send)[-1], slow=False)
        reporter.actor.idle()
        while reporter.status().in_flight == 0:
            reporter.pulse()
    hold(reporter, sender.of(Send)[-1], slow=False)
    assert sends(reporter, sender, 1) == 0, "several VENs fail: the VTN gets one try at a time, and has to wait"
    reporter.tell(Drain(reporter.time.wall_s))
    tried = []
    for _ in names:
        assert sends(reporter, sender, 0.5) == 1
        tried.append(sender.of(Send)[-1].report.ven_name)
        hold(reporter, sender.of(Send)[-1], slow=False)
    assert sorted(tried) == sorted(names)
    assert sends(reporter, sender, 1) == 0


def test_a_drain_does_not_break_in_on_a_vtn_that_asked_for_time(reporter: House) -> None:
    sender, send = reporter.one_in_flight()
    hold(reporter, send, slow=False, retry_after_s=60.0)
    reporter.tell(Drain(reporter.time.wall_s))
    assert sends(reporter, sender, 50) == 0


# --- what is told


def test_the_status_says_whose_reports_are_held_and_until_when(reporter: House) -> None:
    _, send = reporter.one_in_flight()
    hold(reporter, send)
    (told,) = reporter.status().holds
    assert (told.ven, told.reason, told.ends_in_s, told.alarm) == ("Herning", "403: <html>", 2.0, False)
    assert "reports of VEN Herning are held: 403" in reporter.status().warnings[0]


def test_a_vtn_that_asks_for_long_is_told_with_the_time_of_the_next_try(reporter: House) -> None:
    sender, send = reporter.one_in_flight()
    hold(reporter, send, slow=False, retry_after_s=60.0)
    (told,) = reporter.status().holds
    assert (told.ven, told.ends_in_s, told.alarm) == ("", 60.0, False)
    assert sends(reporter, sender, 60.5) == 1
    accept(reporter, sender.of(Send)[-1])
    assert reporter.status().holds == ()
    assert reporter.status().warnings == ()


def test_what_a_vtn_in_trouble_has_not_taken_is_in_the_warnings_until_it_has(reporter: House) -> None:
    sender, send = reporter.one_in_flight()
    hold(reporter, send, slow=False)
    assert reporter.status().warnings == ("reports of VEN Herning are held: 403: <html>",)
    assert sends(reporter, sender, 1.25) == 1
    accept(reporter, sender.of(Send)[-1])
    assert reporter.status().warnings == ()


def test_an_alarm_is_in_the_warnings_though_it_is_over(reporter: House, metered: ModuleType) -> None:
    reporter.ven()
    sender = reporter.sender()
    reporter.read(metered.asked())
    reporter.close(T0, 12)
    for _ in range(RINGS_AFTER + 1):
        reporter.pulse()
        reporter.tell(Refused("sender-1", 1, sender.of(Send)[-1].report.report_id, 409, "no"))
    assert sends(reporter, sender, 2.25) == 1
    accept(reporter, sender.of(Send)[-1])
    assert reporter.status().holds == ()
    (warning,) = reporter.status().warnings
    assert "refused 6 reports of VEN Herning in a row (409: no)" in warning


# --- an event that may be gone, and a report that may be there


def test_an_event_is_asked_for_once_a_minute_however_many_of_its_reports_are_refused(reporter: House) -> None:
    sender, send = reporter.one_in_flight()
    assert send.event is EventSight.UNASKED
    there = EventSight.THERE
    reporter.tell(Refused("sender-1", 1, send.report.report_id, 400, "no", event=there))
    reporter.pulse()
    assert sender.of(Send)[-1].event is EventSight.THERE
    accept(reporter, sender.of(Send)[-1])
    reporter.pulse(61)
    assert sender.of(Send)[-1].event is EventSight.UNASKED


def test_a_vtn_that_denies_an_event_and_lists_it_afterwards_is_told_and_not_asked_for_it_again(
    reporter: House, metered: ModuleType
) -> None:
    sender, _ = reporter.one_in_flight()
    now_s = reporter.time.wall_s
    for _ in range(2):
        reporter.tell(EventGone("sender-1", 1, sender.of(Send)[-1].report.report_id))
        reporter.read(metered.asked(), as_of_s=now_s - 1)
        reporter.pulse()
        assert sender.of(Send)[-1].event is EventSight.UNASKED, "that crawl may have begun before the event went"
    reporter.read(metered.asked(), as_of_s=now_s + 100)
    reporter.tell(EventGone("sender-1", 1, sender.of(Send)[-1].report.report_id))
    reporter.read(metered.asked(), as_of_s=now_s + 200)
    reporter.pulse()
    assert sender.of(Send)[-1].event is EventSight.THERE
    (warning,) = reporter.status().warnings
    assert "lists event e1 but answers 404 for it" in warning


def test_an_event_that_is_deleted_and_created_again_under_its_id_does_not_count_as_denied(
    reporter: House, metered: ModuleType
) -> None:
    sender, _ = reporter.one_in_flight()
    for number in range(4):
        reporter.tell(EventGone("sender-1", 1, sender.of(Send)[-1].report.report_id))
        reporter.read(metered.asked(), as_of_s=reporter.time.wall_s + 100)
        reporter.pulse()
        accept(reporter, sender.of(Send)[-1])
        reporter.close(T0 + 10 + 10 * number)
        reporter.pulse()
        assert sender.of(Send)[-1].event is EventSight.UNASKED
    assert reporter.status().warnings == ()


def test_an_event_that_could_not_be_read_is_not_asked_for_with_every_try(reporter: House) -> None:
    sender, send = reporter.one_in_flight()
    hold(reporter, send, event=EventSight.UNREADABLE)
    assert sends(reporter, sender, 2.25) == 1
    assert sender.of(Send)[-1].event is EventSight.UNREADABLE


@pytest.mark.parametrize("lost", [1, 2, 5])
def test_every_post_of_a_report_that_may_be_there_already_counts_as_possibly_doubled(
    reporting: Callable[..., House], lost: int
) -> None:
    house = reporting()
    sender, send = house.one_in_flight()
    for number in range(lost):
        house.tell(Ambiguous("sender-1", 1, send.report.report_id, "500", possibly_doubled=number > 0))
        assert sends(house, sender, 25) == 1
        send = sender.of(Send)[-1]
    house.tell(Accepted("sender-1", 1, send.report.report_id, possibly_doubled=True))
    assert house.status().possibly_doubled == lost
