"""Query parameters of OpenADR 3.0.1, as those of 3.1.0 but for the targets."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ven_actors.vtn.facts import Kind, Query
from ven_actors.vtn.v301.targets import Json, matches
from ven_actors.vtn.v310.queries import Pairs, object_query, single

_ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class TargetFilter:
    """targetType and targetValues. What has no target passes only where nothing is asked for."""

    target_type: str | None
    values: tuple[str, ...]

    def __bool__(self) -> bool:
        return self.target_type is not None or bool(self.values)

    def passes(self, found: Json) -> bool:
        return not self or matches(found.get("targets"), self.target_type, self.values)


def query_of(pairs: Pairs, kind: Kind, *, name: str | None, parent: str | None) -> tuple[Query, TargetFilter]:
    """The query for the store, and what it cannot look for: types of targets."""
    plain = {key: values for key, values in pairs.items() if key not in ("targets", "active")}
    query = object_query(plain, 0.0, name=name, parent=parent, kind=kind)
    return query, TargetFilter(single(pairs, "targetType"), tuple(pairs.get("targetValues", ())))


def unpaged(query: Query) -> Query:
    return replace(query, skip=0, limit=_ALL)
