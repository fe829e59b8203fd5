"""Brings older resource databases up to date: nothing in them is lost, and a copy of the old file stays beside it."""

from __future__ import annotations

import json
import os
import shutil
from collections import defaultdict
from collections.abc import Iterator
from hashlib import blake2b
from itertools import count
from pathlib import Path
from typing import Any

import peewee

from ven_actors.errors import DataError
from ven_actors.meters import DEMO_METERS
from ven_actors.model import RegistrationStatus, Resource
from ven_actors.storage.customers import LOAD_KINDS, guess_kind, loads
from ven_actors.storage.registry_checks import ORIGINAL_TABLE, Make, check_pages
from ven_actors.storage.registry_files import write_registry
from ven_actors.storage.registry_rows import load_of
from ven_actors.storage.registry_schema import SCHEMA_VERSION, connect, make_anew, translated

# How the original system's columns may be spelt, without underscores and capitals.
_SPELLINGS = {
    "resource_id": ("resourceid",),
    "ven": ("ven", "venname", "venid"),
    "name": ("resourcename", "name"),
    "meter_point_id": ("meterpointid", "meteringpointid"),
    "place": ("address", "place", "location"),
    "kind": ("kind", "resourcetype", "type"),
    "status": ("registrationstatus",),
}
_REQUIRED = ("resource_id", "ven")
_Row = dict[str, Any]


def migrate(path: Path, make: Make) -> Path:
    """Replace the older database at `path` by a current one; the path of the copy of the old one.

    Raises DataError if its rows cannot be taken over; nothing is changed then.
    """
    with translated(path):
        database = connect(path, writable=True)
        try:
            # A journal beside it is part of the file: taken in first, so that copy and rows are all of it.
            database.execute_sql("PRAGMA journal_mode = DELETE")
            check_pages(path, database)
            rows = _original_rows(path, database) if make is Make.ORIGINAL else _rows_without_status(database)
        finally:
            database.close()
    vens, attributes = _resources(path, rows)
    copy = _copied(path)
    try:
        write_registry(path, vens.items(), attributes)
    except BaseException:
        copy.unlink()
        raise
    return copy


def _copied(path: Path) -> Path:
    names = (path.with_name(f"{path.name}.before-v{SCHEMA_VERSION}{suffix}") for suffix in _suffixes())
    copy = next(name for name in names if not name.exists())
    try:
        with path.open("rb") as old, copy.open("xb") as new:
            shutil.copyfileobj(old, new)
            os.fsync(new.fileno())
    except OSError as error:
        raise DataError(f"{path}: no copy can be left at {copy} ({error.strerror}); make room beside it") from error
    return copy


def _suffixes() -> Iterator[str]:
    yield ""
    yield from (f".{number}" for number in count(2))


def _rows_without_status(database: peewee.SqliteDatabase) -> list[_Row]:
    """Our own tables before `registration_status`, as rows of the original's kind with their loads."""
    by_resource = defaultdict(list)
    for row, *load in database.execute_sql(
        "SELECT resource, component, kind, meter, scale, sheddable FROM load_component ORDER BY resource, component"
    ):
        by_resource[row].append(load_of(tuple(load)))
    return [
        {
            "resource_id": resource_id, "ven": ven, "name": name, "kind": kind, "meter_point_id": point,
            "place": place, "attributes": json.loads(attributes), "loads": tuple(by_resource[row]),
        }
        for row, resource_id, ven, name, kind, point, place, attributes in database.execute_sql(
            "SELECT r.id, r.resource_id, v.name, r.name, r.kind, r.meter_point_id, r.place, r.attributes "
            "FROM resource r JOIN ven v ON v.id = r.ven_id ORDER BY r.id"
        )
    ]  # fmt: skip


def _original_rows(path: Path, database: peewee.SqliteDatabase) -> list[_Row]:
    cursor = database.execute_sql(f"SELECT * FROM {ORIGINAL_TABLE} ORDER BY rowid")
    columns = [description[0] for description in cursor.description]
    plain = {column.lower().replace("_", ""): column for column in columns}
    source = {
        ours: next((plain[spelling] for spelling in spellings if spelling in plain), None)
        for ours, spellings in _SPELLINGS.items()
    }
    for ours in _REQUIRED:
        if source[ours] is None:
            raise DataError(f"{path}: table {ORIGINAL_TABLE!r} has no column for {ours!r}; {make_anew(path)}")
    return [_original_row(dict(zip(columns, values, strict=True)), source) for values in cursor]


def _original_row(values: _Row, source: dict[str, str | None]) -> _Row:
    """Columns that a registry has no place for are kept as attributes."""
    row: _Row = {ours: _text(values[column]) for ours, column in source.items() if column is not None}
    taken = {column for column in source.values() if column is not None}
    rest = {column: value for column, value in values.items() if column not in taken and value is not None}
    row["attributes"] = {column: value.hex() if isinstance(value, bytes) else value for column, value in rest.items()}
    row["name"] = row.get("name") or row["resource_id"]
    row["kind"] = row.get("kind") or guess_kind(row["name"])
    kind = row["kind"] if row["kind"] in LOAD_KINDS else guess_kind(f"{row['kind']} {row['name']}")
    row["loads"] = loads(kind, blake2b(row["resource_id"].encode()).digest(), DEMO_METERS)
    return row


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _resources(path: Path, rows: list[_Row]) -> tuple[dict[str, list[Resource]], dict[str, _Row]]:
    vens: dict[str, list[Resource]] = {}
    attributes: dict[str, _Row] = {}
    names: set[tuple[str, str]] = set()
    for row in rows:
        resource_id, ven = row["resource_id"], row["ven"]
        if not resource_id or not ven or resource_id in attributes:
            what = "stands there twice" if resource_id in attributes else "has no id or no VEN"
            raise DataError(f"{path}: resource {resource_id!r} {what}; correct it, or {make_anew(path)}")
        name = _free_name(ven, row["name"], names)
        status = row.get("status") or RegistrationStatus.PENDING.value
        if status not in RegistrationStatus.__members__:
            raise DataError(
                f"{path}: resource {resource_id!r} has the unknown registration_status {status!r}; "
                f"{', '.join(RegistrationStatus)} are known: correct it"
            )
        attributes[resource_id] = row["attributes"] | ({"name_before": row["name"]} if name != row["name"] else {})
        made = Resource(
            resource_id=resource_id,
            ven_name=ven,
            name=name,
            kind=row["kind"],
            meter_point_id=row.get("meter_point_id", ""),
            place=row.get("place", ""),
            status=RegistrationStatus(status),
            loads=row["loads"],
        )
        vens.setdefault(ven, []).append(made)
    return vens, attributes


def _free_name(ven: str, name: str, taken: set[tuple[str, str]]) -> str:
    """The original did not ask names to be unique within a VEN; the standard does."""
    candidates = (f"{name} ({number})" if number > 1 else name for number in count(1))
    free = next(candidate for candidate in candidates if (ven, candidate) not in taken)
    taken.add((ven, free))
    return free
