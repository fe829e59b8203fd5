"""The alarm: tells one bad report from a VTN that refuses everything, where quarantine would swallow the fleet.

It belongs to one VEN. It holds for a whole VTN only where the reports of several VENs are refused, with none accepted
in between. Pure.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from ven_actors.delivery.pace import Slowness

if TYPE_CHECKING:
    from collections.abc import Hashable

RINGS_AFTER = 5
VENS_IN_A_ROW = 3
# So many pieces of halved reports are given up in a row before the rest is held.
MOST_ALONE = 16


class Rung(Enum):
    """How far an alarm reaches."""

    NOT = auto()
    VEN = auto()
    VTN = auto()


class Streak:
    """Refusals in a row. Halves of one report, and single readings of one resource, count once."""

    def __init__(self) -> None:
        self._refused: set[Hashable] = set()
        self._vens: set[str] = set()
        self._alone = 0

    @property
    def count(self) -> int:
        return len(self._refused)

    @property
    def vens(self) -> int:
        return len(self._vens)

    @property
    def is_long(self) -> bool:
        return len(self._refused) > RINGS_AFTER or self._alone >= MOST_ALONE

    def add(self, ven: str, what: Hashable) -> None:
        self._vens.add(ven)
        if len(self._refused) <= RINGS_AFTER:
            self._refused.add((ven, what))

    def gave_up(self) -> None:
        """A report that has no halves was quarantined."""
        self._alone += 1


class Refusals:
    """The streaks of all VENs, and of the origins where they report."""

    def __init__(self) -> None:
        self._of_ven: dict[str, Streak] = {}
        self._of_origin: dict[str, Streak] = {}
        self._slow: dict[str, Slowness] = {}

    def add(self, ven: str, origin: str, what: Hashable) -> Rung:
        """Count the refusal of `what`, a report with all its halves, or a resource; returns which alarm rings."""
        of_ven = self._of_ven.setdefault(ven, Streak())
        of_origin = self._of_origin.setdefault(origin, Streak())
        of_ven.add(ven, what)
        of_origin.add(ven, what)
        if of_origin.is_long and of_origin.vens >= VENS_IN_A_ROW:
            return Rung.VTN
        return Rung.VEN if of_ven.is_long else Rung.NOT

    def gave_up(self, ven: str, origin: str) -> None:
        self._of_ven.setdefault(ven, Streak()).gave_up()
        self._of_origin.setdefault(origin, Streak()).gave_up()

    def in_a_row(self, ven: str) -> int:
        return self._of_ven[ven].count

    def in_a_row_at(self, origin: str) -> int:
        return self._of_origin[origin].count

    def slowed(self, origin: str, flight_id: int, newest_id: int) -> float:
        """Return for how long all VENs of an origin wait: 2 s at first, doubled each time, up to 300 s."""
        slow = self._slow.setdefault(origin, Slowness())
        slow.grow(flight_id, newest_id)
        return slow.delay_s

    def accepted(self, ven: str, origin: str) -> None:
        self.forget(ven)
        self._of_origin.pop(origin, None)
        self._slow.pop(origin, None)

    def forget(self, ven: str) -> None:
        """What is asked of this VEN has changed, or its VTN is back: what was refused before says nothing any more."""
        self._of_ven.pop(ven, None)
