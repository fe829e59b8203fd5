"""Intervals of an event as neutral facts: one, all of them, and those that one report covers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class EventInterval(NamedTuple):
    """One interval of an event after all inheritance; in a report, `quality` may say MISSING or ESTIMATED."""

    interval_id: int
    start_s: float
    end_s: float
    quality: str = ""


@dataclass(frozen=True, slots=True)
class IntervalPlan:
    """Where an event's intervals lie.

    `intervals` is one round in array order. `period_s` is None when there is but one round; otherwise round r is
    shifted by r x `period_months` calendar months and then by r x `period_s`, until `end_s`. `implied` (an
    intervalPeriod without intervals, or the VEN's own intervals) means that the ids count on from round to round; in
    a loop they repeat. `own` means that only a report can tell the VTN where they lie: they are the VEN's own metering
    intervals, or begin "now" or at random.
    """

    intervals: tuple[EventInterval, ...]
    period_s: float | None
    end_s: float
    implied: bool
    period_months: int = 0
    own: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """The event intervals that one report covers, in the event's order, which need not be that of time.

    `others_from_s` is where the earliest window begins of those that end later.
    """

    intervals: tuple[EventInterval, ...]
    others_from_s: float = field(default=float("inf"), compare=False)

    @property
    def start_s(self) -> float:
        return min(interval.start_s for interval in self.intervals)

    @property
    def end_s(self) -> float:
        return max(interval.end_s for interval in self.intervals)

    @property
    def needs_from_s(self) -> float:
        """From when on readings are needed, for this window or a later one."""
        return min(self.start_s, self.others_from_s)
