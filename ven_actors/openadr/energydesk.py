"""energydesk: a vendor's dialect, FastAPI-style and in snake_case; what it sends and how its answers are read.

Only client code of it and notes are known (docs/energydesk.md). The order of its requests is another than the
standard's, so it has a conversation of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec

from ven_actors.errors import VtnNonsense
from ven_actors.model import RegistrationStatus, Resource
from ven_actors.openadr import durations
from ven_actors.openadr.api import Api
from ven_actors.openadr.conversation import Conversation
from ven_actors.openadr.decoding import decode
from ven_actors.openadr.dialect import Dialect, Traces
from ven_actors.openadr.durations import Duration
from ven_actors.openadr.energydesk_shapes import STATUS_NAME, STATUS_TYPE, WireDeskEvent
from ven_actors.openadr.energydesk_talk import EnergydeskConversation
from ven_actors.openadr.events import Event, Interval, Payload, Period

_OVER = frozenset({"cancelled", "canceled", "completed"})


class Energydesk(Dialect):
    """One report per reading; two credentials; approval of each resource; events that have a window and no payloads."""

    name: ClassVar[str] = "energydesk"
    base_urls_key: ClassVar[str] = "energydesk"
    url_parts: ClassVar[frozenset[str]] = frozenset({"energydesk"})
    report_success: ClassVar[frozenset[int]] = frozenset({200, 201})
    token_by_basic: ClassVar[bool] = True

    def converse(
        self,
        api: Api,
        ven_name: str,
        targets: Sequence[str],
        *,
        strict: bool,
        opted_out: bool = False,
        programs: Sequence[str] = (),
    ) -> Conversation:
        del targets, strict  # it has neither targets nor a published description
        return EnergydeskConversation(api, self, ven_name, opted_out=opted_out, programs=programs)

    def recognises(self, traces: Traces) -> bool:
        """By its snake_case programs; nothing else of it is known for certain."""
        program = traces.program or {}
        return "program_name" in program and "programName" not in program

    def excluded_by(self, traces: Traces) -> bool:
        """By programs in the standard's names, or the discovery of the token URL, which only 3.1 has."""
        return traces.names_token_url or "programName" in (traces.program or {})

    # --- what is sent

    def client_name(self, ven_name: str) -> str:
        return f"Client_{ven_name}"

    def ven_request(self, ven_name: str) -> dict[str, Any]:
        return {"ven_name": ven_name, "client_name": self.client_name(ven_name)}

    def resource_request(self, resource: Resource) -> dict[str, Any]:
        """Without `external_resource_id`: where one is sent, some servers answer any trouble as if it were there."""
        known = {
            "meter_point_id": ("identification", resource.meter_point_id),
            "address": ("location", resource.place),
            "enabled": ("state", "true"),
            STATUS_NAME: (STATUS_TYPE, RegistrationStatus.PENDING.value),
        }
        return {
            "id": resource.resource_id,
            "resource_name": resource.name,
            "resource_type": "load",
            "ven_name": resource.ven_name,
            "attributes": [
                {
                    "resource_id": resource.resource_id,
                    "attribute_name": name,
                    "attribute_type": kind,
                    "attribute_values": [value],
                }
                for name, (kind, value) in known.items()
                if value
            ],
            "service_location": {"meterpoint_id": resource.meter_point_id, "address": resource.place},
        }

    def response_request(self, event_id: str, response_type: str) -> dict[str, Any]:
        return {"event_id": event_id, "response_type": response_type}

    # --- what is read

    def parse_event(self, raw: bytes | msgspec.Raw) -> tuple[Event | None, int]:
        """The event as SIMPLE 1 over its window, None where it is over; and its modification number.

        Raises `VtnNonsense`.
        """
        wire = decode(raw, WireDeskEvent, "an event")
        if (wire.status or "").lower() in _OVER:
            return None, wire.modification_number or 0
        try:
            period = _window(wire.start_date, wire.end_date)
        except VtnNonsense as error:
            raise VtnNonsense(f"event {wire.id!r}: {error}") from None
        interval = Interval(0, period, (Payload("SIMPLE", (1,)),))
        naive = any(_is_naive(text) for text in (wire.start_date, wire.end_date) if text is not None)
        event = Event(
            event_id=wire.id,
            program_id=wire.program_id or "",
            name=wire.event_name or "",
            period=period,
            intervals=(interval,),
            naive_times=naive,
        )
        return event, wire.modification_number or 0


def _window(start: str | None, end: str | None) -> Period:
    """No start is now, or ever since where there is an end; no end is never."""
    if end is None:
        return Period(durations.NOW if start is None else durations.parse_instant(start)[0], durations.FOREVER)
    start_s = 0.0 if start is None else durations.parse_instant(start)[0]
    return Period(start_s, Duration(0, max(0.0, durations.parse_instant(end)[0] - start_s)))


def _is_naive(text: str) -> bool:
    return durations.parse_instant(text)[1]
