"""Who was without an accepted report for how long, while what went on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Silence(NamedTuple):
    """A time without an accepted report; `doing` is what the VTN did when it began."""

    seconds: float
    from_s: float
    doing: str


class Watch:
    """Is shown the accepted readings of each VEN now and then. Times count from the start, at which nobody had any."""

    def __init__(self, vens: Sequence[str], silent_s: float) -> None:
        self.accepted = dict.fromkeys(vens, 0)
        self.longest = dict.fromkeys(vens, Silence(0.0, 0.0, ""))
        self._silent_s = silent_s
        self._since = dict.fromkeys(vens, (0.0, "at the start"))

    def look(self, now_s: float, accepted: Mapping[str, int], doing: str) -> None:
        for ven, count in accepted.items():
            if count > self.accepted[ven]:
                self._note(ven, now_s)
                self.accepted[ven] = count
                self._since[ven] = now_s, doing

    def end(self, now_s: float) -> None:
        for ven in self.accepted:
            self._note(ven, now_s)

    def _note(self, ven: str, now_s: float) -> None:
        since_s, doing = self._since[ven]
        if now_s - since_s > self.longest[ven].seconds:
            self.longest[ven] = Silence(now_s - since_s, since_s, doing)

    def complaints(self, besides: str) -> list[str]:
        return [
            f"{ven} was without an accepted report for {silence.seconds:.1f} s, from {silence.from_s:.0f} s on"
            f" ({silence.doing}); the bound is {self._silent_s:g} s"
            for ven, silence in self.longest.items()
            if ven != besides and silence.seconds > self._silent_s
        ]
