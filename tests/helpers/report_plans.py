"""Plans of intervals, requests on them, and a slow and obvious enumerator of the windows they ask for."""

import math
from collections.abc import Iterator
from itertools import islice

from ven_actors.model import EventInterval, IntervalPlan, ReportDescriptor, ReportRequest, Window
from ven_actors.openadr.report_schedule import next_window

HOUR = 3600.0


def hourly(count: int, start_s: float = 0.0) -> IntervalPlan:
    intervals = tuple(EventInterval(i, start_s + i * HOUR, start_s + (i + 1) * HOUR) for i in range(count))
    return IntervalPlan(intervals, None, intervals[-1].end_s, implied=False)


def implied(period_s: float, end_s: float = math.inf, start_s: float = 0.0) -> IntervalPlan:
    first = EventInterval(0, start_s, min(start_s + period_s, end_s))
    return IntervalPlan((first,), period_s, end_s, implied=True)


def looped(count: int, end_s: float = math.inf) -> IntervalPlan:
    return IntervalPlan(hourly(count).intervals, count * HOUR, end_s, implied=False)


def asking(plan: IntervalPlan, **descriptor: int | bool) -> ReportRequest:
    return ReportRequest("r", "e", "p", ReportDescriptor("USAGE", **descriptor), plan)  # type: ignore[arg-type]


def windows(request: ReportRequest, most: int = 50, after_s: float = -math.inf) -> list[Window]:
    found: list[Window] = []
    while len(found) < most and (window := next_window(request, after_s)) is not None:
        found.append(window)
        after_s = window.end_s
    return found


def ids(request: ReportRequest, most: int = 50) -> list[list[int]]:
    return [[interval.interval_id for interval in window.intervals] for window in windows(request, most)]


GONE = EventInterval(-1, math.inf, -math.inf)


def counted(plan: IntervalPlan) -> list[EventInterval]:
    """Every interval there will be, or the first thousand, with `GONE` for those after the event's end."""
    everything: list[EventInterval] = []
    for index in range(1_000 if plan.period_s is not None else len(plan.intervals)):
        rounds, place = divmod(index, len(plan.intervals))
        interval, shift_s = plan.intervals[place], rounds * (plan.period_s or 0.0)
        start_s, end_s = interval.start_s + shift_s, min(interval.end_s + shift_s, plan.end_s)
        shown = index if plan.implied else interval.interval_id
        everything.append(EventInterval(shown, start_s, end_s) if start_s < plan.end_s else GONE)
    return everything


def drawn(d: ReportDescriptor, count: float, endless: bool) -> tuple[float, float, float]:
    """First window and step, as the reference writes them."""
    n, s, f = float(d.num_intervals), d.start_interval, d.frequency
    a = max(s, 0)
    if n < 0:
        n = f if d.historical and f > 0 and s < 0 else count - a
        first = (0, n) if d.historical and f > 0 and s < 0 else (a, a + n)
    elif not d.historical:
        first = (a, a + n)
    elif s < 0 and (f > 0 or endless):
        first = (0, n)
    else:
        e = count - 1 if s < 0 else s
        first = (e - n + 1, e + 1) if e - n + 1 >= 0 else (e, e + n) if e + n <= count else (0, e + 1)
    return (*first, n if f < 0 else f)


def brute(request: ReportRequest) -> Iterator[Window]:
    """Every window in the order of the list, by counting."""
    return (Window(tuple(chosen.values())) for chosen in brute_by_index(request))


def brute_next(request: ReportRequest, after_s: float, most: int = 900) -> Window | None:
    """The next window, as `next_window` describes it: its intervals in the list's order."""
    chosen = [each for each in islice(brute_by_index(request), most) if _end_s(each) > after_s]
    end_s = min(map(_end_s, chosen), default=math.inf)
    if chosen and not request.descriptor.historical:
        end_s = min((min(interval.start_s for interval in each.values()), _end_s(each)) for each in chosen)[1]
    found = {index: interval for each in chosen if _end_s(each) <= end_s for index, interval in each.items()}
    later = (interval.start_s for each in chosen if _end_s(each) > end_s for interval in each.values())
    return Window(tuple(found[index] for index in sorted(found)), min(later, default=math.inf)) if found else None


def _end_s(chosen: dict[int, EventInterval]) -> float:
    return max(interval.end_s for interval in chosen.values())


def brute_by_index(request: ReportRequest) -> Iterator[dict[int, EventInterval]]:
    """The intervals of every window, by their place in the list and its rounds."""
    plan, d = request.plan, request.descriptor
    everything = counted(plan)
    endless = plan.implied and math.isinf(plan.end_s)
    real = sum(interval is not GONE for interval in everything)
    start, end, step = drawn(d, math.inf if endless else real if plan.implied else len(plan.intervals), endless)
    if d.frequency == 0 or not math.isfinite(end) or end <= start:
        return
    for k in range(d.repeat if d.repeat >= 0 else 10_000):
        places = range(int(start + k * step), min(int(end + k * step), len(everything)))
        chosen = {place: everything[place] for place in places if everything[place] is not GONE}
        if start + k * step >= len(everything):
            return
        if chosen:
            yield chosen
