"""How many requests an origin gets: so many per second, and so many at once. Pure: monotonic time is a parameter."""

from __future__ import annotations

import math

from ven_actors.openadr.lanes import Lane

# A little less than the rate is aimed at, so that lateness can be made up for and yet no 10 s have more than the rate.
AIMED_AT = 0.98
MADE_UP_FOR_S = 0.1
FEWEST_SLOTS = 4
FIRST_SLOTS = 32
MOST_SLOTS = 256
# What is answered within this is never called slow.
QUICK_ENOUGH_S = 1.0
SLOWER_THAN_ALONE = 3.0
_REMEMBERED_S = 60.0


class Pace:
    """Says when the next request may go. `rate` is requests per second, None: at once.

    Whoever comes late to the moment that was meant for it makes the next ones come sooner, up to `MADE_UP_FOR_S`.
    """

    def __init__(self, rate: float | None) -> None:
        self.gap_s = 0.0 if rate is None else 1.0 / (rate * AIMED_AT)
        self._due_s = -math.inf

    def wait_s(self, now_s: float) -> float:
        return max(0.0, self._due_s - now_s)

    def took(self, now_s: float) -> None:
        if self.gap_s:
            self._due_s = max(self._due_s, now_s - MADE_UP_FOR_S) + self.gap_s


class Slots:
    """How many requests may be in flight at once: fewer where the VTN answers one after the other.

    A request that took much longer than the quickest of its lane waited there behind others; then no more are sent at
    once than keep the VTN busy, so that who comes first is decided here, by the lanes.
    """

    def __init__(self) -> None:
        self.limit = FIRST_SLOTS
        self._quickest = {lane: _Quickest() for lane in Lane}

    def answered(self, lane: Lane, took_s: float, in_flight: int, now_s: float) -> None:
        """Learn from an answer. `in_flight` counts the requests there were when this one went out, itself included."""
        quickest_s = self._quickest[lane].after(took_s, now_s)
        if took_s > QUICK_ENOUGH_S and took_s > SLOWER_THAN_ALONE * quickest_s:
            served_at_once = in_flight * quickest_s / took_s
            self.limit = max(FEWEST_SLOTS, min(self.limit, math.ceil(2 * served_at_once)))
        elif in_flight >= self.limit:
            self.limit = min(MOST_SLOTS, self.limit + 1)


class _Quickest:
    """The shortest answer of the last one to two minutes."""

    def __init__(self) -> None:
        self._before_s = self._now_s = math.inf
        self._until_s = -math.inf

    def after(self, took_s: float, now_s: float) -> float:
        if now_s >= self._until_s:
            self._before_s, self._now_s, self._until_s = self._now_s, took_s, now_s + _REMEMBERED_S
        self._now_s = min(self._now_s, took_s)
        return min(self._before_s, self._now_s)
