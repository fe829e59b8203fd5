"""Whether the VTN holds a report, settled with a bounded number of requests (R35).

There is no filter by report name. A report in doubt is among the newest of its VEN and event, so the look-up reads
the list's tail, from a little before the number known to be there, and then its head.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ven_actors.errors import VtnNonsense
from ven_actors.openadr.api import Api
from ven_actors.openadr.decoding import decode
from ven_actors.openadr.dialect import StandardDialect
from ven_actors.openadr.durations import parse_instant
from ven_actors.openadr.paging import split_page
from ven_actors.openadr.transport import ResponseTooLarge
from ven_actors.openadr.wire import WireReportName

MOST_REQUESTS = 6
SMALL_PAGE = 5


@dataclass(frozen=True, slots=True)
class FindResult:
    """`report` is the VTN's JSON of it, or None. `settled` says that None means: it is certainly not there.

    It is when the whole list was seen, or when the listed times of creation prove the list's order and the end at
    which new reports appear was seen. An object whose name cannot be read may be it (`unreadable` says why), and then
    nothing is settled.
    """

    report: bytes | None
    settled: bool
    unreadable: str = ""


class ReportLookup:
    """Looks reports up over one `Api`."""

    def __init__(self, api: Api, dialect: StandardDialect) -> None:
        self._api = api
        self._dialect = dialect

    def find(self, event_id: str, ven_name: str, report_name: str, known_reports: int) -> FindResult:
        """Raises `VtnError`, among them `ResponseTooLarge` when even a few reports are more than we hold."""
        query = self._dialect.reports_query(event_id, ven_name)
        wanted = (event_id, ven_name, report_name)

        def read(skip: int, limit: int) -> bytes:
            return self._api.get(self._dialect.reports_path, query + self._dialect.page_query(skip, limit))

        try:
            return _Search(wanted, read, self._dialect.page_limit).run(known_reports)
        except ResponseTooLarge:
            return _Search(wanted, read, SMALL_PAGE).run(known_reports)


@dataclass
class _Search:
    """One look-up. `created` has the time of creation of every report seen, by its place in the list."""

    wanted: tuple[str, str, str]
    read: Callable[[int, int], bytes]
    limit: int
    budget: int = MOST_REQUESTS
    report: bytes | None = None
    unreadable: str = ""
    length: int | None = None
    created: dict[int, float | None] = field(default_factory=dict)

    def run(self, known_reports: int) -> FindResult:
        start = max(0, known_reports - self.limit // 2)
        self._walk(start, None)
        if start > 0:
            self._walk(0, start)
        if self.report is not None:
            return FindResult(self.report, settled=True)
        settled = not self.unreadable and (self._all_seen() or self._newest_seen())
        return FindResult(None, settled=settled, unreadable=self.unreadable)

    def _walk(self, skip: int, until: int | None) -> None:
        """Read on from `skip`, until the report, the place `until`, the list's end, or the end of the budget."""
        while self.report is None and self.budget > 0 and (until is None or skip < until):
            self.budget -= 1
            raws = split_page(self.read(skip, self.limit), "reports")
            if not raws:
                self.length = skip
                return
            for raw in raws:
                self._look_at(skip, bytes(raw))
                skip += 1

    def _look_at(self, index: int, raw: bytes) -> None:
        try:
            report = decode(raw, WireReportName, "a report")
        except VtnNonsense as error:
            report = _salvaged(raw)
            if report.report_name is None and {report.event_id, report.client_name} <= {None, *self.wanted}:
                self.unreadable = self.unreadable or str(error)
        self.created[index] = _instant(report.created_date_time)
        if (report.event_id, report.client_name, report.report_name) == self.wanted:
            self.report = raw

    def _all_seen(self) -> bool:
        return self.length is not None and len(self.created) >= self.length

    def _newest_seen(self) -> bool:
        times = [created for _, created in sorted(self.created.items()) if created is not None]
        if len(times) < len(self.created) or len(set(times)) < 2:
            return False
        if times == sorted(times):
            return self.length is not None and self.length - 1 in self.created
        return times == sorted(times, reverse=True) and 0 in self.created


def _salvaged(raw: bytes) -> WireReportName:
    """What can be read of a broken report. Where it names another client, event or report, it is not ours.

    Without a name of its own it may be ours.
    """
    try:
        parts = decode(raw, dict[str, Any], "a report")
    except VtnNonsense:
        return WireReportName()
    event_id, client_name, report_name, created = map(
        parts.get, ("eventID", "clientName", "reportName", "createdDateTime")
    )
    return WireReportName(
        None,
        event_id if event_id is None else str(event_id),
        client_name if client_name is None else str(client_name),
        report_name if isinstance(report_name, str) else None,
        created if isinstance(created, str) else None,
    )


def _instant(text: str | None) -> float | None:
    try:
        return None if text is None else parse_instant(text)[0]
    except VtnNonsense:
        return None
