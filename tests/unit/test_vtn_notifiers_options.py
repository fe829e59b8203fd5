"""What may be said of a broker: its address, its topics' prefix, files for TLS, and the command's options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from vtn_broker_plans import NOBODY_URL

from ven_actors.vtn.command import vtn as command
from ven_actors.vtn.push.broker import Broker, BrokerError, mqtt_plan
from ven_actors.vtn.push.house import PushPlan
from ven_actors.vtn.push.options import push_options, push_plan_of


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
