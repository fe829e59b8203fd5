"""Access tokens: random strings that the VTN remembers until they expire or it ends."""

from __future__ import annotations

import secrets
from collections import OrderedDict, deque
from dataclasses import dataclass

from ven_actors.vtn.clients import Client
from ven_actors.vtn.facts import Clock, Viewer

MOST_PER_CLIENT = 100


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token stands for."""

    viewer: Viewer
    scopes: frozenset[str]
    expires_mono_s: float


class Tokens:
    """Issues and knows tokens. All live equally long, so the oldest is always the first to expire.

    A client holds at most `MOST_PER_CLIENT`; one more takes the place of its oldest.
    """

    def __init__(self, life_s: int, mono_s: Clock) -> None:
        self.life_s = life_s
        self._mono_s = mono_s
        self._grants: OrderedDict[str, Grant] = OrderedDict()
        self._by_client: dict[str, deque[str]] = {}

    def issue(self, client: Client, scopes: frozenset[str]) -> str:
        self._forget_expired()
        token = secrets.token_urlsafe(24)
        self._grants[token] = Grant(client.viewer, scopes, self._mono_s() + self.life_s)
        own = self._by_client.setdefault(client.name, deque())
        own.append(token)
        if len(own) > MOST_PER_CLIENT:
            self._grants.pop(own.popleft(), None)
        return token

    def find(self, token: str) -> Grant | None:
        """None for a token that is unknown or has expired."""
        grant = self._grants.get(token)
        return grant if grant is not None and grant.expires_mono_s > self._mono_s() else None

    def revoke_all(self) -> None:
        """From now on every token of before is refused, as after a restart."""
        self._grants.clear()
        self._by_client.clear()

    def _forget_expired(self) -> None:
        now_s = self._mono_s()
        while self._grants:
            token, grant = next(iter(self._grants.items()))
            if grant.expires_mono_s > now_s:
                return
            del self._grants[token]
            own = self._by_client[grant.viewer.client_id]
            own.remove(token)
