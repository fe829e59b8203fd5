"""What a VTN owes its clients (V1 to V6, V10, V11), in both versions; V7 to V9 have files of their own."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from ven_actors.testing.vtn import BL, VEN, Drop, Fault, InProcessVtn

VERSIONS = ("3.0.1", "3.1")
NOW = "2026-01-16T10:00:00.000000Z"
LATER = "2026-01-16T11:00:00.000000Z"
BOTH = pytest.mark.parametrize("version", VERSIONS)
KINDS = pytest.mark.parametrize("kind", ["programs", "events", "vens", "resources", "reports", "subscriptions"])


class Clock:
    now_s = 1_768_557_600.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def running(clock: Clock) -> Iterator[InProcessVtn]:
    with InProcessVtn(now_s=clock) as vtn:
        yield vtn


@pytest.fixture
def vtn(running: InProcessVtn, clock: Clock) -> InProcessVtn:
    running.clear()
    clock.now_s = Clock.now_s
    return running


@pytest.fixture(scope="module")
def callers(running: InProcessVtn, vtn_calls: ModuleType) -> Iterator[dict[tuple[str, str], Any]]:
    """By version and role."""
    made = {
        (caller.version, client.role.value): caller(running, client)
        for caller in (vtn_calls.Caller301, vtn_calls.Caller)
        for client in (VEN, BL)
    }
    yield made
    for caller in made.values():
        caller.close()


class Place:
    """Where objects of one kind are made in one version, by whom, and the least that one needs."""

    def __init__(self, vtn: InProcessVtn, callers: dict[tuple[str, str], Any], version: str, kind: str) -> None:
        self.path, role, new = f"/{kind}", "ven", version == "3.1"
        self.name = {"programs": "programName", "vens": "venName", "resources": "resourceName"}.get(kind)
        if kind == "programs":
            role, self.least = "bl", {"programName": "n"}
        elif kind == "vens":
            self.least = {"venName": "n", **({"objectType": "VEN_VEN_REQUEST"} if new else {})}
        elif kind == "resources":
            ven = vtn.create_ven(clientID=VEN.name, venName="parent")["id"]
            self.least = {"resourceName": "n"}
            if new:
                self.least |= {"objectType": "VEN_RESOURCE_REQUEST", "venID": ven}
            else:
                self.path = f"/vens/{ven}/resources"
        else:
            program = vtn.create_program(programName="parent")["id"]
            self.least = {"programID": program}
            if kind == "events":
                role = "bl"
                self.least |= {} if new else {"intervals": []}
            elif kind == "subscriptions":
                self.least = {**({} if new else self.least), "clientName": "n", "objectOperations": []}
            else:
                event = vtn.create_event(programID=program)["id"]
                self.least = {**({} if new else self.least), "eventID": event, "clientName": "n", "resources": []}
        self.caller = callers[version, role]

    def make(self, **more: Any) -> dict[str, Any]:
        answer = self.caller.post(self.path, {**self.least, **more})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


Callers = dict[tuple[str, str], Any]


@BOTH
@KINDS
def test_v1_the_vtn_stamps_what_is_made_and_changed(
    vtn: InProcessVtn, callers: Callers, clock: Clock, version: str, kind: str
) -> None:
    place = Place(vtn, callers, version, kind)
    claims = {"id": "mine", "createdDateTime": "2020-01-01T00:00:00Z", "modificationDateTime": "2020-01-01T00:00:00Z"}
    made = place.make(**claims)
    assert made["id"] != "mine"
    assert (made["createdDateTime"], made["modificationDateTime"]) == (NOW, NOW)
    assert made["objectType"] == kind.removesuffix("s").upper()
    clock.now_s += 3600
    changed = place.caller.put(f"{place.path}/{made['id']}", {**place.least, **claims}).json()
    assert (changed["id"], changed["createdDateTime"], changed["modificationDateTime"]) == (made["id"], NOW, LATER)


@BOTH
@KINDS
def test_v2_what_is_required_may_not_be_missing_and_what_is_unknown_is_no_harm(
    vtn: InProcessVtn, callers: Callers, version: str, kind: str
) -> None:
    place = Place(vtn, callers, version, kind)
    for name in place.least:
        for without in ({key: value for key, value in place.least.items() if key != name}, {**place.least, name: None}):
            refused = place.caller.post(place.path, without)
            assert refused.status_code == 400, without
            assert name in refused.json()["detail"]
    place.make(unknown={"deep": [None, {"x": None}]}, loadComponent=1)
    assert len(place.caller.get(f"{place.path}?unknown=1&colour=red").json()) >= 1


@BOTH
@KINDS
def test_v2_null_counts_as_absent_for_whatever_is_not_required(
    vtn: InProcessVtn, callers: Callers, version: str, kind: str
) -> None:
    place = Place(vtn, callers, version, kind)
    optional = {
        "programs": ["intervalPeriod", "programDescriptions", "payloadDescriptors", "attributes", "targets"],
        "events": ["eventName", "duration", "priority", "reportDescriptors", "payloadDescriptors", "intervalPeriod"],
        "vens": ["attributes", "targets", "resources"],
        "resources": ["attributes", "targets"],
        "reports": ["reportName", "payloadDescriptors"],
        "subscriptions": ["targets"],
    }[kind]
    made = place.make(**dict.fromkeys([*optional, "unknown", "id"]))
    assert all(made.get(name) in (None, []) for name in optional)


@BOTH
def test_v2_nulls_deep_in_an_event_count_as_absent(vtn: InProcessVtn, callers: Callers, version: str) -> None:
    place = Place(vtn, callers, version, "events")
    start = "2026-01-16T10:00:00Z"
    made = place.make(
        intervalPeriod={"start": start, "duration": None, "randomizeStart": None},
        reportDescriptors=[{"payloadType": "USAGE", "aggregate": None, "repeat": None, "targets": None}],
        payloadDescriptors=[
            {"payloadType": "SIMPLE", "objectType": "EVENT_PAYLOAD_DESCRIPTOR", "units": None, "currency": None}
        ],
        intervals=[{"id": 0, "intervalPeriod": None, "payloads": [{"type": "SIMPLE", "values": [10**30, 1]}]}],
    )
    assert made["intervalPeriod"] == {"start": start}
    assert made["intervals"] == [{"id": 0, "payloads": [{"type": "SIMPLE", "values": [10**30, 1]}]}]
    for payloads in ([None], [{"type": "SIMPLE", "values": [None]}]):
        refused = place.caller.post("/events", {**place.least, "intervals": [{"id": 0, "payloads": payloads}]})
        assert refused.status_code == 400


@BOTH
def test_v3_every_error_is_a_problem(vtn: InProcessVtn, callers: Callers, vtn_calls: ModuleType, version: str) -> None:
    place = Place(vtn, callers, version, "reports")
    ven, nobody = place.caller, vtn_calls.Caller(vtn, None)
    nobody._base_url = vtn.base_urls[version]
    json_type = {"Content-Type": "application/json"}
    answers = {
        400: [ven.post("/reports", {}), ven.get("/reports?limit=x"), nobody.token({})],
        401: [nobody.get("/programs"), nobody.token({"client_id": "x", "client_secret": "y"})],
        403: [ven.post("/programs", {"programName": "p"})],
        404: [ven.get("/reports/unknown"), ven.get("/nothing")],
        405: [ven.call("PATCH", "/programs")],
        409: [ven.post("/reports", {**place.least, "eventID": "unknown"})],
        413: [ven.call("POST", "/reports", data=b"x" * (9 * 1024**2), headers=json_type)],
        415: [ven.call("POST", "/reports", data=b"x", headers={"Content-Type": "text/plain"})],
    }
    for status, found in answers.items():
        for answer in found:
            assert answer.status_code == status, answer.text
            assert answer.headers["Content-Type"] == "application/json"
            assert {"type": "about:blank", "status": status}.items() <= answer.json().items()
            assert answer.json()["title"]
            assert answer.json()["detail"]
    nobody.close()


@BOTH
def test_v4_lists_come_in_pages_of_at_most_50(vtn: InProcessVtn, callers: Callers, version: str) -> None:
    ven = callers[version, "ven"]
    program = vtn.create_program(programName="p")["id"]
    for number in range(60):
        vtn.create_event(programID=program, eventName=str(number))
    names = {
        query: [int(event["eventName"]) for event in ven.get(f"/events{query}").json()]
        for query in ("", "?skip=50&limit=50", "?limit=0", "?skip=58", "?skip=60", "?limit=2&skip=3")
    }
    assert names[""] == list(range(50))
    assert names["?skip=50&limit=50"] == list(range(50, 60))
    assert [names[query] for query in ("?limit=0", "?skip=58", "?skip=60", "?limit=2&skip=3")] == [
        [],
        [58, 59],
        [],
        [3, 4],
    ]
    for kind in ("programs", "events", "vens", "reports", "subscriptions"):
        for query in ("limit=51", "limit=-1", "skip=-1", "limit=", "skip=x", "limit=1&limit=2"):
            assert ven.get(f"/{kind}?{query}").status_code == 400, (kind, query)


@BOTH
def test_v5_filters_have_to_hold_together(vtn: InProcessVtn, callers: Callers, version: str) -> None:
    vtn.create_ven(clientID=VEN.name, venName="granted", targets=["a", "b"])
    one, two = (vtn.create_program(programName=name)["id"] for name in ("one", "two"))
    for name, program, targets in (
        ("a", one, ["a"]),
        ("ab", one, ["a", "b"]),
        ("2", two, ["a", "b"]),
        ("no", one, None),
    ):
        vtn.create_event(programID=program, eventName=name, targets=targets)
    key = "targets" if version == "3.1" else "targetValues"
    for query, names in (
        (f"programID={one}", ["a", "ab", "no"]),
        (f"{key}=a&{key}=b", ["ab", "2"]),
        (f"programID={one}&{key}=b&{key}=a", ["ab"]),
        (f"programID={two}&{key}=c", []),
        (f"programID={one}&{key}=a&skip=1", ["ab"]),
    ):
        found = [event["eventName"] for event in callers[version, "bl"].get(f"/events?{query}").json()]
        assert found == names, query
    vtn.create_ven(clientID=VEN.name, venName="other", targets=["a"])
    query = f"/vens?venName=other&{key}="
    assert [len(callers[version, "bl"].get(query + target).json()) for target in ("a", "b")] == [1, 0]


@BOTH
@KINDS
def test_v6_names_are_unique_where_they_have_to_be_and_repeat_freely_elsewhere(
    vtn: InProcessVtn, callers: Callers, version: str, kind: str
) -> None:
    place = Place(vtn, callers, version, kind)
    names = {"events": "eventName", "reports": "reportName", "subscriptions": "clientName"}
    made = place.make(**({names[kind]: "same"} if kind in names else {}))
    again = place.caller.post(place.path, {**place.least, **({names[kind]: "same"} if kind in names else {})})
    assert again.status_code == (201 if kind in names else 409)
    if place.name is not None:
        other = place.make(**{place.name: "other"})
        assert place.caller.put(f"{place.path}/{other['id']}", place.least).status_code == 409
        assert place.caller.put(f"{place.path}/{made['id']}", place.least).status_code == 200


def test_v6_the_same_resource_name_is_free_in_another_ven(vtn: InProcessVtn, callers: Callers) -> None:
    old = callers["3.0.1", "ven"]
    for name in ("one", "two"):
        ven = old.post("/vens", {"venName": name}).json()["id"]
        assert old.post(f"/vens/{ven}/resources", {"resourceName": "same"}).status_code == 201


@BOTH
def test_v10_content_is_stored_unjudged(vtn: InProcessVtn, callers: Callers, version: str) -> None:
    place = Place(vtn, callers, version, "events")
    odd = [
        {"type": "SIMPLE", "values": [99, -1.5, "text", True, {"x": 1.5, "y": -2.5}]},
        {"type": "X_FOO", "values": []},
        {"type": "SIMPLE", "values": [1]},
    ]
    made = place.make(
        priority=10**9,
        intervals=[{"id": 7, "payloads": odd}, {"id": 7, "payloads": []}],
        reportDescriptors=[{"payloadType": "NO_SUCH", "frequency": -7, "repeat": 0, "units": "parsec"}],
    )
    for reading in VERSIONS:
        seen = callers[reading, "ven"].get(f"/events/{made['id']}").json()
        assert [interval["payloads"] for interval in seen["intervals"]] == [odd, []]
        assert seen["reportDescriptors"][0]["units"] == "parsec"
        assert seen["priority"] == 10**9


@BOTH
@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault(act=False, status=401), 401),
        (Fault(act=False, status=429, headers={"Retry-After": "1"}), 429),
        (Fault(act=False, status=500, body=b"<html>"), 500),
        (Fault(status=503), 503),
    ],
)
def test_v11_answers_are_replaced_on_request_and_only_then(
    vtn: InProcessVtn, callers: Callers, version: str, fault: Fault, status: int
) -> None:
    place = Place(vtn, callers, version, "reports")
    checked, place.caller.official = place.caller.official, None
    vtn.fault = lambda method, path, _body: fault if (method, path.rpartition("/")[2]) == ("POST", "reports") else None
    answer = place.caller.post("/reports", place.least)
    vtn.fault = None
    del place.caller.official
    assert place.caller.official is checked
    assert answer.status_code == status
    assert answer.headers.get("Retry-After") == fault.headers.get("Retry-After")
    assert len(vtn.reports()) == (1 if fault.act else 0)
    place.make()


@BOTH
def test_v11_an_answer_can_be_lost_after_the_act(vtn: InProcessVtn, callers: Callers, version: str) -> None:
    import requests

    place = Place(vtn, callers, version, "reports")
    vtn.fault = lambda method, _path, _body: Fault(drop=Drop.NOTHING_SENT) if method == "POST" else None
    with pytest.raises(requests.ConnectionError):
        place.caller.post("/reports", place.least)
    assert len(vtn.reports()) == 1
