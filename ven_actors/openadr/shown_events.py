"""Which events concern a VEN at an instant or later, and what they say, for display."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ven_actors.openadr.alike import ALIKE
from ven_actors.openadr.events import Payload
from ven_actors.openadr.payload_types import canonical
from ven_actors.openadr.signals import Contender, SignalPlan, units_of, value_at
from ven_actors.openadr.timelines import Moment
from ven_actors.signals import EventsShown, EventState, Saying, ShownEvent

MOST_TO_COME = 20
_MOST_SHOWN = 20


class ShownEvents:
    """The events of one plan; looked at in the order of time it looks only where something changes.

    `notices` are what is to be said of some of them, by their id.
    """

    def __init__(self, plan: SignalPlan, notices: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self._plan = plan
        self._notices = notices or {}
        self._known: list[tuple[EventsShown, float]] = []

    def at(self, instant_s: float) -> tuple[tuple[ShownEvent, ...], int]:
        """Return those that hold, then those to come, soonest first; and how many more are to come."""
        _, shown_events, more = self.shown(instant_s, instant_s)[0]
        return shown_events, more

    def shown(self, instant_s: float, until_s: float) -> tuple[EventsShown, ...]:
        """Return what there is to see at `instant_s`, and what takes its place up to `until_s`: the first changes."""
        if self._known and instant_s < self._known[0][0].from_s:
            self._known = []
        self._known = [(each, end_s) for each, end_s in self._known if instant_s < end_s]
        at_s = self._known[-1][1] if self._known else instant_s
        while len(self._known) < _MOST_SHOWN and (at_s <= until_s or not self._known):
            end_s, shown_events, more = self._look(at_s)
            self._known.append((EventsShown(at_s, shown_events, more), end_s))
            at_s = end_s
        return tuple(each for each, _ in self._known)

    def _look(self, instant_s: float) -> tuple[float, tuple[ShownEvent, ...], int]:
        winners = {signal.event_id for signal in self._plan.signals_at(instant_s)}
        until_s = math.inf
        holding: list[ShownEvent] = []
        to_come: list[ShownEvent] = []
        for contender in self._plan.contenders:
            moment = contender.timeline.at(instant_s)
            until_s = min(until_s, moment.until_s)
            event_id = contender.event.event_id
            notices = self._notices.get(event_id, ())
            if moment.running:
                state = EventState.IN_FORCE if event_id in winners else EventState.BEATEN
                holding += _saying(contender, moment, instant_s, state, notices)
            elif math.isfinite(moment.until_s):
                begun = contender.timeline.at(moment.until_s)
                to_come += _saying(contender, begun, moment.until_s, EventState.TO_COME, notices)
        holding.sort(key=lambda each: (each.state is EventState.BEATEN, each.name))
        to_come.sort(key=lambda each: (each.start_s, each.name))
        until_s = min([until_s, *(each.end_s for each in holding)])
        return until_s, (*holding, *to_come[:MOST_TO_COME]), max(0, len(to_come) - MOST_TO_COME)


def _saying(
    contender: Contender, moment: Moment, instant_s: float, state: EventState, notices: tuple[str, ...]
) -> list[ShownEvent]:
    """What the interval that holds says (of several, the one that began last), if it says anything."""
    event = contender.event
    for running in reversed(moment.running):
        start_s, end_s = running.start_s, min(running.end_s, contender.timeline.end_s)
        says = []
        for payload in (event.intervals or ())[running.place].payloads:
            kind = canonical(payload.type)
            part_start_s, part_end_s, values = value_at(Payload(kind, payload.values), running, instant_s)
            start_s, end_s = max(start_s, part_start_s), min(end_s, part_end_s)
            says.append(Saying(kind, values, units_of(payload.type, event, contender.program)[0]))
        if says:
            name = event.name or (contender.program and contender.program.name) or event.event_id
            shown = ShownEvent(event.event_id, name, tuple(says), start_s, end_s, state, notices, contender)
            # Many VENs show the same; that it holds its source keeps the id from being another's.
            return [_one((id(contender), running.place, start_s, state), shown)]
    return []


def _one(key: tuple[object, ...], shown: ShownEvent) -> ShownEvent:
    return ALIKE.one((ShownEvent, *key), lambda: shown)
