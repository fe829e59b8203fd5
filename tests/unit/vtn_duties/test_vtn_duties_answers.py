"""What a VTN owes those who wait for answers (V3, V4, V5, V11), in both versions."""

from __future__ import annotations

from types import ModuleType

import pytest
from vtn_duties_places import BOTH, Callers, Place

from ven_actors.testing.vtn import VEN, Drop, Fault, InProcessVtn


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
