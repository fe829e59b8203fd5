"""What each request does to the store; runs in the store's thread and raises `Problem` before any change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from ven_actors.vtn.energydesk.answers import event_json, program_json, resource_json
from ven_actors.vtn.energydesk.bodies import MeterReport, NewReport, ResourceBody, ResponseBody, VenBody
from ven_actors.vtn.energydesk.book import Book, Status
from ven_actors.vtn.facts import Draft, Kind, Query, Role, Stored, Viewer
from ven_actors.vtn.problems import Problem
from ven_actors.vtn.rules import EVERYTHING, Rules

_ALL = 1_000_000
_encode = msgspec.json.Encoder().encode


class Existing(Problem):
    """Registered before, as `object_id`."""

    def __init__(self, status: int, detail: str, object_id: str) -> None:
        super().__init__(status, detail)
        self.object_id = object_id


@dataclass(frozen=True, slots=True)
class Work:
    """The dialect over the VTN's rules and what only the dialect knows."""

    rules: Rules
    book: Book

    # --- vens and resources

    def register_ven(self, viewer: Viewer, body: VenBody) -> dict[str, Any]:
        """409 for a name that is taken, whoever has it."""
        draft = Draft(Kind.VEN, _encode({"venName": body.ven_name}), name=body.ven_name)
        return self._ven_json(self.rules.create(viewer, draft).stored)

    def vens(self, viewer: Viewer, name: str | None) -> list[dict[str, Any]]:
        """Those that this client has registered, with their auth_token: a client that lost it can go on."""
        found = self.rules.find(viewer, Kind.VEN, Query(name=name, limit=_ALL))
        return [self._ven_json(shown.stored) for shown in found]

    def register_resource(self, viewer: Viewer, body: ResourceBody) -> dict[str, Any]:
        """409 for one that is there, with its id; or a 500 that says so, where the plan wants it."""
        ven = self._ven_named(viewer, body.ven_name)
        known = self.rules.find(viewer, Kind.RESOURCE, Query(name=body.resource_name, parent_id=ven.id))
        if known:
            words = f"Failed to create resource: existing resource {body.resource_name!r} found"
            raise Existing(self.book.plan.existing_status, words, known[0].stored.id)
        attributes = [{"type": each.attribute_name, "values": each.attribute_values} for each in body.attributes]
        kept = {"resourceName": body.resource_name, "venID": ven.id, "attributes": attributes}
        draft = Draft(Kind.RESOURCE, _encode(kept), name=body.resource_name, parent_id=ven.id)
        made = self.rules.create(viewer, draft).stored
        facts = _encode(body)
        self.book.keep_resource(made.id, facts)
        return resource_json(made, facts, self.book.status_of(made, self.rules.now_s()))

    def resources(self, viewer: Viewer, ven_name: str | None) -> list[dict[str, Any]]:
        parent_id = None if ven_name is None else self._ven_named(viewer, ven_name).id
        found = self.rules.find(viewer, Kind.RESOURCE, Query(parent_id=parent_id, limit=_ALL))
        now_s = self.rules.now_s()
        return [
            resource_json(each, self.book.facts_of(each.id), self.book.status_of(each, now_s))
            for each in (shown.stored for shown in found)
        ]

    # --- programs and events

    def programs(self, viewer: Viewer) -> list[dict[str, Any]]:
        return [program_json(shown.stored) for shown in self.rules.find(viewer, Kind.PROGRAM, Query(limit=_ALL))]

    def enrol(self, viewer: Viewer, program_id: str, resource_id: str) -> dict[str, Any]:
        """409 for a resource that is in the program already."""
        self.rules.get(viewer, Kind.PROGRAM, program_id)
        self.rules.get(viewer, Kind.RESOURCE, resource_id)
        if not self.book.enrol(program_id, resource_id):
            raise Problem(409, f"resource {resource_id} is enrolled in program {program_id} already")
        return {"program_id": program_id, "resource_id": resource_id}

    def events(self, ven_id: str) -> list[dict[str, Any]]:
        found = self.rules.find(self._as_ven(ven_id), Kind.EVENT, Query(limit=_ALL))
        told = (event_json(shown.stored, self.rules.now_s()) for shown in found)
        return [event for event in told if event is not None]

    def respond(self, ven_id: str, event_id: str, body: ResponseBody) -> dict[str, Any]:
        self.rules.get(self._as_ven(ven_id), Kind.EVENT, event_id)
        number = self.book.respond(event_id, ven_id, body.response_type)
        return {"id": str(number), "event_id": event_id, "ven_id": ven_id, "response_type": body.response_type}

    # --- reports

    def add_reading(self, viewer: Viewer, report: MeterReport) -> bytes:
        """404 for a ven or a resource that is not there, 403 for a resource that is not approved."""
        if self.rules.objects.get(Kind.VEN, report.ven_id, viewer) is None:
            raise Problem(404, f"there is no ven with the id {report.ven_id!r}")
        if report.resource_id is not None:
            resource = self.rules.objects.get(Kind.RESOURCE, report.resource_id, viewer)
            if resource is None or resource.draft.parent_id != report.ven_id:
                raise Problem(404, f"this ven has no resource with the id {report.resource_id!r}")
            status = self.book.status_of(resource, self.rules.now_s())
            if status is not Status.APPROVED:
                raise Problem(403, f"resource {report.resource_id} is {status}; only approved ones are reported")
        return self._add(viewer, _encode(report))

    def add_report(self, ven_id: str, report: NewReport) -> bytes:
        if report.ven_id != ven_id:
            raise Problem(403, f"the auth_token is not that of ven {report.ven_id!r}")
        return self._add(self._as_ven(ven_id), _encode(report))

    def reports(self, viewer: Viewer, skip: int, limit: int) -> bytes:
        if viewer.role is not Role.BL:
            raise Problem(403, "reports are shown to business logic only")
        return b"[" + b",".join(_with_id(*each) for each in self.book.reports(skip, limit)) + b"]"

    # --- what they stand on

    def _add(self, viewer: Viewer, body: bytes) -> bytes:
        return _with_id(self.book.add_report(viewer.client_id, body), body)

    def _ven_json(self, stored: Stored) -> dict[str, Any]:
        return {"id": stored.id, "ven_name": stored.draft.name, "auth_token": self.book.auth_token(stored.id)}

    def _ven_named(self, viewer: Viewer, name: str) -> Stored:
        found = self.rules.find(viewer, Kind.VEN, Query(name=name))
        if not found:
            raise Problem(404, f"this client has no ven named {name!r}; register it first")
        return found[0].stored

    def _as_ven(self, ven_id: str) -> Viewer:
        """Whom an auth_token stands for: the client that registered the ven."""
        ven = self.rules.objects.get(Kind.VEN, ven_id, EVERYTHING)
        if ven is None:
            raise Problem(401, "the ven of this auth_token is gone; register it again")
        return Viewer(ven.draft.client_id or "", Role.VEN)


def _with_id(report_id: str, body: bytes) -> bytes:
    return b'{"id":"%b",' % report_id.encode() + body[1:]
