"""How far one VEN's registration has come: portion by portion, each when it is the VEN's turn at the VTN."""

from __future__ import annotations

from collections.abc import Callable

from ven_actors.actors.ven_needs import Vtn
from ven_actors.model import Enrolment, Resource


class Registering:
    """`per_turn` is how many resources a portion has; until all are registered, `is_complete` is False."""

    def __init__(self, ven: str, resources: tuple[Resource, ...], vtn: Vtn, per_turn: int) -> None:
        self.is_complete = False
        self._ven = ven
        self._resources = resources
        self._vtn = vtn
        self._per_turn = per_turn
        self._upto = 0

    def begin_again(self) -> None:
        self.is_complete, self._upto = False, 0

    def is_due(self, tell: Callable[[], None]) -> bool:
        """Whether a portion is to be registered now; if others come first, `tell` says from any thread when it is."""
        return not self.is_complete and self._vtn.take_seat(tell)

    def next_portion(self, known: Enrolment | None) -> Enrolment:
        """Register the VEN and the next portion of its resources. Raises `VtnError`."""
        upto = self._upto + self._per_turn
        enrolment = self._vtn.enrol(self._ven, self._resources[:upto], known)
        self._upto = upto if enrolment.complete else self._upto
        self.is_complete = enrolment.complete and upto >= len(self._resources)
        return enrolment
