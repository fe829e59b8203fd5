"""Where the intervals of an event lie in time, after all inheritance (R21 to R26, R29)."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

from ven_actors.model import EventInterval, IntervalPlan
from ven_actors.openadr.durations import NOW, Duration, add
from ven_actors.openadr.events import Event, Period


@dataclass(frozen=True, slots=True)
class Setting:
    """What resolving needs besides the event.

    `anchor_s` is what "now" means for this event, `first_seen_s` when this VEN first read it, both for good.
    `interval_s` is the VEN's own metering interval.
    """

    ven_name: str
    interval_s: int
    anchor_s: float
    first_seen_s: float


def is_cancelled(event: Event) -> bool:
    """The sentinel start with an explicit PT0S (R19)."""
    period = event.period
    return period is not None and period.start_s == NOW and period.duration is not None and period.duration.is_zero


@dataclass(frozen=True, slots=True)
class Placed:
    """An event's plan, and one round of its list before the event's own duration cuts it, each with its index."""

    plan: IntervalPlan
    whole: tuple[tuple[int, EventInterval], ...]


def plan_of(event: Event, setting: Setting) -> IntervalPlan | None:
    """The event's intervals; None where it is cancelled or all of them are of no length."""
    if event.intervals or is_cancelled(event):
        placed = placed_of(event, setting)
        return None if placed is None else placed.plan
    return _implied_plan(event, setting)


def placed_of(event: Event, setting: Setting) -> Placed | None:
    """The intervals that the event lists; None where it lists none, is cancelled, or all of them are of no length."""
    if not event.intervals or is_cancelled(event):
        return None
    resolver = _Resolver(event, setting)
    intervals, period = resolver.resolve()
    whole = tuple((index, each) for index, each in enumerate(intervals) if math.isfinite(each.start_s))
    if all(each.end_s <= each.start_s for _, each in whole):
        return None
    first_s = min(each.start_s for _, each in whole)
    last_end_s = max(each.end_s for _, each in whole)
    end_s = _event_end_s(event, first_s, last_end_s)
    if end_s > last_end_s:
        round_ = tuple(each for _, each in whole)
        plan = IntervalPlan(round_, period.seconds, end_s, False, period.months, resolver.own)
    else:
        kept = tuple(each._replace(end_s=min(each.end_s, end_s)) for _, each in whole if each.start_s < end_s)
        plan = IntervalPlan(kept, None, end_s, implied=False, own=resolver.own)
    return Placed(plan, whole)


def _event_end_s(event: Event, start_s: float, otherwise_s: float) -> float:
    """Where the event's own duration ends it; PT0S is that property's default and says nothing."""
    if event.duration is None or event.duration.is_zero:
        return otherwise_s
    return add(start_s, event.duration)


def _implied_plan(event: Event, setting: Setting) -> IntervalPlan | None:
    """Endless intervals of the event's duration, or else the VEN's own (R29)."""
    period = event.period
    start_s = None if period is None or period.start_s == NOW else period.start_s
    own = period is None or period.duration is None
    if period is None or period.duration is None:
        begin_s = setting.first_seen_s if start_s is None else start_s
        duration = Duration(0, float(setting.interval_s))
        anchor_s = math.floor(begin_s / setting.interval_s) * float(setting.interval_s)
    elif period.duration.is_zero:
        return None
    else:
        duration = period.duration
        begin_s = setting.anchor_s if start_s is None else start_s
        own = start_s is None or _is_random(period.randomize)
        begin_s += _shift_s(event, setting, 0, period.randomize)
        anchor_s = begin_s
    end_s = _event_end_s(event, begin_s, math.inf)
    first = EventInterval(0, anchor_s, min(add(anchor_s, duration), end_s))
    if duration.is_infinite:
        return IntervalPlan((first,), None, first.end_s, implied=False, own=own)
    return IntervalPlan((first,), duration.seconds, end_s, True, duration.months, own)


class _Resolver:
    """Goes through the intervals in array order; each property is inherited for itself (R21)."""

    def __init__(self, event: Event, setting: Setting) -> None:
        self._event = event
        self._setting = setting
        self._intervals = event.intervals or ()
        self._default = None if event.period is None else event.period.duration
        self._absolute = [self._absolute_start_s(index) for index in range(len(self._intervals))]
        self._shifts = self._all_shifts()
        self._following = self._all_following()
        anchored = self._first_said_s() is None
        self.own = anchored or any(period is not None and _is_random(period.randomize) for period in self._periods())

    def resolve(self) -> tuple[list[EventInterval], Duration]:
        """One round, and how far the next round lies behind it."""
        resolved: list[EventInterval] = []
        for index, interval in enumerate(self._intervals):
            start_s = self._start_s(index, resolved)
            first_s = resolved[0].start_s if resolved else start_s
            end_s = self._end_s(index, start_s, first_s)
            resolved.append(EventInterval(interval.interval_id, start_s, max(start_s, end_s)))
        return resolved, self._round(resolved)

    def _periods(self) -> list[Period | None]:
        return [self._event.period, *(interval.period for interval in self._intervals)]

    def _absolute_start_s(self, index: int) -> float | None:
        if index > 0:
            return _said_s(self._intervals[index].period)
        said_s = self._first_said_s()
        return self._setting.anchor_s if said_s is None else said_s

    def _first_said_s(self) -> float | None:
        """The start of the first interval, as far as the VTN says one."""
        own_s = _said_s(self._intervals[0].period)
        return _said_s(self._event.period) if own_s is None else own_s

    def _all_shifts(self) -> list[float]:
        shifts: list[float] = []
        for index, interval in enumerate(self._intervals):
            own = None if interval.period is None else interval.period.randomize
            if index == 0 and own is None and self._event.period is not None:
                own = self._event.period.randomize
            if index == 0 or own is not None:
                shifts.append(_shift_s(self._event, self._setting, index, own))
            else:
                shifts.append(shifts[-1])
        return shifts

    def _start_s(self, index: int, resolved: list[EventInterval]) -> float:
        absolute_s = self._absolute[index]
        if absolute_s is not None:
            return absolute_s + self._shifts[index]
        return resolved[-1].end_s + self._shifts[index] - self._shifts[index - 1]

    def _end_s(self, index: int, start_s: float, first_s: float) -> float:
        duration = self._duration(index)
        if duration is not None:
            return add(start_s, duration)
        following_s = self._following[index]
        return _event_end_s(self._event, first_s, math.inf) if following_s is None else following_s

    def _all_following(self) -> list[float | None]:
        """The next absolute start after each interval."""
        following: list[float | None] = []
        next_s: float | None = None
        for absolute_s, shift_s in zip(reversed(self._absolute), reversed(self._shifts), strict=True):
            following.append(next_s)
            next_s = next_s if absolute_s is None else absolute_s + shift_s
        return following[::-1]

    def _duration(self, index: int) -> Duration | None:
        period = self._intervals[index].period
        return period.duration if period is not None and period.duration is not None else self._default

    def _round(self, resolved: list[EventInterval]) -> Duration:
        durations = [self._duration(index) for index in range(len(self._intervals))]
        known = [duration for duration in durations if duration is not None]
        months = sum(duration.months for duration in known)
        contiguous = all(absolute_s is None for absolute_s in self._absolute[1:])
        if months and contiguous and len(known) == len(durations):
            return Duration(months, sum(duration.seconds for duration in known))
        first_s = min(interval.start_s for interval in resolved)
        return Duration(0, max(interval.end_s for interval in resolved) - first_s)


def _said_s(period: Period | None) -> float | None:
    return None if period is None or period.start_s == NOW else period.start_s


def _is_random(randomize: Duration | None) -> bool:
    return randomize is not None and not randomize.is_zero and not randomize.is_infinite


def _shift_s(event: Event, setting: Setting, index: int, randomize: Duration | None) -> float:
    """One draw for event and VEN, the same after a restart (R26), in whole metering intervals towards zero."""
    if randomize is None or not _is_random(randomize):
        return 0.0
    seed = f"{event.event_id}\0{setting.ven_name}\0{index}".encode()
    drawn = int.from_bytes(hashlib.sha256(seed).digest()[:8], "big") / 2**64
    shift_s = (2 * drawn - 1) * abs(randomize.rough_s)
    return float(math.trunc(shift_s / setting.interval_s) * setting.interval_s)
