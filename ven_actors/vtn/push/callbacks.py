"""HTTP to the callback servers of subscribers: the echo check, and the notifications themselves."""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import msgspec
import requests

from ven_actors.vtn.facts import Clock, Draft, Kind
from ven_actors.vtn.problems import Problem
from ven_actors.vtn.push.lanes import Notice, Outcome

MOST_CALLBACKS = 20
TIMEOUT_S = (3.05, 10.0)
_MOST_ECHO_BYTES = 4096
_AGAIN = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Callback:
    url: str
    token: str | None


@dataclass(frozen=True, slots=True)
class CallbackPlan:
    """`ca_file` instead of the authorities of the system; `loopback_only` refuses all other machines."""

    ca_file: Path | None = None
    loopback_only: bool = False


class Callbacks:
    """`mono_s` bounds how long an echo may drip."""

    def __init__(self, plan: CallbackPlan, mono_s: Clock) -> None:
        self._verify: str | bool = True if plan.ca_file is None else str(plan.ca_file)
        self._loopback_only = plan.loopback_only
        self._mono_s = mono_s
        self._sessions = threading.local()
        self._checkers = ThreadPoolExecutor(8, thread_name_prefix="vtn-echo")

    def close(self) -> None:
        self._checkers.shutdown(wait=False, cancel_futures=True)

    async def check(self, callbacks: Iterable[Callback]) -> None:
        """Each has to answer GET ?echo=x with 200 and x (OpenADR 3.1.0 Definition, Webhooks); else 400."""
        wanted = list(dict.fromkeys(callbacks))
        if len(wanted) > MOST_CALLBACKS:
            raise Problem(400, f"there are {len(wanted)} different callbacks; at most {MOST_CALLBACKS} are allowed")
        for callback in wanted:
            self._check_url(callback.url)
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(self._checkers, self._echo, callback) for callback in wanted))

    def send(self, notice: Notice) -> Outcome:
        """One POST. What the callback server says matters, not what it adds: its body is not read."""
        headers = {"Content-Type": b"application/json", **_authorization(notice.token)}
        try:
            with self._session().post(
                notice.url, data=notice.body, headers=headers, timeout=TIMEOUT_S, allow_redirects=False, stream=True
            ) as answer:
                status = answer.status_code
        except (requests.RequestException, OSError, ValueError):
            return Outcome.AGAIN
        if 200 <= status < 300:
            return Outcome.DELIVERED
        return Outcome.AGAIN if status >= 500 or status in _AGAIN else Outcome.REFUSED

    def _check_url(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError as error:
            raise Problem(400, f"callbackUrl {url[:200]!r} is no URL: {error}") from error
        loopback = _is_loopback(parts)
        if parts.scheme.lower() not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise Problem(400, f"callbackUrl {url[:200]!r} has to be https://host/..., without user and password")
        if parts.scheme.lower() == "http" and not loopback:
            raise Problem(400, f"callbackUrl {url[:200]!r} has to be https; plain http is for this machine only")
        if self._loopback_only and not loopback:
            raise Problem(400, f"callbackUrl {url[:200]!r} is on another machine, which this VTN does not call")

    def _echo(self, callback: Callback) -> None:
        word = secrets.token_hex(8)
        shown = callback.url[:200]
        try:
            with self._session().get(
                callback.url,
                params={"echo": word},
                headers=_authorization(callback.token),
                timeout=TIMEOUT_S,
                allow_redirects=False,
                stream=True,
            ) as answer:
                status, body = answer.status_code, self._beginning(answer)
        except (requests.RequestException, OSError, ValueError) as error:
            reason = type(error).__name__
            raise Problem(400, f"callbackUrl {shown!r} does not answer ({reason}); it has to run first") from error
        if status != 200 or word.encode() not in body:
            raise Problem(400, f"callbackUrl {shown!r} answered {status} without the word given as ?echo=")

    def _beginning(self, answer: requests.Response) -> bytes:
        """Not more than an echo needs, byte by byte: a time-out of requests is for one byte, this one for all."""
        until_s = self._mono_s() + TIMEOUT_S[1]
        body = bytearray()
        for byte in answer.iter_content(1):
            body += byte
            if len(body) >= _MOST_ECHO_BYTES or self._mono_s() > until_s:
                break
        return bytes(body)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._sessions, "session", None)
        if session is None:
            session = self._sessions.session = requests.Session()
            session.trust_env = False
            session.verify = self._verify
        return session


def callbacks_of(draft: Draft) -> list[Callback]:
    """What has to answer before this is stored: the callbacks of a subscription."""
    if draft.kind is not Kind.SUBSCRIPTION:
        return []
    return [
        Callback(entry["callbackUrl"], entry.get("bearerToken"))
        for entry in msgspec.json.decode(draft.body)["objectOperations"]
    ]


def _is_loopback(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _authorization(token: str | None) -> dict[str, bytes]:
    return {} if token is None else {"Authorization": f"Bearer {token}".encode()}
