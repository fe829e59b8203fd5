"""OpenADR 3.1.0: paths, request forms of a VEN, and how its events become neutral."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import msgspec

from ven_actors.errors import VtnNonsense
from ven_actors.model import Resource
from ven_actors.openadr import strictness
from ven_actors.openadr.api import Api
from ven_actors.openadr.conversation import Conversation, StandardConversation
from ven_actors.openadr.dialect import Query, ReadEvent, Registered, StandardDialect, Traces
from ven_actors.openadr.events import Event, Program
from ven_actors.openadr.neutral import event_of, payload_descriptors_of, report_descriptor_of
from ven_actors.openadr.reading import Reader, targets_borne
from ven_actors.openadr.targeting import Own, Target
from ven_actors.openadr.wire import WireEvent, WireProgram, WireResource, WireTargeted, WireVen

_LONGEST_DESCRIPTION = 128
_ONLY_301 = {"programLongName", "retailerName", "programType", "bindingEvents", "localPrice", "timeZoneOffset"}
_STAMPED = frozenset({"id", "createdDateTime", "modificationDateTime", "objectType"})


class V310(StandardDialect):
    """OpenADR 3.1.0 (openadr3.yaml of that version; 3.1.1 is the same on the wire)."""

    name: ClassVar[str] = "openadr-3.1"
    base_urls_key: ClassVar[str] = "3.1"
    url_parts: ClassVar[frozenset[str]] = frozenset({"3.1", "3.1.0", "3.1.1"})
    auth_server_path: ClassVar[str | None] = "/auth/server"
    scopes: ClassVar[tuple[str, ...]] = ("read_targets", "read_ven_objects", "write_reports", "write_vens")
    vens_have_clients: ClassVar[bool] = True
    strict_subscription: ClassVar[type] = strictness.Subscription310
    usual_targets: ClassVar[tuple[str, ...]] = ("{ven}",)

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
        del opted_out  # only a report's OPERATING_STATE can say it (R37)
        return StandardConversation(api, self, ven_name, targets, strict=strict, programs=programs)

    def recognises(self, traces: Traces) -> bool:
        """By what 3.0.1 has not: the token URL's discovery, `/resources`, targets that are plain words."""
        program = traces.program or {}
        if program.keys() & _ONLY_301 or (program and "programName" not in program):
            return False
        return traces.names_token_url or traces.resources_status in {200, 400, 403} or "attributes" in program

    def excluded_by(self, traces: Traces) -> bool:
        """By programs in other names, or where there is neither a list of resources nor the token URL's discovery."""
        named = traces.program is None or "programName" in traces.program
        return not named or (not traces.names_token_url and traces.resources_status in {404, 405, 422})

    def targets_queries(self, targets: Sequence[str]) -> list[Query]:
        return [[("targets", target) for target in targets]] if targets else []

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

    def operator_ven_request(self, ven_name: str, client_id: str, targets: Sequence[str]) -> dict[str, Any]:
        return {
            "objectType": "BL_VEN_REQUEST",
            "clientID": client_id,
            "venName": ven_name,
            "targets": self.wire_targets(targets),
        }

    def operator_resource_request(
        self, resource: Resource, ven_id: str, client_id: str, targets: Sequence[str]
    ) -> dict[str, Any]:
        own = {"objectType": "BL_RESOURCE_REQUEST", "clientID": client_id, "targets": self.wire_targets(targets)}
        return self.resource_request(resource, ven_id) | own

    def replacement(self, stored: Mapping[str, Any], targets: Sequence[str]) -> dict[str, Any]:
        """What the VTN stamps, and nulls, which not every VTN takes, are left out."""
        kind = "BL_RESOURCE_REQUEST" if "resourceName" in stored else "BL_VEN_REQUEST"
        kept = {name: value for name, value in stored.items() if name not in _STAMPED and value is not None}
        return kept | {"objectType": kind, "targets": self.wire_targets(targets)}

    def targets_of(self, stored: Mapping[str, Any]) -> tuple[str, ...]:
        targets = stored.get("targets") or ()
        return tuple(target for target in targets if isinstance(target, str))

    def wire_targets(self, targets: Sequence[str]) -> list[Any]:
        return list(targets)

    def parse_program(self, raw: bytes | msgspec.Raw, reader: Reader | None = None) -> Program:
        wire = (reader or Reader()).read(raw, WireProgram[str], "program", strictness.Program310)
        return Program(
            program_id=wire.id,
            name=wire.program_name or "",
            targets=tuple(wire.targets or ()),
            payload_descriptors=payload_descriptors_of(wire.payload_descriptors),
        )

    def read_event(self, raw: bytes | msgspec.Raw, reader: Reader | None = None) -> ReadEvent:
        """The event, whoever we are: the VTN shows us only what is for us (R8)."""
        wire = (reader or Reader()).read(raw, WireEvent[str], "event", strictness.Event310)
        asked = tuple(report_descriptor_of(each, tuple(each.targets or ())) for each in wire.report_descriptors or ())
        try:
            strict = reader is not None and reader.strict
            event = event_of(wire, raw, targets=tuple(wire.targets or ()), report_descriptors=asked, strict=strict)
        except VtnNonsense as error:
            raise VtnNonsense(f"event {wire.id!r}: {error}") from None
        return ReadEvent(wire.id, wire.program_id, wire.event_name, event)

    def event_for(self, read: ReadEvent, own: Own, reader: Reader) -> Event | None:
        del reader
        event = read.event
        assert event is not None
        targets = own.granted(event.targets)
        asked = [own.asked_of(each.targets, event.targets) for each in event.report_descriptors]
        if targets == event.targets and asked == [each.targets for each in event.report_descriptors]:
            return event
        descriptors = tuple(
            replace(each, targets=names) for each, names in zip(event.report_descriptors, asked, strict=True)
        )
        return msgspec.structs.replace(event, targets=targets, report_descriptors=descriptors)

    def targets_in(self, raw: bytes | msgspec.Raw) -> tuple[Target, ...]:
        return tuple(Target("", each) for each in targets_borne(raw, WireTargeted[str]))

    def puzzling(self, targets: tuple[Target, ...], own: Own) -> bool:
        return not all(map(own.knows, targets))

    def parse_ven(self, raw: bytes | msgspec.Raw, reader: Reader | None = None) -> Registered:
        wire, odd = (reader or Reader()).read_own(raw, WireVen[str], "ven", strictness.Ven310)
        return Registered(wire.id, wire.ven_name, None, _plain_targets(wire.targets), odd=odd)

    def parse_resource(self, raw: bytes | msgspec.Raw, reader: Reader | None = None) -> Registered:
        wire, odd = (reader or Reader()).read_own(raw, WireResource[str], "resource", strictness.Resource310)
        attributes = tuple(wire.attributes or ())
        return Registered(wire.id, wire.resource_name, wire.ven_id, _plain_targets(wire.targets), attributes, odd)


def _plain_targets(words: Sequence[str] | None) -> frozenset[Target]:
    return frozenset(Target("", word) for word in words or ())
