"""Publishing to an MQTT broker, which may be away."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

MOST_WAITING = 1000
_PORTS = {"mqtt": 1883, "mqtts": 8883}
_LONGEST_PREFIX = 1000

log = logging.getLogger("ven_actors.vtn")


class BrokerError(ValueError):
    """An MQTT option that cannot be used."""


@dataclass(frozen=True, slots=True)
class MqttPlan:
    """Where to publish, and what clients are told about it; see `mqtt_plan`."""

    host: str
    port: int
    tls: bool
    username: str | None
    password: str | None = field(repr=False)
    prefix: str
    announced: tuple[str, ...]
    authentication: dict[str, str] = field(repr=False)
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None


def mqtt_plan(
    url: str,
    prefix: str = "openadr3",
    *,
    announced: Sequence[str] = (),
    authentication: dict[str, str] | None = None,
    files: tuple[Path | None, Path | None, Path | None] = (None, None, None),
) -> MqttPlan:
    """`files` are authorities, own certificate and its key. Raises `BrokerError`."""
    parts = _parts(url)
    for each in announced:
        _parts(each)
    if not 0 < len(prefix) <= _LONGEST_PREFIX or set(prefix) & set("#+\0") or prefix.startswith("$"):
        raise BrokerError(f"the MQTT prefix {prefix!r} may be no topic: it has to be without #, + and a leading $")
    username = None if parts.username is None else unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    shown = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}"
    return MqttPlan(
        host,
        port,
        parts.scheme == "mqtts",
        username,
        password,
        prefix.rstrip("/"),
        tuple(announced) or (shown,),
        authentication or {"method": "ANONYMOUS"},
        *files,
    )


class Broker:
    """A connection that is kept up in the background. `publish` never blocks and never fails.

    At most `MOST_WAITING` messages wait for a broker that is away; more are dropped.
    """

    def __init__(self, plan: MqttPlan) -> None:
        from paho.mqtt.client import Client  # noqa: PLC0415 - an extra
        from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415 - an extra

        self._plan = plan
        self._up: bool | None = None
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.max_queued_messages_set(MOST_WAITING)
        self._client.reconnect_delay_set(1, 30)
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_disconnect = self._on_disconnect
        if plan.username is not None:
            self._client.username_pw_set(plan.username, plan.password)
        if plan.tls:
            self._secure()
        self._client.connect_async(plan.host, plan.port)
        self._client.loop_start()

    def publish(self, topic: str, body: bytes) -> None:
        """At least once, not retained: a client that was away reads the VTN anew."""
        self._client.publish(topic, body, qos=1)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _secure(self) -> None:
        plan = self._plan
        files = (plan.ca_file, plan.cert_file, plan.key_file)
        ca, certificate, key = (None if path is None else str(path) for path in files)
        try:
            self._client.tls_set(ca, certificate, key)
        except (OSError, ValueError) as error:
            raise BrokerError(f"the files for the MQTT broker cannot be used: {error}") from error

    def _on_connect(
        self, _client: Client, _data: Any, _flags: ConnectFlags, reason: ReasonCode, _more: Properties | None
    ) -> None:
        self._say(up=not reason.is_failure, reason=str(reason))

    def _on_connect_fail(self, _client: Client, _data: Any) -> None:
        self._say(up=False, reason="no connection")

    def _on_disconnect(
        self, _client: Client, _data: Any, _flags: DisconnectFlags, reason: ReasonCode, _more: Properties | None
    ) -> None:
        if reason.is_failure:
            self._say(up=False, reason=str(reason))

    def _say(self, *, up: bool, reason: str) -> None:
        """Once when the broker is lost, once when it is back."""
        if up and self._up is False:
            log.warning("mqtt_broker_back host=%s port=%d", self._plan.host, self._plan.port)
        if not up and self._up is not False:
            log.warning("mqtt_broker_away host=%s port=%d reason=%s", self._plan.host, self._plan.port, reason)
        self._up = up


def _parts(url: str) -> Any:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise BrokerError(f"the MQTT address is no URL: {error}") from error
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/"):
        raise BrokerError("an MQTT address has to be mqtt://HOST:PORT or mqtts://HOST:PORT")
    return parts
