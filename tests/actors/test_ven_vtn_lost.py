"""A VTN that comes back empty: one look whether it still has the VEN, and what is missing is registered again."""

from collections.abc import Callable

import pytest
from log_events import events
from reporter_house import T0
from structlog.testing import capture_logs
from ven_house import VenHouse as House
from ven_house import asking

from ven_actors.errors import CredentialsRefused, VtnError, VtnNonsense, VtnRefused, VtnUnreachable
from ven_actors.messages import Enrolled, EventsRead
from ven_actors.model import Enrolment, VenState
from ven_actors.openadr.events import Crawl

ANEW = Enrolment("v-2", {"bakery": "r-3", "pub": "r-4"})


def enrolled(ven: Callable[..., House], *event_ids: str) -> House:
    """A VEN that has registered, and read these events."""
    house = ven(closed_until_s=T0)
    house.vtn.crawl_result = Crawl((), tuple(asking(event_id) for event_id in event_ids))
    house.tick_later("polling")
    return house


def comes_back_empty(house: House) -> None:
    """The VTN has lost the VEN and its events; who registers gets new ids."""
    house.vtn.has_ven, house.vtn.enrolment = False, ANEW
    house.vtn.crawl_result = Crawl((), ())


def test_r10_when_the_vtn_is_back_it_is_asked_once_whether_it_has_the_ven(ven: Callable[..., House]) -> None:
    house = enrolled(ven, "e1")
    house.tick_later("polling")
    assert house.vtn.looks == 0
    house.vtn.lose()
    house.vtn.look_error = VtnUnreachable("down")
    house.tick_later("polling")
    house.tick_later("polling")
    house.vtn.look_error = None
    house.vtn.find()
    before = house.vtn.looks
    house.tick_later("polling")
    house.tick_later("polling")
    assert house.vtn.looks == before + 1
    assert len(house.vtn.known_at_enrolment) == 1, "it is there, so nothing is listed"


def test_r10_one_that_came_back_empty_gets_the_ven_before_its_events_are_read(ven: Callable[..., House]) -> None:
    house = enrolled(ven, "e1")
    house.vtn.lose()
    house.tick_later("polling")
    house.vtn.find()
    comes_back_empty(house)
    with capture_logs() as logs:
        house.tick_later("polling")
    assert house.vtn.known_at_enrolment == [None, Enrolment("v-1", {"bakery": "r-1", "pub": "r-2"})]
    assert house.reporter.of(Enrolled)[1:] == [Enrolled("Herning", 3, ANEW)]
    assert house.status.state is VenState.RUNNING
    assert events(logs).count("ven_lost_by_vtn") == 1


@pytest.mark.parametrize("left", [Crawl((), ()), Crawl((), (asking("e1", frequency=2), asking("e2", frequency=2)))])
def test_r10_when_all_events_vanish_or_change_at_once_the_ven_is_looked_for_before_anybody_is_told(
    ven: Callable[..., House], left: Crawl
) -> None:
    house = enrolled(ven, "e1", "e2")
    comes_back_empty(house)
    house.vtn.crawl_result = left
    again = Crawl((), (asking("e1"), asking("e2")))

    def shows_them_to_who_is_registered() -> None:
        if len(house.vtn.known_at_enrolment) == 2:
            house.vtn.crawl_result = again

    house.vtn.on_crawl = shows_them_to_who_is_registered
    before = len(house.reporter.of(EventsRead))
    house.tick_later("polling")
    assert (house.vtn.looks, len(house.vtn.known_at_enrolment)) == (1, 2)
    (told,) = house.reporter.of(EventsRead)[before:]
    assert [request.event_id for request in told.requests] == ["e1", "e2"], "nothing was withdrawn in between"


def test_a_vtn_that_is_back_with_other_events_is_asked_for_the_ven_once(ven: Callable[..., House]) -> None:
    house = enrolled(ven, "e1")
    house.vtn.lose()
    house.vtn.look_error = VtnUnreachable("down")
    house.tick_later("polling")
    house.vtn.find()
    house.vtn.look_error, house.vtn.looks = None, 0
    house.vtn.crawl_result = Crawl((), (asking("e2"),))
    house.tick_later("polling")
    assert house.vtn.looks == 1
    house.vtn.crawl_result = Crawl((), (asking("e3"),))
    house.tick_later("polling")
    assert house.vtn.looks == 2


def test_an_empty_list_proves_nothing_for_half_a_minute_after_the_vtn_has_lost_the_ven(
    ven: Callable[..., House],
) -> None:
    house = enrolled(ven, "e1")
    comes_back_empty(house)

    def asked_after(seconds: int) -> list[str]:
        house.time.advance(seconds)
        house.tick(house.time.wall_s, "polling")
        return [request.event_id for request in house.reporter.of(EventsRead)[-1].requests]

    assert asked_after(5) == ["e1"], "its events may still be created again"
    assert house.status.state is VenState.RUNNING
    assert asked_after(29) == ["e1"]
    assert asked_after(1) == []


def test_events_that_are_created_again_are_believed_at_once(ven: Callable[..., House]) -> None:
    house = enrolled(ven, "e1")
    comes_back_empty(house)
    house.tick_later("polling")
    house.vtn.crawl_result = Crawl((), (asking("e2"),))
    house.time.advance(5)
    house.tick(house.time.wall_s, "polling")
    assert [request.event_id for request in house.reporter.of(EventsRead)[-1].requests] == ["e2"]


def test_that_one_event_is_as_it_was_is_enough(ven: Callable[..., House]) -> None:
    house = enrolled(ven, "e1", "e2")
    house.vtn.crawl_result = Crawl((), (asking("e2"),))
    house.tick_later("polling")
    assert house.vtn.looks == 0
    house.vtn.crawl_result = Crawl((), (), unreadable_ids=frozenset({"e2"}))
    house.tick_later("polling")
    assert house.vtn.looks == 0, "what cannot be read may be as it was"
    house.vtn.crawl_result = Crawl((), ())
    house.tick_later("polling")
    house.tick_later("polling")
    assert house.vtn.looks == 1, "and none at all vanishes once"


def test_r10_every_ten_minutes_it_looks_with_one_request(ven: Callable[..., House]) -> None:
    house = enrolled(ven)
    house.tick_later("ven_check")
    assert (house.vtn.looks, len(house.vtn.known_at_enrolment), house.vtn.crawls) == (1, 1, 1)
    comes_back_empty(house)
    house.tick_later("ven_check")
    assert (house.vtn.looks, len(house.vtn.known_at_enrolment), house.vtn.crawls) == (2, 2, 2)


def test_r10_a_ven_of_many_resources_that_is_lost_registers_all_of_them_again(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0, resources=450)
    house.tick_later("polling")
    for _ in range(2):
        for message in house.waiting():
            house.tell(message)
    comes_back_empty(house)
    house.tick_later("ven_check")
    for _ in range(2):
        for message in house.waiting():
            house.tell(message)
    assert house.vtn.portions == [200, 400, 450] * 2


@pytest.mark.parametrize(
    ("error", "looks"),
    [(VtnRefused("no", status=404), 1), (VtnRefused("no", status=405), 1), (VtnRefused("no", status=403), 1),
     (VtnNonsense("<html>"), 1), (VtnRefused("busy", status=503), 3), (VtnRefused("slow", status=429), 3)],
    ids=str,
)  # fmt: skip
def test_a_vtn_that_does_not_say_whether_it_has_the_ven_is_read_all_the_same(
    ven: Callable[..., House], error: VtnError, looks: int
) -> None:
    house = enrolled(ven)
    house.vtn.look_error = error
    house.tick_later("polling", "ven_check")
    house.tick_later("polling")
    house.tick_later("polling")
    assert (house.vtn.crawls, house.vtn.looks, len(house.vtn.known_at_enrolment)) == (4, looks, 1)
    assert house.status.state is VenState.RUNNING


@pytest.mark.parametrize(
    ("error", "state"),
    [(VtnUnreachable("down"), VenState.VTN_LOST), (CredentialsRefused("wrong secret"), VenState.REFUSED)],
)
def test_a_vtn_that_is_down_or_refuses_our_credentials_is_trouble(
    ven: Callable[..., House], error: VtnError, state: VenState
) -> None:
    house = enrolled(ven)
    house.vtn.look_error = error
    house.tick_later("ven_check")
    assert (house.status.state, house.vtn.crawls) == (VenState.RUNNING, 1), "the next reading will tell"
    house.tick_later("ven_check", "polling")
    assert (house.status.state, house.vtn.crawls) == (state, 1)


@pytest.mark.parametrize(
    ("error", "state"),
    [(VtnRefused("taken", status=409), VenState.UNREGISTERED), (VtnNonsense("odd"), VenState.UNREGISTERED),
     (VtnRefused("busy", status=503), VenState.VTN_LOST), (VtnRefused("slow", status=429), VenState.VTN_LOST),
     (VtnUnreachable("down"), VenState.VTN_LOST), (CredentialsRefused("no"), VenState.REFUSED)],
    ids=str,
)  # fmt: skip
def test_a_ven_that_a_vtn_will_not_register_shows_it(
    ven: Callable[..., House], error: VtnError, state: VenState
) -> None:
    house = enrolled(ven)
    house.vtn.enrol_error = error
    house.tick_later("enrolment")
    assert (house.status.state, house.status.last_error) == (state, str(error))
    house.vtn.enrol_error = None
    house.time.advance(3600)
    house.tick_later("polling")
    assert house.status.state is VenState.RUNNING


def test_a_ven_that_is_lost_and_has_to_wait_for_its_turn_believes_no_empty_list_until_then(
    ven: Callable[..., House],
) -> None:
    house = enrolled(ven, "e1")
    comes_back_empty(house)
    house.vtn.has_seat = False
    before = len(house.reporter.of(EventsRead))
    house.tick_later("polling")
    assert (house.vtn.looks, len(house.reporter.of(EventsRead))) == (1, before)
    house.vtn.has_seat = True
    house.vtn.tell_of_seat()
    for message in house.waiting():
        house.tell(message)
    assert len(house.vtn.known_at_enrolment) == 2
    assert len(house.reporter.of(EventsRead)) == before, "an empty list proves nothing yet: neither way"
    house.time.advance(31)
    house.tick(house.time.wall_s, "polling")
    assert len(house.reporter.of(EventsRead)) == before + 1


def test_a_ven_whose_own_token_is_not_known_any_more_is_registered_again_at_once_and_once_per_back_off(
    ven: Callable[..., House],
) -> None:
    house = enrolled(ven, "e1")
    house.vtn.enrolment = ANEW
    house.vtn.lose(VtnRefused("unknown token", status=401))
    with capture_logs() as logs:
        house.tick_later("polling")
    assert [entry["event"] for entry in logs] == ["ven_lost_by_vtn", "vtn_trouble"]
    assert (len(house.vtn.known_at_enrolment), house.vtn.crawls) == (2, 3)
    for _ in range(4):
        house.time.advance(1)
        house.tick(house.time.wall_s, "polling")
    assert len(house.vtn.known_at_enrolment) == 2, "not before the back-off is over"
    house.time.advance(30)
    house.tick(house.time.wall_s, "polling")
    assert (len(house.vtn.known_at_enrolment), house.vtn.crawls) == (3, 4)
    house.vtn.find()
    house.tick_later("polling")
    house.tick_later("polling")
    assert house.status.state is VenState.RUNNING
