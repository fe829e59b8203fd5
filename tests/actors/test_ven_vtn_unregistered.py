"""A VTN that has no vens for us: it is read and obeyed, and asked again now and then."""

from collections.abc import Callable

from log_events import events
from reporter_house import T0
from structlog.testing import capture_logs
from ven_house import VenHouse as House
from ven_house import asking

from ven_actors.actors.notices import NothingAsked, Notices
from ven_actors.messages import Enrolled, EventsRead
from ven_actors.model import Enrolment, VenState
from ven_actors.openadr.events import Crawl

GIVEN = Enrolment("v-1", {"bakery": "r-1", "pub": "r-2"})
ANEW = Enrolment("v-2", {"bakery": "r-3", "pub": "r-4"})
NO_VENS = Crawl((), (asking("e1"),), unregistered="GET /vens answers 404")


def unregistered(house: House) -> House:
    house.vtn.enrolment, house.vtn.crawl_result = Enrolment(""), NO_VENS
    return house


def test_a_vtn_without_vens_is_read_and_obeyed_and_that_is_said_once_for_a_fleet(ven: Callable[..., House]) -> None:
    told = NothingAsked()
    with capture_logs() as logs:
        for house in (ven(closed_until_s=T0, resources=450), ven(closed_until_s=T0)):
            house.actor._notices = Notices("Herning", told)
            unregistered(house).tick_later("polling")
            house.tick_later("polling")
            assert (house.status.state, house.status.last_error) == (VenState.RUNNING, "")
            assert house.status.unregistered == "GET /vens answers 404"
            (request,) = house.reporter.of(EventsRead)[-1].requests
            assert request.event_id == "e1"
            assert house.waiting() == [], "no portion waits"
    assert events(logs).count("not_registered") == 1


def test_a_vtn_without_vens_is_asked_again_ever_more_rarely_every_ten_minutes_and_when_it_is_back(
    ven: Callable[..., House],
) -> None:
    house = unregistered(ven(closed_until_s=T0))
    asked = []
    for _ in range(10):
        house.tick_later("polling")
        asked.append(len(house.vtn.known_at_enrolment))
    assert asked == [1, 2, 3, 3, 4, 4, 4, 4, 5, 5], "it may have been a gateway's word"
    house.tick_later("ven_check")
    assert len(house.vtn.known_at_enrolment) == 6
    house.vtn.lose()
    house.tick_later("polling")
    house.vtn.find()
    house.vtn.enrolment, house.vtn.crawl_result = ANEW, Crawl((), (asking("e1"),))
    house.tick_later("polling")
    house.tick_later("polling")
    assert (len(house.vtn.known_at_enrolment), house.vtn.looks) == (7, 0)
    assert house.reporter.of(Enrolled)[-1].enrolment == ANEW
    assert house.status.unregistered == ""


def test_what_was_given_before_outlasts_that_a_vtn_has_no_vens_now(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.tick_later("polling")
    unregistered(house).tick_later("enrolment")
    house.tick_later("enrolment")
    assert house.vtn.known_at_enrolment[1:] == [GIVEN] * 2
    assert len(house.reporter.of(Enrolled)) == 1


def test_events_that_change_at_a_vtn_without_vens_cost_no_look(ven: Callable[..., House]) -> None:
    house = unregistered(ven(closed_until_s=T0))
    for _ in range(3):
        house.tick_later("polling")
    house.vtn.crawl_result = Crawl((), (asking("e2"),), unregistered="GET /vens answers 404")
    house.tick_later("polling")
    assert (house.vtn.looks, len(house.vtn.known_at_enrolment), house.vtn.crawls) == (0, 3, 4)


def test_resources_that_a_vtn_had_none_for_are_tried_again_too(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.vtn.crawl_result = Crawl((), (), unregistered="POST /resources answers 405")
    house.tick_later("polling")
    house.vtn.crawl_result = Crawl((), ())
    house.tick_later("polling")
    house.tick_later("polling")
    assert (len(house.vtn.known_at_enrolment), house.vtn.looks) == (2, 0)
