"""Authorised requests to one VTN: GETs that must succeed, and requests whose every answer counts."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ven_actors.errors import CredentialsRefused, VtnNonsense, VtnRefused
from ven_actors.model import Secret
from ven_actors.openadr.auth import Token
from ven_actors.openadr.decoding import words_of
from ven_actors.openadr.exchange import Answer, Exchanger
from ven_actors.openadr.tokens import Tokens

USER_AGENT = "ven-actors"


class Api:
    """One VTN as one client sees it. `tokens` None means that no credentials are configured (R4).

    `scopes` are those that a token needs, as far as they are known; they are named where one seems to be missing.
    """

    def __init__(self, exchanger: Exchanger, base_url: str, tokens: Tokens | None) -> None:
        self._exchanger = exchanger
        self._base_url = base_url
        self._tokens = tokens
        self.scopes: Sequence[str] = ()

    @property
    def is_anonymous(self) -> bool:
        """Whether no credentials are configured."""
        return self._tokens is None

    def now_s(self) -> float:
        """Monotonic time."""
        return self._exchanger.now_s()

    def get(self, path: str, query: Sequence[tuple[str, str]] = ()) -> bytes:
        """The body of a 200. Raises `VtnRefused` for any other status, and what `request` raises."""
        answer = self.request("GET", path, query=query)
        if answer.status != 200:
            raise self.refused(answer, "GET", path)
        return answer.body

    def get_unauthorised(self, path: str) -> Answer:
        """Any answer to a GET that bears no token."""
        return self._once("GET", path, (), None, None)

    def refused(self, answer: Answer, method: str, path: str) -> VtnRefused:
        where = " and points elsewhere (redirects are not followed)" if 300 <= answer.status < 400 else ""
        if answer.status == 403 and self.scopes:
            where = f" (a VEN's token needs the scopes {' '.join(self.scopes)})"
        return VtnRefused(
            f"{method} {self._base_url}{path} answers {answer.status}{where}: {words_of(answer.body)}",
            status=answer.status,
            retry_after_s=answer.retry_after_s,
        )

    def request(
        self, method: str, path: str, *, query: Sequence[tuple[str, str]] = (), body: bytes | None = None
    ) -> Answer:
        """The answer, after renewing the token once and trying once more on 401 or 403 (R5).

        Raises `CredentialsRefused` when a 401 stays, or there is no token to be had.
        """
        if self._tokens is None:
            answer = self._once(method, path, query, body, None)
        else:
            token = self._tokens.token()
            answer = self._once(method, path, query, body, token)
            if answer.status == 401 or (answer.status == 403 and self._tokens.may_renew_after_403()):
                other = self._tokens.token(refused=token)
                if other is not token:
                    answer = self._once(method, path, query, body, other)
                if answer.status == 403:
                    self._tokens.still_forbidden()
        if answer.status == 401:
            wanted = "wants credentials and none are configured" if self._tokens is None else self._tokens.words
            raise CredentialsRefused(f"{method} {self._base_url}{path}: the VTN {wanted}: {words_of(answer.body)}")
        return answer

    def request_as(self, bearer: Secret, method: str, path: str, *, body: bytes | None = None) -> Answer:
        """The answer to a request with the VEN's own token, which cannot be renewed: a 401 is `VtnRefused`.

        It says nothing of the client's credentials: the VTN has lost the VEN, or never had it.
        """
        answer = self._once(method, path, (), body, Token(bearer, math.inf))
        if answer.status == 401:
            words = f"the VTN does not know the VEN's own token any more (401): {words_of(answer.body)}"
            raise VtnRefused(f"{method} {self._base_url}{path}: {words}", status=401)
        return answer

    def _once(
        self,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]],
        body: bytes | None,
        token: Token | None,
    ) -> Answer:
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": USER_AGENT}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if token is not None:
            headers["Authorization"] = token.authorization
        url = self._base_url + path
        return self._exchanger.exchange(method, url, query=query, headers=headers, body=body, safe=method == "GET")


def created(answer: Answer, what: str) -> bytes:
    """The body of a 201 (or 200, as some VTNs answer). Raises `VtnNonsense` for any other 2xx."""
    if answer.status not in {200, 201}:
        raise VtnNonsense(f"{what} is answered {answer.status}: expected 201 with the object")
    return answer.body
