"""What SQLite and msgpack say when a store cannot be used, in our own words."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import msgspec
import peewee

from ven_actors.errors import DataError, StateError

if TYPE_CHECKING:
    from pathlib import Path

UNREADABLE = (peewee.DatabaseError, sqlite3.DatabaseError, msgspec.MsgspecError, ValueError, TypeError)

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
    said = " ".join(str(error).split())
    remedy = _REMEDIES.get(_code(error))
    if remedy is not None:
        return StateError(f"{path}: {said}; {remedy}")
    return DataError(f"{path}: content cannot be read ({said}); move it away to begin a new one, or bring back a copy")


def _code(error: BaseException | None) -> int:
    """Return SQLite's primary result code; peewee keeps the error that has it behind its own."""
    while error is not None:
        if isinstance(error, sqlite3.Error):
            return getattr(error, "sqlite_errorcode", 0) & 0xFF
        error = error.__cause__ or error.__context__
    return 0
