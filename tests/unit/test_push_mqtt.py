"""MQTT against a real broker: every method of authentication, and what is re-read after each connect."""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from ven_actors.errors import VtnNonsense, VtnRefused
from ven_actors.messages import Hint
from ven_actors.model import Secret
from ven_actors.openadr.auth import Token
from ven_actors.openadr.notifiers import Broker, Notifiers
from ven_actors.openadr.transport import build_ssl_context
from ven_actors.push.brokers import MqttBrokers
from ven_actors.push.channels import LOOK_AGAIN_S
from ven_actors.push.desk import PushDesk
from ven_actors.push.mqtt import LARGEST_PACKET_BYTES
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.probe import Probe

LOOPBACK_PEM = Path(__file__).parents[1] / "golden" / "tls" / "loopback.pem"
WITHIN_S = 20.0
TOPICS = "/notifiers/mqtt/topics"
Start = Callable[..., Any]


class NotifierApi:
    """The notifier endpoints, as an `Api` would show them; 404 for what is not there."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.status = 404
        self.asked: list[str] = []

    def get(self, path: str) -> bytes:
        self.asked.append(path)
        if path not in self.answers:
            raise VtnRefused("no", status=self.status)
        return json.dumps(self.answers[path]).encode()

    def offer(self, uris: list[str], **authentication: str) -> None:
        authentication = authentication or {"method": "ANONYMOUS"}
        mqtt = {"URIS": uris, "serialization": "JSON", "authentication": authentication}
        self.answers["/notifiers"] = {"WEBHOOK": True, "MQTT": mqtt}

    def name(self, place: str, **topics: str) -> None:
        self.answers[f"{TOPICS}/{place}"] = {"topics": topics}


class Side:
    """One VEN's `PushSide`: its tokens are those of `tokens`, one after the other as they are refused."""

    def __init__(
        self, api: NotifierApi, client_id: str = "", tokens: tuple[str, ...] = (), life_s: float = 1e9
    ) -> None:
        self.notifiers = Notifiers(api)
        self.client_id = client_id
        self.life_s = life_s
        self.clock: ManualClock | None = None
        self._left = list(tokens)
        self._token: Token | None = None

    def token(self, refused: Token | None = None) -> Token | None:
        now_s = 0.0 if self.clock is None else self.clock.mono_s
        if self._left and (self._token is None or self._token is refused or now_s >= self._token.renew_at_s):
            self._token = Token(Secret(self._left.pop(0)), now_s + self.life_s)
        return self._token


class House:
    def __init__(self, **kwargs: Any) -> None:
        self.clock = ManualClock()
        self.api = NotifierApi()
        self.brokers = MqttBrokers(
            build_ssl_context(LOOPBACK_PEM), monotonic=self.clock.monotonic, rng=random.Random(1),
            **{"allow_plain": False} | kwargs,
        )  # fmt: skip
        self.desk = PushDesk(None, self.brokers, self.clock.monotonic)
        self.pushes: dict[str, Any] = {}
        self.vens: dict[str, Probe] = {}

    def ven(self, name: str = "Herning", side: Side | None = None) -> Probe:
        self.pushes[name] = self.desk.for_ven(name, side or Side(self.api))
        self.vens[name] = Probe(name)
        return self.vens[name]

    def keep(self, name: str = "Herning", *program_ids: str) -> None:
        self.pushes[name].keep(self.vens[name], f"id-{name}", program_ids)

    def listening(self, name: str = "Herning", side: Side | None = None) -> Probe:
        """A VEN that does what a VEN does at hints, until it hears of everything."""
        ven, before = self.ven(name, side), self.brokers.connections
        self.keep(name)
        if self.brokers.connections > before:
            ven.expect(Hint, WITHIN_S)
            self.keep(name)
        ven.expect(Hint, WITHIN_S)
        assert self.pushes[name].healthy()
        return ven


@pytest.fixture
def building() -> Iterator[Callable[..., House]]:
    houses: list[House] = []

    def build(**kwargs: Any) -> House:
        houses.append(House(**kwargs))
        return houses[-1]

    yield build
    for house in houses:
        house.desk.close()


@pytest.fixture
def house(building: Callable[..., House]) -> House:
    return building()


def test_r39_a_ven_listens_to_the_topics_the_vtn_names_for_it(house: House, start_broker: Start) -> None:
    broker = start_broker()
    house.api.offer([broker.url])
    house.api.name("vens/id-Herning/events", CREATE="a/1", UPDATE="a/2", DELETE="a/3", ALL="b/+")
    house.api.name("vens/id-Herning", UPDATE="v/2", DELETE="v/3")
    house.api.name("vens/id-Herning/resources", CREATE="r/1", UPDATE="r/2", DELETE="r/3")
    house.api.name("programs", CREATE="p/1", UPDATE="p/2", DELETE="p/3")
    ven = house.listening()
    for topic in ("a/1", "a/3", "b/whatever", "v/2", "r/1", "p/2"):
        broker.publish(topic, "not even JSON")
        ven.expect(Hint, WITHIN_S)
    assert len(ven.of(Hint)) == 2 + 6


def test_r39_what_concerns_others_is_not_heard(house: House, start_broker: Start) -> None:
    broker = start_broker()
    house.api.offer([broker.url])
    for name in ("Herning", "Aalborg"):
        house.api.name(f"vens/id-{name}/events", CREATE=f"{name}/create", UPDATE="u", DELETE="d")
    herning, aalborg = house.listening("Herning"), house.listening("Aalborg")
    assert house.brokers.connections == 1, "one for the fleet"
    before = len(aalborg.of(Hint))
    broker.publish("Herning/create")
    herning.expect(Hint, WITHIN_S)
    broker.publish("somebody/else")
    broker.publish("u")
    herning.expect(Hint, WITHIN_S)
    aalborg.expect(Hint, WITHIN_S)
    assert len(aalborg.of(Hint)) == before + 1


def test_r39_topics_of_the_programs_are_the_fallback(house: House, start_broker: Start) -> None:
    broker = start_broker()
    house.api.offer([broker.url])
    house.api.status = 403
    house.api.name("programs/p1/events", CREATE="p1/c", UPDATE="p1/u", DELETE="p1/d")
    house.api.name("programs/p2/events", CREATE="p2/c", UPDATE="p2/u", DELETE="p2/d")
    ven = house.ven()
    house.keep("Herning", "p1")
    ven.expect(Hint, WITHIN_S)
    house.keep("Herning", "p1")
    ven.expect(Hint, WITHIN_S)
    house.keep("Herning", "p1", "p2")
    ven.expect(Hint, WITHIN_S)
    broker.publish("p2/c")
    ven.expect(Hint, WITHIN_S)
    house.keep("Herning", "p2")
    ven.expect(Hint, WITHIN_S)
    before = len(ven.of(Hint))
    broker.publish("p1/c")
    broker.publish("p2/c")
    ven.expect(Hint, WITHIN_S)
    assert len(ven.of(Hint)) == before + 1, "p1 is no program of ours any more"


def test_r39_after_every_connect_all_is_read_again(house: House, start_broker: Start) -> None:
    broker = start_broker()
    house.api.offer([broker.url])
    house.api.name("vens/id-Herning/events", CREATE="old/c", UPDATE="old/u", DELETE="old/d")
    ven = house.listening()
    house.api.name("vens/id-Herning/events", CREATE="new/c", UPDATE="new/u", DELETE="new/d")
    broker.stop()
    broker.start()
    ven.expect(Hint, WITHIN_S)
    assert not house.pushes["Herning"].healthy()
    house.keep()
    ven.expect(Hint, WITHIN_S)
    assert house.pushes["Herning"].healthy()
    before = len(ven.of(Hint))
    broker.publish("old/c")
    broker.publish("new/c")
    ven.expect(Hint, WITHIN_S)
    assert len(ven.of(Hint)) == before + 1


def test_a_lost_broker_is_no_push(house: House, start_broker: Start) -> None:
    broker = start_broker()
    house.api.offer([broker.url])
    house.api.name("vens/id-Herning/events", UPDATE="u", DELETE="d")
    house.listening()
    broker.stop()
    until(lambda: not house.pushes["Herning"].healthy())
    broker.start()


def until(condition: Callable[[], bool]) -> None:
    """Wait for what another thread does and tells nobody."""
    again, end_s = threading.Event(), time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < end_s, "it never came to that"
        again.wait(0.01)


def test_keeping_up_what_stands_asks_for_nothing(house: House, start_broker: Start) -> None:
    house.api.offer([start_broker().url])
    house.api.name("vens/id-Herning/events", UPDATE="u", DELETE="d")
    house.listening()
    house.api.asked.clear()
    for _ in range(3):
        house.clock.advance(LOOK_AGAIN_S)
        house.keep()
    assert house.api.asked == []


# --- the three methods


@pytest.mark.parametrize(("username", "name"), [("{clientID}", "client-7"), ("fleet", "fleet")])
def test_r39_a_token_is_the_password_and_the_name_is_literal_or_our_client_id(
    house: House, start_broker: Start, username: str, name: str, passwords: Start
) -> None:
    broker = start_broker(*passwords(**{name: "the-token"}))
    house.api.offer([broker.url], method="OAUTH2_BEARER_TOKEN", username=username)
    house.api.name("vens/id-Herning/events", UPDATE="u", DELETE="d")
    house.listening(side=Side(house.api, "client-7", ("the-token",)))


def test_r39_a_token_the_broker_refuses_is_renewed(house: House, start_broker: Start, passwords: Start) -> None:
    broker = start_broker(*passwords(ven="new-token"))
    house.api.offer([broker.url], method="OAUTH2BEARERTOKEN", username="ven")
    house.api.name("vens/id-Herning/events", UPDATE="u", DELETE="d")
    house.listening(side=Side(house.api, "c", ("old-token", "new-token")))


def test_r39_before_a_token_expires_the_next_one_is_shown(house: House, start_broker: Start, passwords: Start) -> None:
    broker = start_broker(*passwords(ven="token"))
    house.api.offer([broker.url], method="OAUTH2_BEARER_TOKEN", username="ven")
    house.api.name("vens/id-Herning/events", UPDATE="u", DELETE="d")
    side = Side(house.api, "c", ("token", "token", "token"), life_s=3600)
    side.clock = house.clock
    ven = house.listening(side=side)
    house.clock.advance(3600)
    broker.publish("u", auth={"username": "ven", "password": "token"})
    ven.expect(Hint, WITHIN_S)
    ven.expect(Hint, WITHIN_S)
    house.keep()
    ven.expect(Hint, WITHIN_S)
    assert house.pushes["Herning"].healthy()
    assert len(side._left) == 1


def test_r39_vens_of_other_credentials_have_connections_of_their_own(
    house: House, start_broker: Start, passwords: Start
) -> None:
    broker = start_broker(*passwords(one="t1", two="t2"))
    house.api.offer([broker.url], method="OAUTH2_BEARER_TOKEN", username="{clientID}")
    for name in ("A", "B", "C"):
        house.api.name(f"vens/id-{name}/events", UPDATE=f"{name}/u", DELETE="d")
    house.listening("A", Side(house.api, "one", ("t1",)))
    house.listening("B", Side(house.api, "two", ("t2",)))
    house.listening("C", Side(house.api, "two", ("t2",)))
    assert house.brokers.connections == 2


def test_r39_a_certificate_comes_inline(house: House, start_broker: Start) -> None:
    broker = start_broker(*[
        f"cafile {LOOPBACK_PEM}", f"certfile {LOOPBACK_PEM}", f"keyfile {LOOPBACK_PEM}", "require_certificate true",
        "allow_anonymous true",
    ])  # fmt: skip
    pem = LOOPBACK_PEM.read_text()
    key, certificate = pem[pem.index("-----BEGIN PRIVATE") :], pem[pem.index("-----BEGIN CERT") :]
    key, certificate = key[: key.index("-----END") + 25], certificate[: certificate.index("-----END") + 25]
    uri = broker.url.replace("mqtt:", "mqtts:")
    house.api.offer([uri], method="CERTIFICATE", caCert=certificate, clientCert=certificate, clientKey=key)
    house.api.name("vens/id-Herning/events", UPDATE="u", DELETE="d")
    ven = house.listening()
    tls = {"ca_certs": str(LOOPBACK_PEM), "certfile": str(LOOPBACK_PEM), "keyfile": str(LOOPBACK_PEM)}
    broker.publish("u", tls=tls)
    ven.expect(Hint, WITHIN_S)


# paho leaves the socket of a handshake that failed to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_r39_tls_is_checked(building: Callable[..., House], start_broker: Start) -> None:
    broker = start_broker(*[f"certfile {LOOPBACK_PEM}", f"keyfile {LOOPBACK_PEM}", "allow_anonymous true"])
    strict, trusting = building(), building()
    strict.brokers._tls = build_ssl_context()
    for house in (strict, trusting):
        house.api.offer([broker.url.replace("mqtt:", "mqtts:")])
        house.api.name("vens/id-Herning/events", UPDATE="u", DELETE="d")
    with capture_logs() as logs:
        strict.ven()
        strict.keep()
        trusting.listening()
        until(lambda: any("CERTIFICATE_VERIFY_FAILED" in entry.get("reason", "") for entry in logs))
    assert strict.vens["Herning"].of(Hint) == []


# --- what may go wrong


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


def test_the_client_key_is_never_shown() -> None:
    notifiers = NotifierApi()
    notifiers.offer(["mqtts://h"], method="CERTIFICATE", caCert="a", clientCert="b", clientKey="the-key")
    assert "the-key" not in repr(Notifiers(notifiers).broker())
    notifiers.answers["/notifiers"]["MQTT"]["URIS"] = {"clientKey": "the-key"}
    with pytest.raises(VtnNonsense) as raised:
        Notifiers(notifiers).broker()
    assert "the-key" not in str(raised.value)


def test_topics_that_are_none_leave_the_ven_to_its_polls(house: House, start_broker: Start) -> None:
    house.api.offer([start_broker().url])
    house.api.name("vens/id-Herning/events", UPDATE="a/#/b", DELETE="good")
    ven = house.ven()
    house.keep()
    ven.expect(Hint, WITHIN_S)
    house.keep()
    until(lambda: "good" in house.pushes["Herning"]._channels[0]._connection._listeners._now.granted)
    assert not house.pushes["Herning"].healthy()


def test_a_vtn_that_names_no_topics_is_said(house: House, start_broker: Start) -> None:
    house.api.offer([start_broker().url])
    ven = house.ven()
    house.keep()
    ven.expect(Hint, WITHIN_S)
    with capture_logs() as logs:
        house.keep()
    assert "names no topics" in logs[0]["reason"]


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


def test_a_broker_is_told_apart_by_all_that_it_asks_for() -> None:
    one = NotifierApi()
    one.offer(["mqtts://h"], method="CERTIFICATE", caCert="a", clientCert="b", clientKey="c")
    two = NotifierApi()
    two.offer(["mqtts://h"], method="CERTIFICATE", caCert="a", clientCert="b", clientKey="d")
    brokers = {Notifiers(each).broker() for each in (one, two, one)}
    assert len(brokers) == 2
    assert all(isinstance(broker, Broker) for broker in brokers)
