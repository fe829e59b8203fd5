"""The accounts of a state folder: counters, ledgers and the last trouble of each VEN, as one status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ven_actors.delivery.ledger import total
from ven_actors.model import Readings, ReporterStatus
from ven_actors.records import Counters

if TYPE_CHECKING:
    from ven_actors.delivery.restoring import Books
    from ven_actors.model import ReportHold


class Accounts:
    """Counts what the ledgers do not: reports, posts, doubts."""

    def __init__(self, books: Books, counters: Counters) -> None:
        self._books = books
        self._counters = counters
        self._last_error: dict[str, str] = {}
        self._delivered: set[str] = set()
        self._warnings: dict[str, None] = {}

    @property
    def counters(self) -> Counters:
        return self._counters

    def accepted(self, ven: str, *, possibly_doubled: bool) -> None:
        self._last_error.pop(ven, None)
        self._delivered.add(ven)
        counters = self._counters
        self._counters = counters._replace(
            reports_accepted=counters.reports_accepted + 1,
            possibly_doubled=counters.possibly_doubled + possibly_doubled,
        )

    def doubled(self, *, possibly: bool) -> None:
        """Count a POST that may have stored a report a second time."""
        self._counters = self._counters._replace(possibly_doubled=self._counters.possibly_doubled + possibly)

    def refused(self, ven: str, words: str) -> None:
        self._last_error[ven] = words
        self._counters = self._counters._replace(reports_refused=self._counters.reports_refused + 1)

    def posted(self, posts: int) -> None:
        self._counters = self._counters._replace(posts=self._counters.posts + posts)

    def trouble(self, ven: str, reason: str) -> bool:
        """Note what keeps a VEN's reports; True if that is news."""
        news = ven not in self._last_error
        self._last_error[ven] = reason
        return news

    def failing(self) -> dict[str, str]:
        """The VENs of which a report is waiting for another try, with the last reason."""
        outboxes = self._books.vens
        return {ven: why for ven, why in self._last_error.items() if ven in outboxes and outboxes[ven].held()}

    def warn(self, line: str) -> bool:
        """Add a warning to this run's summary; True if it is new."""
        news = line not in self._warnings
        self._warnings[line] = None
        return news

    def status(
        self, in_flight: int, holds: tuple[ReportHold, ...] = (), warnings: tuple[str, ...] = ()
    ) -> ReporterStatus:
        by_ven: dict[str, Readings] = {name: self._books.readings(name) for name in self._books.vens}
        return ReporterStatus(
            readings=total(by_ven.values()),
            by_ven=by_ven,
            last_error_by_ven=dict(self._last_error),
            reports_accepted=self._counters.reports_accepted,
            reports_refused=self._counters.reports_refused,
            closed_until_by_ven={
                name: outbox.closed_until_s
                for name, outbox in self._books.vens.items()
                if outbox.closed_until_s is not None
            },
            reports_open=self._books.open_reports(),
            posts=self._counters.posts,
            possibly_doubled=self._counters.possibly_doubled,
            in_flight=in_flight,
            delivered=frozenset(self._delivered),
            unsettled_since_by_ven={
                name: since_s
                for name, outbox in self._books.vens.items()
                if (since_s := outbox.oldest_unsettled_s()) is not None
            },
            holds=holds,
            warnings=(*warnings, *self._warnings),
        )
