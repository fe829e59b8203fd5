"""When an event has transpired, for the filter `active`."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from ven_actors.vtn.v310.formats import add_duration, epoch_s, is_now
from ven_actors.vtn.v310.wire import EventRequest, IntervalPeriod


def event_ends_s(event: EventRequest, now_s: float) -> float | None:
    """The end of the event's last interval, or of its own duration; None where it has no end.

    The sentinel start "now", and no start at all, mean `now_s`. An interval without a duration is open-ended.
    """
    if event.duration is not UNSET:
        return add_duration(event_starts_s(event, now_s), event.duration)
    if event.intervals is UNSET or not event.intervals:
        return None
    start_s = event_starts_s(event, now_s)
    last_s = start_s
    for interval in event.intervals:
        start_s = _start_s(interval.intervalPeriod, start_s)
        duration = _duration(interval.intervalPeriod)
        duration = duration if duration is not UNSET else _duration(event.intervalPeriod)
        end_s = None if duration is UNSET else add_duration(start_s, duration)
        if end_s is None:
            return None
        last_s = max(last_s, end_s)
        start_s = end_s
    return last_s


def event_starts_s(event: EventRequest, now_s: float) -> float:
    """The start of the event's first interval; the sentinel "now", and no start at all, mean `now_s`."""
    start_s = _start_s(event.intervalPeriod, now_s)
    if event.intervals is not UNSET and event.intervals:
        return _start_s(event.intervals[0].intervalPeriod, start_s)
    return start_s


def _start_s(period: IntervalPeriod | UnsetType, otherwise_s: float) -> float:
    if period is UNSET or period.start is UNSET or is_now(period.start):
        return otherwise_s
    return epoch_s(period.start)


def _duration(period: IntervalPeriod | UnsetType) -> str | UnsetType:
    return UNSET if period is UNSET else period.duration
