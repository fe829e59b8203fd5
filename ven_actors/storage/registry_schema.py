"""The registry's tables, and a peewee database for one connection that trusts nothing in the file."""

from __future__ import annotations

import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import peewee

from ven_actors.errors import DataError, StateError, UsageError
from ven_actors.storage.troubles import has_no_room, one_line, trouble_with_place

SCHEMA_VERSION = 1
DDL = {
    "ven": "CREATE TABLE ven (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "resource": (
        "CREATE TABLE resource (id INTEGER PRIMARY KEY, resource_id TEXT NOT NULL UNIQUE, "
        "ven_id INTEGER NOT NULL REFERENCES ven (id), name TEXT NOT NULL, kind TEXT NOT NULL, "
        "meter_point_id TEXT NOT NULL, place TEXT NOT NULL, registration_status TEXT NOT NULL DEFAULT 'PENDING', "
        "attributes TEXT NOT NULL DEFAULT '{}', UNIQUE (ven_id, name))"
    ),
    "load_component": (
        "CREATE TABLE load_component (resource INTEGER NOT NULL REFERENCES resource (id), component TEXT NOT NULL, "
        "kind TEXT NOT NULL, meter TEXT NOT NULL, scale REAL NOT NULL, sheddable INTEGER NOT NULL, "
        "PRIMARY KEY (resource, component)) WITHOUT ROWID"
    ),
}
COLUMNS = {
    "ven": ("id", "name"),
    "resource": (
        "id", "resource_id", "ven_id", "name", "kind", "meter_point_id", "place", "registration_status", "attributes",
    ),
    "load_component": ("resource", "component", "kind", "meter", "scale", "sheddable"),
}  # fmt: skip
STATUS_COLUMN = "registration_status"
_LONGEST_VALUE_BYTES = 1_000_000


def command_on(path: Path, *words: str) -> str:
    """A command of `ven-actors resources` on this file, to be pasted into a shell."""
    return f"`{shlex.join(('ven-actors', 'resources', *words, '--registry', str(path)))}`"


def make_anew(path: Path) -> str:
    """The remedy for a file that is not a registry of ours."""
    move = "move it away and make" if path.exists() else "make"
    return f"{move} a new one with {command_on(path, 'make')}, or name another file"


class Tables:
    """peewee's tables, bound to one database; nothing global, so several registries can be open at once."""

    def __init__(self, database: peewee.SqliteDatabase) -> None:
        self.ven: Any
        self.resource: Any
        self.load_component: Any
        self.ven, self.resource, self.load_component = (
            peewee.Table(name, COLUMNS[name], _database=database) for name in DDL
        )


def connect(path: Path, *, writable: bool) -> peewee.SqliteDatabase:
    """Open an existing file; views, functions and oversized values that it may hide do nothing."""
    pragmas = {"trusted_schema": 0, "cell_size_check": 1, "foreign_keys": 1}
    if writable:
        pragmas["synchronous"] = 2
    uri = f"{path.absolute().as_uri()}?mode={'rw' if writable else 'ro'}"
    database = peewee.SqliteDatabase(uri, uri=True, thread_safe=False, pragmas=pragmas, timeout=1)
    with translated(path):
        database.connect()
        database.connection().setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE_BYTES)
    return database


def create_tables(database: peewee.SqliteDatabase) -> None:
    for statement in DDL.values():
        database.execute_sql(statement)
    database.execute_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """SQLite's errors as one line: the file, what is wrong, what to do."""
    try:
        yield
    # UnicodeDecodeError: SQLite quotes a damaged schema in its own error message.
    except (peewee.PeeweeException, sqlite3.Error, sqlite3.Warning, UnicodeDecodeError) as error:
        place = trouble_with_place(error)
        if place is not None and has_no_room(place):
            raise StateError(f"{path}: {one_line(place)}; make room on that disk, or choose another place") from error
        words = one_line(error)
        if isinstance(error, (peewee.IntegrityError, sqlite3.IntegrityError)):
            raise DataError(
                f"{path}: refuses this entry ({words}); VENs, resource ids, and names within a VEN are unique"
            ) from error
        if "readonly" in words or "read-only" in words:
            raise DataError(
                f"{path}: a write to it was cut short or it may not be written ({words}); "
                f"its owner can repair it with {command_on(path, 'approve', '--all', '--count', '0')}"
            ) from error
        if "locked" in words:
            raise DataError(f"{path}: another program is writing to it ({words}); try again when it is done") from error
        raise DataError(f"{path}: is not a sound SQLite database ({words}); {make_anew(path)}") from error


def unknown_resource(path: Path, resource_id: str) -> UsageError:
    listed = command_on(path, "list", "--limit", "1000000", "--json")
    return UsageError(f"{path}: unknown resource {resource_id!r}; see {listed}")
