"""The VEN and its VTN: enrolment, registration without report descriptors, and that nothing is asked."""

from collections.abc import Callable

import pytest
from log_events import events
from reporter_house import T0
from structlog.testing import capture_logs
from ven_house import VenHouse as House
from ven_house import asking

from ven_actors.actors.notices import NothingAsked, Notices
from ven_actors.errors import VtnRefused, VtnUnreachable
from ven_actors.messages import Enrolled, EventsRead
from ven_actors.model import Enrolment, Secret, VenState
from ven_actors.openadr.events import Crawl

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


def test_while_others_register_first_it_asks_nothing_goes_on_metering_and_comes_when_it_is_told(
    ven: Callable[..., House],
) -> None:
    house = ven(closed_until_s=T0)
    house.vtn.has_seat = False
    house.tick_later("polling", "metering")
    house.tick_later("polling", "metering")
    assert (house.vtn.portions, house.vtn.crawls) == ([], 0)
    assert len(house.closed) == 6
    house.vtn.has_seat = True
    house.vtn.tell_of_seat()
    (told,) = house.waiting()
    house.tell(told)
    assert (house.vtn.portions, house.vtn.crawls) == ([2], 1)


def test_a_ven_that_knows_its_vtn_reads_on_while_others_check_their_registration_first(
    ven: Callable[..., House],
) -> None:
    house = ven(closed_until_s=T0)
    house.tick_later("polling")
    house.vtn.has_seat = False
    house.tick_later("enrolment")
    house.tick_later("polling")
    assert (len(house.vtn.portions), house.vtn.crawls) == (1, 3)


def test_it_registers_as_many_resources_in_one_go_as_it_is_told(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0, resources=5, per_turn=2)
    house.tick_later("polling")
    for _ in range(2):
        (again,) = house.waiting()
        house.tell(again)
    assert house.vtn.portions == [2, 4, 5]


@pytest.mark.parametrize(("status", "enrolments"), [(404, 2), (403, 2), (401, 3), (500, 1)])
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
    asked: list[tuple[str, str]] = []
    house = ven(closed_until_s=T0)
    house.actor._notices = Notices("Herning", lambda *said: asked.append(said))
    house.vtn.crawl_result = Crawl((), (asking("e1"),))
    house.tick_later("polling")
    assert asked == []
    house.vtn.crawl_result = Crawl((), ())
    house.tick_later("polling")
    assert asked == [("Herning", "nothing_asked")]


def test_what_was_not_read_whole_proves_not_that_nothing_is_asked(ven: Callable[..., House]) -> None:
    asked: list[tuple[str, str]] = []
    house = ven(closed_until_s=T0)
    house.actor._notices = Notices("Herning", lambda *said: asked.append(said))
    house.vtn.crawl_result = Crawl((), (), complete=False)
    house.tick_later("polling")
    assert asked == []


def test_where_approval_asks_only_that_nothing_is_approved_is_said_and_not_before_all_is_registered(
    ven: Callable[..., House],
) -> None:
    house = ven(closed_until_s=T0)
    house.actor._notices = Notices("Herning", NothingAsked())
    whole = house.vtn.enrolment
    house.vtn.enrolment = Enrolment("v-1", auth_token=Secret("s"), complete=False)
    house.vtn.crawl_result = Crawl((), (), reported=())
    with capture_logs() as logs:
        house.tick_later("polling")
        assert "nothing_approved" not in events(logs)
        house.vtn.enrolment = whole
        house.tick_later("polling")
        house.tick_later("polling")
    assert events(logs).count("nothing_approved") == 1
    assert "nothing_asked" not in events(logs)


def test_what_a_ven_has_no_longer_is_still_asked_for_as_long_as_readings_of_it_may_wait(
    ven: Callable[..., House],
) -> None:
    house = ven(leaving=("cafe",))
    house.vtn.crawl_result = Crawl((), (), reported=("bakery", "cafe"))
    house.tick(T0, "polling")
    (read,) = house.reporter.of(EventsRead)
    assert [request.resource_names for request in read.requests] == [("bakery", "cafe")]
