"""Whether the ids of a report's intervals say when they were, or the report has to (R32). Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ven_actors.delivery.entries import OutboxReport, RequestState
    from ven_actors.model import EventInterval, IntervalPlan, ReportRequest


def has_ambiguous_ids(plan: IntervalPlan, intervals: Sequence[EventInterval]) -> bool:
    """Say whether any of these intervals of the plan shares its id with another of the list, or of a later round."""
    if plan.implied:
        return False
    if plan.period_s is not None:
        return True
    times = Counter(each.interval_id for each in plan.intervals)
    return any(times[each.interval_id] > 1 for each in intervals)


def placed_anew(queue: Iterable[OutboxReport], state: RequestState) -> list[OutboxReport]:
    """Decide again for the open reports of a request whose event was replaced; returns those that this changes.

    Not for one that may have been sent: it has to stay what it was, or it could not be found at the VTN.
    """
    changed = []
    for report in queue:
        if report.request is not state or report.marks is not None or report.marked:
            continue
        periods = not _tells(state.request, report.intervals)
        if periods != report.periods:
            report.periods = periods
            changed.append(report)
    return changed


def _tells(request: ReportRequest, intervals: Sequence[EventInterval]) -> bool:
    """Say whether the event, as it stands now, tells by their ids when these intervals are."""
    plan = request.plan
    if plan.own or request.descriptor.report_intervals != "INTERVALS" or has_ambiguous_ids(plan, intervals):
        return False
    if plan.implied:
        return all(_is_implied(plan, interval) for interval in intervals)
    places = {each.interval_id: (each.start_s, each.end_s) for each in plan.intervals}
    return all(places.get(each.interval_id) == (each.start_s, each.end_s) for each in intervals)


def _is_implied(plan: IntervalPlan, interval: EventInterval) -> bool:
    """Months are not counted here: what lies by the calendar says so itself."""
    first, number = plan.intervals[0], interval.interval_id
    if number and (plan.period_months or not plan.period_s):
        return False
    start_s, end_s = (at_s + number * (plan.period_s or 0.0) for at_s in (first.start_s, first.end_s))
    return (interval.start_s, interval.end_s) == (start_s, min(end_s, plan.end_s))
