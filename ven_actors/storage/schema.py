"""The tables of the state folder's store, one SQLite file.

What is written for every interval is narrow and clustered by time (`block`, `report`: new rows go to the end, marks
stay near it); the wide columns (`power`) are written once and never touched again until they are dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from peewee import BlobField, CompositeKey, FloatField, IntegerField, Model, SqliteDatabase, TextField

from ven_actors.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA_VERSION = "5"
# What each older make has not; opening it for writing adds that.
_BOOKS = frozenset({"vtn_object", "book_entry"})
_OLDER = {
    "1": _BOOKS | {"extra", "marks", "forecast"},
    "2": _BOOKS | {"marks", "forecast"},
    "3": _BOOKS | {"forecast"},
    "4": _BOOKS,
}


class Meta(Model):
    """Facts about the folder: schema, owner (fence), identity of the VTN, interval, counters."""

    key = TextField(primary_key=True)
    value = TextField()


class Ven(Model):
    """One VEN: what its VTN gave (msgpack), and the ledger of its dropped blocks.

    `book` is NULL if it has no event book yet, 0 if that has no programs yet, else 1.
    """

    key = IntegerField(primary_key=True)
    name = TextField(unique=True)
    enrolment = BlobField(null=True)
    book = IntegerField(null=True)
    accepted = IntegerField(default=0)
    unasked = IntegerField(default=0)
    quarantined = IntegerField(default=0)
    evicted = IntegerField(default=0)


class VtnObject(Model):
    """An event or a program as event books have it (msgpack), once for all of them."""

    object_id = IntegerField(primary_key=True)
    digest = BlobField(unique=True)
    packed = BlobField()

    class Meta:
        table_name = "vtn_object"


class BookEntry(Model):
    """What one VEN's event book has: an event with its times, or a program, which has none."""

    ven_key = IntegerField()
    object_id = IntegerField()
    first_seen_s = FloatField(null=True)
    anchor_s = FloatField(null=True)

    class Meta:
        table_name = "book_entry"
        primary_key = CompositeKey("ven_key", "object_id")
        without_rowid = True


class Layout(Model):
    """Rows and columns of blocks (msgpack of `model.Layout`)."""

    layout_id = IntegerField(primary_key=True)
    ven_key = IntegerField()
    layout = BlobField()


class Span(Model):
    """A checkpoint: from `start_s` to `end_s` every interval was generated (or, `gap`, could not be)."""

    span_id = IntegerField(primary_key=True)
    ven_key = IntegerField()
    layout_id = IntegerField()
    start_s = IntegerField()
    end_s = IntegerField()
    interval_s = IntegerField()
    gap = IntegerField(default=0)


class Power(Model):
    """The columns of one block: watts, row by row, as `dtype`, with their CRC-32."""

    block_id = IntegerField(primary_key=True)
    dtype = TextField()
    crc32 = IntegerField()
    watts = BlobField()


class Extra(Model):
    """A column of a block beside its power: `width` values per resource (0: one), as `dtype`, with their CRC-32."""

    block_id = IntegerField()
    name = TextField()
    width = IntegerField()
    dtype = TextField()
    crc32 = IntegerField()
    content = BlobField()

    class Meta:
        primary_key = CompositeKey("block_id", "name")
        without_rowid = True


class Forecast(Model):
    """One interval of a sealed forecast, beside its report; its columns are in `power` and `extra`."""

    block_id = IntegerField(primary_key=True)
    request_key = IntegerField()
    start_s = FloatField()
    end_s = FloatField()
    block_start_s = IntegerField()
    block_end_s = IntegerField()


class Block(Model):
    """One metering interval of one VEN; `settled` (1, or 2: for good) with what became of its readings."""

    start_s = IntegerField()
    ven_key = IntegerField()
    end_s = IntegerField()
    layout_id = IntegerField()
    block_id = IntegerField()
    settled = IntegerField(default=0)
    accepted = IntegerField(default=0)
    unasked = IntegerField(default=0)
    quarantined = IntegerField(default=0)

    class Meta:
        primary_key = CompositeKey("start_s", "ven_key")
        without_rowid = True


class Request(Model):
    """A report request (msgpack of `model.ReportRequest`) and how far it has been served."""

    request_key = IntegerField(primary_key=True)
    ven_key = IntegerField()
    request = BlobField()
    sealed_until_s = FloatField()
    accepted_dropped = IntegerField(default=0)
    gone = IntegerField(default=0)


class Report(Model):
    """A sealed report. `maybe_sent` is committed before its first POST, `state` after its verdict."""

    end_s = FloatField()
    request_key = IntegerField()
    start_s = FloatField()
    chunk = IntegerField()
    layout_id = IntegerField()
    name = TextField()
    intervals = BlobField()
    row_numbers = BlobField(null=True)
    periods = IntegerField()
    state = TextField()
    maybe_sent = IntegerField(default=0)
    words = TextField(default="")

    class Meta:
        primary_key = CompositeKey("end_s", "request_key", "start_s", "chunk")
        without_rowid = True


class Marks(Model):
    """How far a sealed report is that goes out reading by reading; see `records.MarksRecord`."""

    end_s = FloatField()
    request_key = IntegerField()
    start_s = FloatField()
    chunk = IntegerField()
    asked = BlobField()
    accepted = BlobField()
    refused = BlobField()
    maybe_sent = BlobField()

    class Meta:
        primary_key = CompositeKey("end_s", "request_key", "start_s", "chunk")
        without_rowid = True


TABLES: tuple[type[Model], ...] = (
    Meta, Ven, VtnObject, BookEntry, Layout, Span, Power, Extra, Forecast, Block, Request, Report, Marks,
)  # fmt: skip


def connect(path: Path, *, max_bytes: int | None, read_only: bool = False) -> SqliteDatabase:
    """Connect with the pragmas that durability needs: WAL, and FULL so that a committed block survives a power cut."""
    if read_only:
        return SqliteDatabase(f"{path.absolute().as_uri()}?mode=ro", uri=True, pragmas={"query_only": 1})
    pragmas: dict[str, object] = {
        "journal_mode": "wal",
        "synchronous": "full",
        "wal_autocheckpoint": 1000,
        "trusted_schema": 0,
    }
    if max_bytes is not None:
        pragmas["max_page_count"] = max(256, max_bytes // 4096)
    return SqliteDatabase(str(path), pragmas=pragmas)


def is_begun(database: SqliteDatabase, path: Path) -> bool:
    """Say whether a store was ever made in this file; its tables are made in one transaction, or none is there.

    Raises `DataError` if the file is somebody else's, or of a newer make.
    """
    tables = set(database.get_tables())
    if path.stat().st_size % database.execute_sql("PRAGMA page_size").fetchone()[0] and not _has_wal(path):
        raise DataError(f"{path}: the file is cut off; move it away to begin a new one, or bring back a copy")
    if not tables:
        return False
    expected = {model._meta.table_name for model in TABLES}  # noqa: SLF001 - peewee's documented name for it
    if not tables >= expected - set().union(*_OLDER.values()):
        raise DataError(f"{path}: an SQLite file, but no store of this program; give another --state folder")
    found = database.execute_sql("SELECT value FROM meta WHERE key = 'schema'").fetchone()
    version = "none" if found is None else str(found[0])
    if version != SCHEMA_VERSION and version not in _OLDER:
        raise DataError(f"{path}: schema {version}, this program knows {SCHEMA_VERSION}; use the program that made it")
    if not tables >= expected - _OLDER.get(version, frozenset()):
        raise DataError(f"{path}: a table of schema {version} is missing; bring back a copy")
    return True


def _has_wal(path: Path) -> bool:
    """Say whether the rest of a file may stand in its write-ahead log, as after a power cut."""
    wal = path.with_name(path.name + "-wal")
    return wal.exists() and wal.stat().st_size > 0
