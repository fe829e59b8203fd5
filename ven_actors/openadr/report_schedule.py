"""Which windows of an event's intervals a report descriptor asks for (R31): pure arithmetic over indices.

An index counts intervals in array order and on through the rounds of a loop; ids are labels. A window is a range of
indices. What is decided here beyond the text of the standard: where intervals are implied and end with the event,
"all" means all of them; where they never end, it means none, and a window without a startInterval begins at the
first; in a loop, "all" means one round.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left, bisect_right

from ven_actors.model import EventInterval, IntervalPlan, ReportDescriptor, ReportRequest, Window
from ven_actors.openadr.durations import Duration, add

MOST_INTERVALS = 200_000
_ENDLESS = 2**31 - 1  # the longest range of a 32-bit machine; 68 years of seconds
_MOST_STEPS = 2_000_000


def next_window(request: ReportRequest, after_s: float) -> Window | None:
    """The first window, in the order in which they are asked for, that ends after `after_s`.

    None if there is none: frequency 0 (when the VEN sees cause), no window left, a window of all intervals of an
    event without end, or one of more than `MOST_INTERVALS`. Windows that the event's end cuts to the same end are one:
    the first of them has all that the others have. Takes no longer for an event that began long ago.
    """
    descriptor = request.descriptor
    places = _Places(request.plan)
    first = first_window(descriptor, places.count)
    if first is None or descriptor.frequency == 0:
        return None
    start, end, asked = first
    length = min(end, places.limit) - start
    if not 0 < length <= MOST_INTERVALS:
        return None
    step = int(asked) if descriptor.frequency < 0 else descriptor.frequency
    reports = descriptor.repeat if descriptor.repeat >= 0 else _ENDLESS
    return _Windows(places, int(start), int(length), step, reports).first_ending_after(after_s)


def first_window(descriptor: ReportDescriptor, count: float) -> tuple[float, float, float] | None:
    """Start and end of the first window's indices, and how many intervals are asked for, of an event of `count`.

    R31 word for word, with n, s, f for numIntervals, startInterval, frequency.
    """
    n: float = descriptor.num_intervals
    s, f = descriptor.start_interval, descriptor.frequency
    begin = max(s, 0)
    if not descriptor.historical:
        n = count - begin if n < 0 else n
        return begin, begin + n, n
    if n < 0 and f > 0 and s < 0:
        return 0, f, f
    if n < 0:
        return begin, count, count - begin
    if s < 0 and (f > 0 or math.isinf(count)):
        return 0, n, n
    last = count - 1 if s < 0 else s
    if last - n + 1 >= 0:
        return last - n + 1, last + 1, n
    return (last, last + n, n) if last + n <= count else (0, last + 1, n)


class _Places:
    """The intervals of a plan by index: `count` are "all" of them, there is none from index `limit` on."""

    def __init__(self, plan: IntervalPlan) -> None:
        self._plan = plan
        self._round = len(plan.intervals)
        self._loops = plan.period_s is not None and (plan.period_s > 0 or plan.period_months > 0)
        self._period = Duration(plan.period_months, plan.period_s or 0.0)
        self.count = self._count()
        self.limit = math.inf if self._loops and not plan.implied else self.count

    def at(self, index: int) -> EventInterval | None:
        """None where the event has no such interval any more."""
        rounds, place = divmod(index, self._round)
        if rounds and not self._loops:
            return None
        interval = self._plan.intervals[place]
        start_s = add(interval.start_s, self._period, rounds)
        if start_s >= self._plan.end_s:
            return None
        end_s = min(add(interval.end_s, self._period, rounds), self._plan.end_s)
        shown = interval.interval_id + rounds * self._round if self._plan.implied else interval.interval_id
        return EventInterval(shown, start_s, end_s)

    def end_s(self, index: int) -> float:
        """Where the interval ends; the event's end for those that it has no more."""
        interval = self.at(index)
        return self._plan.end_s if interval is None else interval.end_s

    def ends_in_order(self) -> bool:
        """Whether each interval, over all rounds, ends no earlier than the one before it."""
        ends = [interval.end_s for interval in self._plan.intervals]
        if self._loops:
            ends.append(add(ends[0], self._period))
        return all(before <= after for before, after in itertools.pairwise(ends))

    def windows_until_repeat(self, step: int) -> int:
        """After how many windows the same places of a round come again; in one round, how many there are."""
        return self._round // math.gcd(step, self._round) if self._loops else -(-self._round // step)

    def groups_past(self, latest_s: float, indices: int, after_s: float) -> int:
        """How many groups of so many `indices` end by `after_s`, if the first group's latest end is `latest_s`."""
        if not self._loops:
            return 0
        rounds = indices // self._round
        return bisect_right(range(_ENDLESS), after_s, key=lambda group: add(latest_s, self._period, group * rounds))

    def _count(self) -> float:
        if not (self._loops and self._plan.implied):
            return self._round
        if math.isinf(self._plan.end_s):
            return math.inf
        first_s = self._plan.intervals[0].start_s
        rounds = bisect_left(range(_ENDLESS), self._plan.end_s, key=lambda each: add(first_s, self._period, each))
        return rounds * self._round


class _Windows:
    """The sequence of a descriptor's windows: `reports` of `length` intervals, `step` apart, from index `start`."""

    def __init__(self, places: _Places, start: int, length: int, step: int, reports: int) -> None:
        self._places = places
        self._start = start
        self._length = length
        self._step = step
        self._reports = reports

    def first_ending_after(self, after_s: float) -> Window | None:
        number = self._first_in_order(after_s) if self._places.ends_in_order() else self._first_in_disorder(after_s)
        window = None if number is None or number >= self._reports else self._window(number)
        return window if window is not None and window.end_s > after_s else None

    def _window(self, number: int) -> Window | None:
        start = self._start + number * self._step
        places = map(self._places.at, range(start, start + self._length))
        intervals = tuple(interval for interval in places if interval is not None)
        return Window(intervals) if intervals else None

    def _first_in_order(self, after_s: float) -> int:
        last = self._start + self._length - 1
        return bisect_right(
            range(self._reports), after_s, key=lambda number: self._places.end_s(last + number * self._step)
        )

    def _first_in_disorder(self, after_s: float) -> int | None:
        """Where intervals overlap or are not in order of time, only whole groups of windows can be skipped."""
        group = self._places.windows_until_repeat(self._step)
        if group * self._length > _MOST_STEPS:
            return None
        windows = [window for window in map(self._window, range(group)) if window is not None]
        latest_s = max((window.end_s for window in windows), default=after_s)
        skipped = group * self._places.groups_past(latest_s, group * self._step, after_s)
        for number in range(skipped, skipped + group):
            window = self._window(number)
            if window is None or window.end_s > after_s:
                return number
        return None
