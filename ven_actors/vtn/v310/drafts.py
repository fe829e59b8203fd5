"""From a request's bytes to a neutral draft, and from what is stored to an answer's bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from ven_actors.vtn.facts import Draft, Kind, ReportDraft, Role, StoredReport, Viewer
from ven_actors.vtn.leniency import (
    Fill,
    fill_event,
    fill_nothing,
    fill_object_type,
    fill_program,
    fill_report,
    leniency,
)
from ven_actors.vtn.problems import Problem
from ven_actors.vtn.rules import Shown
from ven_actors.vtn.v310.ends import event_ends_s
from ven_actors.vtn.v310.formats import date_time
from ven_actors.vtn.v310.wire import (
    BlResourceRequest,
    BlVenRequest,
    EventRequest,
    ProgramRequest,
    ReportRequest,
    ResourceBody,
    SubscriptionRequest,
    VenBody,
    VenResourceRequest,
    VenVenRequest,
)

T = TypeVar("T")
_encode = msgspec.json.Encoder().encode
_program = msgspec.json.Decoder(ProgramRequest)
_event = msgspec.json.Decoder(EventRequest)
_subscription = msgspec.json.Decoder(SubscriptionRequest)
_report = msgspec.json.Decoder(ReportRequest)
_ven = msgspec.json.Decoder(VenVenRequest | BlVenRequest)
_resource = msgspec.json.Decoder(VenResourceRequest | BlResourceRequest)


def program_draft(body: bytes, viewer: Viewer, now_s: float) -> Draft:  # noqa: ARG001 - as its siblings
    request = decode_body(_program, body, fill_program)
    targets = _given(request.targets)
    request.targets = UNSET
    return Draft(Kind.PROGRAM, _encode(request), name=request.programName, targets=targets)


def event_draft(body: bytes, viewer: Viewer, now_s: float) -> Draft:  # noqa: ARG001 - as its siblings
    request = decode_body(_event, body, fill_event)
    targets = _given(request.targets)
    request.targets = UNSET
    ends_s = event_ends_s(request, now_s)
    return Draft(Kind.EVENT, _encode(request), parent_id=request.programID, targets=targets, ends_s=ends_s)


def subscription_draft(body: bytes, viewer: Viewer, now_s: float) -> Draft:  # noqa: ARG001 - as its siblings
    request = decode_body(_subscription, body)
    targets = _given(request.targets)
    request.targets = UNSET
    program_id = None if request.programID is UNSET else request.programID
    return Draft(Kind.SUBSCRIPTION, _encode(request), name=request.clientName, parent_id=program_id, targets=targets)


def ven_draft(body: bytes, viewer: Viewer, now_s: float) -> Draft:  # noqa: ARG001 - as its siblings
    request = decode_body(_ven, body, _fill_request(viewer, "VEN"))
    kept = _encode(VenBody(request.venName, request.attributes))
    if isinstance(request, BlVenRequest):
        _need_role(viewer, Role.BL, "BL_VEN_REQUEST")
        targets = _given(request.targets)
        return Draft(Kind.VEN, kept, name=request.venName, client_id=request.clientID, targets=targets)
    _need_role(viewer, Role.VEN, "VEN_VEN_REQUEST")
    return Draft(Kind.VEN, kept, name=request.venName)


def resource_draft(body: bytes, viewer: Viewer, now_s: float) -> Draft:  # noqa: ARG001 - as its siblings
    request = decode_body(_resource, body, _fill_request(viewer, "RESOURCE"))
    kept = _encode(ResourceBody(request.resourceName, request.venID, request.attributes))
    draft = Draft(Kind.RESOURCE, kept, name=request.resourceName, parent_id=request.venID)
    if isinstance(request, BlResourceRequest):
        _need_role(viewer, Role.BL, "BL_RESOURCE_REQUEST")
        return replace(draft, client_id=request.clientID, targets=_given(request.targets))
    _need_role(viewer, Role.VEN, "VEN_RESOURCE_REQUEST")
    return draft


def report_draft(body: bytes) -> ReportDraft:
    request = decode_body(_report, body, fill_report)
    name = None if request.reportName is UNSET else request.reportName
    return ReportDraft(request.eventID, request.clientName, name, _encode(request))


def object_json(shown: Shown, reader: str | None = None) -> bytes:
    """`reader` is the client that gets it: bearer tokens of subscriptions are shown to their own client only."""
    stored, targets = shown
    draft = stored.draft
    head: dict[str, object] = {
        "id": stored.id,
        "createdDateTime": date_time(stored.created_s),
        "modificationDateTime": date_time(stored.modified_s),
        "objectType": draft.kind.value,
    }
    if draft.kind in (Kind.VEN, Kind.RESOURCE, Kind.SUBSCRIPTION):
        head["clientID"] = draft.client_id
    head["targets"] = targets
    if draft.kind is Kind.SUBSCRIPTION and draft.client_id != reader:
        return joined(head, _encode(without_tokens(msgspec.json.decode(draft.body))))
    return joined(head, draft.body)


def without_tokens(subscription: dict[str, Any]) -> dict[str, Any]:
    entries = [
        {**entry, "bearerToken": None} if "bearerToken" in entry else entry
        for entry in subscription["objectOperations"]
    ]
    return {**subscription, "objectOperations": entries}


def report_json(report: StoredReport) -> bytes:
    head: dict[str, object] = {
        "id": report.id,
        "createdDateTime": date_time(report.created_s),
        "modificationDateTime": date_time(report.modified_s),
        "objectType": "REPORT",
        "clientID": report.client_id,
    }
    return joined(head, report_body(report))


def report_body(report: StoredReport) -> bytes:
    """A report whose body has made room for newer ones has its names still, and no resources."""
    if report.body is not None:
        return report.body
    return _encode(ReportRequest(report.event_id, report.client_name, [], report.report_name))


def list_json(items: Iterable[bytes]) -> bytes:
    return b"[" + b",".join(items) + b"]"


def joined(head: dict[str, object], body: bytes) -> bytes:
    """One JSON object of both; `body` is never empty, as every kind has a required property."""
    return _encode(head)[:-1] + b"," + body[1:]


def decode_body(decoder: msgspec.json.Decoder[T], body: bytes, fill: Fill = fill_nothing) -> T:
    """A property that is null counts as absent, also where the official file allows no null: many clients send it.

    `fill` fills in what is missing, where the VTN is lenient.
    """
    try:
        body.decode()
        try:
            return decoder.decode(body)
        except msgspec.ValidationError:
            plain = _without_nulls(msgspec.json.decode(body))
            allowed = leniency()
            plain = plain if allowed is None else allowed.eased(plain, fill)
            # Safe in any thread: making the decoder has already made the types known to msgspec.
            return msgspec.convert(plain, decoder.type)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, f"the body is not valid: {error}") from error


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


def _given(targets: list[str] | UnsetType | None) -> tuple[str, ...] | None:
    return None if targets is UNSET or targets is None else tuple(targets)


def _fill_request(viewer: Viewer, kind: str) -> Fill:
    return fill_object_type(f"{viewer.role.upper()}_{kind}_REQUEST")


def _need_role(viewer: Viewer, role: Role, form: str) -> None:
    if viewer.role is not role:
        who = "business logic" if role is Role.BL else "a VEN"
        raise Problem(403, f"objectType {form} is for {who} only; this client has the role {viewer.role}")
