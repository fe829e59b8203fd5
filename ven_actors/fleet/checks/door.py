"""Authorised requests as the fleet makes them, with what it has no use for: the VTN's clock and the token's scopes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
import requests

from ven_actors.model import Credentials
from ven_actors.openadr.api import Api
from ven_actors.openadr.exchange import Answer, Exchanger
from ven_actors.openadr.tokens import tokens_of
from ven_actors.openadr.traffic import Traffic
from ven_actors.openadr.transport import PlainSession, SharedAdapter

_FORM = "application/x-www-form-urlencoded"


class Door:
    """`ahead_s` is how far our clock is ahead of the VTN's, to a second; None before an answer bore a `Date`.

    `scopes` are those that the token's answer named, None where it named none.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Credentials | None,
        *,
        adapter: SharedAdapter,
        auth_server_path: str | None,
        by_basic: bool,
        deadline_s: float,
        max_response_bytes: int,
        allow_plain_http: bool,
        wall_s: Callable[[], float],
        monotonic: Callable[[], float],
        traffic: Traffic,
    ) -> None:
        self._session = _DateSession(adapter, base_url, wall_s)
        self._exchanger = _ScopeExchanger(
            self._session,
            monotonic=monotonic,
            deadline_s=deadline_s,
            max_response_bytes=max_response_bytes,
            on_request=None,
            traffic=traffic,
        )
        self.tokens = tokens_of(
            credentials,
            self._exchanger,
            base_url=base_url,
            auth_server_path=auth_server_path,
            by_basic=by_basic,
            deadline_s=deadline_s,
            monotonic=monotonic,
            allow_plain_http=allow_plain_http,
        )
        self.api = Api(self._exchanger, base_url, self.tokens)

    @property
    def ahead_s(self) -> float | None:
        return self._session.ahead_s

    @property
    def scopes(self) -> frozenset[str] | None:
        return self._exchanger.scopes


class _DateSession(PlainSession):
    """Compares the clocks with each answer of the VTN; the token endpoint may be another machine."""

    def __init__(self, adapter: SharedAdapter, base_url: str, wall_s: Callable[[], float]) -> None:
        super().__init__(adapter)
        self._base_url = base_url
        self._wall_s = wall_s
        self.ahead_s: float | None = None

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        begun_s = self._wall_s()
        response = super().send(request, **kwargs)
        if str(request.url).startswith(self._base_url):
            self._compare(response.headers.get("Date", ""), (begun_s + self._wall_s()) / 2)
        return response

    def _compare(self, date: str, ours_s: float) -> None:
        try:
            theirs_s = parsedate_to_datetime(date).timestamp()
        except (TypeError, ValueError):
            return
        self.ahead_s = ours_s - (theirs_s + 0.5)  # a Date is cut to the second


class _ScopeExchanger(Exchanger):
    scopes: frozenset[str] | None = None

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
        answer = super().exchange(method, url, query=query, headers=headers, body=body, safe=safe)
        if headers.get("Content-Type") == _FORM:
            self.scopes = _scopes(answer.body)
        return answer


def _scopes(body: bytes) -> frozenset[str] | None:
    """A string of words, as OAuth has it, or a list, as some VTNs give it."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    scope = said.get("scope") if isinstance(said, dict) else None
    words = scope.split() if isinstance(scope, str) else scope
    return frozenset(map(str, words)) if isinstance(words, list) and words else None
