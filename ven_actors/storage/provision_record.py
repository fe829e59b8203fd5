"""What was provisioned at a VTN, so that exactly this can be taken back: one small SQLite file in the state folder."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec
from peewee import SqliteDatabase

from ven_actors.errors import StateError
from ven_actors.storage.lock import FileLock, lock_beside
from ven_actors.storage.troubles import UNREADABLE, translated

RECORD_NAME = "provisioned.db"
VEN, RESOURCE = "ven", "resource"
_SCHEMA = """
    CREATE TABLE IF NOT EXISTS vtn (name TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS made (
        kind TEXT NOT NULL, ven TEXT NOT NULL, name TEXT NOT NULL,
        list TEXT NOT NULL, request BLOB NOT NULL, path TEXT,
        PRIMARY KEY (kind, ven, name)
    );
    CREATE TABLE IF NOT EXISTS granted (
        path TEXT NOT NULL, target TEXT NOT NULL,
        kind TEXT NOT NULL, ven TEXT NOT NULL, name TEXT NOT NULL,
        PRIMARY KEY (path, target)
    )
"""


class Made(NamedTuple):
    """A ven or resource that was asked for with `request` at `list`; `path` is its own, None until it is confirmed."""

    kind: str
    ven: str
    name: str
    list: str
    request: dict[str, Any]
    path: str | None


class Granted(NamedTuple):
    """A target that was added to an object which somebody else made."""

    path: str
    target: str
    kind: str
    ven: str
    name: str


class ProvisionRecord:
    """Locked while it is open (a context manager). Everything is on the disk when a method returns.

    Raises `StateError` where it is in use, cannot be written, or tells of another VTN; `DataError` where it is broken.
    """

    def __init__(self, folder: Path, vtn: str) -> None:
        self._path = folder / RECORD_NAME
        self._vtn = vtn
        self._lock = FileLock(lock_beside(self._path), shared=False, what=str(self._path))
        self._database = SqliteDatabase(
            str(self._path), pragmas={"journal_mode": "wal", "synchronous": "full"}, timeout=0
        )

    def __enter__(self) -> Self:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StateError(f"{self._path.parent}: the folder cannot be made ({error.strerror})") from error
        self._lock.acquire()
        try:
            self._prepare()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def intend(self, kind: str, ven: str, name: str, list_path: str, request: dict[str, Any]) -> None:
        """Before the VTN is asked to make it: should its answer get lost, it is still known whose object it is."""
        values = (kind, ven, name, list_path, msgspec.json.encode(request))
        self._run("INSERT OR REPLACE INTO made (kind, ven, name, list, request) VALUES (?, ?, ?, ?, ?)", *values)

    def confirm(self, kind: str, ven: str, name: str, path: str) -> None:
        self._run("UPDATE made SET path = ? WHERE kind = ? AND ven = ? AND name = ?", path, kind, ven, name)

    def forget(self, kind: str, ven: str, name: str) -> None:
        self._run("DELETE FROM made WHERE kind = ? AND ven = ? AND name = ?", kind, ven, name)

    def made(self, kind: str, ven: str) -> dict[str, Made]:
        """By name."""
        rows = self._run("SELECT * FROM made WHERE kind = ? AND ven = ?", kind, ven)
        return {made.name: made for made in map(_made, rows)}

    def all_made(self) -> list[Made]:
        """Resources before vens, the newest first."""
        return [_made(row) for row in self._run("SELECT * FROM made ORDER BY kind, rowid DESC")]

    def grant(self, granted: Granted) -> None:
        self._run("INSERT OR IGNORE INTO granted VALUES (?, ?, ?, ?, ?)", *granted)

    def all_granted(self) -> list[Granted]:
        return [Granted(*row) for row in self._run("SELECT * FROM granted ORDER BY rowid DESC")]

    def ungrant(self, granted: Granted) -> None:
        self._run("DELETE FROM granted WHERE path = ? AND target = ?", granted.path, granted.target)

    def _prepare(self) -> None:
        with self._translating():
            for table in _SCHEMA.split(";"):
                self._database.execute_sql(table)
        known = [name for (name,) in self._run("SELECT name FROM vtn")]
        if not known:
            self._run("INSERT INTO vtn VALUES (?)", self._vtn)
        elif known != [self._vtn]:
            if self._run("SELECT 1 FROM made UNION SELECT 1 FROM granted"):
                raise StateError(
                    f"{self._path}: tells what was provisioned at {known[0]}, not at {self._vtn}; deprovision that "
                    f"first with {self._deprovision(known[0])} and its --business-credentials, or give another --state"
                )
            self._run("UPDATE vtn SET name = ?", self._vtn)

    def _deprovision(self, vtn: str) -> str:
        """The command that takes it all back; an embedded VTN is found by its state folder."""
        url = ["--vtn-url", vtn] if "://" in vtn else []
        return f"`{shlex.join(['ven-actors', 'deprovision', '--state', str(self._path.parent), *url])}`"

    def _run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._translating():
            return list(self._database.execute_sql(statement, values).fetchall())

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except UNREADABLE as error:
            raise translated(self._path, error) from error

    def _close(self) -> None:
        self._database.close()
        self._lock.release()


def _made(row: tuple[Any, ...]) -> Made:
    made = Made(*row)
    return made._replace(request=msgspec.json.decode(row[4]))
