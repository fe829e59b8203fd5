"""What a VEN has to say about its VTN's words, each thing once."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from ven_actors.delivery.measures import why_not
from ven_actors.model import ReportRequest

log = structlog.get_logger()


class Notices:
    """Says what is new among what is wrong or cannot be served; what was gone in between is said again."""

    def __init__(self, ven: str) -> None:
        self._ven = ven
        self._said: frozenset[str] = frozenset()

    def say(self, problems: Iterable[str], requests: Iterable[ReportRequest]) -> None:
        unserved = (why_not(request.descriptor) for request in requests)
        notices = frozenset((*problems, *filter(None, unserved)))
        for notice in sorted(notices - self._said):
            log.warning("vtn_notice", ven=self._ven, notice=notice)
        self._said = notices
