"""What is asked of a VEN: by the report descriptors of its events or, where the dialect has none, by standing order."""

from __future__ import annotations

from collections.abc import Sequence

from ven_actors.model import EventInterval, IntervalPlan, ReportDescriptor, ReportRequest
from ven_actors.openadr.event_book import EventBook
from ven_actors.openadr.events import Crawl

STANDING_ID = "standing"
# Where the standing order begins to count its intervals: 2020-01-01T00:00:00Z. It is owed from when it is first known.
_SINCE_S = 1_577_836_800
_EACH_INTERVAL = ReportDescriptor("DEMAND", "MEAN", "KW", num_intervals=1, frequency=1, repeat=-1)


def requests_of(
    crawl: Crawl, book: EventBook, ven_name: str, resource_names: Sequence[str], interval_s: int
) -> tuple[ReportRequest, ...]:
    """Return what `crawl`, which `book` has taken in, asks of this VEN, whose metering interval is `interval_s`."""
    if crawl.reported is None:
        return book.report_requests(ven_name, resource_names, interval_s)
    return standing_order(crawl.reported, resource_names, interval_s)


def standing_order(
    reported: Sequence[str], resource_names: Sequence[str], interval_s: int
) -> tuple[ReportRequest, ...]:
    """Ask for each reading of `reported` once per metering interval; for nothing if none of the VEN's is among them."""
    wanted = set(reported)
    names = tuple(name for name in resource_names if name in wanted)
    if not names:
        return ()
    first_s = float(_SINCE_S // interval_s * interval_s)
    plan = IntervalPlan(
        (EventInterval(0, first_s, first_s + interval_s),), float(interval_s), float("inf"), implied=True
    )
    rows = None if len(names) == len(resource_names) else names
    return (ReportRequest(STANDING_ID, "", "", _EACH_INTERVAL, plan, rows, by_reading=True),)
