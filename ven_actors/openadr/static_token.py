"""A bearer token that is given, not fetched: only for the VTN's own origin, and read again when it is refused."""

from __future__ import annotations

import math
from collections.abc import Callable

from ven_actors.errors import CredentialsRefused
from ven_actors.model import GivenToken, Secret
from ven_actors.openadr.auth import FORBIDDEN_PAUSE_S, Token
from ven_actors.secret import secret_of_file, token_problem


class StaticToken:
    """Hands out one token until it is refused, then what its file holds by then.

    Any number of threads may ask: at worst two of them read the file.
    """

    is_for_vtn_only = True

    def __init__(self, given: GivenToken, monotonic: Callable[[], float]) -> None:
        self._given = given
        self._monotonic = monotonic
        self._token = Token(given.value, math.inf)
        self._forbidden_until_s = float("-inf")

    @property
    def words(self) -> str:
        """What the VTN does where a 401 stays."""
        refuses = f"refuses the token of {self._given.origin}"
        if self._given.file is None:
            return f"{refuses}; correct it and start again"
        return f"{refuses}, which was read again; put a token there that the VTN accepts"

    def token(self, refused: Token | None = None) -> Token:
        """The token; the very one that is `refused` where there is no other. Raises `CredentialsRefused`."""
        if refused is not None and refused is self._token and self._given.file is not None:
            value = self._read_again()
            if value != refused.value:
                self._token = Token(value, math.inf)
        return self._token

    def may_renew_after_403(self) -> bool:
        """Whether the file may hold a token that may do more; it is looked at once a minute."""
        return self._given.file is not None and self._monotonic() >= self._forbidden_until_s

    def still_forbidden(self) -> None:
        self._forbidden_until_s = self._monotonic() + FORBIDDEN_PAUSE_S

    def _read_again(self) -> Secret:
        assert self._given.file is not None
        try:
            value = secret_of_file(self._given.file)
            problem = token_problem(value)
        except OSError as error:
            problem = f"cannot be read again ({error.strerror})"
        except ValueError as error:
            problem = str(error)
        if problem:
            raise CredentialsRefused(
                f"the VTN refuses the token of {self._given.origin}, and the file {problem}",
                remedy="put a token there that the VTN accepts",
            )
        return value
