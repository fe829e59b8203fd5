"""The reporter and its senders: what each verdict does to readings, and when a report is tried again."""

from types import ModuleType
from typing import Any

import pytest
from reporter_house import T0, accept, sends
from reporter_house import ReporterHouse as House

from ven_actors.delivery.alarm import RINGS_AFTER
from ven_actors.messages import Accepted, Ambiguous, EventGone, Held, Refused, Send
from ven_actors.model import Readings


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


def test_a_vtn_that_refuses_one_after_the_other_is_not_fed_the_ven(reporter: House, metered: ModuleType) -> None:
    reporter.ven()
    sender = reporter.sender()
    reporter.read(metered.asked())
    reporter.close(T0, 12)
    refused: set[int] = set()
    while "refuses every report" not in reporter.status().last_error_by_ven.get("Herning", ""):
        reporter.pulse()
        send = sender.of(Send)[-1]
        refused.add(send.blocks[0].start_s)
        reporter.tell(Refused("sender-1", 1, send.report.report_id, 400, "no"))
    readings = reporter.status().readings
    assert len(refused) == RINGS_AFTER + 1
    assert readings.quarantined + readings.queued == 48
    assert 0 < readings.quarantined <= RINGS_AFTER * 4
    assert sends(reporter, sender, 1.75) == 0
    assert sends(reporter, sender, 0.5) == 1


@pytest.mark.parametrize(
    ("held", "not_within_s", "within_s"),
    [
        ({}, 0.4, 1.25),
        ({"retry_after_s": 20.0}, 19.5, 1.0),
        ({"retry_after_s": 0.0}, 0.4, 1.25),
        ({"slow": True}, 1.75, 0.5),
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
