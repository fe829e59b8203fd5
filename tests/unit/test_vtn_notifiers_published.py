"""What the VTN publishes by MQTT, with a real broker."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from vtn_broker_plans import OTHER, push

from ven_actors.testing.vtn import BL, VEN, InProcessVtn
from ven_actors.vtn.push.broker import Broker, mqtt_plan


@pytest.fixture
def broker(tmp_path: Path, mosquitto: ModuleType) -> Iterator[Any]:
    with mosquitto.Mosquitto(tmp_path) as running:
        yield running


@pytest.fixture
def listener(broker: Any, mosquitto: ModuleType) -> Iterator[Any]:
    made = mosquitto.Listener(broker.port)
    yield made
    made.close()


def test_each_change_is_published_to_those_who_may_know(broker: Any, listener: Any, spec31: Any) -> None:
    with InProcessVtn([VEN, OTHER, BL], push_plan=push(mqtt_plan(broker.url))) as vtn:
        ours = vtn.create_ven(clientID=VEN.name, venName="v", targets=["a"])["id"]
        theirs = vtn.create_ven(clientID=OTHER.name, venName="w")["id"]
        program = vtn.create_program(programName="p")["id"]
        event = vtn.create_event(programID=program, eventName="all")["id"]
        vtn.replace_event(event, programID=program, eventName="a", targets=["a", "secret"])
        vtn.replace_event(event, programID=program, eventName="b", targets=["b"])
        vtn.delete_event(event)
        vtn.create_resource(clientID=VEN.name, venID=ours, resourceName="r")
        last = "openadr3/bl/resources/create"
        listener.wait_for(lambda told: told[-1:] != [] and f"vens/{ours}/resources" in told[-1][0])
    told = [(topic.removeprefix("openadr3/"), body["object"].get("eventName")) for topic, body in listener.told]
    of_program = f"programs/{program}/events"
    assert told == [
        ("bl/vens/create", None),
        ("bl/vens/create", None),
        ("bl/programs/create", None),
        ("programs/create", None),
        (f"vens/{ours}/programs/create", None),
        (f"vens/{theirs}/programs/create", None),
        ("bl/events/create", "all"),
        (f"bl/{of_program}/create", "all"),
        (f"{of_program}/create", "all"),
        (f"vens/{ours}/events/create", "all"),
        (f"vens/{theirs}/events/create", "all"),
        ("bl/events/update", "a"),
        (f"bl/{of_program}/update", "a"),
        (f"{of_program}/delete", "all"),
        (f"vens/{ours}/events/update", "a"),
        (f"vens/{theirs}/events/delete", "all"),
        ("bl/events/update", "b"),
        (f"bl/{of_program}/update", "b"),
        (f"vens/{ours}/events/delete", "a"),
        ("bl/events/delete", "b"),
        (f"bl/{of_program}/delete", "b"),
        ("bl/resources/create", None),
        (f"vens/{ours}/resources/create", None),
    ]
    assert last in dict(listener.told)
    shown = {topic: body for topic, body in listener.told if body["object"].get("eventName") == "a"}
    assert shown["openadr3/bl/events/update"]["targets"] == ["a", "secret"]
    assert shown[f"openadr3/vens/{ours}/events/update"]["object"]["targets"] == ["a"]
    for topic, body in listener.told:
        assert body["operation"] == topic.rpartition("/")[2].upper()
        assert spec31.check_object("notification", body) == []


def test_a_program_a_ven_a_report_and_a_subscription_have_topics_of_their_own(
    broker: Any, listener: Any, vtn_calls: ModuleType
) -> None:
    with InProcessVtn([VEN, BL], push_plan=push(mqtt_plan(broker.url))) as vtn:
        ven = vtn.create_ven(clientID=VEN.name, venName="v")["id"]
        program = vtn.create_program(programName="p", targets=["secret"])["id"]
        event = vtn.create_event(programID=program)["id"]
        caller, business = vtn_calls.Caller(vtn, VEN), vtn_calls.Caller(vtn, BL)
        business.put(f"/programs/{program}", {"programName": "q", "targets": ["secret"]})
        caller.put(f"/vens/{ven}", {"objectType": "VEN_VEN_REQUEST", "venName": "w"})
        caller.post("/reports", {"eventID": event, "clientName": "c", "resources": []})
        caller.post("/subscriptions", {"clientName": "c", "objectOperations": []})
        business.delete(f"/programs/{program}")
        caller.close()
        business.close()
        told = dict(listener.wait_for(lambda told: f"openadr3/programs/{program}/delete" in dict(told)))
    expected = {
        f"programs/{program}/update",
        f"programs/{program}/delete",
        f"bl/programs/{program}/update",
        f"vens/{ven}/update",
        "bl/vens/update",
        "bl/reports/create",
        "bl/subscriptions/create",
    }
    assert {f"openadr3/{topic}" for topic in expected} <= told.keys()
    assert told[f"openadr3/programs/{program}/update"]["object"]["targets"] == []
    assert not any("vens" in topic and "programs" in topic for topic in told)


def test_a_broker_that_comes_back_is_told_what_it_missed_and_the_log_says_both_once(
    tmp_path: Path, mosquitto: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    port = mosquitto.free_port()
    with caplog.at_level(logging.WARNING, "ven_actors.vtn"):
        broker = Broker(mqtt_plan(f"mqtt://127.0.0.1:{port}"))
        broker.publish("missed", b"1")
        with mosquitto.Mosquitto(tmp_path, port=port):
            listener = mosquitto.Listener(port)
            listener.wait_for(lambda told: told == [("missed", 1)] or ("late", 2) in told or _publish(broker))
            listener.close()
        broker.close()
    assert [record.getMessage().split()[0] for record in caplog.records][:2] == ["mqtt_broker_away", "mqtt_broker_back"]


def _publish(broker: Broker) -> bool:
    broker.publish("late", b"2")
    return False


def test_the_vtn_gives_the_broker_its_user_name_and_password(tmp_path: Path, mosquitto: ModuleType) -> None:
    import subprocess

    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), "vtn", "p@ss"], check=True, capture_output=True)
    with mosquitto.Mosquitto(tmp_path, "allow_anonymous false", f"password_file {passwords}") as broker:
        listener = mosquitto.Listener(broker.port, "vtn", "p@ss")
        plan = mqtt_plan(f"mqtt://vtn:p%40ss@127.0.0.1:{broker.port}")
        assert plan.announced == (broker.url,)
        assert "p@ss" not in repr(plan)
        with InProcessVtn([BL], push_plan=push(plan)) as vtn:
            vtn.create_program(programName="p")
            listener.wait_for(lambda told: len(told) == 2)
        listener.close()
