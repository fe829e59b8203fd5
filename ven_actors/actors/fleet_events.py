"""What the events of a whole fleet say now, and on how many VENs they are in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import msgspec
import structlog

from ven_actors.model import VenStatus
from ven_actors.signals import EventState, Saying, ShownEvent
from ven_actors.simulation.orders import SERVED

log = structlog.get_logger()

MOST_EVENTS = 20
_LOOK_EVERY_S = 1.0
_LONGEST_VALUES = 60
_ORDER = (EventState.IN_FORCE, EventState.BEATEN, EventState.TO_COME)
_DATES_S = (-62_135_596_800.0, 253_402_300_800.0)


@dataclass(slots=True)
class FleetEvent:
    """One event as the VEN sees it on which it stands best; `vens` have it, `in_force` is in force on so many."""

    shown: ShownEvent
    vens: int = 0
    in_force: int = 0


@dataclass(slots=True)
class FleetEvents:
    """All that say something, those in force first; `more` are further ones to come.

    By payload type: how many events say it now, and on how many VENs.
    """

    events: list[FleetEvent] = field(default_factory=list)
    more: int = 0
    events_by_type: dict[str, int] = field(default_factory=dict)
    vens_by_type: dict[str, int] = field(default_factory=dict)
    vens_in_force: int = 0

    @property
    def in_force(self) -> list[FleetEvent]:
        return [event for event in self.events if event.in_force]


def as_of(status: VenStatus, now_s: float) -> VenStatus:
    """A VEN's status with the events as they are at `now_s`, some time after it told them."""
    later = [each for each in status.later_shown if each.from_s <= now_s]
    if not later:
        return status
    _, shown_events, more = later[-1]
    return replace(status, shown_events=shown_events, more_to_come=more, later_shown=status.later_shown[len(later) :])


def fleet_events(statuses: Iterable[VenStatus]) -> FleetEvents:
    found: dict[str, FleetEvent] = {}
    vens_by_type: dict[str, int] = {}
    more = vens_in_force = 0
    for status in statuses:
        more = max(more, status.more_to_come)
        types: set[str] = set()
        for shown in status.shown_events:
            event = found.setdefault(shown.event_id, FleetEvent(shown))
            event.vens += 1
            if shown.state is EventState.IN_FORCE:
                event.in_force += 1
                types |= {saying.payload_type for saying in shown.says}
            if _ORDER.index(shown.state) < _ORDER.index(event.shown.state):
                event.shown = shown
        vens_in_force += bool(types)
        for payload_type in types:
            vens_by_type[payload_type] = vens_by_type.get(payload_type, 0) + 1
    events = sorted(found.values(), key=_place)
    by_type: dict[str, int] = {}
    for event in events:
        for payload_type in {saying.payload_type for saying in event.shown.says} if event.in_force else ():
            by_type[payload_type] = by_type.get(payload_type, 0) + 1
    return FleetEvents(events, more, by_type, vens_by_type, vens_in_force)


def _place(event: FleetEvent) -> tuple[int, bool, float, str]:
    """What can change the load stands before what cannot, so that many prices do not hide it."""
    shown = event.shown
    order = _ORDER.index(shown.state)
    if shown.state is EventState.TO_COME:
        return order, False, shown.start_s, shown.name
    return order, not any(saying.payload_type in SERVED for saying in shown.says), -event.in_force, shown.name


def saying_text(saying: Saying) -> str:
    """`SIMPLE 2`, `IMPORT_CAPACITY_LIMIT 3 KW`."""
    values = " ".join(
        value if isinstance(value, str) else msgspec.json.encode(value).decode() for value in saying.values
    )
    values = values if len(values) <= _LONGEST_VALUES else values[: _LONGEST_VALUES - 3] + "..."
    return " ".join(word for word in (saying.payload_type, values, saying.units) if word)


def instant(at_s: float) -> str | None:
    """An instant as RFC 3339 in UTC; None for "for ever"."""
    if not _DATES_S[0] <= at_s < _DATES_S[1]:
        return None
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class EventsTold:
    """Logs which events are in force, on how many VENs, and when they are over; each change once it has settled."""

    def __init__(self) -> None:
        self._looked_s = float("-inf")
        self._seen: Mapping[str, str] = {}
        self._told: dict[str, tuple[str, str]] = {}

    def look(self, mono_s: float, statuses: Iterable[VenStatus]) -> None:
        if mono_s < self._looked_s + _LOOK_EVERY_S:
            return
        self._looked_s = mono_s
        events = {event.shown.event_id: event for event in fleet_events(statuses).in_force}
        seen = {event_id: f"{event.shown.says} {event.in_force}" for event_id, event in events.items()}
        settled = {event_id: words for event_id, words in seen.items() if self._seen.get(event_id) == words}
        fresh = [event_id for event_id, words in settled.items() if self._told.get(event_id, ("", ""))[0] != words]
        over = [event_id for event_id in self._told if event_id not in seen and event_id not in self._seen]
        for event_id in fresh[:MOST_EVENTS]:
            self._tell(events[event_id])
        for event_id in over[:MOST_EVENTS]:
            log.info("event_over", name=self._told[event_id][1], id=event_id)
        for what, ids in (("event_in_force", fresh), ("event_over", over)):
            if len(ids) > MOST_EVENTS:
                log.info(what, more_events=len(ids) - MOST_EVENTS)
        self._seen = seen
        self._told = {each: words for each, words in self._told.items() if each not in over}
        self._told |= {event_id: (settled[event_id], events[event_id].shown.name) for event_id in fresh}

    @staticmethod
    def _tell(event: FleetEvent) -> None:
        shown = event.shown
        log.info(
            "event_in_force", name=shown.name, id=shown.event_id,
            says=", ".join(map(saying_text, shown.says)), since=instant(shown.start_s),
            until=instant(shown.end_s) or "further notice", vens=event.in_force,
        )  # fmt: skip
