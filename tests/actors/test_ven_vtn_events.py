"""The VEN and its VTN: when events are read, and what of them goes to the reporter."""

from collections.abc import Callable

import pytest
from log_events import events
from reporter_house import T0
from structlog.testing import capture_logs
from ven_house import VenHouse as House
from ven_house import asking

from ven_actors.actors.notices import Notices, ObjectionsTold
from ven_actors.kept import KeptBook
from ven_actors.messages import EventsRead
from ven_actors.model import IntervalPlan, ReportDescriptor, ReportRequest
from ven_actors.openadr.event_book import EventBook
from ven_actors.openadr.events import Crawl
from ven_actors.storage.event_books import StoredEvent, StoredObject


@pytest.mark.parametrize("job", ["polling", "program_sync", "enrolment"])
def test_each_of_the_reading_jobs_reads(ven: Callable[..., House], job: str) -> None:
    house = ven(closed_until_s=T0)
    house.tick_later(job)
    assert house.vtn.crawls == 1


def test_a_tick_with_nothing_due_or_only_metering_does_not_poll(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.tick_later()
    house.tick_later("metering")
    assert house.vtn.crawls == 0


def test_intervals_are_closed_before_the_vtn_is_asked(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.vtn.on_crawl = lambda: seen.append(len(house.closed))
    seen: list[int] = []
    house.tick(T0 + 30, "metering", "polling")
    assert seen == [3]


def test_what_is_asked_goes_to_the_reporter_with_the_book_and_the_time_the_reading_began(
    ven: Callable[..., House],
) -> None:
    house = ven(closed_until_s=T0)
    house.vtn.crawl_result = Crawl((), (asking("e1"), asking("e2", targets=("pub",))))
    with capture_logs() as logs:
        house.tick(T0 + 12, "polling")
    (read,) = house.reporter.of(EventsRead)
    assert (read.ven, read.run, read.as_of_s) == ("Herning", 3, T0 + 12)
    assert [(request.event_id, request.resource_names) for request in read.requests] == [
        ("e1", None),
        ("e2", ("pub",)),
    ]
    assert read.event_book is not None
    assert EventBook.restored(read.event_book).event_ids == {"e1", "e2"}
    assert next(entry for entry in logs if entry["event"] == "events_changed")["new"] == 2
    assert house.status.events == 2


def test_an_unchanged_book_is_not_news(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.vtn.crawl_result = Crawl((), (asking("e1"),))
    house.tick_later("polling")
    with capture_logs() as logs:
        house.tick_later("polling")
    assert events(logs) == []
    assert [read.event_book is None for read in house.reporter.of(EventsRead)] == [False, True]
    assert house.vtn.known_ids == [frozenset(), frozenset({"e1"})]


def test_the_book_of_an_earlier_life_is_gone_on_with(ven: Callable[..., House]) -> None:
    book = EventBook()
    book.update([asking("e1")], T0)
    house = ven(event_book=book.kept())
    house.tick_later("polling")
    assert house.vtn.known_ids == [frozenset({"e1"})]


def test_a_book_that_cannot_be_read_is_said_and_read_anew(ven: Callable[..., House]) -> None:
    with capture_logs() as logs:
        house = ven(event_book=KeptBook((StoredEvent(StoredObject(b"digest", b"\xc1 broken"), T0, T0),), None))
    assert events(logs) == ["event_book_lost"]
    house.vtn.crawl_result = Crawl((), (asking("e1"),))
    house.tick_later("polling")
    book = house.reporter.of(EventsRead)[0].event_book
    assert book is not None
    assert EventBook.restored(book).event_ids == {"e1"}


def test_reports_that_cannot_be_made_are_said_once_for_all_vens() -> None:
    objected, crawl = ObjectionsTold(), Crawl((), ())
    plan = IntervalPlan((), None, 0.0, implied=False)
    requests = [ReportRequest("r", "e", "p", ReportDescriptor("READING", units=unit), plan) for unit in ("VOLTS", "KW")]
    with capture_logs() as logs:
        for name in ("Herning", "Aalborg"):
            Notices(name, lambda *_: None, objected).say(crawl, (), requests, enrolled=True)
    (only,) = [entry["notice"] for entry in logs if entry["event"] == "vtn_notice"]
    assert "VOLTS is a unit of another quantity" in only
    assert objected.warnings() == [only]


def test_a_wish_that_the_vtn_does_not_meet_is_said_once_for_all_vens_and_again_when_it_comes_back() -> None:
    told = ObjectionsTold()
    vens = [Notices(name, lambda *_: None, told) for name in ("Herning", "Aalborg")]
    unmet, met = Crawl((), (), unmet=("no such program",)), Crawl((), ())

    def said(crawl: Crawl) -> list[str]:
        with capture_logs() as logs:
            for notices in vens:
                notices.say(crawl, (), (), enrolled=True)
        return [entry["notice"] for entry in logs]

    assert [said(unmet), said(unmet), said(met), said(unmet)] == [["no such program"], [], [], ["no such program"]]
    assert told.warnings() == ["no such program"]


def test_what_cannot_be_read_or_served_is_said_once(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.vtn.crawl_result = Crawl((), (asking("e1", payload_type="X_MOOD"),), problems=("event e9 has no program",))
    with capture_logs() as logs:
        house.tick_later("polling")
        house.tick_later("polling")
    notices = [entry["notice"] for entry in logs if entry["event"] == "vtn_notice"]
    assert notices == sorted(notices)
    assert len(notices) == 2
    assert "X_MOOD" in notices[1]
