"""Taking part in some programs only: what is asked for, and what is left out."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openadr_client_vtn import Vtn, client_of, shown
from pytest_httpserver import HTTPServer

from ven_actors.openadr.client import VtnClient
from ven_actors.openadr.event_book import EventBook
from ven_actors.openadr.transport import SharedAdapter
from ven_actors.openadr.v301 import V301
from ven_actors.openadr.v310 import V310


@pytest.fixture
def client_for(httpserver: HTTPServer, adapter: SharedAdapter) -> Iterator[Callable[..., VtnClient]]:
    made: list[VtnClient] = []

    def make(*programs: str, **settings: Any) -> VtnClient:
        made.append(client_of(httpserver, adapter, programs=programs, **settings))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def prices(vtn: Vtn) -> Vtn:
    """60 programs of two events each."""
    for number in range(60):
        vtn.lists["programs"].append({"id": f"p{number}", "programName": f"PRICE-{number:02}"})
        vtn.lists["events"] += [{"id": f"e{number}-{day}", "programID": f"p{number}"} for day in (0, 1)]
    return vtn


def event_lists(vtn: Vtn) -> list[str]:
    return [each for each in vtn.asked if each.startswith("GET /events?")]


@pytest.mark.parametrize("dialect", [V310(), V301()])
def test_programs_that_are_named_are_asked_for_by_id(
    prices: Vtn, client_for: Callable[..., VtnClient], dialect: Any
) -> None:
    crawl = client_for("PRICE-07", "*-08", dialect=dialect).crawl()
    assert {each.partition("&")[0] for each in event_lists(prices)} == {
        "GET /events?programID=p7",
        "GET /events?programID=p8",
    }
    assert [program.name for program in crawl.programs] == ["PRICE-07", "PRICE-08"]
    assert [event.event_id for event in crawl.events] == ["e7-0", "e7-1", "e8-0", "e8-1"]


def test_up_to_ten_programs_are_asked_for_one_by_one_and_more_are_filtered_here(
    prices: Vtn, client_for: Callable[..., VtnClient]
) -> None:
    few = client_for("PRICE-1*").crawl()
    assert len(few.events) == 20
    assert {each.partition("&")[0] for each in event_lists(prices)} == {
        f"GET /events?programID=p{number}" for number in range(10, 20)
    }
    prices.asked.clear()
    many = client_for("PRICE-1*", "PRICE-20").crawl()
    assert len(many.events) == 22
    assert not any("programID" in each for each in event_lists(prices))


def test_a_vtn_that_ignores_the_query_shows_us_nothing_more(prices: Vtn, client_for: Callable[..., VtnClient]) -> None:
    prices.hook = lambda request: (
        shown(prices.lists["events"][:50] if request.args["skip"] == "0" else []) if request.path == "/events" else None
    )
    assert [event.event_id for event in client_for("PRICE-07").crawl().events] == ["e7-0", "e7-1"]


def test_a_name_that_means_no_program_is_said_and_asks_for_nothing(
    prices: Vtn, client_for: Callable[..., VtnClient]
) -> None:
    crawl = client_for("PRISE-07").crawl()
    assert (crawl.programs, crawl.events, crawl.complete) == ((), (), True)
    (problem,) = crawl.unmet
    assert "'PRISE-07'" in problem
    assert "PRICE-00, PRICE-01, PRICE-02 and 57 more" in problem
    assert event_lists(prices) == []


def test_events_of_other_programs_that_the_book_still_has_are_gone_without_being_asked_for(
    prices: Vtn, client_for: Callable[..., VtnClient]
) -> None:
    book = EventBook()
    book.update(client_for().crawl().events, 0.0)
    prices.asked.clear()
    crawl = client_for("PRICE-07").crawl(book.program_of)
    changes = book.update(crawl.events, 30.0, crawl.complete, crawl.unreadable_ids, crawl.programs)
    assert len(changes.gone) == 118
    assert book.event_ids == {"e7-0", "e7-1"}
    assert not [each for each in prices.asked if each.startswith("GET /events/")]


def test_an_event_of_a_chosen_program_that_is_not_listed_is_still_asked_for(
    prices: Vtn, client_for: Callable[..., VtnClient]
) -> None:
    client = client_for("PRICE-07")
    crawl = client.crawl({"e7-1": "p7", "e7-9": "p7", "e8-0": "p8"})
    assert len(crawl.events) == 2
    assert [each for each in prices.asked if each.startswith("GET /events/")] == ["GET /events/e7-9"]
