"""Reading programs and events: broken objects and answers, queries by target, packed answers, closing."""

import gzip
import json
from typing import Any

import pytest
from openadr_client_vtn import Vtn, client_of, fill_events, once, shown
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ven_actors.errors import VtnNonsense, VtnUnreachable
from ven_actors.openadr.client import VtnClient
from ven_actors.openadr.event_book import EventBook
from ven_actors.openadr.transport import SharedAdapter


def test_r16_one_bad_object_does_not_cost_the_page(vtn: Vtn, client: VtnClient) -> None:
    vtn.lists["events"] = [
        {"id": "good", "programID": "p"},
        {"id": "bad", "programID": "p", "duration": "long"},
        {"id": "good2", "programID": "p"},
    ]
    vtn.lists["programs"] = [{"id": "p"}]
    crawl = client.crawl()
    assert [event.event_id for event in crawl.events] == ["good", "good2"]
    assert crawl.unreadable_ids == {"bad"}
    assert crawl.complete
    assert len(crawl.problems) == 1
    assert "'bad'" in crawl.problems[0]


BEYOND = 10**30
T0 = 1_767_225_600.0


@pytest.mark.parametrize(
    "parts",
    [
        {"priority": BEYOND},
        {"priority": -BEYOND},
        {"intervals": [{"id": BEYOND, "payloads": []}]},
        *({"intervals": [{"id": 0, "payloads": [{"type": "SIMPLE", "values": [each]}]}]}
          for each in ({"x": BEYOND, "y": 0}, [{"deep": [BEYOND]}])),
        *({"reportDescriptors": [{"payloadType": "USAGE", name: BEYOND}]}
          for name in ("startInterval", "numIntervals", "frequency", "repeat")),
    ],
    ids=str,
)  # fmt: skip
def test_r16_an_integer_beyond_64_bits_costs_a_part_or_its_event_and_nothing_else(
    vtn: Vtn, client: VtnClient, parts: dict[str, Any]
) -> None:
    huge = {"id": "huge", "programID": "p", "intervalPeriod": {"start": "2026-01-01T00:00:00Z", "duration": "PT1H"}}
    vtn.lists["events"] = [{"id": "good", "programID": "p"}, huge | parts]
    vtn.lists["programs"] = [{"id": "p"}]
    crawl = client.crawl()
    assert {event.event_id for event in crawl.events} | crawl.unreadable_ids == {"good", "huge"}
    assert "good" not in crawl.unreadable_ids
    assert len(crawl.problems) == 1
    assert "'huge'" in crawl.problems[0]
    book = EventBook()
    book.update(crawl.events, 0.0, crawl.complete, crawl.unreadable_ids)
    assert EventBook.restored(book.kept()).event_ids == book.event_ids
    assert book.signals_at("Herning", ("r-1",), T0) == ()


def test_r17_an_object_without_an_id_makes_the_crawl_incomplete(vtn: Vtn, client: VtnClient) -> None:
    vtn.lists["events"] = [{"id": "good", "programID": "p"}, {"programID": "p"}]
    vtn.hook = lambda request: shown([]) if request.args.get("skip") == "2" else None
    crawl = client.crawl()
    assert [event.event_id for event in crawl.events] == ["good"]
    assert not crawl.complete


def test_r13_configured_targets_are_a_second_query_and_both_are_united(
    vtn: Vtn, httpserver: HTTPServer, adapter: SharedAdapter
) -> None:
    def hook(request: Request) -> Response | None:
        if request.path != "/events":
            return None
        if request.args["skip"] != "0":
            return shown([])
        ids = ["a", "b"] if "targets" in request.args else ["b", "c"]
        return shown([{"id": each, "programID": "p"} for each in ids])

    vtn.hook = hook
    client = client_of(httpserver, adapter, targets=["x", "y"])
    assert [event.event_id for event in client.crawl().events] == ["b", "c", "a"]
    assert "GET /events?targets=x&targets=y&skip=0&limit=50" in vtn.asked
    client.close()


@pytest.mark.parametrize("body", ["<html>", "{}", "[" * 100_000, "", "[NaN]", "null"])
def test_an_answer_that_is_no_list_is_nonsense(vtn: Vtn, client: VtnClient, body: str) -> None:
    vtn.hook = once(Response(body), method="GET")
    with pytest.raises(VtnNonsense):
        client.crawl()


def test_a_closed_client_sends_nothing_more_and_its_neighbour_does(
    vtn: Vtn, httpserver: HTTPServer, adapter: SharedAdapter
) -> None:
    one, other = client_of(httpserver, adapter), client_of(httpserver, adapter)
    one.crawl()
    one.close()
    asked = len(vtn.asked)
    with pytest.raises(VtnUnreachable, match="closed"):
        one.crawl()
    assert len(vtn.asked) == asked
    other.crawl()
    other.close()


def test_r43_gzip_is_offered_and_may_be_used_or_not(vtn: Vtn, client: VtnClient) -> None:
    fill_events(vtn, 2)
    offered = []

    def pack(request: Request) -> Response | None:
        offered.append(request.headers["Accept-Encoding"])
        if request.path != "/events" or request.args["skip"] != "0":
            return None
        body = gzip.compress(json.dumps(vtn.lists["events"]).encode())
        return Response(body, 200, {"Content-Encoding": "gzip"}, mimetype="application/json")

    plain = client.crawl()
    vtn.hook = pack
    assert client.crawl() == plain
    assert {each for each in offered if each != "identity"} == {"gzip"}


def test_r16_a_strict_client_refuses_what_deviates_and_names_it(
    vtn: Vtn, httpserver: HTTPServer, adapter: SharedAdapter
) -> None:
    vtn.lists["events"] = [{"id": "e", "programID": "p", "priority": -1}]
    client = client_of(httpserver, adapter, strict=True)
    crawl = client.crawl()
    assert (crawl.events, crawl.unreadable_ids) == ((), {"e"})
    assert crawl.problems[-1].startswith("event is refused, as parsing is strict")
    client.close()
