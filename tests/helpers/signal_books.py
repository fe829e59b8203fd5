"""Events, books of them, and what a book's signals say of a resource."""

from __future__ import annotations

from typing import Any

from ven_actors.openadr.durations import Duration, parse_instant
from ven_actors.openadr.event_book import EventBook
from ven_actors.openadr.events import Event, Interval, Payload, Period
from ven_actors.signals import Signal

T0 = parse_instant("2026-01-16T00:00:00Z")[0]
HOUR = Duration(0, 3600.0)
HOUR_S = 3600.0
RESOURCES = ("res-1", "res-2", "res-3")
POINTS = tuple({"x": float(x), "y": 0.5} for x in range(6))


def event(event_id: str = "e1", *payloads: Any, period: Period | None = None, **parts: Any) -> Event:
    """An event of one interval from `T0` for an hour; payloads are (type, value, ...)."""
    said = tuple(Payload(kind, tuple(values)) for kind, *values in payloads)
    parts = {"intervals": (Interval(0, None, said),)} | parts
    return Event(event_id, parts.pop("program", "p1"), period=period or Period(T0, HOUR), **parts)


def book_of(*events: Event, as_of_s: float = T0, programs: Any = None) -> EventBook:
    book = EventBook()
    book.update(events, as_of_s, programs=programs)
    return book


def signals(book: EventBook, at_s: float, ven: str = "ven") -> tuple[Signal, ...]:
    return book.signals_at(ven, RESOURCES, at_s)


def said(book: EventBook, at_s: float, resource: str = "res-1") -> list[tuple[Any, ...]]:
    """Event, type and values of what is in force on a resource."""
    return [
        (signal.event_id, signal.payload_type, *signal.values)
        for signal in signals(book, at_s)
        if signal.resource_names is None or resource in signal.resource_names
    ]
