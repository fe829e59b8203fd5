"""Seats: few VENs register at one VTN at a time; the others hear when it is their turn. For any thread."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Callable, Hashable

MOST_SEATS = 16
LARGEST_PORTION = 200
# While it registers a portion, a VEN does nothing else; its metering is made up for afterwards.
PORTION_S = 60.0


def seats_at(rate: float | None) -> int:
    """How many VENs register at once: fewer where the rate is so low that each of them would take very long."""
    return MOST_SEATS if rate is None else min(MOST_SEATS, max(1, math.ceil(rate)))


def portion_at(rate: float | None) -> int:
    """How many resources a VEN registers in one go, so that it takes about `PORTION_S` while all seats are taken."""
    if rate is None:
        return LARGEST_PORTION
    return min(LARGEST_PORTION, max(1, int(PORTION_S * rate / seats_at(rate))))


class Seats:
    """`most` says how many there are now. Nobody blocks here: a VEN that waits goes on with its metering."""

    def __init__(self, most: Callable[[], int]) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._taken: dict[Hashable, int] = {}
        self._numbers = itertools.count(1)
        self._waiting: dict[Hashable, Callable[[], None]] = {}

    @property
    def any_taken(self) -> bool:
        return bool(self._taken)

    def number(self, who: Hashable) -> int:
        """Higher for each seat that is taken, 0 without a seat: the VENs that came first finish first."""
        return self._taken.get(who, 0)

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

    def stand_up(self, who: Hashable) -> None:
        """Give the seat back, if `who` has one; a place in the line is kept."""
        if who in self._taken:
            self.leave(who)

    def leave(self, who: Hashable) -> None:
        """Give back the seat, or the place in the line; one that has neither does no harm."""
        with self._lock:
            self._taken.pop(who, None)
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
            self._taken[who] = next(self._numbers)
        return told
