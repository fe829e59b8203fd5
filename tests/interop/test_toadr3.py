"""`toadr3`, an independent client for OpenADR 3.0.1, and the embedded VTN understand each other.

It can neither create programs and events nor handle vens and resources: those are made here with plain HTTP.
What it does otherwise than the official file says is named where it shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any, TypeVar

import pytest

from ven_actors.testing.vtn import BL, VEN, Client, InProcessVtn

toadr3 = pytest.importorskip("toadr3", reason="toadr3 is not installed; install the extra interop")

T = TypeVar("T")
PERIOD = {"start": "2026-01-16T17:00:00Z", "duration": "PT15M", "randomizeStart": "PT2M"}
PROGRAM = {
    "programName": "tariff",
    "programLongName": "Residential tariff",
    "country": "DK",
    "timeZoneOffset": "PT1H",
    "intervalPeriod": PERIOD,
    "bindingEvents": True,
    "payloadDescriptors": [
        {"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "PRICE", "units": "KWH", "currency": "EUR"},
        {"objectType": "REPORT_PAYLOAD_DESCRIPTOR", "payloadType": "USAGE", "confidence": 95},
    ],
    "targets": [{"type": "GROUP", "values": ["group-1"]}],
}
EVENT = {
    "eventName": "evening",
    "priority": 1,
    "targets": [{"type": "RESOURCE_NAME", "values": ["res-1"]}],
    "intervalPeriod": PERIOD,
    "payloadDescriptors": [{"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "SIMPLE"}],
    "reportDescriptors": [{"payloadType": "USAGE", "units": "KWH", "numIntervals": 4, "historical": False}],
    "intervals": [{"id": 0, "payloads": [{"type": "SIMPLE", "values": [2]}]}, {"id": 7, "payloads": []}],
}


def speak(vtn: InProcessVtn, client: Client, work: Callable[[Any], Awaitable[T]], scope: str = "read_all") -> T:
    """What `work` makes of a connected `toadr3.ToadrClient`."""

    async def within() -> T:
        url = vtn.base_urls["3.0.1"]
        config = toadr3.OAuthScopeConfig(f"{url}/auth/token", "client_credentials", scope, client.name, client.secret)
        async with toadr3.ToadrClient(url, config) as peer:
            return await work(peer)

    return asyncio.run(within())


@pytest.fixture
def bl(vtn: InProcessVtn, vtn_calls: ModuleType) -> Iterator[Any]:
    caller = vtn_calls.Caller301(vtn, BL)
    yield caller
    caller.close()


@pytest.fixture
def event(bl: Any) -> dict[str, Any]:
    program = bl.post("/programs", PROGRAM).json()
    made = bl.post("/events", {**EVENT, "programID": program["id"]})
    assert made.status_code == 201, made.text
    return dict(made.json())


def test_toadr3_reads_changes_and_deletes_a_program(vtn: InProcessVtn, bl: Any, said_wrong: Any, spec301: Any) -> None:
    made = bl.post("/programs", PROGRAM).json()

    async def work(peer: Any) -> Any:
        (listed,) = await peer.get_programs(target_type="GROUP", target_values=["group-1"], skip=0, limit=50)
        assert await peer.get_programs(target_type="GROUP", target_values=["group-2"]) == []
        assert await peer.get_program(listed.id) == listed
        changed = await peer.put_program(listed.id, listed.model_copy(update={"retailer_name": "ACME"}))
        assert changed.retailer_name == "ACME"
        (held,) = vtn.programs()
        assert {"type": "RETAILER_NAME", "values": ["ACME"]} in held["attributes"]
        assert (await peer.delete_program(listed.id)).id == listed.id
        assert await peer.get_program(listed.id) is None
        return listed

    program = speak(vtn, BL, work, scope="read_all write_programs")
    assert vtn.programs() == []
    assert (program.id, program.program_name, program.country) == (made["id"], "tariff", "DK")
    assert program.binding_events is True
    assert program.time_zone_offset == timedelta(hours=1)
    assert program.interval_period.start == datetime(2026, 1, 16, 17, tzinfo=UTC)
    assert program.interval_period.randomize_start == timedelta(minutes=2)
    assert [each.payload_type for each in program.payload_descriptors] == ["PRICE", "USAGE"]
    assert said_wrong(vtn.requests, spec301) == []


def test_toadr3_cannot_read_program_descriptions_as_the_official_file_writes_them(vtn: InProcessVtn, bl: Any) -> None:
    """It expects a list of URLs; the file has a list of objects with a URL, and so has the VTN."""
    bl.post("/programs", {"programName": "p", "programDescriptions": [{"URL": "https://example.org/tou"}]})
    with pytest.raises(ValueError, match="programDescriptions"):
        speak(vtn, BL, lambda peer: peer.get_programs())


def test_toadr3_reads_an_event(vtn: InProcessVtn, event: dict[str, Any], said_wrong: Any, spec301: Any) -> None:
    async def work(peer: Any) -> Any:
        assert await peer.get_events(target_type="RESOURCE_NAME", target_values=["res-2"]) == []
        assert await peer.get_events(skip=1, limit=1) == []
        return await peer.get_events(
            program_id=event["programID"], target_type="RESOURCE_NAME", target_values=["res-1"]
        )

    (read,) = speak(vtn, VEN, work)
    assert (read.id, read.event_name, read.priority) == (event["id"], "evening", 1)
    assert read.interval_period.duration == timedelta(minutes=15)
    assert [(each.id, [payload.values for payload in each.payloads]) for each in read.intervals] == [
        (0, [[2]]),
        (7, []),
    ]
    (asked,) = read.report_descriptors
    assert (asked.payload_type, asked.units, asked.num_intervals, asked.historical) == ("USAGE", "KWH", 4, False)
    assert (asked.repeat, asked.frequency, asked.start_interval) == (1, -1, -1)
    assert [(target.type, target.values) for target in read.targets] == [("RESOURCE_NAME", ["res-1"])]
    assert said_wrong(vtn.requests, spec301) == []


@pytest.mark.usefixtures("event")
def test_toadr3_reports_for_an_event(vtn: InProcessVtn, said_wrong: Any, spec301: Any) -> None:
    async def work(peer: Any) -> Any:
        (event,) = await peer.get_events()
        report = toadr3.models.Report.create_report(event, "ven-1", "USAGE", [0.31], "ven-1.evening.0")
        posted = await peer.post_report(report)
        assert posted == (await peer.get_reports(event_id=event.id, client_name="ven-1", skip=0, limit=50))[0]
        assert await peer.get_reports(client_name="ven-2") == []
        return posted

    posted = speak(vtn, VEN, work, scope="read_all write_reports")
    (held,) = vtn.reports()
    assert (held["id"], held["clientName"], held["reportName"]) == (posted.id, "ven-1", "ven-1.evening.0")
    (entry,) = held["resources"]
    assert entry["resourceName"] == "res-1"
    assert [each["payloads"] for each in entry["intervals"]] == [[{"type": "USAGE", "values": [0.31]}]]
    assert [each["payloadType"] for each in held["payloadDescriptors"]] == ["USAGE"]
    assert said_wrong(vtn.requests, spec301) == []


def subscription(program_id: str, url: str, *operations: str) -> Any:
    models = toadr3.models
    told = models.ObjectOperation(objects=["EVENT"], operations=operations, callback_url=url, bearer_token="secret")
    return models.Subscription(client_name="ven-1", program_id=program_id, object_operations=[told])


def test_toadr3_subscribes_changes_it_and_ends_it(
    vtn: InProcessVtn, event: dict[str, Any], callback_probe: ModuleType, said_wrong: Any, spec301: Any
) -> None:
    async def work(peer: Any, url: str) -> None:
        made = await peer.post_subscription(subscription(event["programID"], url, "DELETE"))
        assert (await peer.get_subscriptions(client_name="ven-1", objects=["EVENT"]))[0] == made
        assert await peer.get_subscriptions(objects=["VEN"]) == []
        again = await peer.put_subscription(made.id, made.model_copy(update={"client_name": "ven-one"}))
        assert again.client_name == (await peer.get_subscription(made.id)).client_name == "ven-one"
        assert (await peer.delete_subscription(made.id)).id == made.id
        assert await peer.get_subscriptions() == []

    with callback_probe.CallbackProbe() as probe:
        speak(vtn, VEN, lambda peer: work(peer, probe.url), scope="read_all write_subscriptions")
    assert said_wrong(vtn.requests, spec301) == []


def test_the_vtn_takes_toadr3s_verbs_for_operations_and_keeps_what_the_official_file_has(
    vtn: InProcessVtn, bl: Any, event: dict[str, Any], callback_probe: ModuleType, said_wrong: Any, spec301: Any
) -> None:
    """`toadr3` knows operations by the verbs of notifications only, so it cannot read its own subscription back."""
    with callback_probe.CallbackProbe() as probe:
        wanted = subscription(event["programID"], probe.url, "GET", "POST", "PUT", "DELETE")
        with pytest.raises(ValueError, match=r"'DELETE', 'GET', 'POST' or 'PUT'"):
            speak(vtn, VEN, lambda peer: peer.post_subscription(wanted), scope="read_all write_subscriptions")
        (held,) = bl.get("/subscriptions").json()
        assert held["objectOperations"][0]["operations"] == ["READ", "CREATE", "UPDATE", "DELETE"]
        bl.put(f"/events/{event['id']}", {**EVENT, "programID": event["programID"], "priority": 2})
        (_, bearer, told) = probe.wait_for(1)[0]
    assert (bearer, told["operation"], told["object"]["priority"]) == ("Bearer secret", "PUT", 2)
    wrong = said_wrong(vtn.requests, spec301)
    assert len(wrong) == 3
    assert all('is not one of "READ", "CREATE" or' in line for line in wrong)


def test_toadr3_understands_what_the_vtn_refuses(vtn: InProcessVtn, event: dict[str, Any]) -> None:
    async def work(peer: Any) -> None:
        (read,) = await peer.get_events()
        report = toadr3.models.Report.create_report(read, "ven-1", "USAGE", [1])
        with pytest.raises(toadr3.ToadrError) as refused:
            await peer.post_report(report)
        assert refused.value.status_code == 403
        with pytest.raises(toadr3.ToadrError) as refused:
            await peer.get_events(limit=51)
        assert refused.value.status_code == 400

    speak(vtn, VEN, work)
    with pytest.raises(toadr3.ToadrError, match="invalid_client"):
        speak(vtn, Client(VEN.name, "wrong", VEN.role), lambda peer: peer.get_events())
