"""The VEN and its VTN: enrolment, events, trouble said once, and metering that does not care."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from ven_actors.actors.notices import NothingAsked, Notices
from ven_actors.errors import (
    CredentialsRefused,
    VtnAmbiguous,
    VtnError,
    VtnNonsense,
    VtnRefused,
    VtnUnreachable,
)
from ven_actors.messages import Enrolled, EventsRead, IntervalClosed
from ven_actors.model import Enrolment, ReportDescriptor, Secret, VenState
from ven_actors.openadr.event_book import EventBook
from ven_actors.openadr.events import Crawl, Event

House = Any
T0 = 1_767_225_600
DEMAND = ReportDescriptor("DEMAND", reading_type="MEAN", units="KW", frequency=1, repeat=-1)


def events(logs: list[Any]) -> list[str]:
    return [entry["event"] for entry in logs]


def asking(event_id: str, **descriptor: Any) -> Event:
    return Event(event_id, "p1", report_descriptors=(ReportDescriptor(**({"payload_type": "DEMAND"} | descriptor)),))


# --- enrolment


def test_it_enrols_once_in_a_life_and_again_when_the_daily_job_says_so(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    for _ in range(3):
        house.tick_later("polling")
    assert house.vtn.known_at_enrolment == [None]
    assert house.reporter.of(Enrolled) == [Enrolled("Herning", 3, house.vtn.enrolment)]
    house.tick_later("enrolment")
    assert house.vtn.known_at_enrolment == [None, house.vtn.enrolment]
    assert len(house.reporter.of(Enrolled)) == 1, "nothing new to keep"


def test_what_an_earlier_life_was_given_is_handed_to_the_next_enrolment(ven: Callable[..., House]) -> None:
    house = ven(enrolment=Enrolment("v-1", {"pub": "r-0"}))
    house.tick_later("polling")
    assert house.vtn.known_at_enrolment == [Enrolment("v-1", {"pub": "r-0"})]
    assert len(house.reporter.of(Enrolled)) == 1


def test_it_shows_that_it_enrols_before_the_first_answer(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.tick_later("polling")
    assert house.states == [VenState.ENROLLING, VenState.RUNNING]


def test_an_enrolment_that_fails_is_tried_again_with_the_next_poll(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.vtn.enrol_error = VtnUnreachable("down")
    house.tick_later("polling")
    assert house.vtn.crawls == 0
    house.vtn.enrol_error = None
    house.tick_later("polling")
    assert (len(house.vtn.known_at_enrolment), house.vtn.crawls) == (2, 1)


@pytest.mark.parametrize(("status", "enrolments"), [(404, 2), (403, 2), (500, 1)])
def test_r10_a_vtn_that_may_have_lost_the_ven_gets_it_registered_again(
    ven: Callable[..., House], status: int, enrolments: int
) -> None:
    house = ven(closed_until_s=T0)
    house.tick_later("polling")
    house.vtn.lose(VtnRefused("gone", status=status))
    house.tick_later("polling")
    house.vtn.find()
    house.time.advance(3600)
    house.tick_later("polling")
    assert len(house.vtn.known_at_enrolment) == enrolments


def test_a_ven_of_many_resources_enrols_them_in_portions_and_meters_in_between(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0, resources=450)
    house.tick_later("polling")
    for _ in range(2):
        house.time.advance(10)
        (waiting,) = house.waiting()
        house.tick(house.time.wall_s)
        house.tell(waiting)
    assert house.vtn.portions == [200, 400, 450]
    assert house.closed == [T0 + 10 * number for number in range(5)]
    assert house.waiting() == []
    house.tick_later("enrolment")
    assert house.vtn.portions[3:] == [200], "the daily check begins with the first again"


# --- events


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
    assert EventBook.from_bytes(read.event_book).event_ids == {"e1", "e2"}
    assert next(entry for entry in logs if entry["event"] == "events_changed")["new"] == 2
    assert house.status.events == 2


def test_an_unchanged_book_is_not_news(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.vtn.crawl_result = Crawl((), (asking("e1"),))
    house.tick_later("polling")
    with capture_logs() as logs:
        house.tick_later("polling")
    assert events(logs) == []
    assert house.vtn.known_ids == [frozenset(), frozenset({"e1"})]


def test_the_book_of_an_earlier_life_is_gone_on_with(ven: Callable[..., House]) -> None:
    book = EventBook()
    book.update([asking("e1")], T0)
    house = ven(event_book=book.to_bytes())
    house.tick_later("polling")
    assert house.vtn.known_ids == [frozenset({"e1"})]


def test_a_book_that_cannot_be_read_is_said_and_read_anew(ven: Callable[..., House]) -> None:
    with capture_logs() as logs:
        house = ven(event_book=b"\xc1 broken")
    assert events(logs) == ["event_book_lost"]
    house.vtn.crawl_result = Crawl((), (asking("e1"),))
    house.tick_later("polling")
    assert EventBook.from_bytes(house.reporter.of(EventsRead)[0].event_book).event_ids == {"e1"}


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


# --- trouble


def test_a_vtn_that_is_down_at_the_start_stops_no_metering(ven: Callable[..., House]) -> None:
    house = ven()
    house.vtn.lose()
    for second in range(10, 50, 10):
        house.tick(T0 + second, "metering", "polling")
    assert len(house.closed) == 4
    assert (house.status.state, house.status.reached) == (VenState.VTN_LOST, False)
    assert house.status.last_error == "down"
    house.vtn.find()
    house.tick(T0 + 50, "metering", "polling")
    assert (house.status.state, house.status.reached, house.status.last_error) == (VenState.RUNNING, True, "")


def test_a_loss_is_said_once_and_so_is_the_return(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.tick_later("polling")
    house.vtn.lose()
    with capture_logs() as logs:
        for _ in range(5):
            house.tick_later("polling")
        house.vtn.find()
        for _ in range(3):
            house.tick_later("polling")
    assert events(logs) == ["vtn_trouble", "vtn_back"]
    assert (logs[0]["kind"], logs[0]["reason"], logs[1]["failures"]) == ("VtnUnreachable", "down", 5)
    assert house.status.reached


def polls(house: House, seconds: int) -> list[int]:
    """At which seconds from now it asked, if a poll is due every second."""
    asked = []
    for second in range(1, seconds + 1):
        before = house.vtn.crawls
        house.time.advance(1)
        house.tick(house.time.wall_s, "polling")
        if house.vtn.crawls > before:
            asked.append(second)
    return asked


def test_an_unreachable_vtn_is_asked_in_the_usual_rhythm(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.vtn.lose()
    assert polls(house, 5) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "error",
    [VtnNonsense("x"), VtnRefused("x", status=400), VtnAmbiguous("x"), CredentialsRefused("x")],
    ids=lambda error: type(error).__name__,
)
def test_any_other_trouble_slows_the_polls_down_to_every_ten_minutes(
    ven: Callable[..., House], error: VtnError
) -> None:
    house = ven(closed_until_s=T0)
    house.vtn.lose(error)
    asked = polls(house, 2_200)
    assert [after - before for before, after in itertools.pairwise(asked)] == [
        30,
        60,
        120,
        240,
        480,
        600,
        600,
    ]
    house.vtn.find()
    polls(house, 600)
    assert house.status.state is VenState.RUNNING
    assert len(polls(house, 5)) == 5
    house.vtn.lose(error)
    assert polls(house, 31) == [1, 31], "a new trouble begins anew"


def test_a_long_loss_does_not_make_the_first_bad_answer_after_it_a_long_one(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.vtn.lose()
    polls(house, 50)
    house.vtn.lose(VtnRefused("starting up", status=503))
    assert polls(house, 31) == [1, 31]


def test_a_retry_after_is_obeyed(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.vtn.lose(VtnRefused("maintenance", status=503, retry_after_s=900.0))
    assert polls(house, 1_000) == [1, 901]


def test_refused_credentials_are_a_state_and_are_said_even_amid_other_trouble(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.vtn.lose()
    with capture_logs() as logs:
        house.tick_later("polling")
        house.vtn.lose(CredentialsRefused("wrong secret"))
        for _ in range(50):
            house.tick_later("polling")
    assert [entry["kind"] for entry in logs] == ["VtnUnreachable", "CredentialsRefused"]
    assert house.status.state is VenState.REFUSED
    assert house.reporter.of(IntervalClosed), "and metering goes on"


def test_what_is_no_trouble_of_a_vtn_ends_the_life(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.vtn.lose(KeyError("a fault of ours"))
    with pytest.raises(KeyError):
        house.tick_later("polling")


# --- a VTN without report descriptors


def test_what_is_wanted_is_told_only_when_all_resources_are_registered(ven: Callable[..., House]) -> None:
    house = ven(resources=250, closed_until_s=T0)
    house.vtn.crawl_result = Crawl((), (), reported=("pub",))
    house.tick_later("polling")
    assert (house.vtn.portions, house.vtn.crawls) == ([200], 1)
    assert house.reporter.of(EventsRead) == []
    for message in house.waiting():
        house.tell(message)
    (told,) = house.reporter.of(EventsRead)
    (request,) = told.requests
    assert (request.by_reading, request.resource_names) == (True, ("pub",))


def test_a_registration_that_is_not_complete_is_kept_and_taken_up_again_at_once(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    whole = house.vtn.enrolment
    first = Enrolment("v-1", auth_token=Secret("s"), complete=False)
    house.vtn.enrolment = first
    house.tick_later("polling")
    assert house.reporter.of(Enrolled) == [Enrolled("Herning", 3, first)]
    house.vtn.enrolment = whole
    for message in house.waiting():
        house.tell(message)
    assert house.vtn.portions == [2, 2]
    assert house.vtn.known_at_enrolment == [None, first]
    assert house.reporter.of(Enrolled)[1:] == [Enrolled("Herning", 3, whole)]


def test_what_reading_tells_of_the_registration_is_kept_once(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    more = Enrolment("v-1", {"pub": "r-2"}, answered={"e1": 3})
    house.vtn.crawl_result = Crawl((), (), enrolment=more)
    for _ in range(3):
        house.tick_later("polling")
    assert [told.enrolment for told in house.reporter.of(Enrolled)] == [house.vtn.enrolment, more]


def test_that_nothing_is_asked_is_said_once_for_a_whole_fleet(ven: Callable[..., House]) -> None:
    nothing_asked = NothingAsked()
    with capture_logs() as logs:
        for house in (ven(closed_until_s=T0), ven(closed_until_s=T0)):
            house.actor._notices = Notices("Herning", nothing_asked)
            house.vtn.crawl_result = Crawl((), (), complete=False)
            house.tick_later("polling")
            house.vtn.crawl_result = Crawl((), ())
            house.tick_later("polling")
            house.tick_later("polling")
    assert events(logs).count("nothing_asked") == 1


def test_where_an_event_asks_nothing_is_said(ven: Callable[..., House]) -> None:
    asked: list[str] = []
    house = ven(closed_until_s=T0)
    house.actor._notices = Notices("Herning", asked.append)
    house.vtn.crawl_result = Crawl((), (asking("e1"),))
    house.tick_later("polling")
    assert asked == []
    house.vtn.crawl_result = Crawl((), ())
    house.tick_later("polling")
    assert asked == ["Herning"]


def test_what_was_not_read_whole_proves_not_that_nothing_is_asked(ven: Callable[..., House]) -> None:
    asked: list[str] = []
    house = ven(closed_until_s=T0)
    house.actor._notices = Notices("Herning", asked.append)
    house.vtn.crawl_result = Crawl((), (), complete=False)
    house.tick_later("polling")
    assert asked == []
