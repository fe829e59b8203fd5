"""The VTN's objects in energydesk's words."""

from __future__ import annotations

from typing import Any

import msgspec

from ven_actors.vtn.energydesk.bodies import ResourceBody, parse
from ven_actors.vtn.energydesk.book import Status
from ven_actors.vtn.facts import Stored
from ven_actors.vtn.v310.ends import event_starts_s
from ven_actors.vtn.v310.formats import date_time
from ven_actors.vtn.v310.wire import EventRequest

_MS = 1000
_event = msgspec.json.Decoder(EventRequest)
_UNKNOWN_HERE = (
    "program_issuer", "effective_start_date", "effective_end_date", "program_period_start", "program_period_end",
    "enrollment_period_start", "enrollment_period_end", "market_context", "participation_type", "notification_time",
    "call_heads_up_time", "interval_period_duration", "interruptible",
)  # fmt: skip


def program_json(stored: Stored) -> dict[str, Any]:
    """Of the many fields those that the standard's program tells; the rest is null."""
    body = msgspec.json.decode(stored.draft.body)
    said = {each["type"]: each["values"] for each in body.get("attributes") or () if each.get("values")}
    period = body.get("intervalPeriod") or {}

    def first(kind: str) -> Any:
        return said.get(kind, [None])[0]

    return dict.fromkeys(_UNKNOWN_HERE) | {
        "id": stored.id,
        "program_id": body["programName"],
        "program_name": body["programName"],
        "program_long_name": first("PROGRAM_LONG_NAME"),
        "program_type": first("PROGRAM_TYPE"),
        "program_priority": 0,
        "state": "active",
        "retailer_name": first("RETAILER_NAME"),
        "country": first("COUNTRY"),
        "principal_subdivision": first("PRINCIPAL_SUBDIVISION"),
        "timezone": "UTC",
        "interval_period": period.get("duration"),
        "created_date": date_time(stored.created_s),
        "modification_date_time": date_time(stored.modified_s),
    }


def event_json(stored: Stored, now_s: float) -> dict[str, Any] | None:
    """None for an event without payloads in its intervals: it only asks for reports."""
    event = _event.decode(stored.draft.body)
    if not any(interval.payloads for interval in event.intervals or ()):
        return None
    start_s, end_s = event_starts_s(event, stored.modified_s), stored.draft.ends_s
    return {
        "id": stored.id,
        "event_name": event.eventName or None,
        "program_id": stored.draft.parent_id,
        "start_date": date_time(start_s),
        "end_date": None if end_s is None else date_time(end_s),
        "status": _event_status(start_s, end_s, now_s),
        "modification_number": round((stored.modified_s - stored.created_s) * _MS),
    }


def _event_status(start_s: float, end_s: float | None, now_s: float) -> str:
    if end_s is not None and end_s <= start_s:
        return "cancelled"
    if now_s < start_s:
        return "scheduled"
    return "active" if end_s is None or now_s < end_s else "completed"


def resource_json(stored: Stored, facts: bytes, status: Status) -> dict[str, Any]:
    """What its VEN said of it, and its registration state among the attributes."""
    said = msgspec.to_builtins(parse(facts, ResourceBody)) if facts else {}
    attributes = [each for each in said.get("attributes", ()) if each["attribute_name"] != "status"]
    state = {"attribute_name": "status", "attribute_type": "prequalification", "attribute_values": [status.value]}
    return said | {
        "id": stored.id,
        "resource_name": stored.draft.name,
        "attributes": [each | {"resource_id": stored.id} for each in (*attributes, state)],
        "created_date": date_time(stored.created_s),
    }
