"""VENs that listen to an MQTT broker, and the notifier endpoints that name its topics."""

import json
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ven_actors.errors import VtnRefused
from ven_actors.messages import Hint
from ven_actors.model import Secret
from ven_actors.openadr.auth import Token
from ven_actors.openadr.notifiers import Notifiers
from ven_actors.openadr.transport import build_ssl_context
from ven_actors.push.brokers import MqttBrokers
from ven_actors.push.desk import PushDesk
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
        self.ids: dict[str, str] = {}

    def ven(self, name: str = "Herning", side: Side | None = None) -> Probe:
        self.pushes[name] = self.desk.for_ven(name, side or Side(self.api))
        self.vens[name] = Probe(name)
        return self.vens[name]

    def keep(self, name: str = "Herning", *program_ids: str) -> None:
        self.pushes[name].keep(self.vens[name], self.ids.get(name, f"id-{name}"), program_ids)

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


def until(condition: Callable[[], bool]) -> None:
    """Wait for what another thread does and tells nobody."""
    again, end_s = threading.Event(), time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < end_s, "it never came to that"
        again.wait(0.01)
