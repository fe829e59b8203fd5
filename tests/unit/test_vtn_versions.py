"""One embedded VTN, two versions: what is made through one interface is seen through the other in its own form."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import requests

from ven_actors.testing.vtn import BL, VEN, DemoPlan, InProcessVtn

NOW_S = 1_768_557_600.0
GROUP = [{"type": "GROUP", "values": ["group-1"]}]


@pytest.fixture(scope="module")
def running() -> Iterator[InProcessVtn]:
    with InProcessVtn(now_s=lambda: NOW_S) as vtn:
        yield vtn


@pytest.fixture(scope="module")
def callers(running: InProcessVtn, vtn_calls: ModuleType) -> Iterator[dict[str, Any]]:
    """`ven31`, `bl31`, `ven301`, `bl301`."""
    made = {
        f"{client.role}{version}": caller(running, client)
        for version, caller in (("31", vtn_calls.Caller), ("301", vtn_calls.Caller301))
        for client in (VEN, BL)
    }
    yield made
    for caller in made.values():
        caller.close()


def made(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_a_program_of_301_has_its_properties_as_attributes_in_31(vtn: InProcessVtn, callers: dict[str, Any]) -> None:
    old = made(
        callers["bl301"].post(
            "/programs",
            {
                "programName": "p",
                "retailerName": "ACME",
                "bindingEvents": True,
                "timeZoneOffset": "-PT6H",
                "country": None,
                "payloadDescriptors": [{"payloadType": "PRICE"}, {"payloadType": "USAGE", "readingType": ""}],
                "targets": [{"type": "GROUP", "values": ["a", 7, {"x": 1, "y": 2}]}, {"type": "X", "values": []}],
            },
        )
    )
    (new,) = callers["bl31"].get("/programs").json()
    assert new["id"] == old["id"]
    assert new["attributes"] == [
        {"type": "RETAILER_NAME", "values": ["ACME"]},
        {"type": "BINDING_EVENTS", "values": [True]},
        {"type": "TIME_ZONE_OFFSET", "values": ["-PT6H"]},
    ]
    assert new["targets"] == ["a", "7", "X"]
    assert new["payloadDescriptors"] == [
        {"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "PRICE"},
        {"objectType": "REPORT_PAYLOAD_DESCRIPTOR", "payloadType": "USAGE", "readingType": None},
    ]


def test_a_program_of_31_has_its_attributes_as_properties_in_301(vtn: InProcessVtn, callers: dict[str, Any]) -> None:
    attributes = [
        {"type": "RETAILER_NAME", "values": ["ACME"]},
        {"type": "BINDING_EVENTS", "values": ["yes"]},
        {"type": "COUNTRY", "values": []},
        {"type": "OWN", "values": [1]},
    ]
    new = vtn.create_program(
        programName="p", attributes=attributes, intervalPeriod={"duration": "P1Y"}, targets=["a", "b"]
    )
    old = callers["ven301"].get(f"/programs/{new['id']}").json()
    assert old["retailerName"] == "ACME"
    assert not {"bindingEvents", "country", "attributes"} & old.keys()
    assert old["intervalPeriod"] == {"start": "0001-01-01T00:00:00Z", "duration": "P1Y"}
    assert old["targets"] == [{"type": "GROUP", "values": ["a", "b"]}]


def test_targets_of_31_get_the_type_of_what_bears_their_name(vtn: InProcessVtn, callers: dict[str, Any]) -> None:
    ven = vtn.create_ven(clientID=VEN.name, venName="ven-a")
    vtn.create_resource(clientID=VEN.name, venID=ven["id"], resourceName="res-a")
    program = vtn.create_program(programName="p")["id"]
    vtn.create_event(
        programID=program,
        targets=["res-a", "ven-a", "other"],
        reportDescriptors=[{"payloadType": "USAGE", "targets": ["res-a"]}, {"payloadType": "DEMAND"}],
    )
    (old,) = callers["ven301"].get("/events").json()
    assert old["targets"] == [
        {"type": "RESOURCE_NAME", "values": ["res-a"]},
        {"type": "VEN_NAME", "values": ["ven-a"]},
        {"type": "GROUP", "values": ["other"]},
    ]
    assert old["reportDescriptors"][0]["targets"] == [{"type": "RESOURCE_NAME", "values": ["res-a"]}]
    assert "targets" not in old["reportDescriptors"][1]


def test_every_period_of_an_event_of_31_has_a_start_in_301(vtn: InProcessVtn, callers: dict[str, Any]) -> None:
    program = vtn.create_program(programName="p")["id"]
    intervals = [
        {"id": 0, "payloads": []},
        {"id": 1, "payloads": [], "intervalPeriod": {"duration": "PT2H"}},
        {"id": 2, "payloads": [], "intervalPeriod": {"duration": "P9999Y"}},
        {"id": 3, "payloads": [], "intervalPeriod": {"randomizeStart": "PT1M"}},
        {"id": 4, "payloads": [], "intervalPeriod": {"start": "0001-01-01"}},
        {"id": 5, "payloads": [], "intervalPeriod": {}},
    ]
    vtn.create_event(
        programID=program, intervals=intervals, intervalPeriod={"start": "2026-01-16T10:00:00Z", "duration": "PT1H"}
    )
    vtn.create_event(programID=program, intervalPeriod={"duration": "PT1H"}, duration="P1D")
    first, second = callers["ven301"].get("/events").json()
    starts = [interval.get("intervalPeriod", {}).get("start") for interval in first["intervals"]]
    assert starts == [
        None,
        "2026-01-16T11:00:00.000000Z",
        "2026-01-16T13:00:00.000000Z",
        "2026-01-16T13:00:00.000000Z",
        "0001-01-01",
        "2026-01-16T11:00:00.000000Z",
    ]
    assert (second["intervals"], second["intervalPeriod"]["start"]) == ([], "0001-01-01T00:00:00Z")


def test_an_event_of_301_is_an_event_of_31(vtn: InProcessVtn, callers: dict[str, Any]) -> None:
    program = vtn.create_program(programName="p")["id"]
    made(
        callers["bl301"].post(
            "/events",
            {
                "programID": program,
                "intervals": [],
                "payloadDescriptors": [{"payloadType": "SIMPLE", "units": ""}],
                "reportDescriptors": [{"payloadType": "USAGE", "units": "K" * 200, "targets": GROUP}],
            },
        )
    )
    (new,) = callers["bl31"].get("/events").json()
    assert new["payloadDescriptors"] == [
        {"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "SIMPLE", "units": None}
    ]
    (descriptor,) = new["reportDescriptors"]
    assert (descriptor["units"], descriptor["targets"]) == ("K" * 128, ["group-1"])


def test_a_ven_of_301_belongs_to_its_client_and_grants_itself_nothing_in_31(
    vtn: InProcessVtn, callers: dict[str, Any]
) -> None:
    old = made(
        callers["ven301"].post("/vens", {"venName": "v", "targets": GROUP, "resources": [{"resourceName": "r"}]})
    )
    assert old["targets"] == GROUP
    (new,) = callers["ven31"].get("/vens").json()
    assert (new["id"], new["clientID"], new["targets"]) == (old["id"], VEN.name, None)
    (resource,) = callers["ven31"].get("/resources").json()
    assert (resource["venID"], resource["clientID"]) == (old["id"], VEN.name)
    granted = {"objectType": "BL_VEN_REQUEST", "clientID": VEN.name, "venName": "v", "targets": ["g"]}
    assert callers["bl31"].put(f"/vens/{old['id']}", granted).status_code == 200
    kept = callers["ven301"].put(f"/vens/{old['id']}", {"venName": "w"}).json()
    assert kept["targets"] == [{"type": "GROUP", "values": ["g"]}]
    assert callers["ven31"].get("/vens").json()[0]["targets"] == ["g"]


def test_what_business_logic_grants_through_301_is_granted_in_31(vtn: InProcessVtn, callers: dict[str, Any]) -> None:
    own = vtn.create_ven(clientID=VEN.name, venName="v")
    assert callers["bl301"].put(f"/vens/{own['id']}", {"venName": "v", "targets": GROUP}).status_code == 200
    (new,) = callers["ven31"].get("/vens").json()
    assert (new["clientID"], new["targets"]) == (VEN.name, ["group-1"])


def test_reports_of_both_versions_stand_beside_each_other(vtn: InProcessVtn, callers: dict[str, Any]) -> None:
    program = vtn.create_program(programName="p")["id"]
    event = vtn.create_event(programID=program)["id"]
    entry = {"resourceName": "r", "intervals": [{"id": 0, "payloads": []}]}
    report = {"eventID": event, "clientName": "c", "resources": [entry]}
    old = {**report, "programID": program, "payloadDescriptors": [{"payloadType": "USAGE", "units": ""}]}
    made(callers["ven301"].post("/reports", old))
    made(
        callers["ven31"].post("/reports", {**report, "resources": [{**entry, "intervalPeriod": {"duration": "PT15M"}}]})
    )
    seen31 = callers["bl31"].get("/reports").json()
    seen301 = callers["bl301"].get("/reports").json()
    assert [found["clientID"] for found in seen31] == [VEN.name] * 2
    assert seen31[0]["payloadDescriptors"] == [
        {"objectType": "REPORT_PAYLOAD_DESCRIPTOR", "payloadType": "USAGE", "units": None}
    ]
    assert [found["programID"] for found in seen301] == [program] * 2
    assert seen301[1]["resources"][0]["intervalPeriod"] == {"start": "0001-01-01T00:00:00Z", "duration": "PT15M"}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["ven", "both", "group", "all"]),
        ("targetType=VEN_NAME", ["ven", "both"]),
        ("targetType=GROUP&targetValues=g", ["both", "group"]),
        ("targetValues=v&targetValues=w", ["ven"]),
        ("targetValues=v", ["ven", "both"]),
        ("targetType=VEN_NAME&targetValues=g", []),
        ("targetType=VEN_NAME&skip=1&limit=1", ["both"]),
        ("targetType=&targetValues=", []),
    ],
)
def test_lists_of_301_are_filtered_by_type_and_values_of_one_target(
    vtn: InProcessVtn, callers: dict[str, Any], query: str, names: list[str]
) -> None:
    for name, targets in (
        ("ven", [{"type": "VEN_NAME", "values": ["v", "w"]}]),
        ("both", [{"type": "VEN_NAME", "values": ["v"]}, {"type": "GROUP", "values": ["g"]}]),
        ("group", [{"type": "GROUP", "values": ["g"]}]),
        ("all", None),
    ):
        made(callers["bl301"].post("/programs", {"programName": name, "targets": targets}))
    assert [found["programName"] for found in callers["ven301"].get(f"/programs?{query}").json()] == names


def test_the_same_token_is_good_for_both_versions_and_from_each_token_endpoint(vtn: InProcessVtn) -> None:
    form = {"grant_type": "client_credentials", "client_id": VEN.name, "client_secret": VEN.secret}
    for base in (vtn.root_url, *vtn.base_urls.values()):
        if base.endswith("/energydesk"):
            continue
        token = requests.post(f"{base}/auth/token", data=form, timeout=20).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        for path in ("/openadr3/3.0.1/vens", "/openadr3/3.1.0/vens", "/openadr3/3.1.0/events"):
            assert requests.get(vtn.root_url + path, headers=headers, timeout=20).status_code == 200
        made(requests.post(f"{vtn.base_urls['3.0.1']}/vens", json={"venName": base}, headers=headers, timeout=20))


@pytest.mark.parametrize(
    ("scope", "reads301", "reads31"),
    [("read_all", 200, 200), ("read_targets", 403, 200), ("read_targets read_ven_objects", 200, 200)],
)
def test_each_version_knows_the_others_read_scopes(
    vtn: InProcessVtn, vtn_calls: ModuleType, scope: str, reads301: int, reads31: int
) -> None:
    form = {"grant_type": "client_credentials", "client_id": VEN.name, "client_secret": VEN.secret, "scope": scope}
    token = requests.post(f"{vtn.root_url}/auth/token", data=form, timeout=20).json()
    assert token["scope"] == scope
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    found = [
        requests.get(f"{vtn.base_urls[version]}/programs", headers=headers, timeout=20).status_code
        for version in ("3.0.1", "3.1")
    ]
    assert found == [reads301, reads31]


def test_a_vens_read_all_of_301_reads_nothing_of_business_logics_in_31(vtn: InProcessVtn) -> None:
    for client, status in ((VEN, 403), (BL, 404)):
        form = {"grant_type": "client_credentials", "client_id": client.name, "client_secret": client.secret}
        url = f"{vtn.base_urls['3.0.1']}/auth/token"
        token = requests.post(url, data={**form, "scope": "read_all"}, timeout=20).json()["access_token"]
        url = f"{vtn.base_url}/notifiers/mqtt/topics/reports"
        assert requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=20).status_code == status


def test_the_demos_event_asks_for_one_day_of_reports_in_both_versions(vtn_calls: ModuleType) -> None:
    with InProcessVtn([VEN], now_s=lambda: NOW_S, demo=DemoPlan(900)) as vtn:
        old, new = vtn_calls.Caller301(vtn, VEN), vtn_calls.Caller(vtn, VEN)
        for caller in (old, new):
            event = caller.get("/events").json()[1]
            assert event["intervalPeriod"] == {"start": "2026-01-16T00:00:00Z", "duration": "PT900S"}
            (descriptor,) = event["reportDescriptors"]
            assert (descriptor["numIntervals"], descriptor["repeat"]) == (1, 96)
            caller.close()
