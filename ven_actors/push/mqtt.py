"""One connection to a VTN's MQTT broker, for all VENs that log in there alike (R39)."""

from __future__ import annotations

import contextlib
import random
import secrets
import select
import socket
import threading
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.enums import CallbackAPIVersion

from ven_actors.push.listeners import Listeners
from ven_actors.push.login import Login, Refused

log = structlog.get_logger()

KEEP_ALIVE_S = 60
ANSWER_WITHIN_S = 10.0
LONGEST_WAIT_S = 60.0
LARGEST_PACKET_BYTES = 4 * 2**20
_LEAST_SESSION_S = 30.0
_LOOK_EVERY_S = 5.0


class PacketTooLarge(Exception):  # noqa: N818 - named after what the broker sent
    """A packet larger than any notification."""


class _Client(mqtt.Client):
    """Reads no packet of any size that a broker likes; paho has no limit of its own in this version of MQTT."""

    def _sock_recv(self, bufsize: int) -> bytes:
        # Asked first for all of a packet's rest: a test holds paho to it.
        if bufsize > LARGEST_PACKET_BYTES:
            raise PacketTooLarge(f"the broker sends a packet larger than {LARGEST_PACKET_BYTES} bytes")
        return super()._sock_recv(bufsize)


class MqttConnection:
    """Connects, and connects again with growing waits, until `stop`. All methods may be called from any thread.

    `generation` counts successful connects, 0 before the first: topics are worth nothing in another one than they were
    read for. After each connect every attached VEN gets a hint, reads its VTN and its topics, and says `listen`.
    """

    def __init__(self, login: Login, monotonic: Callable[[], float], rng: random.Random) -> None:
        self._login = login
        self._monotonic = monotonic
        self._rng = rng
        self._listeners = Listeners()
        self._stopped = threading.Event()
        self._woken, self._waker = socket.socketpair()
        for end in (self._woken, self._waker):
            end.setblocking(False)
        self._refused = False
        self._failures = 0
        self._thread = threading.Thread(target=self._run, name=f"mqtt {login.where}", daemon=True)
        self._starting = threading.Lock()

    @property
    def generation(self) -> int:
        return self._listeners.generation

    @property
    def is_up(self) -> bool:
        return self._listeners.is_up

    def attach(self, ven: str, tell: Callable[[], None]) -> None:
        """A VEN's new life, in place of an earlier one: `tell` is its hint. The first one makes us connect."""
        self._listeners.attach(ven, tell)
        with self._starting:
            if self._thread.ident is None:
                self._thread.start()

    def detach(self, ven: str) -> None:
        self._listeners.detach(ven)
        self._wake()

    def listen(self, ven: str, generation: int, topics: frozenset[str]) -> None:
        """The topics that concern a VEN, as the VTN named them in this generation."""
        self._listeners.listen(ven, generation, topics)
        self._wake()

    def hears(self, ven: str) -> bool:
        """Whether the broker has granted all of the VEN's topics."""
        return self._listeners.hears(ven)

    def stop(self, within_s: float = 5.0) -> None:
        self._stopped.set()
        self._wake()
        if self._thread.ident is not None:
            self._thread.join(within_s)

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            self._waker.send(b"!")

    # --- the connection's own thread

    def _run(self) -> None:
        while not self._stopped.is_set():
            begun_s = self._monotonic()
            try:
                ended = self._session()
            except Exception as error:  # noqa: BLE001 - whatever a broker makes paho raise: the connection is lost
                ended = f"{type(error).__name__}: {error}"[:300]
                self._refused = isinstance(error, Refused)
            was_up = self._listeners.lost()
            if not ended or self._stopped.is_set():
                continue
            if was_up or not self._failures:
                log.warning("broker_lost", broker=self._login.where, reason=ended)
            # One that takes us in and throws us out again is no better than one that does not take us in.
            lasted = was_up and self._monotonic() - begun_s >= _LEAST_SESSION_S
            self._failures = 1 if lasted else self._failures + 1
            longest_s = min(LONGEST_WAIT_S, 2.0 ** min(self._failures, 10))
            self._stopped.wait(longest_s * self._rng.uniform(0.25, 0.75))
        self._woken.close()
        self._waker.close()

    def _session(self) -> str:
        """One connection from beginning to end; why it ended, empty where we ended it. Raises anything."""
        address = self._login.next_address()
        client = _Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"ven-actors-{secrets.token_hex(8)}",
            protocol=mqtt.MQTTv311,
            transport="websockets" if address.path else "tcp",
        )
        if address.path:
            client.ws_set_options(address.path)
        client.connect_timeout = ANSWER_WITHIN_S
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        if address.tls is not None:
            client.tls_set_context(address.tls)
        renew_at_s = self._login.sign_in(client, refused=self._refused)
        self._refused = False
        begun_s = self._monotonic()
        client.connect(address.host, address.port, KEEP_ALIVE_S)
        try:
            return self._serve(client, begun_s + ANSWER_WITHIN_S, max(renew_at_s, begun_s + _LEAST_SESSION_S))
        finally:
            client.disconnect()

    def _serve(self, client: mqtt.Client, answer_by_s: float, renew_at_s: float) -> str:
        while not self._stopped.is_set():
            connection = client.socket()
            if connection is None:
                return "the broker closed the connection"
            now_s = self._monotonic()
            if now_s >= renew_at_s:
                log.debug("broker_token_renewed", broker=self._login.where)
                return ""
            if not self._listeners.is_up and now_s >= answer_by_s:
                return f"no answer to the log-in within {ANSWER_WITHIN_S:g} s"
            if self._listeners.is_up:
                self._subscribe(client)
            self._wait(client, connection)
            self._exchange(client, connection)
        return ""

    def _wait(self, client: mqtt.Client, connection: Any) -> None:
        # `select` would not do: it knows no file beyond the 1,024th, and a fleet has many.
        poll = select.poll()
        poll.register(connection, select.POLLIN | (select.POLLOUT if client.want_write() else 0))
        poll.register(self._woken, select.POLLIN)
        poll.poll(_LOOK_EVERY_S * 1000)
        with contextlib.suppress(BlockingIOError):
            self._woken.recv(4096)

    @staticmethod
    def _exchange(client: mqtt.Client, connection: Any) -> None:
        client.loop_read()
        # What TLS has unpacked already, no poll would tell.
        while client.socket() is connection and getattr(connection, "pending", int)():
            client.loop_read()
        if client.want_write():
            client.loop_write()
        client.loop_misc()

    def _subscribe(self, client: mqtt.Client) -> None:
        wanted, unwanted = self._listeners.to_do()
        for topic in wanted:
            try:
                _, number = client.subscribe(topic, qos=1)
            except ValueError:
                number = None
            self._listeners.asked(topic, number)
        for topic in unwanted:
            client.unsubscribe(topic)

    def _on_connect(self, _client: mqtt.Client, _data: object, _flags: object, code: Any, _properties: object) -> None:
        if code.is_failure:
            raise Refused(f"the broker refuses the log-in: {code}")
        log.info("broker_reached", broker=self._login.where)
        self._listeners.connected()

    def _on_subscribe(
        self, _client: mqtt.Client, _data: object, number: int, codes: list[Any], _properties: object
    ) -> None:
        denied = self._listeners.answered(number, granted=not codes[0].is_failure)
        if denied:
            log.warning("topic_denied", broker=self._login.where, topic=denied)

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        self._listeners.message(message.topic)
