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
    """For one origin: a breaker. An origin that fails several VENs gets one try at a time.

    The number of requests per second is limited by the origin's gate, where the senders wait, not here.
    One VEN that keeps failing does not hold the others; failures of `BREAKS_AFTER` VENs in a row do.
    """

    BREAKS_AFTER = 3

    def __init__(self) -> None:
        self._failing: set[str] = set()
        self._closed_until_s = float("-inf")
        self._broken_until_s = self._paused_until_s = float("-inf")
        self._is_alarmed = False
        self._granted = 0

    def wait_s(self, now_s: float, in_flight: int) -> float:
        """Seconds until one more request may go; 0: now; infinity: not before one of those in flight has ended."""
        if self._granted:
            return max(0.0, self._closed_until_s - now_s)
        if in_flight and (self._is_alarmed or len(self._failing) >= self.BREAKS_AFTER):
            return float("inf")
        return max(0.0, max(self._closed_until_s, self._broken_until_s, self._paused_until_s) - now_s)

    def grant(self, tries: int) -> None:
        """Let so many go at once, whatever failed or was refused before; what the VTN asked for holds."""
        self._granted += tries

    def took(self) -> None:
        """One goes out."""
        self._granted = max(0, self._granted - 1)

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
