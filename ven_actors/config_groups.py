"""Groups of VENs in one fleet that are run differently: each with its own dialect, and perhaps its own VTN."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

from ven_actors.config_kinds import Kind, names, optional, shown
from ven_actors.config_urls import http_url

_HOW = "write it like openadr-3.0.1=Herning,Aalborg;openadr-3.1@https://vtn.example/openadr3/3.1.0=Lemvig"
_KEYS = frozenset({"vens", "dialect", "vtn_url"})


class Group(NamedTuple):
    """`vens` are names or patterns such as `Fleet-00*`; `vtn_url` None means the VTN of the run."""

    vens: tuple[str, ...]
    dialect: str
    vtn_url: str | None = None

    def has(self, ven_name: str) -> bool:
        return any(fnmatchcase(ven_name, pattern) for pattern in self.vens)


def group_of(groups: Iterable[Group], ven_name: str) -> Group | None:
    """The first group that has this VEN."""
    return next((group for group in groups if group.has(ven_name)), None)


def groups() -> Kind[tuple[Group, ...]]:
    """A list of tables, or text: `DIALECT[@URL]=VEN,VEN;...`."""

    def read(value: object) -> tuple[Group, ...]:
        if isinstance(value, str):
            return tuple(_of_text(part) for part in value.split(";") if part.strip())
        tables = value if isinstance(value, list) else [None]
        if not all(isinstance(table, dict) for table in tables):
            raise ValueError(f"must be a list of tables [[groups]], not {shown(value)}")
        return tuple(map(_of_table, tables))

    return Kind("DIALECT[@URL]=A,B;...", read)


def _of_text(text: str) -> Group:
    head, equals, vens = text.partition("=")
    dialect, _, url = head.partition("@")
    if not equals:
        raise ValueError(f"{shown(text)} is no group of VENs; {_HOW}")
    return _of_table({"vens": vens, "dialect": dialect, "vtn_url": url})


def _of_table(table: Mapping[str, object]) -> Group:
    unknown = sorted(table.keys() - _KEYS)
    if unknown:
        raise ValueError(f"a group has no key {unknown[0]!r}; it has {', '.join(sorted(_KEYS))}")
    dialect = table.get("dialect", "auto")
    if not isinstance(dialect, str) or not dialect.strip():
        raise ValueError(f"{shown(dialect)} is no name of a dialect")
    vens = names().read(table.get("vens", ()))
    if not vens:
        raise ValueError("a group names no VENs; give their names, or patterns like Fleet-00*")
    return Group(vens, dialect.strip().lower(), optional(http_url()).read(table.get("vtn_url", "")))
