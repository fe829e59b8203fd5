"""The MQTT connections of a fleet: one for all VENs where they may log in alike, else one for each credential."""

from __future__ import annotations

import random
import ssl
import threading
from collections.abc import Callable

import structlog

from ven_actors.errors import VtnNonsense
from ven_actors.messages import Hint, Peer
from ven_actors.openadr.notifiers import Broker
from ven_actors.openadr.push_side import PushSide
from ven_actors.push.channels import LOOK_AGAIN_S, hinting
from ven_actors.push.login import Account, Login
from ven_actors.push.mqtt import MqttConnection

log = structlog.get_logger()


class MqttBrokers:
    """Opens connections as VENs need them. `tls` is for brokers that ask for no certificate of ours.

    `allow_plain` allows plain MQTT to another machine.
    """

    def __init__(
        self, tls: ssl.SSLContext, *, allow_plain: bool, monotonic: Callable[[], float], rng: random.Random
    ) -> None:
        self._tls = tls
        self._allow_plain = allow_plain
        self._monotonic = monotonic
        self._rng = rng
        self._lock = threading.Lock()
        self._connections: dict[Account, MqttConnection] = {}

    @property
    def connections(self) -> int:
        return len(self._connections)

    def channel(self, ven: str, side: PushSide) -> MqttChannel:
        return MqttChannel(ven, side, self)

    def connection(self, broker: Broker, side: PushSide) -> MqttConnection:
        """The connection for this broker and this VEN's credentials, new or shared. Raises `VtnNonsense`."""
        account = Account.of(broker, side)
        with self._lock:
            if account not in self._connections:
                login = Login(account, side, self._tls, allow_plain=self._allow_plain)
                self._connections[account] = MqttConnection(login, self._monotonic, self._rng)
            return self._connections[account]

    def stop(self) -> None:
        with self._lock:
            for connection in self._connections.values():
                connection.stop()


# The connection's generation, and whose topics were read: of the VEN with this id, and of these programs.
_ReadFor = tuple[int, str, tuple[str, ...]]


class MqttChannel:
    """One VEN's part in a connection. Topics are read again for each connect, and when its id or programs change."""

    name = "mqtt"

    def __init__(self, ven: str, side: PushSide, brokers: MqttBrokers) -> None:
        self._ven = ven
        self._side = side
        self._brokers = brokers
        self._connection: MqttConnection | None = None
        self._looked_s = float("-inf")
        self._read_for: _ReadFor = (0, "", ())

    def keep(self, peer: Peer[Hint], ven_id: str, program_ids: tuple[str, ...], mono_s: float) -> None:
        is_up = self._connection is not None and self._connection.is_up
        if not is_up and mono_s >= self._looked_s + LOOK_AGAIN_S:
            self._look(peer, mono_s)
        connection = self._connection
        if connection is None:
            return
        generation = connection.generation
        if not generation or self._read_for == (generation, ven_id, program_ids):
            return
        topics = self._side.notifiers.topics(ven_id, program_ids)
        if not topics:
            raise VtnNonsense(f"the VTN offers MQTT and names no topics for ven {ven_id!r}")
        connection.listen(self._ven, generation, topics)
        self._read_for = (generation, ven_id, program_ids)

    def healthy(self) -> bool:
        return self._connection is not None and self._connection.hears(self._ven)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.detach(self._ven)

    def _look(self, peer: Peer[Hint], mono_s: float) -> None:
        """Ask where the broker is; it may have moved, or none be there for us (then this VEN polls)."""
        broker = self._side.notifiers.broker()
        if broker is None:
            if self._looked_s == float("-inf"):
                log.info("push_not_offered", ven=self._ven, channel=self.name)
            self._looked_s = mono_s
            return
        connection = self._brokers.connection(broker, self._side)
        self._looked_s = mono_s
        if connection is not self._connection:
            self.close()
            self._connection, self._read_for = connection, (0, "", ())
            connection.attach(self._ven, hinting(peer))
