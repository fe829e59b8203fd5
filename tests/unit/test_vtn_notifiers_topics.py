"""The notifier endpoints of OpenADR 3.1: who is told which topics."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from vtn_broker_plans import NOBODY_URL, OTHER, push

from ven_actors.testing.vtn import BL, VEN, InProcessVtn
from ven_actors.vtn.push.broker import mqtt_plan

TOPICS = "/notifiers/mqtt/topics"


@pytest.fixture(scope="module")
def away() -> Iterator[InProcessVtn]:
    """A VTN whose broker is away."""
    with InProcessVtn([VEN, OTHER, BL], push_plan=push(mqtt_plan(NOBODY_URL, "our/prefix/"))) as vtn:
        yield vtn


@pytest.fixture(scope="module")
def callers(away: InProcessVtn, vtn_calls: ModuleType) -> Iterator[dict[str, Any]]:
    made = {client.name: vtn_calls.Caller(away, client) for client in (VEN, OTHER, BL)}
    yield made
    for caller in made.values():
        caller.close()


@pytest.fixture
def vtn(away: InProcessVtn) -> InProcessVtn:
    away.clear()
    return away


def operations(root: str, *, with_create: bool = True) -> dict[str, Any]:
    names = ["create", "update", "delete"] if with_create else ["update", "delete"]
    return {"topics": {**{name.upper(): f"{root}/{name}" for name in names}, "ALL": f"{root}/+"}}


def test_without_a_broker_there_are_webhooks_only(vtn_calls: ModuleType) -> None:
    with InProcessVtn([VEN]) as plain:
        caller = vtn_calls.Caller(plain, VEN)
        assert caller.get("/notifiers").json() == {"WEBHOOK": True}
        assert caller.get(f"{TOPICS}/programs").status_code == 404
        caller.close()


@pytest.mark.parametrize("name", [VEN.name, BL.name])
def test_every_client_is_told_where_the_broker_is(vtn: InProcessVtn, callers: dict[str, Any], name: str) -> None:
    assert callers[name].get("/notifiers").json()["MQTT"] == {
        "URIS": [NOBODY_URL],
        "serialization": "JSON",
        "authentication": {"method": "ANONYMOUS"},
    }


def test_v7_notifiers_take_a_token(vtn: InProcessVtn, vtn_calls: ModuleType) -> None:
    stranger = vtn_calls.Caller(vtn, None)
    for path in ("/notifiers", f"{TOPICS}/programs", f"{TOPICS}/events", f"{TOPICS}/vens/x"):
        assert stranger.get(path).status_code == 401
    stranger.close()


@pytest.mark.parametrize("plural", ["events", "reports", "subscriptions", "vens", "resources"])
def test_v7_topics_of_everything_are_for_business_logic(
    vtn: InProcessVtn, callers: dict[str, Any], plural: str
) -> None:
    assert callers[BL.name].get(f"{TOPICS}/{plural}").json() == operations(f"our/prefix/bl/{plural}")
    assert callers[VEN.name].get(f"{TOPICS}/{plural}").status_code == 403


def test_topics_of_programs_are_for_everybody_each_in_its_own_view(vtn: InProcessVtn, callers: dict[str, Any]) -> None:
    program = vtn.create_program(programName="p")["id"]
    for name, root in ((VEN.name, "our/prefix"), (BL.name, "our/prefix/bl")):
        caller = callers[name]
        assert caller.get(f"{TOPICS}/programs").json() == operations(f"{root}/programs")
        one = caller.get(f"{TOPICS}/programs/{program}").json()
        assert one == operations(f"{root}/programs/{program}", with_create=False)
        events = caller.get(f"{TOPICS}/programs/{program}/events").json()
        assert events == operations(f"{root}/programs/{program}/events")


def test_v8_topics_of_a_ven_are_for_its_client_and_business_logic(vtn: InProcessVtn, callers: dict[str, Any]) -> None:
    ven = vtn.create_ven(clientID=VEN.name, venName="v")["id"]
    for name in (VEN.name, BL.name):
        one = callers[name].get(f"{TOPICS}/vens/{ven}").json()
        assert one == operations(f"our/prefix/vens/{ven}", with_create=False)
        for plural in ("events", "programs", "resources"):
            answer = callers[name].get(f"{TOPICS}/vens/{ven}/{plural}")
            assert answer.json() == operations(f"our/prefix/vens/{ven}/{plural}")
    for path in (f"/vens/{ven}", f"/vens/{ven}/events", "/vens/unknown/programs", "/programs/unknown"):
        assert callers[OTHER.name].get(TOPICS + path).status_code == 404
    assert callers[VEN.name].get(f"{TOPICS}/vens/a%20b").status_code == 400


def test_v8_topics_of_a_program_that_is_not_theirs_are_not_found(vtn: InProcessVtn, callers: dict[str, Any]) -> None:
    hidden = vtn.create_program(programName="p", targets=["secret"])["id"]
    for path in (f"{TOPICS}/programs/{hidden}", f"{TOPICS}/programs/{hidden}/events"):
        assert callers[VEN.name].get(path).status_code == 404
        assert callers[BL.name].get(path).status_code == 200


def test_a_broker_that_is_away_harms_nothing(vtn: InProcessVtn, callers: dict[str, Any]) -> None:
    program = vtn.create_program(programName="p")["id"]
    for number in range(1500):
        vtn.create_event(programID=program, eventName=str(number))
    assert len(callers[VEN.name].get("/events?skip=1450").json()) == 50
