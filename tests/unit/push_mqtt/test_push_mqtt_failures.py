"""What may go wrong with a broker or with what the VTN says of it."""

from typing import Any

import pytest
from push_mqtt_house import WITHIN_S, House, Start, until
from structlog.testing import capture_logs

from ven_actors.messages import Hint
from ven_actors.push.channels import LOOK_AGAIN_S
from ven_actors.push.mqtt import LARGEST_PACKET_BYTES


@pytest.mark.parametrize("status", [400, 403, 404, 405, 501])
def test_r39_where_the_notifiers_may_not_be_read_the_ven_polls(house: House, status: int) -> None:
    house.api.status = status
    house.ven()
    with capture_logs() as logs:
        for _ in range(3):
            house.keep()
            house.clock.advance(LOOK_AGAIN_S)
    assert [entry["event"] for entry in logs] == ["push_not_offered"]
    assert house.api.asked == ["/notifiers"] * 3
    assert not house.pushes["Herning"].healthy()


def test_a_vtn_in_trouble_is_no_vtn_without_push(house: House) -> None:
    house.api.status = 503
    house.ven()
    with capture_logs() as logs:
        house.keep()
    assert [entry["event"] for entry in logs] == ["push_trouble"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"WEBHOOK": True, "MQTT": {"URIS": [], "authentication": {"method": "ANONYMOUS"}}}, "0 URIs"),
        ({"MQTT": {"URIS": ["mqtt://h"], "authentication": {"method": "KERBEROS"}}}, "'KERBEROS'"),
        ({"MQTT": {"URIS": ["mqtt://h"], "serialization": "XML", "authentication": {"method": "ANONYMOUS"}}}, "'XML'"),
        ({"MQTT": {"URIS": "mqtt://h"}}, "cannot be read"),
        ({"MQTT": {"URIS": ["mqtt://h.example"], "authentication": {"method": "ANONYMOUS"}}}, "--insecure-http"),
        (
            {"MQTT": {"URIS": ["amqp://h", "http://[", "mqtt:"], "authentication": {"method": "ANONYMOUS"}}},
            "no MQTT add",
        ),
        (
            {"MQTT": {"URIS": ["mqtts://h"], "authentication": {"method": "CERTIFICATE", "clientCert": "x"}}},
            "certificates for",
        ),
    ],
)
def test_what_cannot_be_used_is_said(house: House, answer: Any, says: str) -> None:
    house.api.answers["/notifiers"] = answer
    house.ven()
    with capture_logs() as logs:
        house.keep()
    (entry,) = logs
    assert says in entry["reason"]
    assert house.brokers.connections == 0


def test_a_packet_larger_than_any_notification_ends_the_connection(house: House, start_broker: Start) -> None:
    broker = start_broker()
    house.api.offer([broker.url])
    house.api.name("vens/id-Herning/events", UPDATE="u", DELETE="d")
    with capture_logs() as logs:
        house.listening()
        broker.publish("u", b"x" * (LARGEST_PACKET_BYTES + 1))
        until(lambda: any("larger than" in entry.get("reason", "") for entry in logs))


def test_the_next_address_is_tried_where_one_does_not_answer(house: House, start_broker: Start) -> None:
    house.api.offer(["mqtt://127.0.0.1:1", start_broker().url])
    house.api.name("vens/id-Herning/events", UPDATE="u", DELETE="d")
    house.listening()


def test_a_ven_that_starts_again_takes_its_place(house: House, start_broker: Start) -> None:
    broker = start_broker()
    house.api.offer([broker.url])
    house.api.name("vens/id-Herning/events", UPDATE="u", DELETE="d")
    old = house.listening()
    new = house.ven()
    house.keep()
    new.expect(Hint, WITHIN_S)
    before = len(old.of(Hint))
    broker.publish("u")
    new.expect(Hint, WITHIN_S)
    assert len(old.of(Hint)) == before


def test_a_broker_that_moves_is_found(house: House, start_broker: Start) -> None:
    first, second = start_broker(), start_broker()
    house.api.offer([first.url])
    house.api.name("vens/id-Herning/events", UPDATE="u", DELETE="d")
    ven = house.listening()
    house.api.offer([second.url])
    first.stop()
    until(lambda: not house.pushes["Herning"].healthy())
    house.clock.advance(LOOK_AGAIN_S)
    house.keep()
    ven.expect(Hint, WITHIN_S)
    house.keep()
    ven.expect(Hint, WITHIN_S)
    assert house.pushes["Herning"].healthy()
    first.start()
