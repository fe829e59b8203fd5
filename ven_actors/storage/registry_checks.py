"""What a registry file must pass before anything in it is believed. Every failure is a DataError of one line."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import NamedTuple

import peewee

from ven_actors.errors import DataError
from ven_actors.model import LOADS_PER_RESOURCE, RegistrationStatus
from ven_actors.storage.registry_schema import COLUMNS, DDL, SCHEMA_VERSION, STATUS_COLUMN, make_anew

ORIGINAL_TABLE = "resources"
_MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100
MAX_BYTES = 2 * 1024**3
MAX_SCALE = 1e6
_STATUSES = ", ".join(f"'{status}'" for status in RegistrationStatus)
_READINGS = (
    "SELECT name FROM ven",
    "SELECT resource_id, name, kind, meter_point_id, place, registration_status, attributes FROM resource",
    "SELECT DISTINCT component, kind, meter FROM load_component",
)
_TEXT_PROBLEM = "typeof({0}) <> 'text' OR length({0}) NOT BETWEEN {1} AND {2} OR instr({0}, char(0)) > 0"


class _Problem(NamedTuple):
    """What is wrong, and the query that finds the first offending row."""

    what: str
    query: str


class Make(Enum):
    """Which program's database a file is."""

    CURRENT = "current"
    WITHOUT_STATUS = "ours, before registration_status"
    ORIGINAL = "the original system's"


def check_file(path: Path) -> None:
    """Refuse what is no SQLite file, or not all of one."""
    try:
        if not path.is_file():
            what = "is not a file" if path.exists() else "there is no such file"
            raise DataError(f"{path}: {what}; {make_anew(path)}")
        size = path.stat().st_size
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except PermissionError as error:
        raise DataError(f"{path}: may not be read; change its permissions, or name another file") from error
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        raise DataError(f"{path}: is not an SQLite database; {make_anew(path)}")
    page_bytes = int.from_bytes(header[16:18], "big")
    claimed = (65_536 if page_bytes == 1 else page_bytes) * int.from_bytes(header[28:32], "big")
    if size < claimed:
        raise DataError(f"{path}: is cut off after {size} of {claimed} bytes; fetch it again, or {make_anew(path)}")
    if size > MAX_BYTES:
        raise DataError(f"{path}: has {size} bytes, the limit is {MAX_BYTES}; name another file")


def recognise(path: Path, database: peewee.SqliteDatabase) -> Make:
    """Tell whose database it is from its schema alone; nothing that the schema could make run has run before."""
    tables = _tables(path, database)
    version = database.execute_sql("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise DataError(
            f"{path}: was made by a newer version (schema {version}, known are 0 to {SCHEMA_VERSION}); update"
        )
    if set(tables) == {ORIGINAL_TABLE}:
        _refuse_hidden_columns(path, database, tables)
        return Make.ORIGINAL
    _check_tables(path, set(tables))
    columns = _refuse_hidden_columns(path, database, tables)
    make = Make.CURRENT if STATUS_COLUMN in columns["resource"] else Make.WITHOUT_STATUS
    for name, found in columns.items():
        expected = [column for column in COLUMNS[name] if make is Make.CURRENT or column != STATUS_COLUMN]
        _check_columns(path, name, found, expected)
    if make is Make.CURRENT:
        for name, sql in tables.items():
            if " ".join(sql.split()) != DDL[name]:
                raise DataError(
                    f"{path}: table {name!r} does not have the keys and types of a registry; {make_anew(path)}"
                )
    return make


def check_content(path: Path, database: peewee.SqliteDatabase) -> None:
    """Pages, indexes and every value of a current registry."""
    check_pages(path, database)
    check_values(path, database)


def check_values(path: Path, database: peewee.SqliteDatabase) -> None:
    """Every value of a current registry.

    Text that is not UTF-8 only shows when it is read, and makes SQLite's module raise.
    """
    for query in _READINGS:
        database.execute_sql(query).fetchall()
    for what, query in _problems():
        row = database.execute_sql(query).fetchone()
        if row is not None:
            shown = ", ".join(repr(str(value)[:60]) for value in row)
            raise DataError(f"{path}: {what}: {shown}; correct it, or {make_anew(path)}")


def check_pages(path: Path, database: peewee.SqliteDatabase) -> None:
    found = database.execute_sql("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise DataError(f"{path}: is damaged ({' '.join(str(found).split())}); restore a copy, or {make_anew(path)}")
    broken = database.execute_sql("PRAGMA foreign_key_check").fetchone()
    if broken is not None:
        raise DataError(f"{path}: a row of {broken[0]!r} belongs to no row of {broken[2]!r}; {make_anew(path)}")


def _tables(path: Path, database: peewee.SqliteDatabase) -> dict[str, str]:
    """The tables with their definitions. Whatever else a schema may hold is refused."""
    tables: dict[str, str] = {}
    for kind, name, sql in database.execute_sql("SELECT type, name, sql FROM sqlite_master").fetchall():
        if kind in ("view", "trigger") or (sql or "").lstrip().upper().startswith("CREATE VIRTUAL"):
            raise DataError(
                f"{path}: has a {kind} {name!r}, which a registry never has; do not trust it, {make_anew(path)}"
            )
        if kind == "index" and sql is not None:
            raise DataError(f"{path}: has a foreign index {name!r}; {make_anew(path)}")
        if kind == "table" and not str(name).startswith("sqlite_"):
            tables[name] = sql
    return tables


def _check_tables(path: Path, found: set[str]) -> None:
    missing, foreign = set(DDL) - found, found - set(DDL)
    if missing:
        raise DataError(f"{path}: is not a registry: table {min(missing)!r} is missing; {make_anew(path)}")
    if foreign:
        raise DataError(f"{path}: has a foreign table {min(foreign)!r}; {make_anew(path)}")


def _refuse_hidden_columns(path: Path, database: peewee.SqliteDatabase, tables: dict[str, str]) -> dict[str, list[str]]:
    """The columns of each table. Generated ones are refused: reading them runs what the file says."""
    columns: dict[str, list[str]] = {}
    for name in tables:
        rows = database.execute_sql(f"PRAGMA table_xinfo({name})").fetchall()
        if any(row[6] for row in rows):
            raise DataError(
                f"{path}: table {name!r} has computed columns, which a registry never has; {make_anew(path)}"
            )
        columns[name] = [row[1] for row in rows]
    return columns


def _check_columns(path: Path, table: str, found: list[str], expected: list[str]) -> None:
    foreign = sorted(set(found) - set(expected))
    missing = sorted(set(expected) - set(found))
    if foreign or missing:
        which = f"a foreign column {foreign[0]!r}" if foreign else f"no column {missing[0]!r}"
        raise DataError(f"{path}: table {table!r} has {which}; {make_anew(path)}")


def _problems() -> Iterator[_Problem]:
    """All that can be wrong with values."""
    text = _TEXT_PROBLEM.format
    yield _Problem(
        "a VEN's name is not 1 to 128 characters", f"SELECT name FROM ven WHERE {text('name', 1, 128)} LIMIT 1"
    )
    yield _Problem(
        "a resource has an unknown registration_status (PENDING, APPROVED, SUSPENDED are known)",
        f"SELECT resource_id, registration_status FROM resource WHERE registration_status NOT IN ({_STATUSES}) LIMIT 1",
    )
    for column, least in (("resource_id", 1), ("name", 1), ("kind", 0), ("meter_point_id", 0), ("place", 0)):
        yield _Problem(
            f"a resource's {column} is not {least} to 256 characters",
            f"SELECT id, {column} FROM resource WHERE {text(column, least, 256)} LIMIT 1",
        )
    yield _Problem(
        "a resource's attributes are no JSON object",
        "SELECT resource_id, attributes FROM resource WHERE NOT json_valid(attributes) "
        "OR json_type(attributes) <> 'object' LIMIT 1",
    )
    yield _Problem(
        f"a load component's scale is not above 0 and at most {MAX_SCALE:g}",
        "SELECT r.resource_id, l.component, l.scale FROM load_component l JOIN resource r ON r.id = l.resource "
        f"WHERE typeof(l.scale) NOT IN ('real', 'integer') OR NOT (l.scale > 0 AND l.scale <= {MAX_SCALE}) LIMIT 1",
    )
    yield _Problem(
        "a load component's kind, meter or sheddable is not what it should be",
        "SELECT r.resource_id, l.component FROM load_component l JOIN resource r ON r.id = l.resource "
        f"WHERE {text('l.kind', 0, 256)} OR {text('l.meter', 1, 256)} OR l.sheddable NOT IN (0, 1) LIMIT 1",
    )
    components = ", ".join(f"'load_{index}'" for index in range(LOADS_PER_RESOURCE))
    yield _Problem(
        f"a resource has not exactly the load components load_0 to load_{LOADS_PER_RESOURCE - 1}",
        "SELECT r.resource_id, r.name FROM resource r LEFT JOIN load_component l ON l.resource = r.id GROUP BY r.id "
        f"HAVING count(l.component) <> {LOADS_PER_RESOURCE} OR sum(l.component NOT IN ({components})) > 0 LIMIT 1",
    )
