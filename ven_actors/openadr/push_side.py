"""What push needs of one VEN's client: its subscriptions, the VTN's notifiers, and a token for the broker."""

from __future__ import annotations

from ven_actors.openadr.api import Api
from ven_actors.openadr.auth import Token, TokenSource
from ven_actors.openadr.dialect import StandardDialect
from ven_actors.openadr.notifiers import Notifiers
from ven_actors.openadr.subscriptions import Subscriber


class PushSide:
    """One VEN's. `client_id` is empty, and there are no tokens, where no credentials are configured.

    `subscriptions_name_program` says that one subscription is for one program.
    """

    def __init__(
        self, api: Api, dialect: StandardDialect, ven_name: str, client_id: str, tokens: TokenSource | None
    ) -> None:
        self.client_id = client_id
        self.subscriber = Subscriber(api, dialect, ven_name)
        self.notifiers = Notifiers(api)
        self.subscriptions_name_program = dialect.subscriptions_name_program
        self._tokens = tokens

    def token(self, refused: Token | None = None) -> Token | None:
        """A bearer token that is not `refused`. Raises `VtnError`; may be called from any thread."""
        return None if self._tokens is None else self._tokens.token(refused)
