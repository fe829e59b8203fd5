"""Time that moves only when it is told to."""

from __future__ import annotations


class ManualClock:
    """Wall and monotonic time for tests, in seconds; hand in `clock.wall` and `clock.monotonic`."""

    def __init__(self, wall_s: float = 1_767_225_600.0, mono_s: float = 1_000.0) -> None:
        self.wall_s = wall_s
        self.mono_s = mono_s

    def wall(self) -> float:
        return self.wall_s

    def monotonic(self) -> float:
        return self.mono_s

    def advance(self, seconds: float) -> None:
        """Let both clocks go on; raises `ValueError` for a negative time, which only `set_wall` can make."""
        if seconds < 0:
            raise ValueError(f"time goes on, not back: advance({seconds}); set_wall() moves the wall clock alone")
        self.mono_s += seconds
        self.wall_s += seconds

    def set_wall(self, wall_s: float) -> None:
        """Move the wall clock alone, forwards or back, as a time server or an operator does."""
        self.wall_s = wall_s
