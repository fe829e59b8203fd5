"""From a 3.0.1 request's bytes to a neutral draft."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import msgspec
from msgspec import UNSET

from ven_actors.vtn.facts import Draft, Kind, ReportDraft, Viewer
from ven_actors.vtn.problems import Problem
from ven_actors.vtn.v301.targets import Json, plain_targets
from ven_actors.vtn.v301.to_310 import event_310, fitting, program_310
from ven_actors.vtn.v301.wire import Event, Program, Report, Resource, Subscription, Ven
from ven_actors.vtn.v310 import drafts as v310
from ven_actors.vtn.v310.wire import ResourceBody, VenBody

_encode = msgspec.json.Encoder().encode
_program = msgspec.json.Decoder(Program)
_event = msgspec.json.Decoder(Event)
_subscription = msgspec.json.Decoder(Subscription)
_ven = msgspec.json.Decoder(Ven)
_resource = msgspec.json.Decoder(Resource)
_resource_body = msgspec.json.Decoder(ResourceBody)
_report = msgspec.json.Decoder(Report)


@dataclass(frozen=True, slots=True)
class VenDraft:
    """A ven and the resources that are to be made with it; these get their ven's id when it has one."""

    ven: Draft
    resources: tuple[Draft, ...] = ()


def program_draft(body: bytes, viewer: Viewer, now_s: float) -> Draft:
    request = v310.decode_body(_program, body)
    draft = v310.program_draft(_encode(program_310(_plain(request))), viewer, now_s)
    return replace(draft, body_301=_encode(request))


def event_draft(body: bytes, viewer: Viewer, now_s: float) -> Draft:
    request = v310.decode_body(_event, body)
    draft = v310.event_draft(_encode(event_310(_plain(request))), viewer, now_s)
    return replace(draft, body_301=_encode(request))


def subscription_draft(body: bytes, viewer: Viewer, now_s: float) -> Draft:
    request = v310.decode_body(_subscription, body)
    plain = _plain(request)
    made = {**plain, "targets": plain_targets(plain.get("targets"))}
    return replace(v310.subscription_draft(_encode(made), viewer, now_s), body_301=_encode(request))


def ven_draft(body: bytes, viewer: Viewer) -> VenDraft:
    """409 where two of the resources have one name."""
    request = v310.decode_body(_ven, body)
    nested = request.resources or []
    names = [resource.resourceName for resource in nested]
    if len(set(names)) < len(names):
        raise Problem(409, "two of the resources have the same resourceName; it has to be unique within its ven")
    request.resources = UNSET
    draft = Draft(
        Kind.VEN,
        _encode(VenBody(request.venName, request.attributes)),
        name=request.venName,
        targets=_granted(request, viewer),
        body_301=_encode(request),
    )
    return VenDraft(draft, tuple(_resource_draft(resource, "", viewer) for resource in nested))


def resource_draft(body: bytes, ven_id: str, viewer: Viewer) -> Draft:
    return _resource_draft(v310.decode_body(_resource, body), ven_id, viewer)


def placed(resource: Draft, ven_id: str) -> Draft:
    """The resource of a ven that has an id by now."""
    body = _resource_body.decode(resource.body)
    body.venID = ven_id
    return replace(resource, body=_encode(body), parent_id=ven_id)


def report_draft(body: bytes) -> ReportDraft:
    """Kept in the 3.1.0 form, which has no programID and wants descriptors with their objectType."""
    request = v310.decode_body(_report, body)
    program_id, request.programID = request.programID, UNSET
    assert program_id is not UNSET
    for descriptor in request.payloadDescriptors or ():
        descriptor.objectType = "REPORT_PAYLOAD_DESCRIPTOR"
        if descriptor.units is not UNSET:
            descriptor.units = fitting(descriptor.units)
        if descriptor.readingType is not UNSET:
            descriptor.readingType = fitting(descriptor.readingType)
    name = None if request.reportName is UNSET else request.reportName
    return ReportDraft(request.eventID, request.clientName, name, _encode(request), program_id)


def _resource_draft(request: Resource, ven_id: str, viewer: Viewer) -> Draft:
    return Draft(
        Kind.RESOURCE,
        _encode(ResourceBody(request.resourceName, ven_id, request.attributes)),
        name=request.resourceName,
        parent_id=ven_id,
        targets=_granted(request, viewer),
        body_301=_encode(request),
    )


def _granted(request: Ven | Resource, viewer: Viewer) -> tuple[str, ...] | None:
    """3.1.0 lets only business logic grant targets; what a VEN gives itself is seen through 3.0.1 alone."""
    plain = plain_targets(_plain(request).get("targets"))
    return tuple(plain) if viewer.grants and plain is not None else None


def _plain(request: Any) -> Json:
    made: Json = msgspec.to_builtins(request)
    return made
