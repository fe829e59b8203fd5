"""One event over time: which of its intervals hold at an instant, round after round, and until when (R21 to R26)."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import NamedTuple

from ven_actors.openadr.durations import Duration, add
from ven_actors.openadr.interval_plans import Placed

_MOST_ROUNDS = 2**31 - 1
_MOST_OVERLAPPING_ROUNDS = 100


class Running(NamedTuple):
    """An interval that holds: its place in the event's list, and its place in time before the event's end cuts it."""

    place: int
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Moment:
    """Who runs at an instant, in the order of start and then of the list, and until when that cannot change."""

    running: tuple[Running, ...]
    until_s: float


class _Round:
    """One round in the order of start. `latest_s[n]` is the latest end of the first n + 1 intervals."""

    def __init__(self, intervals: Iterable[Running]) -> None:
        self.intervals = sorted((each for each in intervals if each.start_s < each.end_s), key=_by_start)
        self.latest_s = list(accumulate((each.end_s for each in self.intervals), max))


class Timeline:
    """The intervals of an event in all its rounds; takes no longer for an event that began long ago, or has very many.

    Seconds move all intervals of a round alike, so that their order stays. Months do not (30 and 31 January are both
    moved to 28 February): such rounds are made one by one.
    """

    def __init__(self, placed: Placed) -> None:
        plan = placed.plan
        self._whole = [Running(index, each.start_s, each.end_s) for index, each in placed.whole]
        self._loops = plan.period_s is not None and (plan.period_s > 0 or plan.period_months > 0)
        self._period = Duration(plan.period_months, plan.period_s or 0.0)
        self._first_s = min(each.start_s for each in self._whole)
        self._last_s = max(each.end_s for each in self._whole)
        self._first_round = _Round(self._whole)
        self._moved_by_months: dict[int, _Round] = {}
        self.end_s = plan.end_s

    def at(self, instant_s: float) -> Moment:
        """What holds at `instant_s`: from its start on, and at its end no more."""
        if instant_s >= self.end_s:
            return Moment((), math.inf)
        running: list[Running] = []
        until_s = self.end_s
        for number in self._rounds(instant_s):
            of_round, move = self._round(number)
            begun = bisect_right(of_round.intervals, instant_s, key=lambda each: move(each.start_s))
            for each in islice(of_round.intervals, begun, None):
                if move(each.start_s) < move(each.end_s):
                    until_s = min(until_s, move(each.start_s))
                    break
            for at in range(begun - 1, -1, -1):
                if move(of_round.latest_s[at]) <= instant_s:
                    break
                place, start_s, end_s = of_round.intervals[at]
                if instant_s < move(end_s):
                    running.append(Running(place, move(start_s), move(end_s)))
                    until_s = min(until_s, move(end_s))
        running.sort(key=lambda each: (each.start_s, each.place))
        return Moment(tuple(running), until_s)

    def _round(self, number: int) -> tuple[_Round, Callable[[float], float]]:
        """A round's intervals, and what moves them to where they lie."""
        if not self._period.months:
            return self._first_round, lambda at_s: add(at_s, self._period, number)
        if number not in self._moved_by_months:
            if len(self._moved_by_months) > _MOST_OVERLAPPING_ROUNDS + 1:
                self._moved_by_months.clear()
            moved = (
                Running(place, add(start_s, self._period, number), add(end_s, self._period, number))
                for place, start_s, end_s in self._whole
            )
            self._moved_by_months[number] = _Round(moved)
        return self._moved_by_months[number], lambda at_s: at_s

    def _rounds(self, instant_s: float) -> range:
        """The rounds that may hold an interval of this instant, and the one after them."""
        if not self._loops:
            return range(1)
        begun = bisect_right(
            range(_MOST_ROUNDS), instant_s, key=lambda number: add(self._first_s, self._period, number)
        )
        oldest = begun
        while oldest > 0 and begun - oldest < _MOST_OVERLAPPING_ROUNDS:
            if add(self._last_s, self._period, oldest - 1) <= instant_s:
                break
            oldest -= 1
        return range(oldest, begun + 1)


def _by_start(interval: Running) -> tuple[float, int]:
    return interval.start_s, interval.place
