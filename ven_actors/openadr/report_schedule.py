"""Which windows of an event's intervals a report descriptor asks for (R31): pure arithmetic over indices.

An index counts intervals in array order and on through the rounds of a loop; ids are labels. A window is a range of
indices. Windows are reported in the order of time in which they end, whatever their order in the list. What is decided
here beyond the text of the standard: windows that end at the same instant are one report; where intervals are implied
and end with the event, "all" means all of them; where they never end, it means none, and a window without a
startInterval begins at the first; in a loop, "all" means one round.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence

from ven_actors.model import EventInterval, IntervalPlan, ReportDescriptor, ReportRequest, Window
from ven_actors.openadr.durations import Duration, add

MOST_INTERVALS = 200_000
_ENDLESS = 2**31 - 1  # the longest range of a 32-bit machine; 68 years of seconds
_MOST_STEPS = 2_000_000
_Span = tuple[float, float, int]  # end and start of a window, and its number


def next_window(request: ReportRequest, after_s: float) -> Window | None:
    """The window that ends next after `after_s`; of several that end then, all their intervals.

    Where they are due when they begin (`historical` false): the one that begins first, with those that end by its end.

    None if there is none: frequency 0 (when the VEN sees cause), no window left, a window of all intervals of an
    event without end, or one of more than `MOST_INTERVALS`. Takes no longer for an event that began long ago.
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
    return _Windows(places, int(start), int(length), step, reports, not descriptor.historical).next_after(after_s)


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

    def in_order(self) -> bool:
        """Whether each interval, over all rounds, neither begins nor ends before the one before it."""
        places = [(each.start_s, each.end_s) for each in self._plan.intervals]
        if self._loops:
            start_s, end_s = places[0]
            places.append((add(start_s, self._period), add(end_s, self._period)))
        return all(one[0] <= next_[0] and one[1] <= next_[1] for one, next_ in itertools.pairwise(places))

    def windows_until_repeat(self, step: int) -> int:
        """After how many windows the same places of a round come again; in one round, how many there are."""
        return self._round // math.gcd(step, self._round) if self._loops else -(-self._round // step)

    def moved_s(self, at_s: float, indices: int) -> float:
        """Where an instant lies so many indices, whole rounds, later; the event's end is the latest there is."""
        rounds = indices // self._round
        return min(add(at_s, self._period, rounds) if rounds else at_s, self._plan.end_s)

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

    def __init__(self, places: _Places, start: int, length: int, step: int, reports: int, at_start: bool) -> None:
        self._places = places
        self._start = start
        self._length = length
        self._step = step
        self._reports = reports
        self._at_start = at_start

    def next_after(self, after_s: float) -> Window | None:
        return self._next_in_order(after_s) if self._places.in_order() else self._next_in_disorder(after_s)

    def _indices(self, number: int) -> range:
        begin = self._start + number * self._step
        return range(begin, begin + self._length)

    def _window(self, number: int) -> dict[int, EventInterval]:
        """The intervals of a window by index; none where it lies beyond the event's end."""
        return self._at(self._indices(number))

    def _at(self, indices: range) -> dict[int, EventInterval]:
        return {index: interval for index in indices if (interval := self._places.at(index)) is not None}

    def _next_in_order(self, after_s: float) -> Window | None:
        last = self._start + self._length - 1
        number = bisect_right(
            range(self._reports), after_s, key=lambda number: self._places.end_s(last + number * self._step)
        )
        found = self._window(number) if number < self._reports else {}
        if not found or _ends(found) <= after_s:
            return None
        beyond = self._indices(number).stop
        for following in range(number + 1, self._reports):
            indices = self._indices(following)
            fresh = self._at(range(max(beyond, indices.start), indices.stop))
            if not fresh or _ends(fresh) > _ends(found):
                break
            found, beyond = found | fresh, indices.stop
        return Window(tuple(found.values()))

    def _next_in_disorder(self, after_s: float) -> Window | None:
        """Where intervals overlap or are not in order of time, only whole groups of windows can be skipped."""
        whole = self._places.windows_until_repeat(self._step)
        group = min(whole, self._reports)
        if group * self._length > _MOST_STEPS:
            return None
        spans = self._spans(0, group)
        if not spans:
            return None
        skipped = self._places.groups_past(max(spans)[0], group * self._step, after_s) if group == whole else 0
        to_come = self._to_come(group, skipped, after_s, (min(spans)[0], min(start_s for _, start_s, _ in spans)))
        if not to_come:
            return None
        end_s = self._next_end_s(to_come)
        found: dict[int, EventInterval] = {}
        for _, _, number in (span for span in to_come if span[0] <= end_s):
            found |= self._window(number)
        return Window(tuple(found[index] for index in sorted(found)), _others_from_s(to_come, end_s))

    def _next_end_s(self, spans: Sequence[_Span]) -> float:
        """Where the window ends that is next: it ends first or, of those that are due when they begin, begins first."""
        if self._at_start:
            return min(spans, key=lambda span: (span[1], span[0]))[0]
        return min(spans)[0]

    def _to_come(self, group: int, turn: int, after_s: float, earliest: tuple[float, float]) -> list[_Span]:
        """The windows that end after `after_s`, from group `turn` on, until none of a later group can matter.

        `earliest` has the first end and the first start in group 0.
        """
        found: list[_Span] = []
        while turn * group < self._reports:
            ends_s, begins_s = (self._places.moved_s(at_s, turn * group * self._step) for at_s in earliest)
            if found and ends_s > (end_s := self._next_end_s(found)):
                first_s = min(start_s for _, start_s, _ in found)
                if begins_s >= (first_s if self._at_start else _others_from_s(found, end_s)):
                    break
            spans = self._spans(turn * group, min((turn + 1) * group, self._reports))
            if not spans:
                break
            found += [span for span in spans if span[0] > after_s]
            turn += 1
        return found

    def _spans(self, first: int, last: int) -> list[_Span]:
        windows = ((number, self._window(number)) for number in range(first, last))
        return [
            (_ends(window), min(each.start_s for each in window.values()), number)
            for number, window in windows
            if window
        ]


def _ends(window: Mapping[int, EventInterval]) -> float:
    return max(each.end_s for each in window.values())


def _others_from_s(spans: Sequence[_Span], end_s: float) -> float:
    """Where the earliest begins of those that end later."""
    return min((start_s for each_s, start_s, _ in spans if each_s > end_s), default=math.inf)
