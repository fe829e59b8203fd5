"""Push as the configuration asks for it."""

import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from ven_actors.config import FleetConfig
from ven_actors.config_sources import load_config
from ven_actors.errors import UsageError
from ven_actors.fleet.dialects import Route
from ven_actors.fleet.push import MOST_VENS_BY_ITSELF, choose_push, open_push
from ven_actors.fleet.running import run_fleet
from ven_actors.openadr.choosing import Choice
from ven_actors.openadr.dialects import DIALECTS
from ven_actors.push.brokers import MqttBrokers

LOOPBACK_PEM = Path(__file__).parents[1] / "golden" / "tls" / "loopback.pem"


@pytest.mark.parametrize("said", ["none", ""])
def test_without_push_nothing_is_opened(said: str) -> None:
    assert open_push(load_config({"push": said}, {}).config) is None


EMBEDDED = ("http://127.0.0.1:1/openadr3/3.1.0", "http://127.0.0.1:1/energydesk")


def routes_to(url: str, count: int, dialect: str = "openadr-3.1") -> dict[str, Route]:
    return {f"{dialect} {number} {url}": Route(url, Choice(DIALECTS[dialect])) for number in range(count)}


def test_by_itself_the_embedded_vtn_calls_its_own_vens_which_poll_on() -> None:
    own = routes_to(EMBEDDED[0], MOST_VENS_BY_ITSELF)
    elsewhere = routes_to("https://vtn.example/openadr3/3.1.0", 3) | routes_to(EMBEDDED[1], 3, "energydesk")
    chosen = choose_push(FleetConfig(), own | elsewhere, EMBEDDED)
    assert (chosen.config.push, chosen.config.push_poll_every_s, chosen.vens) == (("webhook",), 0.0, frozenset(own))


@pytest.mark.parametrize(
    "routes",
    [
        routes_to(EMBEDDED[0], MOST_VENS_BY_ITSELF + 1),
        routes_to("https://vtn.example/openadr3/3.1.0", 1),
        routes_to(EMBEDDED[1], 1, "energydesk"),
    ],
)
def test_by_itself_nobody_is_called_where_there_are_many_vens_or_another_vtn(routes: dict[str, Route]) -> None:
    assert choose_push(FleetConfig(), routes, EMBEDDED).config.push == ()


def test_what_is_asked_for_is_what_there_is() -> None:
    for ways in ((), ("webhook",), ("webhook", "mqtt")):
        asked = FleetConfig(push=ways)
        chosen = choose_push(asked, routes_to(EMBEDDED[0], 1000), EMBEDDED)
        assert (chosen.config, chosen.vens) == (asked, None)


def test_a_ven_that_is_not_called_has_no_channel() -> None:
    desk = open_push(FleetConfig(push=("webhook",)), vens=("Herning",))
    assert desk is not None
    side: Any = object()
    channels = {ven: desk.for_ven(ven, side)._channels for ven in ("Herning", "Aalborg")}
    assert [len(channels[ven]) for ven in channels] == [1, 0]
    desk._vens.clear()
    desk.close()


def test_a_callback_server_runs_from_the_moment_push_is_opened(tmp_path: Path) -> None:
    desk = open_push(FleetConfig(push=("webhook",), webhook_cert=LOOPBACK_PEM))
    assert desk is not None
    try:
        assert desk._callbacks is not None
        url = f"https://127.0.0.1:{desk._callbacks.port}/?echo=x"
        assert requests.get(url, verify=str(LOOPBACK_PEM), timeout=10).text == "x"
    finally:
        desk.close()


def test_a_certificate_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "c.pem").write_text("no")
    for name in ("c.pem", "absent.pem"):
        with pytest.raises(UsageError, match=r"--webhook-cert: .* cannot be used .*unlocked key"):
            open_push(FleetConfig(push=("webhook",), webhook_cert=tmp_path / name))


def test_mqtt_without_its_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ven_actors.push.brokers", "ven_actors.push.mqtt"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "paho.mqtt.client", None)
    with pytest.raises(UsageError, match=r"pip install '\.\[mqtt\]'"):
        open_push(FleetConfig(push=("mqtt",)))


def test_mqtt_without_its_extra_is_refused_before_anything_is_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("ven_actors.push.brokers", "ven_actors.push.mqtt"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "paho.mqtt.client", None)
    with pytest.raises(UsageError, match="--push mqtt needs paho-mqtt"):
        run_fleet(FleetConfig(push=("mqtt",), state=tmp_path / "state"))
    assert not (tmp_path / "state").exists()


def test_mqtt_is_made_ready_without_a_word_to_anybody() -> None:
    desk = open_push(FleetConfig(push=("mqtt",)))
    assert desk is not None
    assert isinstance(desk._brokers, MqttBrokers)
    assert desk._brokers.connections == 0
    desk.close()


def test_push_is_read_as_words_in_any_order() -> None:
    assert load_config({"push": "MQTT, webhook,"}, {}).config.push == ("webhook", "mqtt")


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ({"push": "none,webhook"}, "none cannot be combined with others; write none or webhook"),
        ({"push": "mqtt,auto"}, "auto cannot be combined with others"),
        ({"push": "fax"}, "must be some of auto, none, webhook, mqtt, not 'fax'"),
        ({"push": "webhook", "vtn_url": "https://vtn.example"}, "give --webhook-url"),
        ({"push": "webhook", "webhook_url": "http://fleet.example"}, "use https"),
    ],
)
def test_what_does_not_go_together_is_said_at_once(flags: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        load_config(flags, {})


def test_a_vtn_on_this_machine_needs_no_callback_url() -> None:
    config = load_config({"push": "webhook", "vtn_url": "http://127.0.0.1:1"}, {}).config
    assert config.push == ("webhook",)
