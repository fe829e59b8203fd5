"""What SQLite and msgpack say when a store cannot be used, in our own words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
import peewee

from ven_actors.errors import DataError, StateError

if TYPE_CHECKING:
    from pathlib import Path

UNREADABLE = (peewee.DatabaseError, sqlite3.DatabaseError, msgspec.MsgspecError, ValueError, TypeError)

NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
# The file itself is good; the place is not.
_REMEDIES = {
    sqlite3.SQLITE_FULL: "make room, or raise outbox_max",
    sqlite3.SQLITE_IOERR: "make room, and look after the disk",
    sqlite3.SQLITE_BUSY: "stop whoever else has it open",
    sqlite3.SQLITE_LOCKED: "stop whoever else has it open",
    sqlite3.SQLITE_CANTOPEN: "give a --state folder that can be read and written",
    sqlite3.SQLITE_READONLY: "give a --state folder that can be written",
    sqlite3.SQLITE_PERM: "give a --state folder that can be read and written",
}


def translated(path: Path, error: Exception) -> DataError | StateError:
    """`StateError` where the place is the trouble (no room, no right, in use), else `DataError`; one line each."""
    place = trouble_with_place(error)
    if place is not None:
        return StateError(f"{path}: {one_line(place)}; {_REMEDIES[_code(place)]}")
    said = one_line(error)
    return DataError(f"{path}: content cannot be read ({said}); move it away to begin a new one, or bring back a copy")


def trouble_with_place(error: BaseException) -> sqlite3.Error | None:
    """The first error behind `error` that says what is wrong with the place of a file, if any does.

    peewee keeps SQLite's error behind its own. And where SQLite has rolled back by itself, as it does when the disk is
    full, peewee's own roll-back fails, and that failure stands before what happened.
    """
    found = (each for each in _chain(error) if isinstance(each, sqlite3.Error))
    return next((each for each in found if _code(each) in _REMEDIES), None)


def has_no_room(error: BaseException) -> bool:
    place = trouble_with_place(error)
    return place is not None and _code(place) in NO_ROOM


def one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _chain(error: BaseException) -> Iterator[BaseException]:
    """`error` and all that it came from or during, each once."""
    seen: dict[int, BaseException] = {}
    behind = [error]
    while behind:
        each = behind.pop()
        if id(each) not in seen:
            seen[id(each)] = each
            yield each
            behind += [other for other in (each.__context__, each.__cause__) if other is not None]


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
