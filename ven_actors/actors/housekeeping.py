"""Housekeeping in the store: what was settled long ago is dropped; what outgrows the bound is given up, and said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from ven_actors.delivery.desk import Desk
from ven_actors.delivery.fleet_outbox import FleetOutbox
from ven_actors.delivery.outbox import VenOutbox

_EVICTED_SHARE = 20


class TidyStore(Protocol):
    def drop_settled(self, before_s: int, open_since_s: int) -> None: ...
    def drop_quarantined(self) -> bool: ...
    def used_bytes(self) -> int: ...


class Housekeeping:
    """`keep_s` is how long accepted blocks are kept; beyond `most_bytes` the oldest open ones are evicted."""

    def __init__(self, store: TidyStore, outbox: FleetOutbox, desk: Desk, *, keep_s: int, most_bytes: int) -> None:
        self._store = store
        self._outbox = outbox
        self._desk = desk
        self._keep_s = keep_s
        self._most_bytes = most_bytes

    def tidy(self, now_s: int) -> Iterator[VenOutbox]:
        """Tidy up as of simulated time `now_s`; yields the outboxes of which something was evicted.

        Only right after a commit, when memory and store agree. Where room is short, everything settled, and then the
        columns of what was refused, go before anything open does.
        """
        oldest_s = (outbox.oldest_unsettled_s() for outbox in self._outbox.vens.values())
        open_since_s = min((start_s for start_s in oldest_s if start_s is not None), default=now_s)
        self._store.drop_settled(now_s - self._keep_s, open_since_s)
        if self._store.used_bytes() <= self._most_bytes:
            return
        self._store.drop_settled(now_s, open_since_s)
        while (used := self._store.used_bytes()) > self._most_bytes and self._store.drop_quarantined():
            pass
        if used <= self._most_bytes:
            return
        why = f"the store holds {used} bytes, its bound is {self._most_bytes} (outbox_max_bytes)"
        for outbox, blocks in self._outbox.oldest_blocks(_EVICTED_SHARE):
            self._desk.evict(outbox, blocks, why)
            yield outbox
