"""OpenADR 3.1.0: paths, request forms of a VEN, and how its events become neutral."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec

from ven_actors.errors import VtnNonsense
from ven_actors.model import ReportDescriptor, Resource
from ven_actors.openadr import durations
from ven_actors.openadr.decoding import decode
from ven_actors.openadr.dialect import Dialect, Query
from ven_actors.openadr.durations import Duration
from ven_actors.openadr.events import Event, Interval, Payload, PayloadDescriptor, Period, Program
from ven_actors.openadr.wire31 import (
    WireEvent,
    WireInterval,
    WirePayloadDescriptor,
    WirePeriod,
    WireProgram,
    WireReportDescriptor,
    WireResource,
    WireVen,
)

_KNOWN_OF_EVENT = frozenset(field.encode_name for field in msgspec.structs.fields(WireEvent))
_LONGEST_DESCRIPTION = 128


class V310(Dialect):
    """OpenADR 3.1.0 (openadr3.yaml of that version; 3.1.1 is the same on the wire)."""

    name: ClassVar[str] = "openadr-3.1"
    auth_server_path: ClassVar[str | None] = "/auth/server"

    def targets_query(self, targets: Sequence[str]) -> Query:
        return [("targets", target) for target in targets]

    def resources_path(self, ven_id: str) -> str:
        del ven_id
        return "/resources"

    def resources_query(self, ven_id: str, resource_name: str | None) -> Query:
        return [("venID", ven_id)] + ([] if resource_name is None else [("resourceName", resource_name)])

    def ven_request(self, ven_name: str) -> dict[str, Any]:
        return {"objectType": "VEN_VEN_REQUEST", "venName": ven_name}

    def resource_request(self, resource: Resource, ven_id: str) -> dict[str, Any]:
        """Without targets: only the VTN's business logic grants them (R8)."""
        words = ", ".join(word for word in (resource.kind, resource.place) if word)
        attributes = [{"type": "DESCRIPTION", "values": [words[:_LONGEST_DESCRIPTION]]}] if words else None
        request: dict[str, Any] = {
            "objectType": "VEN_RESOURCE_REQUEST",
            "resourceName": resource.name,
            "venID": ven_id,
        }
        return request if attributes is None else request | {"attributes": attributes}

    def parse_program(self, raw: bytes | msgspec.Raw) -> Program:
        wire = decode(raw, WireProgram, "a program")
        return Program(
            program_id=wire.id,
            name=wire.program_name,
            targets=tuple(wire.targets or ()),
            payload_descriptors=_payload_descriptors(wire.payload_descriptors),
        )

    def parse_event(self, raw: bytes | msgspec.Raw) -> Event:
        wire = decode(raw, WireEvent, "an event")
        try:
            return _event(wire, raw)
        except VtnNonsense as error:
            raise VtnNonsense(f"event {wire.id!r}: {error}") from None

    def parse_ven(self, raw: bytes | msgspec.Raw) -> tuple[str, str]:
        wire = decode(raw, WireVen, "a ven")
        return wire.id, wire.ven_name

    def parse_resource(self, raw: bytes | msgspec.Raw) -> tuple[str, str, str | None]:
        wire = decode(raw, WireResource, "a resource")
        return wire.id, wire.resource_name, wire.ven_id


def _event(wire: WireEvent, raw: bytes | msgspec.Raw) -> Event:
    periods = [wire.interval_period, *(interval.interval_period for interval in wire.intervals or ())]
    return Event(
        event_id=wire.id,
        program_id=wire.program_id,
        name=wire.event_name or "",
        priority=wire.priority,
        targets=tuple(wire.targets or ()),
        period=_period(wire.interval_period),
        duration=_length(wire.duration),
        intervals=None if wire.intervals is None else tuple(_interval(interval) for interval in wire.intervals),
        report_descriptors=tuple(_report_descriptor(each) for each in wire.report_descriptors or ()),
        payload_descriptors=_payload_descriptors(wire.payload_descriptors),
        created=wire.created_date_time or "",
        modified=wire.modification_date_time or "",
        naive_times=any(_is_naive(period) for period in periods),
        extra={
            name: bytes(value)
            for name, value in decode(raw, dict[str, msgspec.Raw], "an event").items()
            if name not in _KNOWN_OF_EVENT
        },
    )


def _is_naive(period: WirePeriod | None) -> bool:
    start = None if period is None else period.start
    return start is not None and durations.parse_start(start) != durations.NOW and durations.parse_instant(start)[1]


def _period(wire: WirePeriod | None) -> Period | None:
    if wire is None:
        return None
    return Period(
        start_s=None if wire.start is None else durations.parse_start(wire.start),
        duration=_length(wire.duration),
        randomize=None if wire.randomize_start is None else durations.parse_duration(wire.randomize_start),
    )


def _length(text: str | None) -> Duration | None:
    return None if text is None else durations.parse_length(text)


def _interval(wire: WireInterval) -> Interval:
    payloads = tuple(Payload(payload.type, tuple(payload.values or ())) for payload in wire.payloads or ())
    return Interval(interval_id=wire.id, period=_period(wire.interval_period), payloads=payloads)


def _payload_descriptors(wires: list[WirePayloadDescriptor] | None) -> tuple[PayloadDescriptor, ...]:
    return tuple(PayloadDescriptor(wire.payload_type, wire.units, wire.currency) for wire in wires or ())


def _report_descriptor(wire: WireReportDescriptor) -> ReportDescriptor:
    """Null and absent both mean the default of the standard, which the model knows."""
    said = {name: value for name, value in msgspec.structs.asdict(wire).items() if value is not None}
    return ReportDescriptor(**said | {"targets": tuple(wire.targets or ())})
