"""What a VEN has to say about its VTN's words, each thing once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import structlog

from ven_actors.delivery.measures import why_not
from ven_actors.model import ReportRequest
from ven_actors.openadr.events import Crawl

log = structlog.get_logger()

Objected = Callable[[str, Mapping[str, bool], Mapping[str, bool]], None]
"""Is told a VEN's name, what it objected to before and what it objects to now; and whether the fleet serves such."""

_MOST_WARNINGS, _MOST_HARMLESS = 10, 20
_ASKED, _APPROVED, _UNREGISTERED = "nothing_asked", "nothing_approved", "not_registered"
_MEANINGS = {
    _ASKED: (
        "no event asks for reports; readings are unasked until one does",
        "make an event with report descriptors at the VTN (`ven-actors vtn event publish --help` shows how)",
    ),
    _APPROVED: (
        "none of this VEN's resources is approved at the VTN; readings are unasked until one is",
        "have the VTN's operator approve them",
    ),
    _UNREGISTERED: (
        "the VTN has no vens or no resources for this client: events are obeyed, but reports cannot be tied to a ven",
        "none needed if this is intended; `{doctor}` tells more",
    ),
}


class Notices:
    """Says what is new among what is wrong or cannot be served; what was gone in between is said again."""

    def __init__(self, ven: str, nothing_asked: Callable[[str, str], None], objected: Objected | None = None) -> None:
        self._ven = ven
        self._nothing_asked = nothing_asked
        self._objected = objected or ObjectionsTold()
        self._said: frozenset[str] = frozenset()
        self._unserved: dict[str, bool] = {}

    def say(self, crawl: Crawl, more: Iterable[str], requests: Sequence[ReportRequest], *, enrolled: bool) -> None:
        """`more` are problems beyond the crawl's; what was not read whole proves not that nothing is asked for.

        Where approval takes the place of requests, only one that is `enrolled` with all its resources can know.
        """
        if crawl.complete and not requests:
            if crawl.reported is None:
                self._nothing_asked(self._ven, _ASKED)
            elif enrolled:
                self._nothing_asked(self._ven, _APPROVED)
        if crawl.unregistered:
            self._nothing_asked(self._ven, _UNREGISTERED)
        notices = frozenset((*crawl.problems, *more))
        for notice in sorted(notices - self._said):
            log.warning("vtn_notice", ven=self._ven, notice=notice)
        self._said = notices
        unserved = sorted({*crawl.unmet, *filter(None, map(_unserved, requests))})
        before, self._unserved = self._unserved, dict.fromkeys(unserved, True)
        self._objected(self._ven, before, self._unserved)


def _unserved(request: ReportRequest) -> str:
    return why_not(request.descriptor)


class NothingAsked:
    """Logs once per fleet each reason why reports are unasked or untied, and the first VEN it concerns."""

    def __init__(self, doctor: Callable[[str], str] = "ven-actors doctor --vens {}".format) -> None:
        """`doctor` gives the command that examines a VEN."""
        self._doctor = doctor
        self._lock = threading.Lock()
        self._said: set[str] = set()

    def __call__(self, ven: str, why: str) -> None:
        with self._lock:
            is_said = why in self._said
            self._said.add(why)
        if not is_said:
            meaning, remedy = _MEANINGS[why]
            log.warning(why, ven=ven, meaning=meaning, remedy=remedy.replace("{doctor}", self._doctor(ven)))


class ObjectionsTold:
    """Logs for a whole fleet what of its events is not done as asked, each thing once, however many VENs read it.

    What all VENs have forgotten is said again when it comes back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._objecting: Counter[str] = Counter()
        self._first: dict[str, None] = {}
        self._more = 0

    def __call__(self, ven: str, before: Mapping[str, bool], now: Mapping[str, bool]) -> None:
        if before.keys() == now.keys():
            return
        with self._lock:
            self._objecting.subtract(before.keys() - now.keys())
            fresh = [text for text in now if text not in before and not self._objecting[text]]
            self._objecting.update(now.keys() - before.keys())
            self._objecting += Counter()
            self._remember([text for text in fresh if now[text]])
        for text in fresh:
            if now[text]:
                log.warning("vtn_notice", ven=ven, notice=text)
        harmless = [text for text in fresh if not now[text]]
        for text in harmless[:_MOST_HARMLESS]:
            log.info("vtn_notice", ven=ven, notice=text)
        if len(harmless) > _MOST_HARMLESS:
            more = f"{len(harmless) - _MOST_HARMLESS} more events have payloads without effect on this fleet"
            log.info("vtn_notice", ven=ven, notice=more)

    def _remember(self, texts: Sequence[str]) -> None:
        for text in texts:
            if text not in self._first and len(self._first) < _MOST_WARNINGS:
                self._first[text] = None
            elif text not in self._first:
                self._more += 1

    def warnings(self) -> list[str]:
        """What was told of payload types and reports that the fleet serves: the first few, and how many more."""
        with self._lock:
            more = [f"{self._more} more things that events ask for were not done as asked"] if self._more else []
            return [*self._first, *more]
