"""From what is stored to a 3.0.1 answer's bytes. What takes `rules` looks things up and runs in the store's thread."""

from __future__ import annotations

import msgspec

from ven_actors.vtn.facts import Kind, Query, Stored, StoredReport, Viewer
from ven_actors.vtn.rules import Rules
from ven_actors.vtn.v301.from_310 import event_301, program_301, report_301
from ven_actors.vtn.v301.targets import Json, TypeOf, type_by_name, typed_targets
from ven_actors.vtn.v310.drafts import joined, report_body, without_tokens
from ven_actors.vtn.v310.formats import date_time

_ALL = 1_000_000
_encode = msgspec.json.Encoder().encode


def object_301(stored: Stored, rules: Rules, viewer: Viewer, *, tells_tokens: bool = True) -> Json:
    """A ven comes with its resources, as far as the viewer may see them; a subscription with its bearer tokens only for
    its own client.
    """
    draft = stored.draft
    type_of = type_by_name(rules.objects)
    body = _body(stored, type_of)
    if body.get("targets") is None:
        body["targets"] = typed_targets(draft.targets, type_of)
    head: Json = _metadata(stored, draft.kind)
    if draft.kind is Kind.RESOURCE:
        head["venID"] = draft.parent_id
    elif draft.kind is Kind.VEN:
        found = rules.find(viewer, Kind.RESOURCE, Query(parent_id=stored.id, limit=_ALL))
        body["resources"] = [object_301(shown.stored, rules, viewer) for shown in found]
    elif draft.kind is Kind.SUBSCRIPTION and not (tells_tokens and draft.client_id == viewer.client_id):
        body = without_tokens(body)
    return {**body, **head}


def report_json(report: StoredReport) -> bytes:
    body = report_body(report)
    if b'"intervalPeriod"' in body:  # one that came through 3.1.0 may have no start
        body = _encode(report_301(msgspec.json.decode(body), report.created_s))
    return joined(_report_head(report), body)


def sent_report_json(report: StoredReport) -> bytes:
    """The answer to one that has just come through 3.0.1, which needs no translation."""
    return joined(_report_head(report), report_body(report))


def _body(stored: Stored, type_of: TypeOf) -> Json:
    draft = stored.draft
    body: Json = msgspec.json.decode(draft.body if draft.body_301 is None else draft.body_301)
    if draft.body_301 is not None:
        return body
    if draft.kind is Kind.PROGRAM:
        return program_301(body)
    if draft.kind is Kind.EVENT:
        return event_301(body, stored.modified_s, type_of)
    return body


def _report_head(report: StoredReport) -> Json:
    return {**_metadata(report, "REPORT"), "programID": report.program_id}


def _metadata(stored: Stored | StoredReport, object_type: str) -> Json:
    return {
        "id": stored.id,
        "createdDateTime": date_time(stored.created_s),
        "modificationDateTime": date_time(stored.modified_s),
        "objectType": object_type,
    }
