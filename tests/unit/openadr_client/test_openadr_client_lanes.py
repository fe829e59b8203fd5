"""In which lane each request of a client goes to the gate of its origin."""

import json
from collections.abc import Callable

import pytest
from openadr_client_vtn import Vtn, client_of, fill_events, resources, shown
from pytest_httpserver import HTTPServer
from traffic_house import LaneRecorder
from werkzeug import Request, Response

from ven_actors.errors import VtnBusy, VtnRefused, VtnUnreachable
from ven_actors.openadr.client import VtnClient
from ven_actors.openadr.lanes import Lane
from ven_actors.openadr.traffic import Traffic
from ven_actors.openadr.transport import SharedAdapter
from ven_actors.testing.clock import ManualClock


@pytest.fixture
def traffic() -> LaneRecorder:
    return LaneRecorder()


@pytest.fixture
def client(vtn: Vtn, httpserver: HTTPServer, adapter: SharedAdapter, traffic: LaneRecorder) -> VtnClient:
    del vtn
    return client_of(httpserver, adapter, traffic=traffic)


def lanes_of(traffic: LaneRecorder, work: Callable[[], object]) -> set[Lane]:
    traffic.lanes.clear()
    work()
    return set(traffic.lanes)


def test_every_request_goes_in_the_lane_of_what_it_is_for(vtn: Vtn, client: VtnClient, traffic: LaneRecorder) -> None:
    fill_events(vtn, 3)
    enrolled = lanes_of(traffic, lambda: client.enrol("Herning", resources("a", "b"), None))
    assert enrolled == {Lane.TOKEN, Lane.REGISTRATION}
    assert lanes_of(traffic, client.crawl) == {Lane.REGISTRATION}
    assert lanes_of(traffic, client.crawl) == {Lane.POLL}
    assert lanes_of(traffic, lambda: client.post_report(b"{}")) == {Lane.LIVE}
    assert lanes_of(traffic, lambda: client.post_report(b"{}", backlog=True)) == {Lane.BACKLOG}
    assert lanes_of(traffic, lambda: client.find_report("e0", "r", 0)) == {Lane.LIVE}
    assert lanes_of(traffic, lambda: client.event_exists("e0")) == {Lane.LIVE}
    push_side, vtn.lists["subscriptions"] = client.push_side, []
    assert push_side is not None
    assert lanes_of(traffic, lambda: push_side.subscriber.keep({}, frozenset())) == {Lane.POLL}


def test_the_rate_covers_every_request_of_every_client(
    vtn: Vtn, httpserver: HTTPServer, adapter: SharedAdapter, traffic: LaneRecorder
) -> None:
    clients = [client_of(httpserver, adapter, traffic=traffic) for _ in range(2)]
    traffic.lanes.clear()
    for client in clients:
        client.enrol("Herning", resources("a", "b"), None)
        client.crawl()
        client.post_report(b"{}")
    assert len(traffic.lanes) == len(vtn.asked)


def test_what_a_token_endpoint_asks_for_is_kept_by_all_clients(
    vtn: Vtn, httpserver: HTTPServer, adapter: SharedAdapter
) -> None:
    def hook(request: Request) -> Response | None:
        if request.path != "/auth/token":
            return None
        return Response(json.dumps({"title": "later"}), 429, {"Retry-After": "30"}, mimetype="application/json")

    vtn.hook = hook
    clock = ManualClock()
    traffic = Traffic(monotonic=clock.monotonic)
    clients = [client_of(httpserver, adapter, traffic=traffic) for _ in range(3)]
    with pytest.raises(VtnUnreachable, match="429"):
        clients[0].crawl()
    asked = len(vtn.asked)
    for client in clients:
        with pytest.raises(VtnBusy, match="30 s more"):
            client.crawl()
    assert len(vtn.asked) == asked
    vtn.hook = lambda _: None
    clock.advance(30)
    clients[0].crawl()


def test_a_ven_gives_its_seat_back_with_its_next_reading_with_a_failure_and_at_its_end(
    vtn: Vtn, httpserver: HTTPServer, adapter: SharedAdapter
) -> None:
    traffic, told = Traffic(monotonic=ManualClock().monotonic), list[str]()
    first, second = (client_of(httpserver, adapter, traffic=traffic) for _ in range(2))
    others = [object() for _ in range(15)]
    seats = traffic.gate(httpserver.url_for("")).seats
    assert all(seats.take(each, lambda: None) for each in others)
    assert first.take_seat(lambda: told.append("first"))
    assert not second.take_seat(lambda: told.append("second"))
    first.enrol("Herning", resources("a"), None)
    assert told == []
    first.crawl()
    assert told == ["second"]
    assert not first.take_seat(lambda: told.append("first"))
    vtn.hook = lambda request: shown({}, 500) if request.path == "/vens" else None
    with pytest.raises(VtnRefused):
        second.enrol("Herning", resources("a"), None)
    assert told == ["second", "first"]
    assert not second.take_seat(lambda: told.append("again"))
    first.abort()
    assert told == ["second", "first", "again"]
