"""Who may see and change what: object privacy, unique names, foreign keys. Knows no wire format."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from ven_actors.vtn.facts import (
    Change,
    Clock,
    Draft,
    Kind,
    Privacy,
    Query,
    ReportDraft,
    ReportQuery,
    Role,
    Stored,
    StoredReport,
    Viewer,
)
from ven_actors.vtn.problems import Problem
from ven_actors.vtn.quirks import Quirk
from ven_actors.vtn.store.objects import Objects
from ven_actors.vtn.store.reports import Reports

EVERYTHING = Viewer("", Role.BL)
_GRANTED_BY_BL = frozenset({Kind.VEN, Kind.RESOURCE})


def _nobody(_client_id: str) -> Role | None:
    """What `role_of` is by default."""
    return None


def _nobody_listens(_change: Change) -> None:
    """What `hear` is by default."""


class Shown(NamedTuple):
    """An object and those of its targets that the viewer may know of."""

    stored: Stored
    targets: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Rules:
    """The VTN without its wire. Every method runs in the store's thread and raises `Problem` before any change.

    `hear` is told of every change within its transaction; `role_of` is the role of a client, None if there is none.
    """

    objects: Objects
    reports: Reports
    now_s: Clock
    hear: Callable[[Change], None] = _nobody_listens
    quirks: frozenset[Quirk] = frozenset()
    role_of: Callable[[str], Role | None] = _nobody

    @property
    def privacy_301(self) -> Privacy:
        """What clients of OpenADR 3.0.1 are held to."""
        return Privacy.NONE if Quirk.OPEN_301 in self.quirks else Privacy.OWN_OBJECTS

    # --- programs, events, vens, resources, subscriptions ---

    def create(self, viewer: Viewer, draft: Draft) -> Shown:
        """409 for a taken name or an unknown program; 404 for a resource of an unknown ven."""
        if draft.parent_id is not None:
            self._need_parent(viewer, draft, status=404 if draft.kind is Kind.RESOURCE else 409)
        owned = replace(draft, client_id=draft.client_id or viewer.client_id)
        try:
            stored = self.objects.insert(owned, self.now_s())
        except sqlite3.IntegrityError as error:
            raise _name_taken(draft) from error
        if draft.kind is Kind.RESOURCE:
            self._claim_with_its_ven(stored)
        self.hear(Change(None, stored))
        return self._shown(stored, viewer)

    def replace(self, viewer: Viewer, object_id: str, draft: Draft) -> Shown:
        """As `create`; what only business logic may set (clientID, targets) stays when a VEN writes."""
        old = self._need(viewer, draft.kind, object_id)
        if draft.parent_id is not None:
            self._need_parent(viewer, draft, status=409)
        if not viewer.grants and draft.kind in _GRANTED_BY_BL:
            draft = replace(draft, client_id=None, targets=old.draft.targets)
        if draft.client_id is not None:
            self.objects.claim(old, None)  # what is said counts
        draft = replace(draft, client_id=draft.client_id or old.draft.client_id)
        try:
            stored = self.objects.replace(old, draft, self.now_s())
        except sqlite3.IntegrityError as error:
            raise _name_taken(draft) from error
        self.hear(Change(old, stored))
        return self._shown(stored, viewer)

    def delete(self, viewer: Viewer, kind: Kind, object_id: str) -> Shown:
        """What hangs on it goes too: a program's events and subscriptions, a ven's resources. Reports stay.

        Subscriptions are the last to be heard of, so that they still tell what they were for.
        """
        stored = self._need(viewer, kind, object_id)
        if Quirk.FOREIGN_KEYS in self.quirks:
            self._need_alone(stored)
        shown = self._shown(stored, viewer)
        drawn_along = self.objects.delete(stored)
        for each in sorted([*drawn_along, stored], key=lambda gone: gone.draft.kind is Kind.SUBSCRIPTION):
            if each.draft.kind is Kind.EVENT:
                self.reports.forget_bodiless(each.id)
            self.hear(Change(each, None, drawn_along=each is not stored))
        return shown

    def get(self, viewer: Viewer, kind: Kind, object_id: str) -> Shown:
        return self._shown(self._need(viewer, kind, object_id), viewer)

    def find(self, viewer: Viewer, kind: Kind, query: Query) -> list[Shown]:
        """Targets in the query are first cut down to those granted to the VEN; if none is left, so is the list."""
        asked = frozenset(query.targets)
        if asked and not viewer.sees_all_targets:
            asked &= self.objects.granted(viewer.client_id)
            if not asked:
                return []
        found = self.objects.find(kind, replace(query, targets=tuple(asked)), viewer)
        return self._shown_all(found, viewer)

    # --- reports ---

    def create_report(self, viewer: Viewer, draft: ReportDraft) -> StoredReport:
        program_id = self._program_of(viewer, draft)
        self._need_client_name(viewer, draft.client_name)
        if Quirk.UNIQUE_REPORT_NAMES in self.quirks and self.reports.has_name(draft.report_name):
            raise Problem(409, f"there is already a report named {draft.report_name!r}; names have to be unique")
        report = self.reports.insert(draft, viewer.client_id, program_id, self.now_s())
        self.hear(Change(None, report))
        return report

    def replace_report(self, viewer: Viewer, report_id: str, draft: ReportDraft) -> StoredReport:
        old = self.get_report(viewer, report_id)
        self._need_client_name(viewer, draft.client_name)
        report = self.reports.replace(old, draft, self._program_of(viewer, draft), self.now_s())
        self.hear(Change(old, report))
        return report

    def delete_report(self, viewer: Viewer, report_id: str) -> StoredReport:
        report = self.get_report(viewer, report_id)
        self.reports.delete(report)
        self.hear(Change(report, None))
        return report

    def get_report(self, viewer: Viewer, report_id: str) -> StoredReport:
        report = self.reports.get(report_id, None if viewer.sees_all else viewer.client_id)
        if report is None:
            raise Problem(404, f"there is no report with the id {report_id!r}")
        return report

    def find_reports(self, viewer: Viewer, query: ReportQuery) -> list[StoredReport]:
        return self.reports.find(query if viewer.sees_all else replace(query, client_id=viewer.client_id))

    # --- what they stand on ---

    def _need(self, viewer: Viewer, kind: Kind, object_id: str) -> Stored:
        stored = self.objects.get(kind, object_id, viewer)
        if stored is None:
            raise Problem(404, f"there is no {kind.lower()} with the id {object_id!r}")
        return stored

    def _need_parent(self, viewer: Viewer, draft: Draft, status: int) -> None:
        kind = Kind.VEN if draft.kind is Kind.RESOURCE else Kind.PROGRAM
        assert draft.parent_id is not None
        if self.objects.get(kind, draft.parent_id, viewer) is None:
            raise Problem(status, f"{kind.lower()}ID {draft.parent_id!r} is unknown; create the {kind.lower()} first")

    def is_unclaimed(self, stored: Stored) -> bool:
        """Whether it came from business logic through OpenADR 3.0.1, and no VEN has claimed it."""
        is_301 = stored.draft.body_301 is not None and stored.claimed_by is None
        return is_301 and self.role_of(stored.draft.client_id or "") is Role.BL

    def _claim_with_its_ven(self, resource: Stored) -> None:
        ven = self.objects.get(Kind.VEN, resource.draft.parent_id or "", EVERYTHING)
        if ven is not None and self.is_unclaimed(resource):
            is_of_business = self.role_of(ven.draft.client_id or "") is Role.BL
            owner = None if is_of_business else ven.draft.client_id
            self.objects.claim(resource, ven.claimed_by or owner)

    def _need_client_name(self, viewer: Viewer, name: str) -> None:
        """A report's clientName is that of a client that has used it, or has the ven of this name."""
        if viewer.sees_all or viewer.client_id in self.reports.clients_named(name):
            return
        vens = self.objects.find(Kind.VEN, Query(name=name), EVERYTHING)
        if any(viewer.client_id in (ven.draft.client_id, ven.claimed_by) for ven in vens):
            return
        is_taken = any(not self.is_unclaimed(ven) for ven in vens)
        if is_taken or self.reports.clients_named(name):
            raise Problem(403, f"clientName {name!r} belongs to another client; use that of your own ven")

    def _need_alone(self, stored: Stored) -> None:
        is_event = stored.draft.kind is Kind.EVENT
        if self.objects.has_children(stored) or (is_event and self.reports.has_event(stored.id)):
            raise Problem(409, f"{stored.draft.kind.lower()} {stored.id!r} is referred to by others; delete them first")

    def _program_of(self, viewer: Viewer, draft: ReportDraft) -> str:
        event = self.objects.get(Kind.EVENT, draft.event_id, viewer)
        if event is None:
            status = 400 if Quirk.UNKNOWN_EVENT_400 in self.quirks else 409
            raise Problem(status, f"eventID {draft.event_id!r} is unknown; a report belongs to an existing event")
        program_id = event.draft.parent_id or ""
        if draft.program_id not in (None, program_id):
            raise Problem(409, f"event {draft.event_id!r} belongs to program {program_id!r}, not {draft.program_id!r}")
        return program_id

    def _shown(self, stored: Stored, viewer: Viewer) -> Shown:
        return self._shown_all([stored], viewer)[0]

    def _shown_all(self, found: list[Stored], viewer: Viewer) -> list[Shown]:
        """Target hiding (OpenADR 3.1.0 Definition): a VEN sees those targets that were granted to it."""
        if viewer.sees_all_targets or not any(stored.draft.targets for stored in found):
            return [Shown(stored, stored.draft.targets) for stored in found]
        granted = self.objects.granted(viewer.client_id)
        return [shown_with(stored, granted) for stored in found]


def shown_with(stored: Stored, granted: frozenset[str]) -> Shown:
    """As a VEN with these targets sees it; those of a subscription are its own client's words."""
    if stored.draft.kind is Kind.SUBSCRIPTION:
        return Shown(stored, stored.draft.targets)
    return Shown(stored, _cut(stored.draft.targets, granted))


def _cut(targets: tuple[str, ...] | None, granted: frozenset[str]) -> tuple[str, ...] | None:
    return None if targets is None else tuple(target for target in targets if target in granted)


def _name_taken(draft: Draft) -> Problem:
    return Problem(409, f"there is already a {draft.kind.lower()} named {draft.name!r}; names have to be unique")
