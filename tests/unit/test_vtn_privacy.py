"""Object privacy of the embedded VTN: what one VEN may know of business logic's and of another VEN's objects."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from ven_actors.testing.vtn import BL, Client, InProcessVtn, Role

ONE = Client("client-1", "secret-1", Role.VEN)
TWO = Client("client-2", "secret-2", Role.VEN)


@pytest.fixture(scope="module")
def running() -> Iterator[InProcessVtn]:
    with InProcessVtn([ONE, TWO, BL]) as vtn:
        yield vtn


@pytest.fixture(scope="module")
def callers(running: InProcessVtn, vtn_calls: ModuleType) -> Iterator[list[Any]]:
    made = [vtn_calls.Caller(running, client) for client in (ONE, TWO, BL)]
    yield made
    for caller in made:
        caller.close()


@pytest.fixture
def vtn(running: InProcessVtn) -> InProcessVtn:
    """Two VENs with a resource each; the first is in group-1, its resource in group-2, the second has no target."""
    running.clear()
    first = running.create_ven(clientID=ONE.name, venName="one", targets=["group-1"])
    second = running.create_ven(clientID=TWO.name, venName="two")
    running.create_resource(clientID=ONE.name, venID=first["id"], resourceName="r", targets=["group-2"])
    running.create_resource(clientID=TWO.name, venID=second["id"], resourceName="r")
    return running


def names(answer: Any, key: str) -> list[str]:
    assert answer.status_code == 200
    return [found[key] for found in answer.json()]


def test_v8_a_ven_lists_and_reads_its_own_vens_and_resources_only(vtn: InProcessVtn, callers: list[Any]) -> None:
    one, two, business = callers
    assert names(one.get("/vens"), "venName") == ["one"]
    assert names(two.get("/vens"), "venName") == ["two"]
    assert names(business.get("/vens"), "venName") == ["one", "two"]
    assert names(two.get("/vens?venName=one"), "venName") == []
    assert names(two.get("/resources"), "clientID") == [TWO.name]
    first_ven, first_resource = vtn.vens()[0]["id"], vtn.resources()[0]["id"]
    assert one.get(f"/vens/{first_ven}").status_code == 200
    assert two.get(f"/vens/{first_ven}").status_code == 404
    assert two.get(f"/resources/{first_resource}").status_code == 404


def test_v8_a_ven_can_neither_change_nor_delete_what_belongs_to_another(vtn: InProcessVtn, callers: list[Any]) -> None:
    _, two, _ = callers
    first_ven, first_resource = vtn.vens()[0]["id"], vtn.resources()[0]["id"]
    ven = {"objectType": "VEN_VEN_REQUEST", "venName": "mine now"}
    resource = {"objectType": "VEN_RESOURCE_REQUEST", "venID": vtn.vens()[1]["id"], "resourceName": "mine now"}
    assert two.put(f"/vens/{first_ven}", ven).status_code == 404
    assert two.delete(f"/vens/{first_ven}").status_code == 404
    assert two.put(f"/resources/{first_resource}", resource).status_code == 404
    assert two.delete(f"/resources/{first_resource}").status_code == 404
    assert len(vtn.vens()) == len(vtn.resources()) == 2


def test_v8_a_ven_cannot_hang_a_resource_on_another_ven(vtn: InProcessVtn, callers: list[Any]) -> None:
    _, two, _ = callers
    foreign = {"objectType": "VEN_RESOURCE_REQUEST", "venID": vtn.vens()[0]["id"], "resourceName": "new"}
    assert two.post("/resources", foreign).status_code == 404
    assert two.put(f"/resources/{vtn.resources()[1]['id']}", foreign).status_code == 409


def test_v8_another_vens_name_is_taken_although_it_is_not_seen(vtn: InProcessVtn, callers: list[Any]) -> None:
    _, two, _ = callers
    assert two.post("/vens", {"objectType": "VEN_VEN_REQUEST", "venName": "one"}).status_code == 409


def test_v8_reports_are_their_clients_own(vtn: InProcessVtn, callers: list[Any]) -> None:
    one, two, business = callers
    event = vtn.create_event(programID=vtn.create_program(programName="p")["id"])
    report = {"eventID": event["id"], "clientName": "same name", "resources": [], "clientID": TWO.name}
    mine = one.post("/reports", report).json()
    assert mine["clientID"] == ONE.name
    assert two.get("/reports?clientName=same+name").json() == []
    assert names(business.get("/reports"), "id") == [mine["id"]]
    path = f"/reports/{mine['id']}"
    assert [two.get(path).status_code, two.put(path, report).status_code, two.delete(path).status_code] == [404] * 3
    assert one.get(path).json() == mine


def test_v8_a_targeted_object_is_seen_by_those_who_were_granted_one_of_its_targets(
    vtn: InProcessVtn, callers: list[Any]
) -> None:
    one, two, business = callers
    for name, targets in (
        ("all", None),
        ("all too", []),
        ("ven's", ["group-1", "secret"]),
        ("resource's", ["x", "group-2"]),
        ("nobody's", ["other"]),
    ):
        vtn.create_program(programName=name, targets=targets)
    assert names(one.get("/programs"), "programName") == ["all", "all too", "ven's", "resource's"]
    assert names(two.get("/programs"), "programName") == ["all", "all too"]
    assert len(business.get("/programs").json()) == 5
    hidden = vtn.programs()[2]["id"]
    assert one.get(f"/programs/{hidden}").status_code == 200
    assert two.get(f"/programs/{hidden}").status_code == 404


def test_v8_a_ven_sees_only_those_targets_that_it_was_granted(vtn: InProcessVtn, callers: list[Any]) -> None:
    one, _, business = callers
    program = vtn.create_program(programName="p", targets=["secret", "group-2", "group-1"])
    assert names(one.get("/programs"), "targets") == [["group-2", "group-1"]]
    assert one.get(f"/programs/{program['id']}").json()["targets"] == ["group-2", "group-1"]
    assert names(business.get("/programs"), "targets") == [["secret", "group-2", "group-1"]]


def test_v8_targets_in_the_query_are_cut_to_the_granted_ones_and_all_of_these_must_match(
    vtn: InProcessVtn, callers: list[Any]
) -> None:
    one, two, business = callers
    program = vtn.create_program(programName="p")["id"]
    for name, targets in (("both", ["group-1", "group-2", "x"]), ("first", ["group-1"]), ("none", None)):
        vtn.create_event(programID=program, eventName=name, targets=targets)
    assert names(one.get("/events?targets=group-1"), "eventName") == ["both", "first"]
    assert names(one.get("/events?targets=group-1&targets=group-2"), "eventName") == ["both"]
    assert names(one.get("/events?targets=group-1&targets=x"), "eventName") == ["both", "first"]
    assert names(one.get("/events?targets=x"), "eventName") == []
    assert names(two.get("/events?targets=group-1"), "eventName") == []
    assert names(business.get("/events?targets=x&targets=group-1"), "eventName") == ["both"]
    assert names(business.get("/events?targets=x&targets=y"), "eventName") == []


def test_v8_a_target_taken_back_makes_the_event_vanish(vtn: InProcessVtn, callers: list[Any]) -> None:
    one, _, business = callers
    program = vtn.create_program(programName="p")["id"]
    event = vtn.create_event(programID=program, targets=["group-1"])["id"]
    assert one.get(f"/events/{event}").status_code == 200
    ven = vtn.vens()[0]["id"]
    revoked = {"objectType": "BL_VEN_REQUEST", "clientID": ONE.name, "venName": "one", "targets": ["elsewhere"]}
    assert business.put(f"/vens/{ven}", revoked).status_code == 200
    assert one.get(f"/events/{event}").status_code == 404


def test_v8_a_target_is_not_taken_for_one_that_only_begins_alike(vtn: InProcessVtn, callers: list[Any]) -> None:
    one, _, _ = callers
    vtn.create_program(programName="p", targets=["group-1\0secret"])
    assert one.get("/programs").json() == []


def test_v8_a_report_on_an_event_that_the_ven_may_not_see_is_on_an_unknown_event(
    vtn: InProcessVtn, callers: list[Any]
) -> None:
    one, two, _ = callers
    program = vtn.create_program(programName="p")["id"]
    report = {
        "eventID": vtn.create_event(programID=program, targets=["group-1"])["id"],
        "clientName": "c",
        "resources": [],
    }
    assert one.post("/reports", report).status_code == 201
    assert two.post("/reports", report).status_code == 409
