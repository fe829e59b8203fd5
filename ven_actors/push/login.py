"""How to reach a broker and who to be there: addresses, TLS and the three methods of authentication (R39)."""

from __future__ import annotations

import contextlib
import os
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Protocol
from urllib.parse import urlsplit

from ven_actors.errors import VtnNonsense
from ven_actors.openadr.auth import Token
from ven_actors.openadr.notifiers import Broker, Method
from ven_actors.openadr.push_side import PushSide

_PORTS = {"mqtt": 1883, "tcp": 1883, "mqtts": 8883, "ssl": 8883, "ws": 80, "wss": 443}
_ENCRYPTED = frozenset({"mqtts", "ssl", "wss"})
OUR_CLIENT_ID = "{clientID}"


class Refused(Exception):  # noqa: N818 - named after what the broker did
    """The broker does not let us in."""


class Client(Protocol):
    """The part of an MQTT client that logging in needs."""

    def username_pw_set(self, username: str | None, password: str | None = None) -> Any: ...


@dataclass(frozen=True, slots=True)
class Address:
    """`path` is empty but for websockets; `tls` None means plain."""

    host: str
    port: int
    path: str
    tls: ssl.SSLContext | None


@dataclass(frozen=True, slots=True)
class Account:
    """VENs of the same account share a connection: where it goes, and whose token it bears if it needs one."""

    broker: Broker
    client_id: str

    @classmethod
    def of(cls, broker: Broker, side: PushSide) -> Account:
        return cls(broker, side.client_id if broker.method is Method.OAUTH2_BEARER_TOKEN else "")


class Login:
    """Of one account. The constructor raises `VtnNonsense` for what cannot be used or must not be trusted."""

    def __init__(self, account: Account, side: PushSide, tls: ssl.SSLContext, *, allow_plain: bool) -> None:
        self._broker = account.broker
        self._side = side
        if account.broker.method is Method.CERTIFICATE:
            tls = _client_context(account.broker, tls)
        self._addresses = addresses(account.broker.uris, tls, allow_plain=allow_plain)
        self._next = 0
        self._token: Token | None = None
        self.where = f"{self._addresses[0].host}:{self._addresses[0].port}"

    def next_address(self) -> Address:
        """Each of the broker's addresses in turn."""
        address = self._addresses[self._next % len(self._addresses)]
        self._next += 1
        return address

    def sign_in(self, client: Client, *, refused: bool) -> float:
        """Give `client` its name and password, a new token if the last was `refused`; the time to do so again.

        Monotonic, infinite where nothing expires. Raises `VtnError` where there is no token.
        """
        if self._broker.method is not Method.OAUTH2_BEARER_TOKEN:
            if self._broker.username:
                client.username_pw_set(self._broker.username)
            return float("inf")
        self._token = self._side.token(self._token if refused else None)
        username = self._side.client_id if self._broker.username == OUR_CLIENT_ID else self._broker.username
        if self._token is None:
            raise Refused("the broker wants a token, and no credentials are configured")
        client.username_pw_set(username, self._token.value.reveal())
        return self._token.renew_at_s


def addresses(uris: Sequence[str], tls: ssl.SSLContext, *, allow_plain: bool) -> list[Address]:
    """Those of the broker's URIs that may be used. Raises `VtnNonsense` where none may."""
    found, problems = [], []
    for uri in uris:
        try:
            parts = urlsplit(uri)
            scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
        except ValueError:
            scheme, host, port = "", None, None
        if scheme not in _PORTS or not host:
            problems.append(f"{uri[:200]!r} is no MQTT address")
        elif scheme not in _ENCRYPTED and not allow_plain and not _is_loopback(host):
            problems.append(f"{uri[:200]!r} is not encrypted; use mqtts, or allow it with --insecure-http")
        else:
            path = (parts.path or "/mqtt") if scheme in {"ws", "wss"} else ""
            found.append(Address(host, port or _PORTS[scheme], path, tls if scheme in _ENCRYPTED else None))
    if not found:
        raise VtnNonsense(f"the VTN's MQTT broker cannot be used: {'; '.join(problems) or 'no address'}")
    return found


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _client_context(broker: Broker, usual: ssl.SSLContext) -> ssl.SSLContext:
    """A context of the certificates that the VTN gave as text; they touch no disk."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if usual.verify_mode is ssl.CERT_NONE:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    try:
        if broker.ca_cert:
            context.load_verify_locations(cadata=broker.ca_cert)
        else:
            context.load_default_certs()
        with _in_memory(f"{broker.client_cert}\n{broker.client_key.reveal()}\n".encode()) as path:
            # Without a password of ours, a locked key would ask on the terminal.
            context.load_cert_chain(path, password=b"")
    except (OSError, ValueError) as error:
        raise VtnNonsense(f"the certificates for the VTN's MQTT broker cannot be used: {error}") from None
    return context


@contextlib.contextmanager
def _in_memory(content: bytes) -> Iterator[str]:
    """A path under which `content` can be read while the context lasts."""
    file = os.memfd_create("client certificate", os.MFD_CLOEXEC)
    try:
        os.write(file, content)
        yield f"/proc/self/fd/{file}"
    finally:
        os.close(file)
