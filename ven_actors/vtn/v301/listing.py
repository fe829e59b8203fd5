"""A page of objects."""

from __future__ import annotations

from ven_actors.vtn.facts import Kind, Query, Viewer
from ven_actors.vtn.rules import Rules
from ven_actors.vtn.v301.answers import object_301
from ven_actors.vtn.v301.queries import TargetFilter, unpaged
from ven_actors.vtn.v301.targets import Json


def page_of(rules: Rules, viewer: Viewer, kind: Kind, query: Query, wanted: TargetFilter) -> list[Json]:
    """Types of targets are known only here, so a query for them goes through all there is."""
    if not wanted:
        return [object_301(shown.stored, rules) for shown in rules.find(viewer, kind, query)]
    whole = (object_301(shown.stored, rules) for shown in rules.find(viewer, kind, unpaged(query)))
    return [found for found in whole if wanted.passes(found)][query.skip : query.skip + query.limit]
