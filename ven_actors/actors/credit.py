"""Credit: how far a VEN may be ahead of what is committed, and when nothing is committed any more."""

from __future__ import annotations


class Credit:
    """Of so many seconds of uncommitted intervals."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._used_up_at_s: float | None = None

    def allows(self, closed_until_s: float, kept_until_s: float) -> bool:
        return closed_until_s < kept_until_s + self._seconds

    def stays_used_up(self, closed_until_s: float, kept_until_s: float) -> bool:
        """Whether it was used up at the last tick already, and nothing was committed since."""
        was, self._used_up_at_s = self._used_up_at_s, None
        if not self.allows(closed_until_s, kept_until_s):
            self._used_up_at_s = kept_until_s
        return was is not None and was == self._used_up_at_s
