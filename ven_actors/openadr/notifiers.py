"""What a VTN says of its MQTT broker: where it is, how to log in, and which topics concern a VEN (R39).

Topic names come from here alone; they are never put together by us.
"""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import quote

import msgspec

from ven_actors.errors import VtnNonsense, VtnRefused
from ven_actors.model import Secret
from ven_actors.openadr.api import Api
from ven_actors.openadr.decoding import decode

PATH = "/notifiers"
_TOPICS = f"{PATH}/mqtt/topics"
_NOT_OFFERED = frozenset({400, 403, 404, 405, 501})
_LONGEST_TOPIC = 65_535


class Method(StrEnum):
    ANONYMOUS = "ANONYMOUS"
    OAUTH2_BEARER_TOKEN = "OAUTH2_BEARER_TOKEN"  # noqa: S105 - the standard's name of a method
    CERTIFICATE = "CERTIFICATE"


class Broker(msgspec.Struct, frozen=True):
    """An `mqttNotifierBindingObject`: PEM text stands inline; `username` may be the literal `{clientID}`."""

    uris: tuple[str, ...]
    method: Method
    username: str = ""
    ca_cert: str = ""
    client_cert: str = ""
    client_key: Secret = Secret("")


class _Authentication(msgspec.Struct, rename="camel"):
    method: str
    username: str | None = None
    ca_cert: str | None = None
    client_cert: str | None = None
    client_key: str | None = None


class _Mqtt(msgspec.Struct):
    authentication: _Authentication
    uris: list[str] = msgspec.field(name="URIS")
    serialization: str = "JSON"


class _Notifiers(msgspec.Struct):
    mqtt: _Mqtt | None = msgspec.field(name="MQTT", default=None)


class _Topics(msgspec.Struct):
    topics: dict[str, str | None]


class Notifiers:
    """Reads the notifier endpoints over one `Api`. A VTN that will not say (403, 404) has nothing to offer."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def broker(self) -> Broker | None:
        """How to reach the VTN's broker; None where it has none for us. Raises `VtnError`."""
        body = self._offered(PATH)
        wire = None if body is None else decode(body, _Notifiers, "the list of notifiers", secret=True).mqtt
        if wire is None:
            return None
        if wire.serialization.upper() != "JSON":
            raise VtnNonsense(f"{PATH} offers MQTT with serialization {wire.serialization[:40]!r}: only JSON is known")
        said = wire.authentication
        # Some VTNs write OAUTH2BEARERTOKEN.
        method = next((each for each in Method if _bare(each) == _bare(said.method)), None)
        if method is None or not wire.uris:
            raise VtnNonsense(f"{PATH} offers MQTT with method {said.method[:40]!r} and {len(wire.uris)} URIs")
        return Broker(
            tuple(wire.uris), method, said.username or "", said.ca_cert or "", said.client_cert or "",
            Secret(said.client_key or ""),
        )  # fmt: skip

    def topics(self, ven_id: str, program_ids: tuple[str, ...]) -> frozenset[str]:
        """All topics that concern a VEN: its own where the VTN has it and such topics, else its programs.

        Raises `VtnError`; empty where the VTN names none.
        """
        own = f"{_TOPICS}/vens/{quote(ven_id, safe='')}" if ven_id else ""
        topics = self._named(own) | self._named(f"{own}/resources") if own else set()
        events = self._named(f"{own}/events") if own else set()
        for program_id in program_ids if not events else ():
            events |= self._named(f"{_TOPICS}/programs/{quote(program_id, safe='')}/events")
        programs = (self._named(f"{own}/programs") if own else set()) or self._named(f"{_TOPICS}/programs")
        return frozenset(topics | events | programs)

    def _named(self, path: str) -> set[str]:
        body = self._offered(path)
        named = {} if body is None else decode(body, _Topics, f"the topics of {path}").topics
        return {topic for topic in named.values() if topic and "\0" not in topic and len(topic) <= _LONGEST_TOPIC}

    def _offered(self, path: str) -> bytes | None:
        try:
            return self._api.get(path)
        except VtnRefused as error:
            if error.status in _NOT_OFFERED:
                return None
            raise


def _bare(method: str) -> str:
    return method.upper().replace("_", "")
