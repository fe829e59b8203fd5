"""OpenADR 3.0.1: where it differs from 3.1.0 in what is sent, in what is read, and in whose events are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import repeat
from typing import Any, ClassVar
from urllib.parse import quote

import msgspec

from ven_actors.errors import VtnNonsense
from ven_actors.model import ReportDescriptor, Resource
from ven_actors.openadr import strictness
from ven_actors.openadr.dialect import Query, ReadEvent, Registered, Traces
from ven_actors.openadr.durations import NOW, Duration
from ven_actors.openadr.events import Event, Interval, Period, Program
from ven_actors.openadr.neutral import event_of, payload_descriptors_of, report_descriptor_of
from ven_actors.openadr.reading import Reader, targets_borne
from ven_actors.openadr.salvage import salvaged
from ven_actors.openadr.targeting import Own, Target
from ven_actors.openadr.v310 import V310
from ven_actors.openadr.wire import (
    WireEvent,
    WireOwnTarget,
    WireProgram,
    WireResource,
    WireTarget,
    WireTargeted,
    WireVen,
)

_AT_ONCE = Duration(0, 0.0)
_BY_NAME = frozenset({"VEN_NAME", "RESOURCE_NAME", "PROGRAM_NAME", "EVENT_NAME"})
_INSTANT_TYPES = frozenset({"CTA2045_REBOOT"})


class V301(V310):
    """OpenADR 3.0.1 (openadr3.yaml of that version)."""

    name: ClassVar[str] = "openadr-3.0.1"
    base_urls_key: ClassVar[str] = "3.0.1"
    url_parts: ClassVar[frozenset[str]] = frozenset({"3.0", "3.0.0", "3.0.1"})
    auth_server_path: ClassVar[str | None] = None
    reports_name_program: ClassVar[bool] = True
    subscriptions_name_program: ClassVar[bool] = True
    operation_verbs: ClassVar[tuple[str, ...]] = ("POST", "PUT", "DELETE")
    scopes: ClassVar[tuple[str, ...]] = ("read_all", "write_reports", "write_vens")
    vens_have_clients: ClassVar[bool] = False
    strict_subscription: ClassVar[type] = strictness.Subscription301
    usual_targets: ClassVar[tuple[str, ...]] = ("VEN_NAME={ven}",)

    def recognises(self, traces: Traces) -> bool:
        """By programs in the standard's names where `/resources` is unknown."""
        named = traces.program is None or "programName" in traces.program
        return named and traces.resources_status not in {405, 422}

    def excluded_by(self, traces: Traces) -> bool:
        """By programs in other names, or by both of what only 3.1 has."""
        named = traces.program is None or "programName" in traces.program
        return not named or (traces.names_token_url and traces.resources_status == 200)

    def targets_queries(self, targets: Sequence[str]) -> list[Query]:
        """One query for each type: a query names but one. Targets are written `GROUP=north`."""
        by_type: dict[str, Query] = {}
        for target in map(Target.parse, targets):
            query = by_type.setdefault(target.type, [("targetType", target.type)])
            query.append(("targetValues", target.value))
        return list(by_type.values())

    def resources_path(self, ven_id: str) -> str:
        return f"{self.vens_path}/{quote(ven_id, safe='')}/resources"

    def resources_query(self, ven_id: str, resource_name: str | None) -> Query:
        del ven_id
        return [] if resource_name is None else [("resourceName", resource_name)]

    def ven_request(self, ven_name: str) -> dict[str, Any]:
        return {"venName": ven_name}

    def resource_request(self, resource: Resource, ven_id: str) -> dict[str, Any]:
        """Without `objectType` and `venID`: the path says both."""
        return _without_31(super().resource_request(resource, ven_id))

    def operator_ven_request(self, ven_name: str, client_id: str, targets: Sequence[str]) -> dict[str, Any]:
        """Vens know no client: nothing says whose they are."""
        return _without_31(super().operator_ven_request(ven_name, client_id, targets))

    def operator_resource_request(
        self, resource: Resource, ven_id: str, client_id: str, targets: Sequence[str]
    ) -> dict[str, Any]:
        return _without_31(super().operator_resource_request(resource, ven_id, client_id, targets))

    def replacement(self, stored: Mapping[str, Any], targets: Sequence[str]) -> dict[str, Any]:
        return _without_31(super().replacement(stored, targets))

    def targets_of(self, stored: Mapping[str, Any]) -> tuple[str, ...]:
        raw = msgspec.json.encode(stored.get("targets") or [])
        wires, _ = salvaged(raw, list[WireOwnTarget], "a list of targets")
        return tuple(map(str, _targets(wires)))

    def wire_targets(self, targets: Sequence[str]) -> list[Any]:
        by_type: dict[str, list[str]] = {}
        for target in map(Target.parse, targets):
            by_type.setdefault(target.type, []).append(target.value)
        return [{"type": kind, "values": values} for kind, values in by_type.items()]

    def parse_program(self, raw: bytes | msgspec.Raw, reader: Reader | None = None) -> Program:
        wire = (reader or Reader()).read(raw, WireProgram[WireTarget], "program", strictness.Program301)
        return Program(
            program_id=wire.id,
            name=wire.program_name or "",
            targets=tuple(map(str, _targets(wire.targets))),
            payload_descriptors=payload_descriptors_of(wire.payload_descriptors),
        )

    def read_event(self, raw: bytes | msgspec.Raw, reader: Reader | None = None) -> ReadEvent:
        reader = reader or Reader()
        wire = reader.read(raw, WireEvent[WireTarget], "event", strictness.Event301)
        asked = wire.report_descriptors or ()
        descriptors = tuple(replace(report_descriptor_of(each, ()), report_intervals="INTERVALS") for each in asked)
        event, problem = None, ""
        try:
            read = event_of(wire, raw, targets=(), report_descriptors=descriptors, strict=reader.strict)
            event = _open_ended(read)
        except VtnNonsense as error:
            problem = f"event {wire.id!r}: {error}"
        by_descriptor = tuple(_targets(each.targets) for each in asked)
        name = wire.event_name
        return ReadEvent(wire.id, wire.program_id, name, event, problem, _targets(wire.targets), by_descriptor)

    def event_for(self, read: ReadEvent, own: Own, reader: Reader) -> Event | None:
        """The event, its targets and its descriptors' turned into names of our resources; none means all (R14)."""
        if read.event is not None and not read.targets and not any(read.asked):
            return read.event
        ours = own.in_event(read.program_id, read.name)
        concerned = ours.concerned(read.targets)
        if strange := ours.about_strange(read.targets):
            reader.notices.append(f"event {read.name or read.event_id!r}: {strange}")
        if concerned == ():
            return None
        if read.event is None:
            raise VtnNonsense(read.problem)
        asked = map(_asked, read.event.report_descriptors, read.asked, repeat(ours), repeat(concerned))
        descriptors = tuple(descriptor for descriptor in asked if descriptor is not None)
        if concerned is None and descriptors == read.event.report_descriptors:
            return read.event
        return msgspec.structs.replace(read.event, targets=concerned or (), report_descriptors=descriptors)

    def targets_in(self, raw: bytes | msgspec.Raw) -> tuple[Target, ...]:
        wires: list[WireTarget] = targets_borne(raw, WireTargeted[WireTarget])
        return _targets(wires)

    def puzzling(self, targets: tuple[Target, ...], own: Own) -> bool:
        return not all(each.type in _BY_NAME or own.knows(each) for each in targets)

    def parse_ven(self, raw: bytes | msgspec.Raw, reader: Reader | None = None) -> Registered:
        wire, odd = (reader or Reader()).read_own(raw, WireVen[WireOwnTarget], "ven", strictness.Ven301)
        return Registered(wire.id, wire.ven_name, None, frozenset(_targets(wire.targets)), odd=odd)

    def parse_resource(self, raw: bytes | msgspec.Raw, reader: Reader | None = None) -> Registered:
        wire, odd = (reader or Reader()).read_own(raw, WireResource[WireOwnTarget], "resource", strictness.Resource301)
        targets, attributes = frozenset(_targets(wire.targets)), tuple(wire.attributes or ())
        return Registered(wire.id, wire.resource_name, wire.ven_id, targets, attributes, odd)


def _without_31(request: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in request.items() if name not in {"objectType", "venID", "clientID"}}


def _targets(wires: Sequence[WireTarget | WireOwnTarget] | None) -> tuple[Target, ...]:
    """A type without values says nothing."""
    return tuple(Target(wire.type, str(value)) for wire in wires or () for value in wire.values or ())


def _asked(
    descriptor: ReportDescriptor, targets: tuple[Target, ...], own: Own, concerned: tuple[str, ...] | None
) -> ReportDescriptor | None:
    """The descriptor about those of the event's resources that it targets; None if there are none of ours."""
    names = own.concerned(targets)
    if names is not None and concerned is not None:
        names = tuple(name for name in names if name in concerned)
    return None if names == () else replace(descriptor, targets=names or ())


def _open_ended(event: Event) -> Event:
    """PT0S and an absent duration are the same: for ever, or an instant where there is nothing to hold (R23).

    Only the sentinel start with PT0S is left alone: it cancels (R19). Events have no duration of their own.
    """
    period = event.period
    if period is not None and period.start_s != NOW:
        period = _without_zero(period)
    intervals = None
    if event.intervals is not None:
        shared = None if period is None else _without_zero(period).duration
        intervals = tuple(_held(interval, shared) for interval in event.intervals)
    return msgspec.structs.replace(event, period=period, duration=None, intervals=intervals)


def _held(interval: Interval, shared: Duration | None) -> Interval:
    period = None if interval.period is None else _without_zero(interval.period)
    own = None if period is None else period.duration
    if own is None and shared is None and {payload.type for payload in interval.payloads} <= _INSTANT_TYPES:
        period = msgspec.structs.replace(period or Period(), duration=_AT_ONCE)
    return msgspec.structs.replace(interval, period=period)


def _without_zero(period: Period) -> Period:
    zero = period.duration is not None and period.duration.is_zero
    return msgspec.structs.replace(period, duration=None) if zero else period
