"""Which signals are in force on a VEN's resources at an instant: priority, overlap and splitting (R20 to R28).

What is decided here beyond the text of the standard: events of equal priority give way to the one whose content is
newer, then to the one whose id comes first; where intervals of one event overlap, the one that begins later holds,
then the later of the list; values that would split an interval without end hold one after the other in name only:
the first holds for good.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from ven_actors.openadr.events import Event, Payload, Program
from ven_actors.openadr.payload_types import canonical, meaning
from ven_actors.openadr.timelines import Running, Timeline
from ven_actors.signals import Phase, Signal

_MOST_PHASES = 200


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Contender:
    """An event that may give signals to some resources of the VEN; `resource_names` None means all of them.

    `anchor_s` is when its present content came to be. One contender serves all VENs to which its event means the same;
    `derived` is what is worked out of it alone, by the names of those who do.
    """

    event: Event
    anchor_s: float
    timeline: Timeline
    resource_names: tuple[str, ...] | None
    program: Program | None = None
    derived: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def precedence(self) -> tuple[float, float, str]:
        """Sorts who wins first: 0 is the highest priority, none the lowest."""
        priority = math.inf if self.event.priority is None else self.event.priority
        return priority, -self.anchor_s, self.event.event_id


class _Said(NamedTuple):
    """What an interval says, the same from `from_s` until `until_s`."""

    running: Running
    from_s: float
    until_s: float
    signals: tuple[Signal, ...]


class SignalPlan:
    """All signals of a VEN's events, from now on; made anew when its events have changed.

    Asked in the order of time it looks things up only where something changes. Payload types of `void` are left out.
    """

    def __init__(
        self, contenders: Sequence[Contender], resource_names: Sequence[str], void: Collection[str] = ()
    ) -> None:
        self._contenders = sorted(contenders, key=lambda contender: contender.precedence)
        self._resource_names = tuple(resource_names)
        self._void = frozenset(void)
        self._known: tuple[float, float, tuple[Signal, ...]] = (math.inf, math.inf, ())

    @property
    def contenders(self) -> tuple[Contender, ...]:
        """The events that may give signals, those that win first."""
        return tuple(self._contenders)

    def signals_at(self, instant_s: float) -> tuple[Signal, ...]:
        """The signals in force at `instant_s`, the winners' first; each names the resources on which it holds."""
        return self._until(instant_s)[1]

    def phases(self, start_s: float, end_s: float) -> tuple[Phase, ...]:
        """What is in force from `start_s` to `end_s`, part by part; none where nothing ever is.

        After very many parts the last stands for the rest.
        """
        phases: list[Phase] = []
        at_s = start_s
        while at_s < end_s:
            until_s, signals = self._until(at_s)
            until_s = end_s if len(phases) == _MOST_PHASES - 1 else min(until_s, end_s)
            phases.append(Phase((until_s - at_s) / (end_s - start_s), signals))
            at_s = until_s
        return tuple(phases) if any(phase.signals for phase in phases) else ()

    def _until(self, instant_s: float) -> tuple[float, tuple[Signal, ...]]:
        from_s, until_s, signals = self._known
        if not from_s <= instant_s < until_s:
            until_s, signals = self._resolve(instant_s)
            self._known = (instant_s, until_s, signals)
        return until_s, signals

    def _resolve(self, instant_s: float) -> tuple[float, tuple[Signal, ...]]:
        until_s = math.inf
        signals: list[Signal] = []
        taken: dict[str, set[str]] = {}
        for contender in self._contenders:
            moment = contender.timeline.at(instant_s)
            until_s = min(until_s, moment.until_s)
            for running in reversed(moment.running):
                said = _signals(contender, running, instant_s)
                fresh = [signal for signal in said if signal.payload_type not in self._void]
                until_s = min([until_s, *(signal.end_s for signal in fresh)])
                signals += self._unbeaten(fresh, taken)
        return until_s, tuple(signals)

    def _unbeaten(self, fresh: Sequence[Signal], taken: dict[str, set[str]]) -> Iterator[Signal]:
        """What of one interval's signals nothing before it has beaten; what competes is then taken by it."""
        taken_now: dict[str, set[str]] = {}
        for signal in fresh:
            control = meaning(signal.payload_type).competes
            if control is None:
                yield signal
                continue
            names = self._resource_names if signal.resource_names is None else signal.resource_names
            beaten = taken.get(control, set())
            left = tuple(name for name in names if name not in beaten)
            taken_now.setdefault(control, set()).update(left)
            if len(left) == len(names):
                yield signal
            elif left:
                yield replace(signal, resource_names=left)
        for control, names_taken in taken_now.items():
            taken.setdefault(control, set()).update(names_taken)


def _signals(contender: Contender, running: Running, instant_s: float) -> tuple[Signal, ...]:
    """What the interval says now: made by the first VEN that asks."""
    said: _Said | None = contender.derived.get("said")
    if said is None or said.running != running or not said.from_s <= instant_s < said.until_s:
        signals = tuple(_all_signals(contender, running, instant_s))
        from_s = max((signal.start_s for signal in signals), default=running.start_s)
        until_s = min((signal.end_s for signal in signals), default=running.end_s)
        contender.derived["said"] = said = _Said(running, from_s, until_s, signals)
    return said.signals


def _all_signals(contender: Contender, running: Running, instant_s: float) -> Iterator[Signal]:
    event = contender.event
    assert event.intervals is not None
    interval = event.intervals[running.place]
    for payload in interval.payloads:
        kind = canonical(payload.type)
        start_s, end_s, values = value_at(Payload(kind, payload.values), running, instant_s)
        units, currency = units_of(payload.type, event, contender.program)
        yield Signal(
            kind, values, units, currency, event.event_id, event.program_id, interval.interval_id,
            start_s, min(end_s, contender.timeline.end_s), contender.resource_names,
        )  # fmt: skip


def signals_by_interval(contender: Contender) -> Iterator[tuple[Signal, ...]]:
    """All that an event says, interval by interval, whenever that may hold."""
    event = contender.event
    for interval in event.intervals or ():
        yield tuple(
            Signal(
                canonical(payload.type), payload.values, *units_of(payload.type, event, contender.program),
                event.event_id, event.program_id, interval.interval_id, -math.inf, math.inf, contender.resource_names,
            )
            for payload in interval.payloads
        )  # fmt: skip


def value_at(payload: Payload, running: Running, instant_s: float) -> tuple[float, float, tuple[Any, ...]]:
    """The part of the interval around `instant_s`, and the values of that part (R25)."""
    start_s, end_s, count = running.start_s, running.end_s, len(payload.values)
    if count < 2 or not meaning(payload.type).splits:
        return start_s, end_s, payload.values
    if math.isinf(end_s):
        return start_s, end_s, payload.values[:1]

    def edge_s(part: int) -> float:
        return end_s if part == count else start_s + (end_s - start_s) * part / count

    part = bisect_right(range(1, count), instant_s, key=edge_s)
    return edge_s(part), edge_s(part + 1), payload.values[part : part + 1]


def units_of(payload_type: str, event: Event, program: Program | None) -> tuple[str | None, str | None]:
    """Units and currency, each for itself: as the event says, else its program, else the type's usual units (R27)."""
    declared = [*event.payload_descriptors, *(() if program is None else program.payload_descriptors)]
    ours = [each for each in declared if each.payload_type == payload_type]
    units = (each.units for each in ours if each.units)
    currency = (each.currency for each in ours if each.currency)
    return next(units, meaning(canonical(payload_type)).units), next(currency, None)
