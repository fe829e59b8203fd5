"""Whom an event means: targets of the VEN and of its resources."""

from typing import Any

import pytest
from openadr_client_vtn import Vtn, resources, shown

from ven_actors.errors import VtnRefused
from ven_actors.openadr.client import VtnClient
from ven_actors.openadr.event_book import Changes, EventBook


def granted(vtn: Vtn, ven: list[str], **of_resources: list[str]) -> None:
    vtn.lists["vens"] = [{"id": "v", "venName": "Herning", "targets": ven}]
    vtn.lists["resources"] = [
        {"id": f"r-{name}", "resourceName": name, "venID": "v", "targets": targets}
        for name, targets in of_resources.items()
    ]


def meant(client: VtnClient) -> dict[str, tuple[str, ...]]:
    """Names of resources by event; () for all."""
    return {event.event_id: event.targets for event in client.crawl().events}


def targeted(**targets: list[str] | None) -> list[dict[str, Any]]:
    return [{"id": name, "programID": "p", "targets": each} for name, each in targets.items()]


def test_r15_a_target_of_the_ven_means_all_its_resources_and_one_of_resources_those(
    vtn: Vtn, client: VtnClient
) -> None:
    granted(vtn, ["town"], a=["north"], b=["north", "east"], c=[])
    vtn.lists["events"] = targeted(
        all=["town", "north"], named=["Herning"], north=["north"], east=["east"], one=["c"], none=None, other=["?"],
        both=["north", "?"],
    )  # fmt: skip
    client.enrol("Herning", resources("a", "b", "c"), None)
    assert meant(client) == {
        "all": (), "named": (), "north": ("a", "b"), "east": ("b",), "one": ("c",), "none": (), "other": (),
        "both": (),
    }  # fmt: skip


def test_r15_a_descriptor_is_about_those_that_bear_its_target(vtn: Vtn, client: VtnClient) -> None:
    granted(vtn, ["town"], a=["north"], b=[])
    asked = [{"payloadType": "USAGE", "targets": each} for each in (["north"], ["town"], ["b"], ["x"], ["y"], None)]
    vtn.lists["events"] = [{"id": "e", "programID": "p", "targets": ["x"], "reportDescriptors": asked}]
    client.enrol("Herning", resources("a", "b"), None)
    (event,) = client.crawl().events
    assert [each.targets for each in event.report_descriptors] == [("a",), (), ("b",), (), ("y",), ()]


def test_r15_a_target_that_was_granted_since_is_looked_up_when_an_event_bears_it(vtn: Vtn, client: VtnClient) -> None:
    granted(vtn, [], a=["old"], b=[])
    client.enrol("Herning", resources("a", "b"), None)
    vtn.lists["events"] = targeted(e=["new"])
    granted(vtn, [], a=["old"], b=["new"])
    assert meant(client) == {"e": ("b",)}
    vtn.asked.clear()
    meant(client)
    assert vtn.count("GET /vens") == vtn.count("GET /resources") == 0


def test_r14_a_puzzle_that_stays_is_looked_up_now_and_then(vtn: Vtn, client: VtnClient) -> None:
    granted(vtn, [], a=[])
    client.enrol("Herning", resources("a"), None)
    vtn.lists["events"] = targeted(e=["elsewhere"])
    vtn.asked.clear()
    for _ in range(21):
        meant(client)
    assert vtn.count("GET /vens/v") == 3


def test_r10_a_ven_that_was_lost_is_noticed_when_its_targets_are_looked_up(vtn: Vtn, client: VtnClient) -> None:
    granted(vtn, [], a=[])
    client.enrol("Herning", resources("a"), None)
    vtn.lists["events"], vtn.lists["vens"] = targeted(e=["elsewhere"]), []
    with pytest.raises(VtnRefused) as caught:
        client.crawl()
    assert caught.value.status == 404


def test_r19_edge_case_6_a_target_that_is_revoked_ends_the_event_as_its_deletion_would(
    vtn: Vtn, client: VtnClient
) -> None:
    vtn.lists["programs"] = [{"id": "p", "programName": "demo"}]
    vtn.lists["events"] = [
        {"id": "e", "programID": "p", "targets": ["north"], "reportDescriptors": [{"payloadType": "USAGE"}],
         "intervalPeriod": {"start": "2026-01-16T17:00:00Z", "duration": "PT1H"},
         "intervals": [{"id": 0, "payloads": [{"type": "SIMPLE", "values": [2]}]}]},
    ]  # fmt: skip
    at_s, book = 1_768_584_600.0, EventBook()

    def poll() -> Changes:
        crawl = client.crawl(book.event_ids)
        return book.update(crawl.events, at_s, crawl.complete, crawl.unreadable_ids, crawl.programs)

    assert poll().new == ("e",)
    assert [signal.payload_type for signal in book.signals_at("Herning", ["a"], at_s)] == ["SIMPLE"]
    assert len(book.report_requests("Herning", ["a"], 15)) == 1
    vtn.hook = lambda request: (
        shown([]) if request.path == "/events" else shown({}, 403) if request.path == "/events/e" else None
    )
    assert poll().gone == ("e",)
    assert book.signals_at("Herning", ["a"], at_s) == ()
    assert book.report_requests("Herning", ["a"], 15) == ()
