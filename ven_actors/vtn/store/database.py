"""Opening the VTN's database: who may have it, whether it is whole, and its tables."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import uuid
from pathlib import Path
from typing import IO

from ven_actors.vtn.problems import StateUnusable

APPLICATION_ID = 0x56544E31
SCHEMA_VERSION = 3
DATABASE_NAME = "vtn.sqlite"
LOCK_NAME = "vtn.lock"

SCHEMA = f"""
BEGIN;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE object (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    name TEXT,
    parent_id TEXT,
    client_id TEXT,
    targets TEXT,
    ends_s REAL,
    created_s REAL NOT NULL,
    modified_s REAL NOT NULL,
    body BLOB NOT NULL,
    body_301 BLOB,
    claimed_by TEXT
);
CREATE UNIQUE INDEX program_name ON object (name) WHERE kind = 'PROGRAM';
CREATE UNIQUE INDEX ven_name ON object (name) WHERE kind = 'VEN';
CREATE UNIQUE INDEX resource_name ON object (parent_id, name) WHERE kind = 'RESOURCE';
CREATE INDEX resource_by_name ON object (name) WHERE kind = 'RESOURCE';
CREATE INDEX object_by_kind ON object (kind);
CREATE INDEX object_by_parent ON object (parent_id);
CREATE INDEX object_by_client ON object (client_id, kind);
CREATE TABLE target (seq INTEGER NOT NULL, target TEXT NOT NULL, PRIMARY KEY (seq, target)) WITHOUT ROWID;
CREATE TABLE report (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    client_id TEXT NOT NULL,
    program_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    client_name TEXT NOT NULL,
    report_name TEXT,
    created_s REAL NOT NULL,
    modified_s REAL NOT NULL,
    stored_bytes INTEGER NOT NULL
);
CREATE INDEX report_by_client ON report (client_id, event_id);
CREATE INDEX report_by_event ON report (event_id);
CREATE TABLE report_body (seq INTEGER PRIMARY KEY, body BLOB NOT NULL);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
COMMIT;
"""

FROM_VERSION_1 = """
BEGIN;
ALTER TABLE object ADD COLUMN body_301 BLOB;
CREATE INDEX resource_by_name ON object (name) WHERE kind = 'RESOURCE';
PRAGMA user_version = 2;
COMMIT;
"""


FROM_VERSION_2 = """
BEGIN;
ALTER TABLE object ADD COLUMN claimed_by TEXT;
PRAGMA user_version = 3;
COMMIT;
"""


def lock_state(state_dir: Path) -> IO[bytes]:
    """Make the state folder if need be and take it for this process, as long as the returned file stays open.

    Raises `StateUnusable` at once if another process has it or it cannot be made.
    """
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (state_dir / LOCK_NAME).open("ab")
    except OSError as error:
        raise StateUnusable(f"state folder {state_dir} cannot be used: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise StateUnusable(
            f"state folder {state_dir} is in use by another VTN; stop that one or choose another --state"
        ) from error
    return lock


def open_database(state_dir: Path | None) -> sqlite3.Connection:
    """The database of a state folder, or one in memory; checked, and made if it is not there.

    Raises `StateUnusable` if the file is not a whole database of this program; it is left as it was.
    """
    if state_dir is None:
        return _ready(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False))
    path = state_dir / DATABASE_NAME
    try:
        _check_file(path)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise StateUnusable(f"{path} cannot be opened: {error}") from error
    try:
        _check_make(connection)
        return _ready(connection)
    except (sqlite3.Error, StateUnusable) as error:
        connection.close()
        raise StateUnusable(f"{path} is not usable: {error}; move it away to start afresh") from error


def identity_of(connection: sqlite3.Connection) -> str:
    """A random name that stays the same as long as this database lives."""
    (identity,) = connection.execute("SELECT value FROM meta WHERE key = 'identity'").fetchone()
    return str(identity)


def _check_file(path: Path) -> None:
    """A header that is not SQLite's, or a file shorter than its header says, is not even opened."""
    with contextlib.suppress(FileNotFoundError):
        size = path.stat().st_size
        with path.open("rb") as file:
            header = file.read(100)
        if size == 0:
            return
        if len(header) < 100 or not header.startswith(b"SQLite format 3\0"):
            raise StateUnusable(f"{path} is not an SQLite database; move it away to start afresh")
        page_bytes = int.from_bytes(header[16:18]) or 1
        expected = (65536 if page_bytes == 1 else page_bytes) * int.from_bytes(header[28:32])
        if size < expected and not _has_wal(path):
            raise StateUnusable(f"{path} is cut off: {size} of {expected} bytes; move it away to start afresh")


def _has_wal(path: Path) -> bool:
    """After a kill in the middle of a checkpoint the file may rightly be short: the rest is in the WAL."""
    wal = path.with_name(path.name + "-wal")
    return wal.exists() and os.path.getsize(wal) > 0  # noqa: PTH202 - no second stat object


def _check_make(connection: sqlite3.Connection) -> None:
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
        return
    if connection.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
        raise StateUnusable("it belongs to another program")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if not 1 <= version <= SCHEMA_VERSION:
        raise StateUnusable(f"its layout has version {version}, this program knows {SCHEMA_VERSION}")
    for table in ("meta", "object", "target", "report"):
        (verdict,) = connection.execute(f"PRAGMA quick_check('{table}')").fetchone()
        if verdict != "ok":
            raise StateUnusable(f"table {table} is corrupt ({' '.join(verdict.split())})")


def _ready(connection: sqlite3.Connection) -> sqlite3.Connection:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA wal_autocheckpoint = 4000")
    connection.execute("PRAGMA journal_size_limit = 67108864")
    connection.execute("PRAGMA temp_store = MEMORY")
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
        connection.executescript(SCHEMA)
    if connection.execute("PRAGMA user_version").fetchone() == (1,):
        connection.executescript(FROM_VERSION_1)
    if connection.execute("PRAGMA user_version").fetchone() == (2,):
        connection.executescript(FROM_VERSION_2)
    connection.execute("INSERT OR IGNORE INTO meta VALUES ('identity', ?)", (uuid.uuid4().hex,))
    return connection
