"""Brings stores of older schemas into today's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ven_actors.kept import KeptBook, digest_of
from ven_actors.storage.event_books import StoredEvent, StoredObject, write_book

if TYPE_CHECKING:
    from peewee import SqliteDatabase


class _OldEntry(msgspec.Struct):
    event: msgspec.Raw
    first_seen_s: float
    anchor_s: float


class _OldBook(msgspec.Struct):
    """An event book up to schema 4: one blob for each VEN."""

    entries: dict[str, _OldEntry]
    programs: dict[str, msgspec.Raw] | None = None


def bring_up_to_date(database: SqliteDatabase) -> None:
    """Change what creating the missing tables does not; for within a transaction."""
    columns = {row[1] for row in database.execute_sql("PRAGMA table_info(ven)").fetchall()}
    if "book" not in columns:
        database.execute_sql("ALTER TABLE ven ADD COLUMN book INTEGER")
    if "event_book" in columns:
        _split_books(database)
        database.execute_sql("ALTER TABLE ven DROP COLUMN event_book")


def _split_books(database: SqliteDatabase) -> None:
    """From schema 4: each event and program once, instead of once in each VEN's blob."""
    found = database.execute_sql("SELECT key FROM ven WHERE event_book IS NOT NULL").fetchall()
    for (ven_key,) in found:
        blob = database.execute_sql("SELECT event_book FROM ven WHERE key = ?", (ven_key,)).fetchone()[0]
        write_book(database.connection(), ven_key, _read(bytes(blob)))


def _read(blob: bytes) -> KeptBook:
    """One that cannot be read stays as it is: its VEN says so, and reads its events again."""
    try:
        old = msgspec.msgpack.decode(blob, type=_OldBook)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return KeptBook((StoredEvent(_stored(blob), 0.0, 0.0),), None)
    events = tuple(
        StoredEvent(_stored(bytes(each.event)), each.first_seen_s, each.anchor_s) for each in old.entries.values()
    )
    programs = None if old.programs is None else tuple(_stored(bytes(each)) for each in old.programs.values())
    return KeptBook(events, programs)


def _stored(packed: bytes) -> StoredObject:
    return StoredObject(digest_of(packed), packed)
