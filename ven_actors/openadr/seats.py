"""Seats: so many VENs register at one VTN at a time; the others are told when it is their turn. For any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable

MOST_SEATS = 16


class Seats:
    """`most` says how many there are now. Nobody blocks here: a VEN that waits goes on with its metering."""

    def __init__(self, most: Callable[[], int]) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._taken: set[Hashable] = set()
        self._waiting: dict[Hashable, Callable[[], None]] = {}

    @property
    def any_taken(self) -> bool:
        return bool(self._taken)

    def take(self, who: Hashable, tell: Callable[[], None]) -> bool:
        """Whether `who` has a seat now; if not, `tell` is called, from any thread, once it has one."""
        with self._lock:
            if who in self._taken:
                return True
            self._waiting[who] = tell
            told = self._seated()
            has_one = told.pop(who, None) is not None
        for each in told.values():
            each()
        return has_one

    def leave(self, who: Hashable) -> None:
        """Give the seat, or the place in the line, back; one that has neither does no harm."""
        with self._lock:
            self._taken.discard(who)
            self._waiting.pop(who, None)
            told = self._seated()
        for tell in told.values():
            tell()

    def _seated(self) -> dict[Hashable, Callable[[], None]]:
        """Let those in who come next, as far as there are seats; they are to be told."""
        told = {}
        while self._waiting and len(self._taken) < max(1, self._most()):
            who = next(iter(self._waiting))
            told[who] = self._waiting.pop(who)
            self._taken.add(who)
        return told
