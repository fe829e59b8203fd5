"""Event books in the store: each event and program once, and for each VEN a list of those that its book has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakValueDictionary

from ven_actors.kept import KeptBook

if TYPE_CHECKING:
    import sqlite3

    from peewee import SqliteDatabase

    from ven_actors.kept import Kept

_Times = tuple[float | None, float | None]

_KNOWN = "SELECT object_id FROM vtn_object WHERE digest = ?"
_ADD = "INSERT INTO vtn_object(digest, packed) VALUES (?, ?)"
_ENTRIES = "SELECT object_id, first_seen_s, anchor_s FROM book_entry WHERE ven_key = ?"
_KEEP = "INSERT OR REPLACE INTO book_entry(ven_key, object_id, first_seen_s, anchor_s) VALUES (?, ?, ?, ?)"
_DROP = "DELETE FROM book_entry WHERE ven_key = ? AND object_id = ?"
_BOOK = "UPDATE ven SET book = ? WHERE key = ?"
_UNUSED = "DELETE FROM vtn_object WHERE object_id NOT IN (SELECT object_id FROM book_entry)"

_NO_PROGRAMS, _PROGRAMS = 0, 1


class StoredObject:
    """An event or a program as it stands in the store."""

    __slots__ = ("__weakref__", "_packed", "digest")

    def __init__(self, digest: bytes, packed: bytes) -> None:
        self.digest = digest
        self._packed = packed

    def packed(self) -> bytes:
        return self._packed


class StoredEvent(NamedTuple):
    event: StoredObject
    first_seen_s: float
    anchor_s: float


def write_book(connection: sqlite3.Connection, ven_key: int, book: KeptBook) -> bool:
    """Write what of a book is not there yet, and drop what it has no more; say whether anything was dropped."""
    before: dict[int, _Times] = {row[0]: row[1:] for row in connection.execute(_ENTRIES, (ven_key,))}
    now: dict[int, _Times] = {}
    for entry in book.events:
        now[_object_id(connection, entry.event)] = (entry.first_seen_s, entry.anchor_s)
    for program in book.programs or ():
        now[_object_id(connection, program)] = (None, None)
    gone = before.keys() - now.keys()
    connection.executemany(_DROP, [(ven_key, object_id) for object_id in gone])
    fresh = [(ven_key, object_id, *times) for object_id, times in now.items() if before.get(object_id) != times]
    connection.executemany(_KEEP, fresh)
    connection.execute(_BOOK, (_NO_PROGRAMS if book.programs is None else _PROGRAMS, ven_key))
    return bool(gone)


def _object_id(connection: sqlite3.Connection, kept: Kept) -> int:
    found = connection.execute(_KNOWN, (kept.digest,)).fetchone()
    if found is None:
        return int(connection.execute(_ADD, (kept.digest, kept.packed())).lastrowid or 0)
    return int(found[0])


class Books:
    """The books of a store, and those that wait for its next commit; what several have is read once."""

    def __init__(self) -> None:
        self.pending: dict[int, KeptBook] = {}
        self._may_have_unused = True
        self._objects: WeakValueDictionary[int, StoredObject] = WeakValueDictionary()

    def write_pending(self, connection: sqlite3.Connection) -> None:
        for ven_key, book in self.pending.items():
            self._may_have_unused |= write_book(connection, ven_key, book)

    def drop_unused(self, database: SqliteDatabase) -> None:
        """Forget events and programs that no book has any more."""
        if self._may_have_unused:
            database.execute_sql(_UNUSED)
            self._may_have_unused = False

    def read(self, database: SqliteDatabase, ven_key: int) -> KeptBook | None:
        """Return a VEN's book; None if it has none yet."""
        found = database.execute_sql("SELECT book FROM ven WHERE key = ?", (ven_key,)).fetchone()
        if found is None or found[0] is None:
            return None
        events, programs = [], []
        for object_id, first_seen_s, anchor_s in database.execute_sql(_ENTRIES, (ven_key,)).fetchall():
            each = self._object(database, object_id)
            if first_seen_s is None:
                programs.append(each)
            else:
                events.append(StoredEvent(each, float(first_seen_s), float(anchor_s)))
        return KeptBook(tuple(events), None if found[0] == _NO_PROGRAMS else tuple(programs))

    def _object(self, database: SqliteDatabase, object_id: int) -> StoredObject:
        known = self._objects.get(object_id)
        if known is None:
            row: Any = database.execute_sql(
                "SELECT digest, packed FROM vtn_object WHERE object_id = ?", (object_id,)
            ).fetchone()
            if row is None:
                raise ValueError(f"an event book has object {object_id}, which is not there")
            known = self._objects[object_id] = StoredObject(bytes(row[0]), bytes(row[1]))
        return known
