"""What the live status says of events, and of power with and without them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ven_actors.actors.fleet_events import MOST_EVENTS, FleetEvent, fleet_events, instant
from ven_actors.model import FleetStatus
from ven_actors.openadr.payload_types import STANDARD_TYPES

OTHER = "other"


def event_status(status: FleetStatus) -> dict[str, Any]:
    """The part of the status document about events: the first of them, counts, and total power in watts.

    `by_payload_type` has the standard's types by name; all others are one.
    """
    vens = status.vens.values()
    found = fleet_events(vens)
    types = sorted(found.events_by_type)
    return {
        "power_w": _total(ven.power_w for ven in vens),
        "power_without_events_w": _total(ven.unaffected_w for ven in vens),
        "events": [_event(event) for event in found.events[:MOST_EVENTS]],
        "more_events": len(found.events[MOST_EVENTS:]) + found.more,
        "in_force": {
            "events": len(found.in_force),
            "vens": found.vens_in_force,
            "by_payload_type": _by_type(types, found.events_by_type, found.vens_by_type),
        },
    }


def power_facts(status: FleetStatus) -> dict[str, Any]:
    """Total power in kW for the log, and what it would be without any event, where it is known."""
    facts = {
        "power_kw": _total(ven.power_w for ven in status.vens.values()),
        "power_without_events_kw": _total(ven.unaffected_w for ven in status.vens.values()),
    }
    return {name: round(power_w / 1000, 3) for name, power_w in facts.items() if power_w is not None}


def _event(event: FleetEvent) -> dict[str, Any]:
    shown = event.shown
    return {
        "id": shown.event_id,
        "name": shown.name,
        "state": shown.state.value,
        "payloads": [
            {"type": saying.payload_type, "values": list(saying.values)}
            | ({"units": saying.units} if saying.units else {})
            for saying in shown.says
        ],
        "start": instant(shown.start_s),
        "end": instant(shown.end_s),
        "vens": event.vens,
        "vens_in_force": event.in_force,
        "notices": list(shown.notices),
    }


def _by_type(types: list[str], events: Mapping[str, int], vens: Mapping[str, int]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for payload_type in types:
        name = payload_type if payload_type in STANDARD_TYPES else OTHER
        count = counts.setdefault(name, {"events": 0, "vens": 0})
        count["events"] += events[payload_type]
        count["vens"] = max(count["vens"], vens.get(payload_type, 0))
    return counts


def _total(powers: Iterable[int | None]) -> int | None:
    known = [power_w for power_w in powers if power_w is not None]
    return sum(known) if known else None
