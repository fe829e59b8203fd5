"""The newest reports in a VEN's name at its VTN, read with few requests; reports are large and lists long.

No version of the standard says in which order a list is. The times of creation show whether the newest stand at
its head or at its tail, and the tail is found by doubling and halving. Where they show no order, nothing is known.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from ven_actors.errors import VtnNonsense
from ven_actors.openadr.decoding import decode
from ven_actors.openadr.durations import parse_instant
from ven_actors.openadr.paging import split_page
from ven_actors.openadr.wire import WireReportName

PAGE = 6
_MOST_REQUESTS = 40


@dataclass(frozen=True, slots=True)
class StoredReport:
    """What tells a stored report from others; `created_s` is the VTN's time."""

    report_id: str
    name: str
    created_s: float
    client_name: str = ""


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest reports, oldest first, and the place in the list from which the next look may begin."""

    reports: tuple[StoredReport, ...]
    hint: int = 0

    def of(self, client_name: str) -> Newest:
        """Those in this name alone: a VTN may know no such filter, and show all that it shows us."""
        return Newest(tuple(each for each in self.reports if each.client_name == client_name), self.hint)


def read_newest(read: Callable[[int, int], bytes], hint: int = 0) -> Newest | None:
    """`read` takes how many to skip, and at most how many to give. None where the list shows no order.

    Raises `VtnError`.
    """
    head = _page(read, 0)
    if len(head) > PAGE:  # a VTN that knows no pages has given its whole list
        head = head[:PAGE] if _is_descending(head) else head[-PAGE:]
        return Newest(tuple(head if _is_ascending(head) else reversed(head))) if _dated(head) else None
    if _is_descending(head):
        return Newest(tuple(reversed(head)))
    if not _is_ascending(head):
        return None
    if len(head) < PAGE and not _page(read, len(head), 1):
        return Newest(tuple(head))
    start = max(0, _length(read, len(head), hint) - PAGE)
    tail = _page(read, start)
    return Newest(tuple(tail), start) if _is_ascending(tail) else None


def _length(read: Callable[[int, int], bytes], known: int, hint: int) -> int:
    """How many reports the list has, at least `known`; a `hint` that is a little too low costs least."""
    low = known
    step, budget = PAGE, _MOST_REQUESTS
    if hint > known and _page(read, hint, 1):
        low = hint + 1
    high = low + step
    while budget and _page(read, high - 1, 1):
        low, step, budget = high, step * 2, budget - 1
        high = low + step
    while high - low > 1 and budget:
        middle = (low + high) // 2
        if _page(read, middle - 1, 1):
            low = middle
        else:
            high = middle
        budget -= 1
    return low


def _page(read: Callable[[int, int], bytes], skip: int, limit: int = PAGE) -> list[StoredReport]:
    """What of a page can be told apart; something unreadable counts as there, under no name."""
    found = []
    for raw in split_page(read(skip, limit), "reports"):
        try:
            report = decode(bytes(raw), WireReportName, "a report")
            created_s = parse_instant(report.created_date_time or "")[0]
        except VtnNonsense:
            report, created_s = WireReportName(), float("nan")
        found.append(StoredReport(report.id or "", report.report_name or "", created_s, report.client_name or ""))
    return found


def _is_ascending(page: list[StoredReport]) -> bool:
    return _dated(page) and all(one.created_s <= other.created_s for one, other in itertools.pairwise(page))


def _is_descending(page: list[StoredReport]) -> bool:
    """Whether the newest stand first: some of them must be of different times."""
    return _is_ascending(page[::-1]) and len({each.created_s for each in page}) > 1


def _dated(page: list[StoredReport]) -> bool:
    return all(each.created_s == each.created_s for each in page)
