"""What a VEN has to say about its VTN's words, each thing once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence

import structlog

from ven_actors.delivery.measures import why_not
from ven_actors.model import ReportRequest

log = structlog.get_logger()


class Notices:
    """Says what is new among what is wrong or cannot be served; what was gone in between is said again."""

    def __init__(self, ven: str, nothing_asked: Callable[[str], None]) -> None:
        self._ven = ven
        self._nothing_asked = nothing_asked
        self._said: frozenset[str] = frozenset()

    def say(self, problems: Iterable[str], requests: Sequence[ReportRequest], *, complete: bool) -> None:
        """`complete`: all that there is was read, so that without a request nothing is asked for."""
        if complete and not requests:
            self._nothing_asked(self._ven)
        unserved = (why_not(request.descriptor) for request in requests)
        notices = frozenset((*problems, *filter(None, unserved)))
        for notice in sorted(notices - self._said):
            log.warning("vtn_notice", ven=self._ven, notice=notice)
        self._said = notices


class NothingAsked:
    """Says once for a whole fleet that no event asks for reports, and with what VEN it began."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said = False

    def __call__(self, ven: str) -> None:
        with self._lock:
            said, self._said = self._said, True
        if not said:
            log.warning(
                "nothing_asked", ven=ven, meaning="no event asks for reports; readings are unasked until one does",
                remedy="make an event with report descriptors at the VTN (`ven-actors vtn --demo` keeps some)",
            )  # fmt: skip
