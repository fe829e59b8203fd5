"""What the embedded VTN takes beyond the letter, and what `--strict` makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from vtn_reader import Reader, with_an_event

from ven_actors.testing.vtn import BL, VEN, Client, InProcessVtn
from ven_actors.vtn.leniency import given

PERIOD = {"start": "2026-02-10T00:00:00Z", "duration": "PT1H"}
# As in the standard's own examples: descriptors without objectType.
EVENTS: dict[str, dict[str, Any]] = {
    "prices": {
        "eventName": "price11-18-2022",
        "priority": 0,
        "payloadDescriptors": [{"payloadType": "PRICE", "units": "KWH", "currency": "USD"}],
        "intervalPeriod": PERIOD,
        "intervals": [{"id": 0, "payloads": [{"type": "PRICE", "values": [0.17]}]}],
    },
    "two kinds": {
        "payloadDescriptors": [{"payloadType": "EXPORT_PRICE"}, {"payloadType": "GHG", "units": "G_CO2"}],
        "intervals": [{"id": 0, "intervalPeriod": PERIOD, "payloads": [{"type": "GHG", "values": [0.31]}]}],
    },
    "numbers with a point": {
        "priority": 1.0,
        "reportDescriptors": [
            {"payloadType": "USAGE", "startInterval": -1.0, "numIntervals": 4.0, "frequency": -1.0, "repeat": 1.0}
        ],
        "intervals": [{"id": 7.0, "payloads": [{"type": "SIMPLE", "values": [1.0, 0.5]}]}],
    },
}
FILLED = {
    "prices": "payloadDescriptors[0].objectType=EVENT_PAYLOAD_DESCRIPTOR",
    "two kinds": "payloadDescriptors[0].objectType=EVENT_PAYLOAD_DESCRIPTOR,"
    " payloadDescriptors[1].objectType=EVENT_PAYLOAD_DESCRIPTOR",
    "numbers with a point": None,
}


@pytest.fixture(scope="module")
def running() -> Iterator[InProcessVtn]:
    with InProcessVtn(strict=False) as vtn:
        yield vtn


@pytest.fixture(scope="module")
def strict() -> Iterator[InProcessVtn]:
    with InProcessVtn(strict=True) as vtn:
        yield vtn


def filled(answer: requests.Response, status: int = 201) -> str | None:
    assert answer.status_code == status, answer.text
    return answer.headers.get("VTN-Filled-In")


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_as_the_guide_writes_it_is_taken_and_a_header_tells_what_was_filled_in(
    vtn: InProcessVtn, strict: InProcessVtn, name: str
) -> None:
    body = {**EVENTS[name], "programID": vtn.create_program(programName="p")["id"]}
    assert filled(Reader(vtn).call("POST", "/events", json=body)) == FILLED[name]
    strict.clear()
    body["programID"] = strict.create_program(programName="p")["id"]
    assert Reader(strict).call("POST", "/events", json=body).status_code == 400


def test_numbers_with_a_point_are_kept_as_integers_where_the_standard_has_integers(vtn: InProcessVtn) -> None:
    event = {**EVENTS["numbers with a point"], "programID": vtn.create_program(programName="p")["id"]}
    Reader(vtn).call("POST", "/events", json=event)
    raw = requests.get(f"{vtn.base_url}/events", headers=Reader(vtn).headers, timeout=10).text
    assert '"priority":1,' in raw
    assert '"id":7,' in raw
    assert '"values":[1.0,0.5]' in raw


@pytest.mark.parametrize("version", ["3.1", "3.0.1"])
def test_an_integer_with_a_fraction_is_refused(vtn: InProcessVtn, version: str) -> None:
    body = {"programID": vtn.create_program(programName="p")["id"], "intervals": [], "priority": 1.5}
    refused = Reader(vtn, version=version).call("POST", "/events", json=body)
    assert (refused.status_code, "priority" in refused.text) == (400, True)


def test_numbers_with_a_point_are_taken_in_301_and_in_energydesk(vtn: InProcessVtn) -> None:
    event = {
        "programID": vtn.create_program(programName="p")["id"],
        "intervals": [{"id": 1.0, "payloads": []}],
        "priority": 2.0,
    }
    made = Reader(vtn, version="3.0.1").call("POST", "/events", json=event)
    assert (made.status_code, made.json()["priority"]) == (201, 2)
    client = Reader(vtn, VEN, "energydesk")
    ven = client.call("POST", "/vens", json={"ven_name": "v", "client_name": "c"}).json()
    interval = {"id": 0.0, "payloads": [{"type": "USAGE", "values": [1]}]}
    reading = {"ven_id": ven["id"], "report_type": "usage", "reading_type": "energy", "intervals": [interval]}
    assert client.call("POST", "/reports", json=reading).status_code == 201
    assert client.call("POST", "/reports", json={**reading, "intervals": [{**interval, "id": 0.5}]}).status_code == 422


@pytest.mark.parametrize(("client", "kind"), [(VEN, "VEN"), (BL, "BL")])
def test_whose_request_it_is_follows_from_the_client(vtn: InProcessVtn, client: Client, kind: str) -> None:
    caller, owner = Reader(vtn, client), {} if client is VEN else {"clientID": VEN.name}
    ven = caller.call("POST", "/vens", json={"venName": "v", **owner})
    assert filled(ven) == f"objectType={kind}_VEN_REQUEST"
    body = {"venID": ven.json()["id"], "resourceName": "r", **owner}
    resource = caller.call("POST", "/resources", json=body)
    assert filled(resource) == f"objectType={kind}_RESOURCE_REQUEST"
    assert filled(caller.call("PUT", f"/resources/{resource.json()['id']}", json=body), 200) is not None
    wrong = {"objectType": "VEN_VEN_REQUEST" if kind == "BL" else "BL_VEN_REQUEST", "venName": "w", "clientID": "c"}
    assert caller.call("POST", "/vens", json=wrong).status_code == 403


def test_a_reports_descriptors_are_those_of_reports(vtn: InProcessVtn) -> None:
    event = with_an_event(vtn)
    report = {
        "eventID": event["id"],
        "clientName": "c",
        "resources": [],
        "payloadDescriptors": [{"payloadType": "USAGE"}],
    }
    made = Reader(vtn, VEN).call("POST", "/reports", json=report)
    assert filled(made) == "payloadDescriptors[0].objectType=REPORT_PAYLOAD_DESCRIPTOR"
    assert made.json()["payloadDescriptors"][0]["objectType"] == "REPORT_PAYLOAD_DESCRIPTOR"


@pytest.mark.parametrize(
    ("descriptor", "kind"),
    [
        ({"currency": "EUR"}, "EVENT_PAYLOAD_DESCRIPTOR"),
        ({"readingType": "MEAN"}, "REPORT_PAYLOAD_DESCRIPTOR"),
        ({"confidence": 90.0}, "REPORT_PAYLOAD_DESCRIPTOR"),
        ({"units": "KWH"}, None),
        ({"currency": "EUR", "accuracy": 1}, None),
    ],
)
def test_a_programs_descriptor_is_filled_in_where_it_can_be_but_one_kind(
    vtn: InProcessVtn, descriptor: dict[str, Any], kind: str | None
) -> None:
    body = {"programName": "p", "payloadDescriptors": [{"payloadType": "T", **descriptor}]}
    answer = Reader(vtn).call("POST", "/programs", json=body)
    if kind is None:
        assert (answer.status_code, "objectType" in answer.text) == (400, True)
    else:
        assert filled(answer) == f"payloadDescriptors[0].objectType={kind}"


def test_what_is_whole_has_no_header(vtn: InProcessVtn) -> None:
    descriptor = {"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "PRICE"}
    body = {"programID": vtn.create_program(programName="p")["id"], "payloadDescriptors": [descriptor]}
    assert filled(Reader(vtn).call("POST", "/events", json=body)) is None


@pytest.mark.parametrize("version", ["3.1", "3.0.1"])
@pytest.mark.parametrize(
    "query",
    ["/programs?targets=&targetType=&targetValues=", "/events?programID=&active=&skip=0.0&limit=50.0", "/vens?venName"],
)
def test_a_filter_without_a_value_is_ignored(vtn: InProcessVtn, strict: InProcessVtn, version: str, query: str) -> None:
    with_an_event(vtn)
    vtn.create_ven(clientID=VEN.name, venName="v")
    answer = Reader(vtn, version=version).call("GET", query)
    assert (answer.status_code, len(answer.json())) == (200, 1)
    assert Reader(strict, version=version).call("GET", "/events?limit=50.0").status_code == 400


@pytest.mark.parametrize(
    ("query", "left"),
    [
        (b"", b""), (b"a=1&b=", b"a=1"), (b"&&=x&b", b"=x"), (b"skip=-1.0&limit=5.00", b"skip=-1&limit=5"),
        (b"limit=5.5&venName=1.0", b"limit=5.5&venName=1.0"),
    ],
)  # fmt: skip
def test_of_a_query_is_left_what_has_a_value(query: bytes, left: bytes) -> None:
    assert given(query) == left


@pytest.mark.parametrize("version", ["3.1", "3.0.1", "energydesk"])
@pytest.mark.parametrize("scope", ["read_all", "something else", "write_reports read_all", ""])
def test_a_scope_takes_nothing_away_and_the_answer_names_what_was_given(
    vtn: InProcessVtn, version: str, scope: str
) -> None:
    form = {"grant_type": "client_credentials", "client_id": VEN.name, "client_secret": VEN.secret}
    url = f"{vtn.base_urls[version]}/auth/token"
    plain = requests.post(url, data=form, timeout=10).json()
    asked = requests.post(url, data={**form, "scope": scope}, timeout=10)
    assert asked.status_code == 200
    assert set(asked.json()["scope"].split()) == set(plain["scope"].split()) >= {"write_reports", "write_vens"}


def test_the_targets_of_a_ven_are_null_or_a_list_and_the_same_for_all(vtn: InProcessVtn) -> None:
    body = {"objectType": "BL_VEN_REQUEST", "clientID": VEN.name}
    by_name = {"null": None, "empty": [], "two": ["a", "b"]}
    for name, targets in by_name.items():
        Reader(vtn).call("POST", "/vens", json={**body, "venName": name, "targets": targets})
    Reader(vtn, VEN).call("POST", "/vens", json={"objectType": "VEN_VEN_REQUEST", "venName": "own"})
    Reader(vtn, VEN, "3.0.1").call("POST", "/vens", json={"venName": "old"})
    Reader(vtn, VEN, "energydesk").call("POST", "/vens", json={"ven_name": "desk", "client_name": "c"})
    seen = [{ven["venName"]: ven["targets"] for ven in Reader(vtn, client).get("/vens")} for client in (VEN, BL)]
    assert seen[0] == seen[1] == by_name | {"own": None, "old": None, "desk": None}
    old = [{ven["venName"]: ven["targets"] for ven in Reader(vtn, each, "3.0.1").get("/vens")} for each in (VEN, BL)]
    typed = [{"type": "GROUP", "values": ["a", "b"]}]
    assert old[0] == old[1] == {"null": None, "empty": [], "two": typed, "own": None, "old": None, "desk": None}
