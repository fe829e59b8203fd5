"""One request and its whole answer within a deadline; the only place where foreign transport errors are translated."""

from __future__ import annotations

import http.client
import ssl
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import urllib3

from ven_actors.errors import VtnAmbiguous, VtnError, VtnNonsense, VtnUnreachable
from ven_actors.openadr.sockets import Call, serving
from ven_actors.openadr.traffic import Traffic
from ven_actors.openadr.transport import PlainSession, ResponseTooLarge

CHUNK_BYTES = 65_536
LONGEST_RETRY_AFTER_S = 86_400.0

_TRANSPORT_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError)


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer of any status. `retry_after_s` is what its `Retry-After` asks for, at most a day."""

    status: int
    body: bytes
    retry_after_s: float | None = None


class Exchanger:
    """Sends requests over one session. Two threads may use it at once; nothing of it changes but the calls in flight.

    A request that is `safe` to repeat (GET, the token) is repeated once on a new connection when a kept-alive one
    turns out to be dead, and fails with `VtnUnreachable`. Any other fails with `VtnUnreachable` only if no byte of
    it went out, else with `VtnAmbiguous`. The deadline bounds all of it but the name look-up and, for a host of
    several addresses, counts anew for connecting to each.

    Every request goes through the gate that `traffic` has for its origin; the wait there does not count against the
    deadline. While the origin has asked for time, `VtnBusy` says so and nothing is sent.
    """

    def __init__(
        self,
        session: PlainSession,
        *,
        monotonic: Callable[[], float],
        deadline_s: float,
        max_response_bytes: int,
        on_request: Callable[[int | str], None] | None,
        traffic: Traffic | None = None,
    ) -> None:
        self._session = session
        self._traffic = traffic or Traffic(monotonic=monotonic)
        self._monotonic = monotonic
        self._deadline_s = deadline_s
        self._max_response_bytes = max_response_bytes
        self._on_request = on_request or (lambda _: None)
        self._lock = threading.Lock()
        self._calls: set[Call] = set()
        self._closed = False
        self._broken_off = 0

    def exchange(
        self,
        method: str,
        url: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str],
        body: bytes | None = None,
        safe: bool,
    ) -> Answer:
        """The whole answer, whatever its status.

        Raises `VtnUnreachable` (`VtnBusy` among them), `VtnAmbiguous`, and if safe `VtnNonsense`.
        """
        try:
            request = requests.Request(method, url, params=list(query), headers=dict(headers), data=body).prepare()
        except _TRANSPORT_ERRORS as error:
            raise VtnUnreachable(f"{method} {url} cannot be sent: {error}") from error
        call = Call(self._monotonic, self._deadline_s)
        try:
            try:
                answer = self._one(call, request)
            except _TRANSPORT_ERRORS:
                if not (safe and call.is_stale()):
                    raise
                call = Call(self._monotonic, call.remaining_s(), fresh=True)
                answer = self._one(call, request)
        except (*_TRANSPORT_ERRORS, VtnNonsense) as error:
            failure = _translated(error, call, f"{method} {url}", safe=safe)
            self._on_request(_COUNTED_AS[type(failure)])
            raise failure from error
        self._on_request(answer.status)
        return answer

    def now_s(self) -> float:
        """The clock by which its deadlines are measured."""
        return self._monotonic()

    def abort(self) -> int:
        """End every request in flight and refuse all that follow, from any thread; how many it ever ended so."""
        with self._lock:
            self._closed = True
            calls = [call for call in self._calls if not call.aborted]
            self._broken_off += len(calls)
        for call in calls:
            call.abort()
        return self._broken_off

    def _one(self, call: Call, request: requests.PreparedRequest) -> Answer:
        with self._lock:
            if self._closed:
                raise ConnectionAbortedError("this client is closed")
            self._calls.add(call)
        try:
            with self._traffic.gate(str(request.url)).permit(call) as permit:
                call.begins_now()
                with serving(call):
                    answer = self._answer(call, request)
                permit.answered(answer.status, answer.retry_after_s)
                return answer
        finally:
            with self._lock:
                self._calls.discard(call)

    def _answer(self, call: Call, request: requests.PreparedRequest) -> Answer:
        try:
            response = self._session.send(request, stream=True, timeout=call.remaining_s(), allow_redirects=False)
        except BaseException:
            call.drop()
            raise
        try:
            if call.ended:
                raise ConnectionResetError("the answer ended within its headers")
            call.answered = True
            body = read_body(response.raw, self._max_response_bytes)
            if call.aborted:
                raise ConnectionAbortedError("the request was aborted")
            return Answer(response.status_code, body, retry_after_s(response.headers))
        finally:
            response.close()


def read_body(raw: Any, max_bytes: int) -> bytes:
    """The body, unpacked. Raises `ResponseTooLarge` as soon as there is one byte too many, the rest still packed."""
    encoding = raw.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip"}:
        raise VtnNonsense(f"the answer is packed as {encoding[:40]!r}, which was not offered (gzip was)")
    unpacker = zlib.decompressobj(wbits=31) if encoding.endswith("gzip") else None
    body = bytearray()
    packed_bytes = 0
    for packed in raw.stream(CHUNK_BYTES, decode_content=False):
        packed_bytes += len(packed)
        try:
            body += packed if unpacker is None else unpacker.decompress(packed, max_bytes - len(body) + 1)
        except zlib.error as error:
            raise VtnNonsense(f"the answer is no gzip although it says so: {error}") from None
        if len(body) > max_bytes:
            raise ResponseTooLarge(f"the answer is longer than the limit of {max_bytes} bytes")
    if unpacker is not None and packed_bytes and not unpacker.eof:
        raise VtnNonsense("the gzip of the answer is cut off")
    return bytes(body)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that `Retry-After` asks for: a number, or a date counted from the answer's own `Date`."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_RETRY_AFTER_S)
    try:
        wait_s = (parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("Date", ""))).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(wait_s, 0.0), LONGEST_RETRY_AFTER_S)


# OpenSSL's codes for a certificate, or its authority, that nobody here knows.
_UNKNOWN_AUTHORITY = frozenset({18, 19, 20, 21})
_COUNTED_AS = {VtnUnreachable: "unreachable", VtnAmbiguous: "ambiguous", VtnNonsense: "nonsense"}
_COUNTED_AS[ResponseTooLarge] = "nonsense"


def _translated(error: Exception, call: Call, what: str, *, safe: bool) -> VtnError:
    if not call.sent:
        return VtnUnreachable(f"{what}: nothing was sent: {_reason(error)}")
    if not safe:
        return VtnAmbiguous(f"{what} went out and no complete answer came back: {_reason(error)}")
    if isinstance(error, VtnNonsense):
        return type(error)(f"{what}: {error}")
    if call.answered and call.has_time():
        return VtnNonsense(f"{what}: the answer was cut off: {_reason(error)}")
    return VtnUnreachable(f"{what}: no answer: {_reason(error)}")


def _reason(error: BaseException) -> str:
    """The innermost cause in a few words: requests and urllib3 wrap it three times."""
    seen = {id(error)}
    while (inner := error.__cause__ or error.__context__) is not None and id(inner) not in seen:
        seen.add(id(inner))
        error = inner
    if isinstance(error, ssl.SSLCertVerificationError):
        known = "; --ca-file names the authority to trust" if error.verify_code in _UNKNOWN_AUTHORITY else ""
        return f"its certificate is not trusted ({error.verify_message}){known}"
    return f"{type(error).__name__}: {error}"[:300]
