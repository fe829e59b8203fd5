"""How far one VEN's registration has come, portion by portion in its turns at the VTN; and whether it still stands."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import structlog

from ven_actors.actors.ven_needs import Vtn
from ven_actors.errors import VtnError, VtnNonsense, VtnRefused
from ven_actors.model import Enrolment, Resource

log = structlog.get_logger()

_MAY_HAVE_LOST_US = frozenset({401, 403, 404})


class Registering:
    """`per_turn` is how many resources a portion has; until all are registered, `is_complete` is False.

    `enrolment` is what the VTN gave. `is_tied` is False where it has no ven for us, which is tried again now and then.
    """

    def __init__(self, ven: str, resources: tuple[Resource, ...], vtn: Vtn, per_turn: int) -> None:
        self.is_complete, self.is_tied = False, True
        self.enrolment: Enrolment | None = None
        self._ven = ven
        self._resources = resources
        self._vtn = vtn
        self._per_turn = per_turn
        self._upto = 0
        self._look_wanted = False

    def begin_again(self) -> None:
        self.is_complete, self._upto = False, 0

    def is_due(self, tell: Callable[[], None]) -> bool:
        """Whether a portion is to be registered now; if others come first, `tell` says from any thread when it is."""
        return not self.is_complete and self._vtn.take_seat(tell)

    def next_portion(self) -> Enrolment:
        """Register the VEN and the next portion of its resources. Raises `VtnError`."""
        upto = self._upto + self._per_turn
        enrolment = self._vtn.enrol(self._ven, self._resources[:upto], self.enrolment)
        self.is_tied = bool(enrolment.ven_id)
        self._upto = upto if enrolment.complete else self._upto
        self.is_complete = enrolment.complete and (upto >= len(self._resources) or not self.is_tied)
        return enrolment

    def takes(self, enrolment: Enrolment) -> bool:
        """Whether this is news to keep. What was given before outlasts that the VTN has no ven for us now."""
        is_news = enrolment != self.enrolment and bool(enrolment.ven_id or self.enrolment is None)
        self.enrolment = enrolment if is_news else self.enrolment
        return is_news

    def take_jobs(self, due: frozenset[str]) -> None:
        """What the schedule asks for: all of it again, or a look with the next occasion."""
        self._look_wanted |= "ven_check" in due
        if "enrolment" in due:
            self.begin_again()

    def look_if_wanted(self, *, after_failure: bool) -> None:
        """See `look`; where the VTN had no ven for us, registering is tried again instead."""
        if not (self._look_wanted or after_failure) or not self.is_complete:
            return
        self._look_wanted = False
        if self.is_tied:
            self.look()
        else:
            self.begin_again()

    def finds_itself_lost(self) -> bool:
        """Whether a look, where one is wanted, says that there is something to register; trouble says nothing."""
        if not self._look_wanted or not self.is_complete:
            return False
        with contextlib.suppress(VtnError):
            self.look_if_wanted(after_failure=False)
        return not self.is_complete

    def look(self) -> bool:
        """Whether the VTN still has the VEN, by one GET; for one that it has lost, registering begins again.

        A VTN that does not say so now is believed to have it, and is asked again soon where it is in trouble. Raises
        `VtnUnreachable` and `CredentialsRefused`.
        """
        if not self.is_tied:
            return True
        try:
            is_there = self._vtn.is_registered()
        except VtnRefused as error:
            self._look_wanted = error.status == 429 or error.status >= 500
            return True
        except VtnNonsense:
            return True
        if not is_there:
            log.warning("ven_lost_by_vtn", ven=self._ven, remedy="none is needed: it is registered again now")
            self.begin_again()
        return is_there

    def has_failed(self, error: VtnError) -> bool:
        """Whether the VTN answered and would not register the VEN. A refusal may also mean that it has lost the VEN."""
        is_answer = isinstance(error, VtnNonsense) or (
            isinstance(error, VtnRefused) and error.status < 500 and error.status != 429
        )
        is_unregistered = is_answer and not self.is_complete
        if isinstance(error, VtnRefused) and error.status in _MAY_HAVE_LOST_US:
            self.begin_again()
        return is_unregistered
