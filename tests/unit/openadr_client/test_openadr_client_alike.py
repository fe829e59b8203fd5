"""Two VENs that are shown the same: what they read is taken apart once, and still is each VEN's own reading."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from openadr_client_vtn import Vtn, client_of, resources
from pytest_httpserver import HTTPServer

from ven_actors.openadr.client import VtnClient
from ven_actors.openadr.dialect import StandardDialect
from ven_actors.openadr.event_book import Changes, EventBook
from ven_actors.openadr.signals import SignalPlan
from ven_actors.openadr.transport import SharedAdapter
from ven_actors.openadr.v301 import V301
from ven_actors.openadr.v310 import V310


@pytest.fixture
def clients(httpserver: HTTPServer, adapter: SharedAdapter) -> Iterator[Callable[..., list[VtnClient]]]:
    made: list[VtnClient] = []

    def make(count: int = 2, **settings: Any) -> list[VtnClient]:
        made.extend(client_of(httpserver, adapter, **settings) for _ in range(count))
        return made[-count:]

    yield make
    for client in made:
        client.close()


def fill(vtn: Vtn, count: int = 120, **parts: Any) -> None:
    vtn.lists["programs"] = [{"id": "p", "programName": "prices"}]
    start = {"start": "2026-01-16T10:00:00Z", "duration": "PT1H"}
    name = uuid4().hex  # what another test still holds is not the same
    vtn.lists["events"] = [
        {
            "id": f"e{number}",
            "programID": "p",
            "eventName": name,
            "intervals": [
                {"id": 0, "intervalPeriod": dict(start), "payloads": [{"type": "PRICE", "values": [number]}]}
            ],
        }
        | parts
        for number in range(count)
    ]


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every event that is made of its JSON."""
    calls: list[bytes] = []
    for dialect in (V310, V301):
        read = dialect.read_event

        def counted(self: Any, raw: bytes, reader: Any = None, read: Any = read) -> Any:
            calls.append(raw)
            return read(self, raw, reader)

        monkeypatch.setattr(dialect, "read_event", counted)
    return calls


@pytest.mark.parametrize("dialect", [V310(), V301()])
def test_events_that_two_vens_read_alike_are_parsed_once_and_are_the_same_objects(
    vtn: Vtn, clients: Callable[..., list[VtnClient]], parsed: list[bytes], dialect: StandardDialect
) -> None:
    fill(vtn)
    one, other = clients(dialect=dialect)
    first, second = one.crawl(), other.crawl()
    assert len(parsed) == 120
    assert first.events is second.events
    assert all(ours is theirs for ours, theirs in zip(first.programs, second.programs, strict=True))


def test_a_list_that_has_not_changed_is_not_taken_apart_again_and_changes_nothing(
    vtn: Vtn, client: VtnClient, parsed: list[bytes]
) -> None:
    fill(vtn)
    book = EventBook()
    crawl = client.crawl()
    assert len(book.update(crawl.events, 0.0, programs=crawl.programs).new) == 120
    again = client.crawl(book.program_of)
    assert again is crawl
    assert book.update(again.events, 30.0, programs=again.programs) == Changes((), (), ())
    assert len(parsed) == 120


def test_an_event_that_changes_is_the_only_one_that_is_parsed(
    vtn: Vtn, clients: Callable[..., list[VtnClient]], parsed: list[bytes]
) -> None:
    fill(vtn)
    one, other = clients()
    book = EventBook()
    book.update(one.crawl().events, 0.0)
    parsed.clear()
    vtn.lists["events"][70] = vtn.lists["events"][70] | {"priority": 1}
    assert book.update(one.crawl(book.program_of).events, 30.0) == Changes((), ("e70",), ())
    assert len(parsed) == 1
    assert other.crawl().events[70].priority == 1
    assert len(parsed) == 1


def test_events_that_nobody_reads_any_more_are_parsed_again(
    vtn: Vtn, clients: Callable[..., list[VtnClient]], parsed: list[bytes]
) -> None:
    fill(vtn, 3)
    (one,) = clients(1)
    one.crawl()
    vtn.lists["events"] = []
    one.crawl()
    fill(vtn, 3)
    one.crawl()
    assert len(parsed) == 6


def test_targets_of_301_are_judged_for_each_ven_by_itself(
    vtn: Vtn, clients: Callable[..., list[VtnClient]], parsed: list[bytes]
) -> None:
    fill(vtn, 2, targets=[{"type": "GROUP", "values": ["north"]}])
    ours, theirs = clients(1, dialect=V301(), targets=["GROUP=north"])[0], clients(1, dialect=V301())[0]
    assert len(ours.crawl().events) == 2
    assert theirs.crawl().events == ()
    assert len(parsed) == 2


def test_targets_of_31_that_mean_resources_are_each_vens_own_and_the_rest_of_the_event_is_shared(
    vtn: Vtn, clients: Callable[..., list[VtnClient]]
) -> None:
    fill(vtn, 1, targets=["feeder-7"])
    one, other = clients()
    one.enrol("Herning", resources("bakery", "pub"), None)
    vtn.lists["resources"][0]["targets"] = ["feeder-7"]
    one.enrol("Herning", resources("bakery", "pub"), None)
    (ours,), (theirs,) = one.crawl().events, other.crawl().events
    assert (ours.targets, theirs.targets) == (("bakery",), ("feeder-7",))
    assert ours.intervals is theirs.intervals


def test_what_an_event_means_over_time_is_worked_out_once_for_all_vens_without_a_random_start(
    vtn: Vtn, clients: Callable[..., list[VtnClient]]
) -> None:
    fill(vtn, 3)
    vtn.lists["events"][0]["intervals"][0]["intervalPeriod"]["randomizeStart"] = "PT30M"

    def plan(client: VtnClient, ven: str) -> SignalPlan:
        crawl, book = client.crawl(), EventBook()
        book.update(crawl.events, 0.0, programs=crawl.programs)
        return book.signal_plan(ven, ("bakery",))

    one, other = clients()
    first, second = plan(one, "Herning"), plan(other, "Aalborg")
    shared = {id(each) for each in first._contenders} & {id(each) for each in second._contenders}
    assert len(shared) == 2
