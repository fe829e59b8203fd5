"""How fast the reports of one VEN go out while its VTN does not take them. Pure: monotonic time is a parameter."""

from __future__ import annotations

FIRST_SLOW_S = 2.0
LONGEST_SLOW_S = 300.0


def longer(delay_s: float) -> float:
    """The next delay after `delay_s`; 0 is before the first."""
    return min(LONGEST_SLOW_S, 2.0 * delay_s or FIRST_SLOW_S)


class Slowness:
    """A delay that begins with `FIRST_SLOW_S` and doubles with every failed try, up to `LONGEST_SLOW_S`."""

    def __init__(self) -> None:
        self.delay_s = 0.0
        self._newest = 0

    def grow(self, flight_id: int, newest_id: int) -> bool:
        """A try has failed, when `newest_id` was the last to leave; False: it left before that of the last failure."""
        if flight_id <= self._newest:
            return False
        self.delay_s = longer(self.delay_s)
        self._newest = newest_id
        return True


class VenPace:
    """One VEN's pace: while its reports fail, one try at a time, after ever longer waits.

    Nothing here concerns another VEN, and the first success ends all of it. A probe is a try before the wait has ended.
    """

    BREAKS_AFTER = 3

    def __init__(self) -> None:
        self._failures = 0
        self._slow = Slowness()
        self._closed_until_s = float("-inf")
        self._probes = 0
        self._held_streams: set[object] = set()

    @property
    def opens_s(self) -> float:
        """When the next report may go out."""
        return float("-inf") if self._probes else self._closed_until_s

    @property
    def is_troubled(self) -> bool:
        """Whether its reports fail, so that it gets one sender at most."""
        return bool(self._failures or self._slow.delay_s)

    def took(self, now_s: float) -> None:
        """A report goes out."""
        if self._probes and now_s < self._closed_until_s:
            self._probes -= 1

    def failed(self, now_s: float, wait_s: float) -> None:
        """Count a failure that will pass; several in a row hold the whole VEN for `wait_s`."""
        self._failures += 1
        if self._failures >= self.BREAKS_AFTER:
            self._closed_until_s = max(self._closed_until_s, now_s + wait_s)

    def asked_for(self, now_s: float, wait_s: float) -> None:
        """Hold the whole VEN for so long, as it was asked to."""
        self._closed_until_s = max(self._closed_until_s, now_s + wait_s)

    def is_held_alone(self, stream: object) -> bool:
        """Whether what holds this stream need not hold the VEN: few of its streams are held in a row."""
        self._held_streams.add(stream)
        return len(self._held_streams) < self.BREAKS_AFTER

    def slowed(self, now_s: float, flight_id: int, newest_id: int) -> float:
        """Hold the whole VEN, twice as long as the last time; returns the seconds until it may try again.

        What was already on its way when the last try failed (`newest_id`) makes it no longer.
        """
        if self._slow.grow(flight_id, newest_id):
            self._closed_until_s = max(self._closed_until_s, now_s + self._slow.delay_s)
        return max(0.0, self._closed_until_s - now_s)

    def may_probe(self) -> None:
        """Permit one try before the wait has ended, where it does not end soon by itself; the delay stays."""
        if self._slow.delay_s:
            self.grant(1)

    def grant(self, tries: int) -> None:
        """Permit so many tries before the wait has ended."""
        self._probes = max(self._probes, tries)
