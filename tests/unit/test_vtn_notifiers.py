"""The notifier endpoints of OpenADR 3.1 and what the VTN publishes by MQTT, with a real broker."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner

from ven_actors.testing.vtn import BL, VEN, Client, InProcessVtn, Role
from ven_actors.vtn.command import vtn as command
from ven_actors.vtn.push.broker import Broker, BrokerError, MqttPlan, mqtt_plan
from ven_actors.vtn.push.callbacks import CallbackPlan
from ven_actors.vtn.push.house import PushPlan
from ven_actors.vtn.push.options import push_options, push_plan_of

OTHER = Client("ven-2", "ven-2-secret", Role.VEN)
NOBODY_URL = "mqtt://127.0.0.1:1"
TOPICS = "/notifiers/mqtt/topics"


def push(plan: MqttPlan) -> PushPlan:
    return PushPlan(CallbackPlan(loopback_only=True), mqtt=plan)


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


@pytest.fixture
def broker(tmp_path: Path, mosquitto: ModuleType) -> Iterator[Any]:
    with mosquitto.Mosquitto(tmp_path) as running:
        yield running


@pytest.fixture
def listener(broker: Any, mosquitto: ModuleType) -> Iterator[Any]:
    made = mosquitto.Listener(broker.port)
    yield made
    made.close()


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


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1", "mqtt://", "mqtt://host/path", "mqtt://host:99999", "mqtt://[::1", "127.0.0.1:1883"]
)
def test_an_address_that_is_no_brokers_is_refused(url: str) -> None:
    with pytest.raises(BrokerError):
        mqtt_plan(url)
    with pytest.raises(BrokerError):
        mqtt_plan(NOBODY_URL, announced=[url])


@pytest.mark.parametrize("prefix", ["", "a/#", "+", "$SYS", "x" * 1001])
def test_a_prefix_that_is_no_topic_is_refused(prefix: str) -> None:
    with pytest.raises(BrokerError):
        mqtt_plan(NOBODY_URL, prefix)


def test_the_port_of_a_broker_may_be_left_out_and_its_address_be_of_ip_6() -> None:
    assert mqtt_plan("mqtt://broker").announced == ("mqtt://broker:1883",)
    assert mqtt_plan("mqtts://[::1]").announced == ("mqtts://[::1]:8883",)


def test_files_for_tls_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")
    with pytest.raises(BrokerError, match="cannot be used"):
        Broker(mqtt_plan("mqtts://127.0.0.1:1", files=(file, None, None)))


def planned(*arguments: str) -> PushPlan:
    """What the options make of these arguments."""
    import click

    found: list[PushPlan] = []

    @click.command
    @push_options
    def probe(**given: Any) -> None:
        found.append(push_plan_of(given))

    probe.main(list(arguments), standalone_mode=False)
    return found[0]


def test_the_options_say_what_clients_are_told_about_the_broker(tmp_path: Path) -> None:
    assert planned().mqtt is None
    plain = planned("--mqtt-url", NOBODY_URL, "--mqtt-announce", "mqtts://one", "--mqtt-announce", "mqtts://two").mqtt
    assert plain is not None
    assert (plain.announced, plain.authentication) == (("mqtts://one", "mqtts://two"), {"method": "ANONYMOUS"})
    oauth = planned("--mqtt-url", NOBODY_URL, "--mqtt-auth", "oauth2").mqtt
    assert oauth is not None
    assert oauth.authentication == {"method": "OAUTH2_BEARER_TOKEN", "username": "{clientID}"}
    files = []
    for name in ("ca", "cert", "key"):
        (tmp_path / name).write_text(f"PEM {name}")
        files += [f"--mqtt-client-{name}-file", str(tmp_path / name)]
    certificate = planned("--mqtt-url", NOBODY_URL, "--mqtt-auth", "certificate", *files).mqtt
    assert certificate is not None
    assert certificate.authentication == {
        "method": "CERTIFICATE",
        "caCert": "PEM ca",
        "clientCert": "PEM cert",
        "clientKey": "PEM key",
    }
    with pytest.raises(BrokerError, match="--mqtt-client-cert-file and --mqtt-client-key-file"):
        planned("--mqtt-url", NOBODY_URL, "--mqtt-auth", "certificate", *files[:2])


def test_the_command_refuses_mqtt_options_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["--client", "c:s:ven", "--mqtt-url"]
    refused = CliRunner().invoke(command, [*arguments, "http://x"])
    assert (refused.exit_code, "mqtt://HOST:PORT" in refused.output) == (2, True)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    refused = CliRunner().invoke(command, [*arguments, NOBODY_URL])
    assert (refused.exit_code, "the extra `mqtt`" in refused.output) == (2, True)
