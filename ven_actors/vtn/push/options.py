"""The command line's options for webhooks and MQTT."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

import click

from ven_actors.vtn.options import option, refuse_idle
from ven_actors.vtn.push.broker import BrokerError, MqttPlan, mqtt_plan
from ven_actors.vtn.push.callbacks import CallbackPlan
from ven_actors.vtn.push.house import PushPlan

F = TypeVar("F", bound=Callable[..., Any])
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_METHODS = ["anonymous", "oauth2", "certificate"]

_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    option(
        "--webhook-ca-file",
        type=_FILE,
        help="PEM file of the authorities that callback servers are checked with, instead of the system's.",
    ),
    option("--webhooks-loopback-only", is_flag=True, help="Refuse subscriptions with callbacks on other machines."),
    option(
        "--mqtt-url",
        metavar="URL",
        help="Publish notifications to this broker: mqtt://HOST:PORT or mqtts://, with USER:PASSWORD@ if it wants"
        " them (better given in the environment). Needs the extra `mqtt`.",
    ),
    option("--mqtt-prefix", default="openadr3", help="What all topics begin with."),
    option("--mqtt-ca-file", type=_FILE, help="PEM file of the authorities that the broker is checked with."),
    option("--mqtt-cert-file", type=_FILE, help="PEM file of the VTN's own certificate for the broker."),
    option("--mqtt-key-file", type=_FILE, help="PEM file of its key."),
    option(
        "--mqtt-announce",
        "mqtt_announced",
        multiple=True,
        metavar="URL",
        help="What clients are told as the broker's address, if not --mqtt-url; may be repeated.",
    ),
    option(
        "--mqtt-auth",
        default="anonymous",
        type=click.Choice(_METHODS),
        help="How clients are told to prove themselves to the broker; that it holds them to it is up to the broker.",
    ),
    option(
        "--mqtt-username",
        default="{clientID}",
        help="For oauth2: the user name they are told; the token is the password.",
    ),
    option("--mqtt-client-ca-file", type=_FILE, help="For certificate: the authorities they are given."),
    option("--mqtt-client-cert-file", type=_FILE, help="For certificate: the certificate they are given."),
    option("--mqtt-client-key-file", type=_FILE, help="For certificate: its key."),
)


def push_options(command: F) -> F:
    return reduce(lambda wrapped, add: add(wrapped), reversed(_OPTIONS), command)


def refuse_idle_push(ctx: click.Context) -> None:
    """Refuse broker options without a broker, and those of another way of authentication."""
    given = ctx.params
    of_broker = [name for name in given if name.startswith("mqtt_") and name != "mqtt_url"]
    if given["mqtt_url"] is None:
        refuse_idle(ctx, of_broker, "--mqtt-url")
    if given["mqtt_auth"] != "oauth2":
        refuse_idle(ctx, ["mqtt_username"], "--mqtt-auth oauth2")
    if given["mqtt_auth"] != "certificate":
        refuse_idle(ctx, [name for name in of_broker if "client" in name], "--mqtt-auth certificate")


def push_plan_of(given: dict[str, Any]) -> PushPlan:
    """From the options of `push_options`; raises `BrokerError`."""
    callbacks = CallbackPlan(given["webhook_ca_file"], given["webhooks_loopback_only"])
    return PushPlan(callbacks, mqtt=None if given["mqtt_url"] is None else _mqtt(given))


def _mqtt(given: dict[str, Any]) -> MqttPlan:
    if importlib.util.find_spec("paho") is None:
        raise BrokerError("--mqtt-url needs the library paho-mqtt; install ven_actors with the extra `mqtt`")
    return mqtt_plan(
        given["mqtt_url"],
        given["mqtt_prefix"],
        announced=given["mqtt_announced"],
        authentication=_authentication(given),
        files=tuple(given[f"mqtt_{name}_file"] for name in ("ca", "cert", "key")),
    )


def _authentication(given: dict[str, Any]) -> dict[str, str]:
    method = given["mqtt_auth"]
    if method == "anonymous":
        return {"method": "ANONYMOUS"}
    if method == "oauth2":
        return {"method": "OAUTH2_BEARER_TOKEN", "username": given["mqtt_username"]}
    files = {name: given[f"mqtt_client_{part}_file"] for name, part in _PARTS.items()}
    missing = [f"--mqtt-client-{_PARTS[name]}-file" for name, path in files.items() if path is None]
    if missing:
        raise BrokerError(f"--mqtt-auth certificate needs {' and '.join(missing)} too")
    return {"method": "CERTIFICATE", **{name: path.read_text(encoding="ascii") for name, path in files.items()}}


_PARTS = {"caCert": "ca", "clientCert": "cert", "clientKey": "key"}
