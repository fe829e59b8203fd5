"""One event over time: which of its intervals hold at an instant, round after round, and until when (R21 to R26)."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
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


class Timeline:
    """The intervals of an event in all its rounds; takes no longer for an event that began long ago."""

    def __init__(self, placed: Placed) -> None:
        plan = placed.plan
        self._whole = placed.whole
        self._loops = plan.period_s is not None and (plan.period_s > 0 or plan.period_months > 0)
        self._period = Duration(plan.period_months, plan.period_s or 0.0)
        self._first_s = min(each.start_s for _, each in self._whole)
        self._last_s = max(each.end_s for _, each in self._whole)
        self.end_s = plan.end_s

    def at(self, instant_s: float) -> Moment:
        """What holds at `instant_s`: from its start on, and at its end no more."""
        if instant_s >= self.end_s:
            return Moment((), math.inf)
        running: list[Running] = []
        until_s = self.end_s
        for round_number in self._rounds(instant_s):
            for index, interval in self._whole:
                start_s = add(interval.start_s, self._period, round_number)
                end_s = add(interval.end_s, self._period, round_number)
                if start_s <= instant_s < end_s:
                    running.append(Running(index, start_s, end_s))
                    until_s = min(until_s, end_s)
                elif instant_s < start_s < end_s:
                    until_s = min(until_s, start_s)
        running.sort(key=lambda each: (each.start_s, each.place))
        return Moment(tuple(running), until_s)

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
