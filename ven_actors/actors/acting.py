"""What a VEN does because of its events: signals for its simulation, and notices about what it does not obey."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import structlog

from ven_actors.actors.notices import Objected
from ven_actors.actors.objections import Objections, objections_to
from ven_actors.columns import BASELINE_W
from ven_actors.model import Block, VenStatus
from ven_actors.openadr.event_book import Changes, EventBook
from ven_actors.openadr.events import Event
from ven_actors.openadr.shown_events import ShownEvents
from ven_actors.openadr.signals import SignalPlan
from ven_actors.signals import Phase

log = structlog.get_logger()

_MOST_NAMES = 5


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
        self._events: tuple[Event, ...] = ()
        self._objections: tuple[Objections, ...] = ()
        self._power_w: tuple[int, int] | None = None

    def phases(self, start_s: float, end_s: float) -> tuple[Phase, ...]:
        return self._plan.phases(start_s, end_s)

    def follow(self, book: EventBook, changes: Changes | None = None) -> bool:
        """Follow `book` from now on; returns whether `changes`, those since the last time, has any change."""
        has_changed = changes is not None and bool(changes.new or changes.changed or changes.gone)
        plan, before = book.signal_plan(self._ven, self._resource_names), self._plan
        if changes is not None and has_changed:
            self._log(book, changes)
        if plan is not before:
            self._plan, self._events = plan, book.events
            self._object(plan)
            notices = {each.event_id: each.served for each in self._objections if each.served}
            self._shown_events = ShownEvents(plan, notices)
        return has_changed

    def metered(self, block: Block) -> None:
        """Remember what was metered last."""
        self._power_w = int(block.power_w.sum()), int(block.extras.get(BASELINE_W, block.power_w).sum())

    def facts(self, status: VenStatus, now_s: float, until_s: float) -> VenStatus:
        """Add to a VEN's status what its events say from now until `until_s`, its power, and that without them."""
        power_w, unaffected_w = self._power_w or (None, None)
        now, *later = self._shown_events.shown(now_s, until_s)
        return replace(
            status, power_w=power_w, unaffected_w=unaffected_w, shown_events=now.shown_events,
            more_to_come=now.more_to_come, later_shown=tuple(later),
        )  # fmt: skip

    def _log(self, book: EventBook, changes: Changes) -> None:
        names = {event.event_id: event.name for event in (*self._events, *book.events)}
        facts: dict[str, object] = {}
        for what in ("new", "changed", "gone"):
            ids: tuple[str, ...] = getattr(changes, what)
            shown = [names.get(event_id) or event_id for event_id in ids[:_MOST_NAMES]]
            more = [f"{len(ids) - _MOST_NAMES} more"] if len(ids) > _MOST_NAMES else []
            facts |= {what: len(ids)} | ({f"{what}_events": ", ".join(shown + more)} if ids else {})
        log.info("events_changed", ven=self._ven, **facts)

    def _object(self, plan: SignalPlan) -> None:
        """Look at what its events say, without events of programs that it cannot read."""
        before = self._objections
        self._objections = tuple(map(objections_to, plan.contenders))
        self._objected(self._ven, _all(before), _all(self._objections))


def _all(objections: Iterable[Objections]) -> dict[str, bool]:
    return {text: served for each in objections for text, served in each.texts.items()}
