"""What push needs of one VEN's client: its subscriptions, the VTN's notifiers, and a token for the broker."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from ven_actors.errors import CredentialsRefused
from ven_actors.openadr.api import Api
from ven_actors.openadr.auth import Token
from ven_actors.openadr.dialect import StandardDialect
from ven_actors.openadr.notifiers import Notifiers
from ven_actors.openadr.subscriptions import Subscriber
from ven_actors.openadr.tokens import Tokens


class PushSide:
    """One VEN's. `client_id` is empty, and there are no tokens, where no credentials are configured.

    `dialect` is asked when it is first needed, as it may have to be found out; it raises `VtnError`.
    """

    def __init__(
        self,
        api: Api,
        dialect: Callable[[], StandardDialect],
        ven_name: str,
        client_id: str,
        tokens: Tokens | None,
        *,
        strict: bool = False,
    ) -> None:
        self._api = api
        self._strict = strict
        self._dialect = dialect
        self._ven_name = ven_name
        self.client_id = client_id
        self.notifiers = Notifiers(api)
        self._tokens = tokens

    @cached_property
    def subscriber(self) -> Subscriber:
        return Subscriber(self._api, self._dialect(), self._ven_name, strict=self._strict)

    @property
    def subscriptions_name_program(self) -> bool:
        """Whether one subscription is for one program."""
        return self._dialect().subscriptions_name_program

    def token(self, refused: Token | None = None) -> Token | None:
        """A bearer token for the broker that is not `refused`. Raises `VtnError`; may be called from any thread."""
        if self._tokens is not None and self._tokens.is_for_vtn_only:
            raise CredentialsRefused(
                "the broker wants a token, but a given token is sent only to the VTN",
                remedy="use --push webhook, or credentials with which a token can be fetched",
            )
        return None if self._tokens is None else self._tokens.token(refused)
