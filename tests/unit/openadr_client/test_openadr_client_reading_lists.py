"""Reading programs and events: every page is read, and what is gone is told from what is hidden."""

import json
from collections.abc import Collection
from typing import Any

import pytest
from openadr_client_vtn import Vtn, client_of, fill_events, shown
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ven_actors.errors import VtnNonsense, VtnRefused
from ven_actors.openadr.client import VtnClient
from ven_actors.openadr.event_book import Changes, EventBook
from ven_actors.openadr.paging import pages
from ven_actors.openadr.transport import SharedAdapter
from ven_actors.testing.clock import ManualClock


def test_r11_edge_case_1_all_pages_are_read_until_an_empty_one(vtn: Vtn, client: VtnClient) -> None:
    fill_events(vtn, 120)
    vtn.lists["programs"] = [{"id": "p", "programName": "demo"}]
    crawl = client.crawl()
    assert [event.event_id for event in crawl.events] == [f"e{i}" for i in range(120)]
    assert [program.name for program in crawl.programs] == ["demo"]
    assert [each for each in vtn.asked if "events" in each] == [
        f"GET /events?skip={skip}&limit=50" for skip in (0, 50, 100, 120)
    ]
    assert crawl.complete
    assert crawl.problems == ()


def test_r11_a_short_page_is_the_last_one_for_an_hour_after_the_page_behind_one_was_empty(
    vtn: Vtn, httpserver: HTTPServer, adapter: SharedAdapter
) -> None:
    clock = ManualClock()
    client = client_of(httpserver, adapter, monotonic=clock.monotonic)
    fill_events(vtn, 60)

    def skips(known: Collection[str] = ()) -> list[str]:
        vtn.asked.clear()
        assert len(client.crawl(known).events) == 60
        return [each.partition("skip=")[2].partition("&")[0] for each in vtn.asked if each.startswith("GET /events?")]

    every, short = ["0", "50", "60"], ["0", "50"]
    assert [skips(), skips(), skips(["e7"])] == [every, short, short]
    clock.advance(3601)
    assert [skips(), skips()] == [every, short]
    client.close()


def test_r11_no_event_is_taken_for_gone_before_the_page_behind_a_short_one_was_read(
    vtn: Vtn, client: VtnClient
) -> None:
    fill_events(vtn, 60)
    client.crawl()
    whole = vtn.lists["events"]
    vtn.hook = lambda request: (
        shown(whole[:40] if request.args["skip"] == "0" else whole[40:] if request.args["skip"] == "40" else [])
        if request.path == "/events"
        else None
    )
    vtn.asked.clear()
    assert len(client.crawl(["e59"]).events) == 60
    assert not [each for each in vtn.asked if each.startswith("GET /events/")]


def test_r12_programs_and_events_can_be_read_on_their_own(vtn: Vtn, client: VtnClient) -> None:
    fill_events(vtn, 1)
    vtn.lists["programs"] = [{"id": "p", "programName": "demo"}]
    assert [program.program_id for program in client.crawl().programs] == ["p"]
    assert [event.event_id for event in client.crawl().events] == ["e0"]


def test_r11_edge_case_2_an_insert_between_pages_is_read_once(vtn: Vtn, client: VtnClient) -> None:
    fill_events(vtn, 60)

    def insert(request: Request) -> None:
        if request.path == "/events" and request.args["skip"] == "50":
            vtn.lists["events"].insert(0, {"id": "new", "programID": "p"})
            vtn.hook = lambda _: None

    vtn.hook = insert
    ids = [event.event_id for event in client.crawl().events]
    assert sorted(ids) == sorted(f"e{i}" for i in range(60))


def test_r17_a_delete_between_pages_hides_nothing_that_is_known(vtn: Vtn, client: VtnClient) -> None:
    fill_events(vtn, 60)
    known = [f"e{i}" for i in range(60)]

    def delete(request: Request) -> None:
        if request.path == "/events" and request.args["skip"] == "50":
            del vtn.lists["events"][3]
            vtn.hook = lambda _: None

    vtn.hook = delete
    assert "e50" not in {event.event_id for event in client.crawl().events}
    vtn.hook = delete
    fill_events(vtn, 60)
    crawl = client.crawl([*known, "gone"])
    assert {event.event_id for event in crawl.events} == set(known)
    assert [each for each in vtn.asked if each.startswith("GET /events/")] == ["GET /events/e50", "GET /events/gone"]


def test_r11_pages_of_which_each_object_is_shown_twice_are_read_whole(vtn: Vtn, client: VtnClient) -> None:
    fill_events(vtn, 120)

    def twice(request: Request) -> Response | None:
        if request.path != "/events":
            return None
        skip = int(request.args["skip"])
        return shown([each for each in vtn.lists["events"][skip : skip + 50] for _ in range(2)])

    vtn.hook = twice
    assert len(client.crawl().events) == 120


def test_r17_edge_case_3_pages_that_shift_and_fail_make_the_book_that_one_page_makes(
    vtn: Vtn, client: VtnClient
) -> None:
    def events(count: int) -> list[dict[str, Any]]:
        return [{"id": f"e{i}", "programID": "p", "priority": i} for i in range(count)]

    def poll(book: EventBook) -> Changes:
        crawl = client.crawl(book.event_ids)
        return book.update(crawl.events, 0.0, crawl.complete, crawl.unreadable_ids)

    paged, whole = EventBook(), EventBook()
    vtn.lists["events"] = events(120)
    poll(paged)

    def disturb(request: Request) -> Response | None:
        if request.path == "/events" and request.args["skip"] == "50" and len(vtn.lists["events"]) == 120:
            vtn.lists["events"] = [{"id": "new", "programID": "p"}, *events(120)]
        return shown({}, 500) if request.path == "/events" and request.args["skip"] == "100" else None

    vtn.hook = disturb
    with pytest.raises(VtnRefused):
        poll(paged)
    assert len(paged.events) == 120
    vtn.hook = lambda _: None
    assert poll(paged) == Changes(("new",), (), ())
    vtn.hook = lambda request: (
        shown(vtn.lists["events"] if request.args["skip"] == "0" else []) if request.path == "/events" else None
    )
    poll(whole)
    assert paged.events == whole.events


@pytest.mark.parametrize("answer", [shown({}, 404), shown({"title": "not yours"}, 403)])
def test_r17_what_is_not_listed_is_gone_when_asking_for_it_confirms_it(
    vtn: Vtn, client: VtnClient, answer: Response
) -> None:
    fill_events(vtn, 2)
    vtn.hook = lambda request: answer if request.path == "/events/gone" else None
    assert len(client.crawl(["gone"]).events) == 2
    assert vtn.asked.count("GET /events/gone") == (1 if answer.status_code == 404 else 2)


def test_r18_an_event_that_is_over_and_listed_no_more_is_still_there(vtn: Vtn, client: VtnClient) -> None:
    fill_events(vtn, 2)
    vtn.hook = lambda request: (
        shown(vtn.lists["events"][1:] if request.args["skip"] == "0" else []) if request.path == "/events" else None
    )
    assert {event.event_id for event in client.crawl(["e0", "e1"]).events} == {"e0", "e1"}


def test_r12_a_program_that_its_list_does_not_show_is_asked_for(vtn: Vtn, client: VtnClient) -> None:
    fill_events(vtn, 1)
    vtn.lists["programs"] = [{"id": "p", "programName": "demo"}]
    vtn.hook = lambda request: shown([]) if request.path == "/programs" else None
    assert [program.name for program in client.crawl().programs] == ["demo"]
    vtn.lists["programs"] = []
    assert client.crawl().programs == ()


def test_r17_edge_case_3_a_failing_page_two_is_no_crawl_at_all(vtn: Vtn, client: VtnClient) -> None:
    fill_events(vtn, 60)
    vtn.hook = lambda request: shown({}, 500) if request.args.get("skip") == "50" else None
    with pytest.raises(VtnRefused, match="500"):
        client.crawl()


def test_r17_an_event_that_fails_when_asked_for_by_id_fails_the_crawl(vtn: Vtn, client: VtnClient) -> None:
    fill_events(vtn, 60)
    vtn.hook = lambda request: shown({}, 500) if request.path == "/events/x" else None
    with pytest.raises(VtnRefused, match="500"):
        client.crawl(["x"])


def test_r18_edge_case_4_active_is_never_asked_for(vtn: Vtn, client: VtnClient) -> None:
    """A finished event stays in the list, so absence always means gone."""
    client.crawl()
    assert not any("active" in each for each in vtn.asked)


def test_r11_a_list_that_repeats_itself_ends_and_one_without_end_is_nonsense() -> None:
    assert list(pages(lambda _: b'[{"id":"a"}]', "events")) == [[b'{"id":"a"}']]
    with pytest.raises(VtnNonsense, match="no end"):
        list(pages(lambda skip: json.dumps([{"id": str(skip)}]).encode(), "events"))
