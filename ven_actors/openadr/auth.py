"""OAuth 2 client credentials: one token per client, renewed before it expires, by one thread at a time."""

from __future__ import annotations

import math
import threading
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode

from ven_actors.errors import (
    CredentialsRefused,
    UsageError,
    VtnBusy,
    VtnNonsense,
    VtnRefused,
    VtnUnreachable,
)
from ven_actors.model import Credentials, Secret
from ven_actors.openadr.addresses import checked_url
from ven_actors.openadr.decoding import decode, words_of
from ven_actors.openadr.exchange import Answer, Exchanger
from ven_actors.openadr.lanes import Lane, in_lane
from ven_actors.openadr.refusals import error_code, is_refusal, refusal
from ven_actors.openadr.wire import WireAuthServer, WireToken
from ven_actors.secret import token_problem

DEFAULT_LIFE_S = 3_600.0
LARGEST_MARGIN_S = 60.0
MARGIN_SHARE = 0.1
LONGEST_LIFE_S = 30 * 86_400.0
FORBIDDEN_PAUSE_S = 60.0
# Statuses after which the address is kept: the trouble passes, and the token endpoint is still there.
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


def passes(status: int) -> bool:
    """Whether a status that is not a refusal means that the endpoint is there, and will give tokens again."""
    return status in _PASSING or 400 <= status <= 403


@dataclass(frozen=True, slots=True, eq=False)
class Token:
    """A bearer token; `renew_at_s` is monotonic time, a margin before it expires at `until_s`."""

    value: Secret
    renew_at_s: float
    until_s: float = -math.inf

    @property
    def authorization(self) -> str:
        return f"Bearer {self.value.reveal()}"


class TokenSource:
    """Hands out the token of one client. Any number of threads may ask; one fetches, the others wait for it.

    The lock is never held over I/O.
    """

    is_for_vtn_only = False
    words = "refuses a new token"

    def __init__(self, fetch: Callable[[], Token], monotonic: Callable[[], float], wait_s: float) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._wait_s = wait_s
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._flight: Future[Token] | None = None
        self._forbidden_until_s = float("-inf")

    def token(self, refused: Token | None = None) -> Token:
        """A token that is not `refused` and need not be renewed yet. Raises what `fetch` raises.

        One that should be renewed and cannot be, because its endpoint is away or asks to wait, serves until it expires.
        """
        with self._lock:
            token = self._token
            if token is not None and token is not refused and self._monotonic() < token.renew_at_s:
                return token
            flight = self._flight
            if flight is None:
                mine = self._flight = Future()
        try:
            return self._fly(mine) if flight is None else self._awaited(flight)
        except VtnUnreachable:
            if token is None or token is refused or self._monotonic() >= token.until_s:
                raise
            return token

    def may_renew_after_403(self) -> bool:
        """Whether a new token may help: not for a minute after one did not (then a scope is missing)."""
        return self._monotonic() >= self._forbidden_until_s

    def still_forbidden(self) -> None:
        self._forbidden_until_s = self._monotonic() + FORBIDDEN_PAUSE_S

    def _awaited(self, flight: Future[Token]) -> Token:
        try:
            return flight.result(timeout=self._wait_s)
        except FutureTimeoutError:
            raise VtnUnreachable(f"no token within {self._wait_s:g} s: another request is still fetching it") from None

    def _fly(self, flight: Future[Token]) -> Token:
        try:
            token = self._fetch()
        except BaseException as error:
            self._land(None)
            flight.set_exception(error)
            raise
        self._land(token)
        flight.set_result(token)
        return token

    def _land(self, token: Token | None) -> None:
        with self._lock:
            self._flight = None
            if token is not None:
                self._token = token


class TokenEndpoint:
    """Finds the token endpoint (R3) and gets a token there, the secret in the form body or by HTTP Basic (R4).

    What was found is kept until an answer speaks against the address. Where the endpoint has asked for time
    (`Retry-After`), the gate of its origin lets no request of any client through and raises `VtnBusy`, which says how
    long.
    """

    def __init__(
        self,
        exchanger: Exchanger,
        credentials: Credentials,
        *,
        base_url: str,
        auth_server_path: str | None,
        monotonic: Callable[[], float],
        allow_plain_http: bool,
        by_basic: bool = False,
    ) -> None:
        self._exchanger = exchanger
        self._by_basic = by_basic if credentials.basic is None else credentials.basic
        self._credentials = credentials
        self._base_url = base_url
        self._auth_server_path = auth_server_path
        self._monotonic = monotonic
        self._allow_plain_http = allow_plain_http
        self._url = self._checked(credentials.token_url) if credentials.token_url else ""

    def fetch(self) -> Token:
        """A new token.

        Raises `CredentialsRefused`, or `VtnUnreachable` (`VtnBusy` among them) when there is none for another reason.
        """
        try:
            with in_lane(Lane.TOKEN):
                if not self._url:
                    self._url = self._discovered()
                begun_s = self._monotonic()
                return self._parsed(self._asked(), begun_s)
        except VtnRefused as error:
            if error.retry_after_s is None:
                raise VtnUnreachable(f"no token: {error}") from error
            raise VtnBusy(f"no token: {error}", retry_after_s=error.retry_after_s) from error
        except VtnBusy as error:
            raise VtnBusy(f"no token: {error}", retry_after_s=error.retry_after_s) from error
        except VtnNonsense as error:
            raise VtnUnreachable(f"no token: {error}") from error

    def _checked(self, url: str) -> str:
        return checked_url(url, "token URL", allow_plain_http=self._allow_plain_http, query=True)

    def _discovered(self) -> str:
        if self._auth_server_path is not None:
            url = self._base_url + self._auth_server_path
            answer = self._exchanger.exchange("GET", url, headers={"Accept": "application/json"}, safe=True)
            if answer.status == 200:
                found = decode(answer.body, WireAuthServer, f"the answer of {url}").token_url
                try:
                    return self._checked(found)
                except UsageError as error:
                    raise CredentialsRefused(f"{url} names a token URL that gets no secret from us: {error}") from None
            if answer.status == 429 or answer.status >= 500:
                raise self._refused(answer, url)
        return self._base_url + "/auth/token"

    def _asked(self) -> bytes:
        form = {"grant_type": "client_credentials", **dict(self._credentials.form)}
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        if self._by_basic:
            headers["Authorization"] = _basic(self._credentials)
        else:
            form["client_id"] = self._credentials.client_id
            form["client_secret"] = self._credentials.client_secret.reveal()
        body = urlencode(form).encode("ascii")
        answer = self._exchanger.exchange("POST", self._url, headers=headers, body=body, safe=True)
        if answer.status in {200, 201}:
            return answer.body
        url, code = self._url, error_code(answer.body)
        if is_refusal(answer.status, code):
            raise refusal(url, self._credentials, answer.status, code, self._words(answer))
        if not passes(answer.status):
            self._url = self._credentials.token_url.rstrip("/")
        raise self._refused(answer, url)

    def _parsed(self, body: bytes, begun_s: float) -> Token:
        wire = decode(body, WireToken, f"the token of {self._url}", secret=True)
        value = Secret(wire.access_token_jwt or wire.access_token)
        problem = token_problem(value)
        if problem:
            raise VtnNonsense(f"{self._url} gave an access_token that {problem}")
        life_s = lifetime_s(wire.expires_in)
        until_s = begun_s + life_s
        return Token(value, until_s - min(LARGEST_MARGIN_S, life_s * MARGIN_SHARE), until_s)

    def _words(self, answer: Answer) -> str:
        """What the endpoint says, without our secret, should it say that too."""
        words = words_of(answer.body) or "it says nothing more"
        return words.replace(self._credentials.client_secret.reveal() or "\0", "***")

    def _refused(self, answer: Answer, url: str) -> VtnRefused:
        return VtnRefused(
            f"{url} answers {answer.status}: {self._words(answer)}",
            status=answer.status,
            retry_after_s=answer.retry_after_s,
        )


def _basic(credentials: Credentials) -> str:
    """Id and secret are form-encoded first, as RFC 6749 (2.3.1) has it."""
    both = f"{quote_plus(credentials.client_id)}:{quote_plus(credentials.client_secret.reveal())}"
    return f"Basic {b64encode(both.encode('ascii')).decode('ascii')}"


def lifetime_s(expires_in: Any) -> float:
    """Seconds a token lives; an hour where the VTN does not say so intelligibly (R5)."""
    try:
        life_s = float(expires_in)
    except (TypeError, ValueError, OverflowError):
        return DEFAULT_LIFE_S
    return DEFAULT_LIFE_S if math.isnan(life_s) else min(max(life_s, 0.0), LONGEST_LIFE_S)
