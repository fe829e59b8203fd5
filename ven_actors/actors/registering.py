"""How far one VEN's registration has come, one portion per turn at the VTN, and whether it is still valid."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import msgspec
import structlog

from ven_actors.actors.ven_needs import Vtn
from ven_actors.errors import VtnError, VtnNonsense, VtnRefused
from ven_actors.model import Enrolment, Resource
from ven_actors.openadr.event_book import EventBook
from ven_actors.openadr.events import Crawl

log = structlog.get_logger()

# Of the VEN's own token, where it has one; a client's that is refused is `CredentialsRefused`.
_TOKEN_UNKNOWN = 401
_DOUBT_S = 30.0
_MAY_HAVE_LOST_US = frozenset({401, 403, 404})


class Registering:
    """`per_turn` is how many resources a portion has; until all are registered, `is_complete` is False.

    `enrolment` is what the VTN gave. `is_tied` is False if the VTN has no ven for us; that is tried again now and then.
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
        self._is_proven = True
        self._polls_lacking = 0
        self._has_looked = self._was_lost = False
        self._doubted_until_s = float("-inf")

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
        self._is_proven &= enrolment == self.enrolment
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

    def look_if_wanted(self, *, after_failure: bool, lacking: bool) -> None:
        """See `look`; at the beginning of each poll.

        Where the VTN had not all for us (`lacking`), registering is tried again instead: with the first poll after it,
        the second, fourth and so on, as that may have been a gateway's word, and whenever a look is wanted.
        """
        self._has_looked = False
        if not self.is_complete:
            return
        self._polls_lacking = self._polls_lacking + 1 if lacking else 0
        is_turn = lacking and self._polls_lacking.bit_count() == 1
        if not (self._look_wanted or after_failure or is_turn):
            return
        self._look_wanted = False
        if self.is_tied and not lacking:
            self._has_looked = True
            self.look()
        else:
            self.begin_again()

    def crawl(self, book: EventBook) -> Crawl | None:
        """What the VTN says. None where it has lost the VEN, for which registering begins again.

        It may have where no event is as it is in `book`, and has where it knows the VEN's own token no more, unless it
        never knew it: then to try again at once would help nobody.
        """
        try:
            crawl = self._vtn.crawl(book.program_of)
        except VtnRefused as error:
            if error.status != _TOKEN_UNKNOWN or not self.is_complete or not self._is_proven:
                raise
            self._is_lost()
            return None
        self._is_proven = True
        may_be_lost = self.is_complete and not self._has_looked
        may_be_lost = may_be_lost and book.none_stays(crawl.events, crawl.unreadable_ids)
        return None if may_be_lost and not self.look() else crawl

    def believed(self, crawl: Crawl, book: EventBook, mono_s: float) -> Crawl:
        """The crawl; for a while after the VTN has lost the VEN, one without any event proves nothing.

        The operator who restores a VTN creates its events again, but not all at the same moment.
        """
        if self._was_lost:
            self._was_lost, self._doubted_until_s = False, mono_s + _DOUBT_S
        is_empty = crawl.reported is None and not crawl.events and len(book) > 0
        is_doubted = is_empty and mono_s < self._doubted_until_s
        return msgspec.structs.replace(crawl, complete=False) if is_doubted else crawl

    def finds_itself_lost(self) -> bool:
        """Whether a look, where one is wanted, says that there is something to register; trouble says nothing."""
        if not self._look_wanted or not self.is_complete:
            return False
        with contextlib.suppress(VtnError):
            self.look_if_wanted(after_failure=False, lacking=self._polls_lacking > 0)
        return not self.is_complete

    def look(self) -> bool:
        """Whether the VTN still has the VEN, by one GET; if not, registration begins again.

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
            self._is_lost()
        return is_there

    def _is_lost(self) -> None:
        self._was_lost = True
        log.warning("ven_lost_by_vtn", ven=self._ven, remedy="none needed: it is being registered again")
        self.begin_again()

    def has_failed(self, error: VtnError) -> bool:
        """Whether the VTN answered and would not register the VEN. A refusal may also mean that it has lost the VEN."""
        is_answer = isinstance(error, VtnNonsense) or (
            isinstance(error, VtnRefused) and error.status < 500 and error.status != 429
        )
        is_unregistered = is_answer and not self.is_complete
        if isinstance(error, VtnRefused) and error.status in _MAY_HAVE_LOST_US:
            self.begin_again()
        return is_unregistered
