"""What a VTN says to a VEN's resources, after all rules of time and priority; nothing here does anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Signal:
    """What one payload of an event says from `start_s` to `end_s`, on the resources on which nothing beats it.

    `values` are numbers, strings, booleans or points (dicts). `resource_names` None means all resources of the VEN.
    """

    payload_type: str
    values: tuple[Any, ...]
    units: str | None
    currency: str | None
    event_id: str
    program_id: str
    interval_id: int
    start_s: float
    end_s: float
    resource_names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    """The signals in force over a part of a metering interval; `share` is that part, of 1."""

    share: float
    signals: tuple[Signal, ...]


class EventState(StrEnum):
    """How an event stands with a VEN: what it says now holds, other events win over it, or it begins later."""

    IN_FORCE = "in force"
    BEATEN = "beaten"
    TO_COME = "to come"


class Saying(NamedTuple):
    """One payload: canonical type, values, and units where the event or its program names some."""

    payload_type: str
    values: tuple[Any, ...]
    units: str | None = None


@dataclass(frozen=True, slots=True, weakref_slot=True)
class ShownEvent:
    """An event that says something, to one VEN: what it says from `start_s` to `end_s`.

    `name` is its own, else its program's.
    `notices` say what of it, at any time, the VEN does not obey as asked. `source` is only held.
    """

    event_id: str
    name: str
    says: tuple[Saying, ...]
    start_s: float
    end_s: float
    state: EventState
    notices: tuple[str, ...] = ()
    source: object = field(default=None, compare=False, repr=False)


class EventsShown(NamedTuple):
    """What there is to see of events from `from_s` on: those shown, and how many more are to come."""

    from_s: float
    shown_events: tuple[ShownEvent, ...]
    more_to_come: int
