"""Targets: values maps with a type in OpenADR 3.0.1, plain strings in 3.1.0.

Each value of a 3.0.1 target becomes a 3.1.0 target and its type is left out: `{"type": "VEN_NAME", "values":
["ven-1"]}` becomes `"ven-1"`. A values map of which no string can be made becomes the name of its type, so that the
object stays targeted. In the other direction the name of a ven is shown as VEN_NAME, that of a resource as
RESOURCE_NAME, and anything else as GROUP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ven_actors.vtn.facts import Kind
from ven_actors.vtn.store.objects import Objects

TypeOf = Callable[[str], str]
Json = dict[str, Any]
_LONGEST = 128


def plain_targets(maps: Iterable[Json] | None) -> list[str] | None:
    """As 3.1.0 has them; None stays None."""
    if maps is None:
        return None
    found: list[str] = []
    for given in maps:
        texts = [text for value in given["values"] if 1 <= len(text := value_text(value)) <= _LONGEST]
        found += texts or [given["type"]]
    return list(dict.fromkeys(found))


def typed_targets(plain: Iterable[str] | None, type_of: TypeOf) -> list[Json] | None:
    """As 3.0.1 has them, one values map of each type; None stays None."""
    if plain is None:
        return None
    by_type: dict[str, list[str]] = {}
    for target in plain:
        by_type.setdefault(type_of(target), []).append(target)
    return [{"type": kind, "values": values} for kind, values in by_type.items()]


def type_by_name(objects: Objects) -> TypeOf:
    """What a plain target is called in 3.0.1, by what there is of that name."""

    def type_of(target: str) -> str:
        if objects.has_named(Kind.VEN, target):
            return "VEN_NAME"
        return "RESOURCE_NAME" if objects.has_named(Kind.RESOURCE, target) else "GROUP"

    return type_of


def matches(maps: Iterable[Json] | None, target_type: str | None, values: Iterable[str]) -> bool:
    """Whether one target has the type, if one is asked for, and all of the values."""
    wanted = set(values)
    return any(
        target_type in (None, given["type"]) and wanted <= {value_text(value) for value in given["values"]}
        for given in maps or ()
    )


def value_text(value: object) -> str:
    """A value as text; empty for a point."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if isinstance(value, dict) else str(value)
