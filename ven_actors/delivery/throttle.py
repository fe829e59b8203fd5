"""Throttle: how many requests may go out, and when to try again. Pure: the monotonic time is a parameter."""

from __future__ import annotations

import random

FIRST_RETRY_S = 1.0
LONGEST_RETRY_S = 30.0
SLOW_RETRY_S = 300.0
LONGEST_ASKED_S = 3600.0


def retry_wait_s(attempt: int, rng: random.Random) -> float:
    """Full-jittered exponential wait before try `attempt` + 1; `attempt` counts from 1, without end."""
    ceiling = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(attempt - 1, 16))
    return ceiling * (0.5 + rng.random() / 2)


class Throttle:
    """A token bucket for the whole fleet, with a breaker: a VTN that fails gets one try at a time.

    `rate` is requests per second (None: as many as the senders manage), `burst` how many may go at once.
    """

    BREAKS_AFTER = 3

    def __init__(self, rate: float | None, burst: int = 1) -> None:
        self._rate = rate
        self._burst = max(1.0, float(burst))
        self._tokens = self._burst
        self._seen_s: float | None = None
        self._failures = 0
        self._closed_until_s = float("-inf")

    def wait_s(self, now_s: float, in_flight: int) -> float:
        """Seconds until one more request may go; 0: now; infinity: not before one of those in flight has ended."""
        if self._failures >= self.BREAKS_AFTER and in_flight:
            return float("inf")
        wait_s = max(0.0, self._closed_until_s - now_s)
        if self._rate is None:
            return wait_s
        self._refill(now_s)
        if self._tokens >= 1.0 - 1e-9:
            return wait_s
        return max(wait_s, (1.0 - self._tokens) / self._rate)

    def took(self, now_s: float) -> None:
        self._refill(now_s)
        self._tokens -= 1.0

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self, now_s: float, wait_s: float, *, vtn_asked: bool) -> None:
        """Count a failure; where the VTN itself asked for time (429, Retry-After), the whole fleet keeps to it."""
        self._failures += 1
        if vtn_asked or self._failures >= self.BREAKS_AFTER:
            self._closed_until_s = max(self._closed_until_s, now_s + wait_s)

    def _refill(self, now_s: float) -> None:
        if self._seen_s is not None and self._rate is not None:
            self._tokens = min(self._burst, self._tokens + (now_s - self._seen_s) * self._rate)
        self._seen_s = now_s


class RefusalAlarm:
    """Tells one bad report from a VTN that refuses everything, in which case quarantine would swallow the fleet."""

    RINGS_AFTER = 5

    def __init__(self) -> None:
        self._in_a_row = 0
        self._last: object = None

    def accepted(self) -> None:
        self._in_a_row = 0

    def refused(self, resource: object = None) -> bool:
        """Count one; True when so many came in a row that the rest must be held instead.

        Single readings of one and the same resource count once.
        """
        if resource is None or resource != self._last:
            self._in_a_row += 1
        self._last = resource
        return self._in_a_row > self.RINGS_AFTER
