"""A client's bearer tokens: fetched ones, or a given one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ven_actors.model import Credentials
from ven_actors.openadr.auth import Token, TokenEndpoint, TokenSource
from ven_actors.openadr.exchange import Exchanger
from ven_actors.openadr.static_token import StaticToken


class Tokens(Protocol):
    """Of one client; any number of threads may ask.

    `is_for_vtn_only`: it must be sent to the VTN's own origin and nowhere else. `words` say what a VTN does that
    answers 401 in the end.
    """

    @property
    def is_for_vtn_only(self) -> bool: ...

    @property
    def words(self) -> str: ...

    def token(self, refused: Token | None = None) -> Token:
        """One that is not `refused`, or `refused` itself where there is no other. Raises `VtnError`."""

    def may_renew_after_403(self) -> bool: ...

    def still_forbidden(self) -> None: ...


def tokens_of(
    credentials: Credentials | None,
    exchanger: Exchanger,
    *,
    base_url: str,
    auth_server_path: str | None,
    by_basic: bool,
    deadline_s: float,
    monotonic: Callable[[], float],
    allow_plain_http: bool,
) -> Tokens | None:
    """None where no credentials are configured. Raises `UsageError` for a token URL that gets no secret."""
    if credentials is None:
        return None
    if credentials.token is not None:
        return StaticToken(credentials.token, monotonic)
    endpoint = TokenEndpoint(
        exchanger,
        credentials,
        base_url=base_url,
        auth_server_path=auth_server_path,
        monotonic=monotonic,
        allow_plain_http=allow_plain_http,
        by_basic=by_basic,
    )
    return TokenSource(endpoint.fetch, monotonic, wait_s=2 * deadline_s)
