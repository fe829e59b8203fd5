"""A real broker's every method of authentication, and TLS."""

from collections.abc import Callable

import pytest
from push_mqtt_house import LOOPBACK_PEM, WITHIN_S, House, NotifierApi, Side, Start, until
from structlog.testing import capture_logs

from ven_actors.errors import VtnNonsense
from ven_actors.messages import Hint
from ven_actors.openadr.notifiers import Broker, Notifiers
from ven_actors.openadr.transport import build_ssl_context


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


def test_the_client_key_is_never_shown() -> None:
    notifiers = NotifierApi()
    notifiers.offer(["mqtts://h"], method="CERTIFICATE", caCert="a", clientCert="b", clientKey="the-key")
    assert "the-key" not in repr(Notifiers(notifiers).broker())
    notifiers.answers["/notifiers"]["MQTT"]["URIS"] = {"clientKey": "the-key"}
    with pytest.raises(VtnNonsense) as raised:
        Notifiers(notifiers).broker()
    assert "the-key" not in str(raised.value)


def test_a_broker_is_told_apart_by_all_that_it_asks_for() -> None:
    one = NotifierApi()
    one.offer(["mqtts://h"], method="CERTIFICATE", caCert="a", clientCert="b", clientKey="c")
    two = NotifierApi()
    two.offer(["mqtts://h"], method="CERTIFICATE", caCert="a", clientCert="b", clientKey="d")
    brokers = {Notifiers(each).broker() for each in (one, two, one)}
    assert len(brokers) == 2
    assert all(isinstance(broker, Broker) for broker in brokers)
