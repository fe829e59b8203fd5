"""Query parameters of OpenADR 3.1.0. Unknown ones are ignored, known ones are checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import get_args

from ven_actors.vtn.facts import Kind, Query, ReportQuery
from ven_actors.vtn.problems import Problem
from ven_actors.vtn.v310.formats import OBJECT_ID
from ven_actors.vtn.v310.wire import ObjectType

MOST_PER_PAGE = 50
LARGEST_INT32 = 2**31 - 1
_INTEGER = re.compile(r"-?[0-9]{1,18}\Z")
_OBJECT_TYPES: tuple[str, ...] = get_args(ObjectType)
_OBJECT_ID = re.compile(OBJECT_ID)

Pairs = Mapping[str, list[str]]


def object_query(pairs: Pairs, now_s: float, *, name: str | None, parent: str | None, kind: Kind) -> Query:
    """`name` and `parent` are what this list calls those filters, None where it does not have them."""
    skip, limit = _page(pairs)
    active = kind is Kind.EVENT and _boolean(pairs, "active")
    subscribes = kind is Kind.SUBSCRIPTION
    return Query(
        name=_name(pairs, name) if name else None,
        parent_id=_object_id(pairs, parent) if parent else None,
        targets=() if subscribes else _distinct(_bounded("targets", target) for target in pairs.get("targets", ())),
        active_at_s=now_s if active else None,
        objects=_distinct(map(_object_type, pairs.get("objects", ()))) if subscribes else (),
        skip=skip,
        limit=limit,
    )


def report_query(pairs: Pairs) -> ReportQuery:
    skip, limit = _page(pairs)
    return ReportQuery(
        program_id=_object_id(pairs, "programID"),
        event_id=_object_id(pairs, "eventID"),
        client_name=_name(pairs, "clientName"),
        skip=skip,
        limit=limit,
    )


def checked_id(value: str) -> str:
    """An id from a path; 400 for what can be none."""
    if not _OBJECT_ID.match(value):
        raise Problem(400, "the id in the path is not 1 to 128 of the characters a-z A-Z 0-9 _ -")
    return value


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _object_type(text: str) -> str:
    if text not in _OBJECT_TYPES:
        raise Problem(400, f"objects is {text[:40]!r}; it has to be one of {', '.join(_OBJECT_TYPES)}")
    return text


def _page(pairs: Pairs) -> tuple[int, int]:
    return _integer(pairs, "skip", 0, LARGEST_INT32), _integer(pairs, "limit", MOST_PER_PAGE, MOST_PER_PAGE)


def _integer(pairs: Pairs, key: str, default: int, most: int) -> int:
    text = single(pairs, key)
    if text is None:
        return default
    if not _INTEGER.match(text) or not 0 <= int(text) <= most:
        raise Problem(400, f"{key} is {text[:40]!r}; it has to be an integer from 0 to {most}")
    return int(text)


def _boolean(pairs: Pairs, key: str) -> bool:
    text = single(pairs, key)
    if text not in (None, "true", "false"):
        raise Problem(400, f"{key} is {text[:40]!r}; it has to be true or false")
    return text == "true"


def _object_id(pairs: Pairs, key: str) -> str | None:
    text = single(pairs, key)
    if text is not None and not _OBJECT_ID.match(text):
        raise Problem(400, f"{key} is not 1 to 128 of the characters a-z A-Z 0-9 _ -")
    return text


def _name(pairs: Pairs, key: str) -> str | None:
    text = single(pairs, key)
    return None if text is None else _bounded(key, text)


def _bounded(key: str, text: str) -> str:
    if not 1 <= len(text) <= 128:
        raise Problem(400, f"{key} has {len(text)} characters; it has to have 1 to 128")
    return text


def single(pairs: Pairs, key: str) -> str | None:
    values = pairs.get(key)
    if values is None:
        return None
    if len(values) > 1:
        raise Problem(400, f"{key} is given {len(values)} times; give it once")
    return values[0]
