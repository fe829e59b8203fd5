"""What a VEN's events have it do: the signals for its simulation, and what is to be said of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import structlog

from ven_actors.columns import BASELINE_W
from ven_actors.model import Block, VenStatus
from ven_actors.openadr.event_book import Changes, EventBook
from ven_actors.openadr.shown_events import ShownEvents
from ven_actors.openadr.signals import Contender, SignalPlan, words_of
from ven_actors.signals import Phase
from ven_actors.simulation.objections import Objection, objections

log = structlog.get_logger()

Objected = Callable[[str, Mapping[str, bool], Mapping[str, bool]], None]
_MOST_NAMES = 5
_MOST_OBJECTIONS = 10


class Acting:
    """Follows one VEN's book of events.

    `objected` is called with the VEN's name, what it objected to before and what it objects to now: texts, and whether
    the fleet serves payloads of that type at all.
    """

    def __init__(self, ven: str, resource_names: Sequence[str], objected: Objected) -> None:
        self._ven = ven
        self._resource_names = tuple(resource_names)
        self._objected = objected
        self._plan = SignalPlan((), self._resource_names)
        self._shown_events = ShownEvents(self._plan)
        self._names: dict[str, str] = {}
        self._objections: dict[str, dict[str, bool]] = {}
        self._told: dict[str, bool] = {}
        self._power_w: tuple[int, int] | None = None

    def phases(self, start_s: float, end_s: float) -> tuple[Phase, ...]:
        return self._plan.phases(start_s, end_s)

    def follow(self, book: EventBook, changes: Changes | None = None) -> bool:
        """Act by `book` from now on; returns whether `changes`, those since the last time, are any at all."""
        ids = set() if changes is None else {*changes.new, *changes.changed, *changes.gone}
        plan, before = book.signal_plan(self._ven, self._resource_names), self._plan
        if changes is not None and ids:
            self._log(book, changes)
        if plan is not before:
            self._plan = plan
            names = {event.event_id: event.name for event in book.events}
            self._names = names
            self._object(plan, ids or names.keys())
            self._shown_events = ShownEvents(plan, {each: _served(texts) for each, texts in self._objections.items()})
        return bool(ids)

    def metered(self, block: Block) -> None:
        """Remember what was metered last."""
        self._power_w = int(block.power_w.sum()), int(block.extras.get(BASELINE_W, block.power_w).sum())

    def facts(self, status: VenStatus, now_s: float) -> VenStatus:
        """Add to a VEN's status what its events say now, its power, and what that would be without them."""
        power_w, unaffected_w = self._power_w or (None, None)
        shown_events, more = self._shown_events.at(now_s)
        return replace(status, power_w=power_w, unaffected_w=unaffected_w, shown_events=shown_events, more_to_come=more)

    def _log(self, book: EventBook, changes: Changes) -> None:
        names = self._names | {event.event_id: event.name for event in book.events}
        facts: dict[str, object] = {}
        for what in ("new", "changed", "gone"):
            ids: tuple[str, ...] = getattr(changes, what)
            shown = [names.get(event_id) or event_id for event_id in ids[:_MOST_NAMES]]
            more = [f"{len(ids) - _MOST_NAMES} more"] if len(ids) > _MOST_NAMES else []
            facts |= {what: len(ids)} | ({f"{what}_events": ", ".join(shown + more)} if ids else {})
        log.info("events_changed", ven=self._ven, **facts)

    def _object(self, plan: SignalPlan, stale: Collection[str]) -> None:
        """Look at events that are `stale`, or not looked at yet; those of programs that it cannot read are not its."""
        before = self._objections
        self._objections = {
            contender.event.event_id: _of_event(contender)
            if contender.event.event_id in stale or contender.event.event_id not in before
            else before[contender.event.event_id]
            for contender in plan.contenders
        }
        labels = {event_id: _label(event_id, name) for event_id, name in self._names.items()}
        self._objected(self._ven, self._told, told := _all(self._objections, labels))
        self._told = told


def _all(by_event: Mapping[str, Mapping[str, bool]], labels: Mapping[str, str]) -> dict[str, bool]:
    return {
        f"{labels[event_id]}: {text}": served for event_id, texts in by_event.items() for text, served in texts.items()
    }


def _served(texts: Mapping[str, bool]) -> tuple[str, ...]:
    return tuple(text for text, served in texts.items() if served)


def _label(event_id: str, name: str) -> str:
    return f"event {name!r} ({event_id})" if name else f"event {event_id}"


def _of_event(contender: Contender) -> dict[str, bool]:
    """What to say of one event; of the same type and reason the first value stands for all."""
    groups: dict[tuple[str, str], tuple[Objection, set[str]]] = {}
    for objection in _objections(contender):
        key = objection.payload_type, objection.reason
        groups.setdefault(key, (objection, set()))[1].add(objection.values)
    texts: dict[str, bool] = {}
    for objection, values in list(groups.values())[:_MOST_OBJECTIONS]:
        others = f" (and {len(values) - 1} other values)" if len(values) > 1 else ""
        texts[f"{objection.payload_type} {objection.values}{others} {objection.reason}"] = objection.served
    if len(groups) > _MOST_OBJECTIONS:
        texts[f"{len(groups) - _MOST_OBJECTIONS} more payloads are not obeyed as they are"] = True
    return texts


def _objections(contender: Contender) -> Iterator[Objection]:
    for signals in words_of(contender):
        yield from objections(signals)
