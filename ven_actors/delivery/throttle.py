"""Throttle: how much one VTN is given, and when to try again. Pure: the monotonic time is a parameter."""

from __future__ import annotations

import random

FIRST_RETRY_S = 1.0
LONGEST_RETRY_S = 20.0
LONGEST_ASKED_S = 3600.0


def retry_wait_s(attempt: int, rng: random.Random) -> float:
    """Full-jittered exponential wait before try `attempt` + 1; `attempt` counts from 1, without end."""
    ceiling = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(attempt - 1, 16))
    return ceiling * (0.5 + rng.random() / 2)


class Throttle:
    """For one origin: a token bucket, with a breaker: an origin that fails several VENs gets one try at a time.

    `rate` is requests per second (None: as many as the senders manage), `burst` how many may go at once.
    One VEN that fails on and on breaks nothing for the others: failures of `BREAKS_AFTER` VENs in a row do.
    """

    BREAKS_AFTER = 3

    def __init__(self, rate: float | None, burst: int = 1) -> None:
        self._rate = rate
        self._burst = max(1.0, float(burst))
        self._tokens = self._burst
        self._seen_s: float | None = None
        self._failing: set[str] = set()
        self._closed_until_s = float("-inf")
        self._broken_until_s = self._paused_until_s = float("-inf")
        self._is_alarmed = False

    def wait_s(self, now_s: float, in_flight: int) -> float:
        """Seconds until one more request may go; 0: now; infinity: not before one of those in flight has ended."""
        if in_flight and (self._is_alarmed or len(self._failing) >= self.BREAKS_AFTER):
            return float("inf")
        wait_s = max(0.0, max(self._closed_until_s, self._broken_until_s, self._paused_until_s) - now_s)
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
        self._failing.clear()
        self._broken_until_s = float("-inf")
        self._is_alarmed = False
        self.resume()

    def failed(self, ven: str, now_s: float, wait_s: float) -> None:
        """Count a failure of this VEN; that of several in a row stops all for `wait_s`."""
        self._failing.add(ven)
        if len(self._failing) >= self.BREAKS_AFTER:
            self._broken_until_s = max(self._broken_until_s, now_s + wait_s)

    def asked_for(self, now_s: float, wait_s: float) -> None:
        """The VTN itself asked for time (429, Retry-After): all VENs there keep to it."""
        self._closed_until_s = max(self._closed_until_s, now_s + wait_s)

    def pause(self, now_s: float, wait_s: float) -> None:
        """Send nothing for `wait_s`, or until `resume`, and then one at a time until one succeeds.

        What the VTN asked for holds beside it.
        """
        self._is_alarmed = True
        self._paused_until_s = now_s + wait_s

    def resume(self) -> None:
        self._paused_until_s = float("-inf")

    def _refill(self, now_s: float) -> None:
        if self._seen_s is not None and self._rate is not None:
            self._tokens = min(self._burst, self._tokens + (now_s - self._seen_s) * self._rate)
        self._seen_s = now_s
