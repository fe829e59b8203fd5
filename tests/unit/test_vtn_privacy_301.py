"""Object privacy in OpenADR 3.0.1, beyond its letter: a VEN is held to its own objects, whatever version it speaks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ven_actors.testing.vtn import BL, Client, InProcessVtn, Role
from ven_actors.vtn.quirks import Quirk

ONE = Client("client-1", "secret-1", Role.VEN)
TWO = Client("client-2", "secret-2", Role.VEN)
CLIENTS = (ONE, TWO, BL)


@pytest.fixture(scope="module")
def running() -> Iterator[InProcessVtn]:
    with InProcessVtn(CLIENTS) as vtn:
        yield vtn


@pytest.fixture(scope="module")
def callers(running: InProcessVtn, vtn_calls: ModuleType) -> Iterator[list[Any]]:
    made = [vtn_calls.Caller301(running, client) for client in CLIENTS]
    yield made
    for caller in made:
        caller.close()


def made(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [found["venName"] for found in answer.json()]


def everything_of(one: Any, vtn: InProcessVtn) -> dict[str, dict[str, Any]]:
    """A ven, its resource and a report of the first client: path to object."""
    ven = made(one.post("/vens", {"venName": "one", "resources": [{"resourceName": "r"}]}))
    (resource,) = one.get(f"/vens/{ven['id']}/resources").json()
    program = vtn.create_program(programName="p")["id"]
    event = vtn.create_event(programID=program, intervals=[])["id"]
    report = {"programID": program, "eventID": event, "clientName": "one", "resources": []}
    return {
        f"/vens/{ven['id']}": ven,
        f"/vens/{ven['id']}/resources/{resource['id']}": resource,
        "/reports/" + made(one.post("/reports", report))["id"]: report,
    }


def test_what_is_another_vens_is_in_no_list_and_answered_404_and_stays(vtn: InProcessVtn, callers: list[Any]) -> None:
    one, two, business = callers
    owned = everything_of(one, vtn)
    for path, body in owned.items():
        statuses = [two.get(path).status_code, two.put(path, body).status_code, two.delete(path).status_code]
        assert statuses == [404] * 3, path
        assert one.get(path).status_code == business.get(path).status_code == 200
    ven = next(iter(owned))
    assert two.get("/vens").json() == two.get("/vens?venName=one").json() == two.get("/reports").json() == []
    assert two.get(f"{ven}/resources").status_code == 404
    assert two.post(f"{ven}/resources", {"resourceName": "s"}).status_code == 404
    assert len(business.get("/reports").json()) == 1


def test_what_came_through_31_is_its_clients_in_301_too(vtn: InProcessVtn, callers: list[Any]) -> None:
    one, two, _ = callers
    ven = vtn.create_ven(clientID=ONE.name, venName="one")
    vtn.create_resource(clientID=TWO.name, venID=ven["id"], resourceName="another client's")
    assert names(one.get("/vens")) == ["one"]
    assert two.get(f"/vens/{ven['id']}").status_code == 404
    assert one.get(f"/vens/{ven['id']}").json()["resources"] == []


def test_programs_and_events_are_open_whatever_their_targets(vtn: InProcessVtn, callers: list[Any]) -> None:
    program = vtn.create_program(programName="p", targets=["nobody's"])["id"]
    vtn.create_event(programID=program, targets=["nobody's"])
    for path in ("/programs", "/events"):
        (found,) = callers[0].get(path).json()
        assert found["targets"] == [{"type": "GROUP", "values": ["nobody's"]}]


def of_business(business: Any) -> dict[str, Any]:
    ven = made(business.post("/vens", {"venName": "v", "resources": [{"resourceName": "r"}]}))
    return {**ven, "path": f"/vens/{ven['id']}"}


def test_a_ven_of_business_logic_is_found_by_its_name_and_is_then_the_finders(
    vtn: InProcessVtn, callers: list[Any]
) -> None:
    one, two, business = callers
    ven = of_business(business)
    assert names(one.get("/vens")) == names(two.get("/vens")) == []
    assert [one.get(ven["path"]).status_code, one.delete(ven["path"]).status_code] == [404, 404]
    assert names(one.get("/vens?venName=v")) == ["v"]
    assert names(two.get("/vens?venName=v")) == names(two.get("/vens")) == []
    assert names(one.get("/vens")) == ["v"]
    resources = f"{ven['path']}/resources"
    assert [found["resourceName"] for found in one.get(resources).json()] == ["r"]
    assert two.get(resources).status_code == 404
    assert vtn.vens()[0]["clientID"] == BL.name


def test_a_ven_of_business_logic_is_whose_name_it_is_changed_under(vtn: InProcessVtn, callers: list[Any]) -> None:
    one, two, business = callers
    path = of_business(business)["path"]
    assert one.put(path, {"venName": "another name"}).status_code == 404
    assert one.put(path, {"venName": "v"}).status_code == 200
    assert (one.get(path).status_code, two.put(path, {"venName": "v"}).status_code) == (200, 404)


def test_a_ven_of_business_logic_is_whose_who_would_make_it(vtn: InProcessVtn, callers: list[Any]) -> None:
    one, two, business = callers
    path = of_business(business)["path"]
    assert one.post("/vens", {"venName": "v"}).status_code == 409
    assert two.post("/vens", {"venName": "v"}).status_code == 409
    assert (one.get(path).status_code, two.get(path).status_code) == (200, 404)


def test_what_business_logic_adds_to_a_ven_is_its_owners(vtn: InProcessVtn, callers: list[Any]) -> None:
    one, _, business = callers
    for name in ("v", "made by itself"):
        ven = of_business(business) if name == "v" else made(one.post("/vens", {"venName": name}))
        assert names(one.get(f"/vens?venName={name}")) == [name]
        path = f"/vens/{ven['id']}/resources"
        made(business.post(path, {"resourceName": "added"}))
        assert "added" in [found["resourceName"] for found in one.get(path).json()]


def test_what_business_logic_says_in_31_counts(vtn: InProcessVtn, vtn_calls: ModuleType, callers: list[Any]) -> None:
    one, two, business = callers
    ven = of_business(business)
    assert names(one.get("/vens?venName=v")) == ["v"]
    new = vtn_calls.Caller(vtn, BL)
    body = {"objectType": "BL_VEN_REQUEST", "clientID": TWO.name, "venName": "v"}
    assert new.put(ven["path"], body).status_code == 200
    new.close()
    assert (one.get(ven["path"]).status_code, two.get(ven["path"]).status_code) == (404, 200)


def test_whose_a_ven_is_outlives_the_vtn(tmp_path: Path, vtn_calls: ModuleType) -> None:
    for seen in (["v"], []):
        with InProcessVtn(CLIENTS, state_dir=tmp_path) as vtn:
            one, two, business = (vtn_calls.Caller301(vtn, client) for client in CLIENTS)
            if seen:
                of_business(business)
            finder = one if seen else two
            assert names(finder.get("/vens?venName=v")) == seen
            for caller in (one, two, business):
                caller.close()


def test_the_quirk_gives_the_letter_back(vtn_calls: ModuleType) -> None:
    with InProcessVtn(CLIENTS, quirks=frozenset({Quirk.OPEN_301})) as vtn:
        one, two = (vtn_calls.Caller301(vtn, client) for client in (ONE, TWO))
        owned = everything_of(one, vtn)
        assert names(two.get("/vens")) == ["one"]
        for path in reversed(owned):
            assert two.get(path).status_code == two.delete(path).status_code == 200
        for caller in (one, two):
            caller.close()


@pytest.mark.parametrize("version", ["3.0.1", "3.1"])
def test_a_reports_client_name_belongs_to_its_client(vtn: InProcessVtn, vtn_calls: ModuleType, version: str) -> None:
    kind = vtn_calls.Caller if version == "3.1" else vtn_calls.Caller301
    one, two = (kind(vtn, client) for client in (ONE, TWO))
    program = vtn.create_program(programName="p")["id"]
    event = vtn.create_event(programID=program, intervals=[])["id"]
    vtn.create_ven(clientID=ONE.name, venName=f"ven {version}")

    def report(name: str) -> dict[str, Any]:
        return {"programID": program, "eventID": event, "clientName": name, "resources": []}

    used, ven = f"used {version}", f"ven {version}"
    assert [one.post("/reports", report(used)).status_code, one.post("/reports", report(used)).status_code] == [
        201,
        201,
    ]
    refused = two.post("/reports", report(used))
    assert (refused.status_code, used in refused.json()["detail"]) == (403, True)
    assert two.post("/reports", report(ven)).status_code == 403
    assert one.post("/reports", report(ven)).status_code == 201
    own = made(two.post("/reports", report(f"own {version}")))
    assert two.put(f"/reports/{own['id']}", report(used)).status_code == 403
    assert {found["clientName"] for found in two.get("/reports").json()} == {f"own {version}"}
    for caller in (one, two):
        caller.close()


def test_a_ven_can_report_under_its_name_though_another_client_used_it_before(
    vtn: InProcessVtn, callers: list[Any]
) -> None:
    one, two, _ = callers
    program = vtn.create_program(programName="p")["id"]
    event = vtn.create_event(programID=program, intervals=[])["id"]
    report = {"programID": program, "eventID": event, "clientName": "late", "resources": []}
    made(two.post("/reports", report))
    made(one.post("/vens", {"venName": "late"}))
    made(one.post("/reports", report))
