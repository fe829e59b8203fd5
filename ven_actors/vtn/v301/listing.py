"""Objects for those who ask, one or a page of them."""

from __future__ import annotations

from ven_actors.vtn.facts import Kind, Query, Stored, Viewer
from ven_actors.vtn.problems import Problem
from ven_actors.vtn.rules import Rules
from ven_actors.vtn.v301.answers import object_301
from ven_actors.vtn.v301.queries import TargetFilter, unpaged
from ven_actors.vtn.v301.targets import Json


def one_of(rules: Rules, viewer: Viewer, kind: Kind, object_id: str) -> Json:
    stored = rules.get(viewer, kind, object_id).stored
    if not _has_form(stored):
        raise Problem(404, f"{kind.lower()} {object_id!r} has no programID, which OpenADR 3.0.1 requires")
    return object_301(stored, rules, viewer)


def page_of(rules: Rules, viewer: Viewer, kind: Kind, query: Query, wanted: TargetFilter) -> list[Json]:
    """Types of targets are known only here, so a query for them goes through all there is."""
    if not wanted and kind is not Kind.SUBSCRIPTION:
        return [object_301(shown.stored, rules, viewer) for shown in rules.find(viewer, kind, query)]
    stored = (shown.stored for shown in rules.find(viewer, kind, unpaged(query)))
    whole = (object_301(each, rules, viewer) for each in stored if _has_form(each))
    return [found for found in whole if wanted.passes(found)][query.skip : query.skip + query.limit]


def _has_form(stored: Stored) -> bool:
    """A subscription of 3.1.0 to all programs cannot be said in 3.0.1."""
    return stored.draft.kind is not Kind.SUBSCRIPTION or stored.draft.parent_id is not None
