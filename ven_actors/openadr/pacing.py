"""How many requests an origin gets per second, and how many at once. Pure: monotonic time is a parameter."""

from __future__ import annotations

import math

from ven_actors.openadr.lanes import Lane

# A little less than the rate is aimed at, so that lateness can be made up for and yet no 10 s have more than the rate.
AIMED_AT = 0.975
MADE_UP_FOR_S = 0.15
FEWEST_SLOTS = 4
FIRST_SLOTS = 32
MOST_SLOTS = 256
# An answer within this time never counts as slow.
QUICK_ENOUGH_S = 1.0
SLOWER_THAN_FEW = 2.0
_REMEMBERED_S = 60.0


class Pace:
    """Says when the next request may go. `rate` is requests per second, None: at once.

    If a request goes later than it could, the next ones may go sooner, up to `MADE_UP_FOR_S`.
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
    """How many requests may be in flight at once: few where the VTN answers one after the other.

    There the time that a request takes grows with how many are in flight. So a request that took much longer than those
    of its lane take when few are, waited at the VTN behind others; then no more are sent at once than keep the VTN
    busy, so that the order is decided here, by the lanes.
    """

    def __init__(self) -> None:
        self._limit = float(FIRST_SLOTS)
        self._shrunk_s = -math.inf
        self._quickest = {lane: _Quickest() for lane in Lane}

    @property
    def limit(self) -> int:
        return int(self._limit)

    def answered(self, lane: Lane, took_s: float, in_flight: int, now_s: float) -> None:
        """Learn from an answer. `in_flight` counts the requests there were when this one went out, itself included."""
        quickest_s = self._quickest[lane].after(took_s, in_flight, now_s)
        if took_s > QUICK_ENOUGH_S and took_s > SLOWER_THAN_FEW * quickest_s:
            if now_s - took_s >= self._shrunk_s:  # it went out after the last cut: that was not enough
                self._limit, self._shrunk_s = float(FEWEST_SLOTS), now_s
        elif in_flight >= self.limit - 1:  # reports leave one free
            self._limit = min(float(MOST_SLOTS), self._limit + 1 / self._limit)


class _Quickest:
    """The shortest answer of the last one to two minutes while few requests were in flight.

    As long as there was none, it is what one would have taken if the VTN serves one after the other.
    """

    def __init__(self) -> None:
        self._seen_s = self._guessed_s = (math.inf, math.inf)
        self._until_s = -math.inf

    def after(self, took_s: float, in_flight: int, now_s: float) -> float:
        if now_s >= self._until_s:
            if math.isfinite(self._seen_s[1]):  # else the last one seen is still the best that is known
                self._seen_s = self._seen_s[1], math.inf
            self._guessed_s = self._guessed_s[1], math.inf
            self._until_s = now_s + _REMEMBERED_S
        if in_flight <= FEWEST_SLOTS:
            self._seen_s = self._seen_s[0], min(self._seen_s[1], took_s)
        else:
            self._guessed_s = self._guessed_s[0], min(self._guessed_s[1], took_s * FEWEST_SLOTS / in_flight)
        seen_s = min(self._seen_s)
        return seen_s if math.isfinite(seen_s) else min(self._guessed_s)
