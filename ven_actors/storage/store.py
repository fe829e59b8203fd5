"""The store of a state folder: one writer, one transaction per flush, nothing relied on before it is committed."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import peewee

from ven_actors.errors import StateError
from ven_actors.model import Enrolment
from ven_actors.records import Counters
from ven_actors.storage import dropping, schema, statements
from ven_actors.storage.block_columns import extra_rows, power_row, read_block
from ven_actors.storage.enrolments import pack_enrolment, unpack_enrolment
from ven_actors.storage.event_books import Books
from ven_actors.storage.loading import load_dialects, load_enrolment, load_recovery, settled_blocks
from ven_actors.storage.read_only import STORE_NAME as STORE_NAME  # noqa: PLC0414 - others import it from here
from ven_actors.storage.read_only import read_only
from ven_actors.storage.store_migrations import bring_up_to_date
from ven_actors.storage.troubles import UNREADABLE, translated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ven_actors.kept import KeptBook
    from ven_actors.model import Block, Layout
    from ven_actors.records import (
        BlockRecord,
        ForecastRecord,
        LayoutRecord,
        LedgerDelta,
        Recovery,
        ReportRecord,
        RequestRecord,
        SpanRecord,
        VenRecord,
    )

T = TypeVar("T")


class Store:
    """The only connection that writes the state folder's store; used by one thread.

    Opening it takes ownership: whoever had it open before is refused at its next commit (`StateError`).
    """

    def __init__(self, folder: Path, *, max_bytes: int | None = None) -> None:
        """Open or create.

        Raises `DataError` if the file is broken, not a store, or of a newer make, before a byte of it is changed, and
        `StateError` if it cannot be written.
        """
        self._path = folder / STORE_NAME
        read_only(folder, load_recovery)
        with suppress(OSError):  # who cannot make it is told so by the database itself
            self._path.touch(mode=0o600)  # it keeps the VENs' own tokens
        self._database = schema.connect(self._path, max_bytes=max_bytes)
        self._pending: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self._column_bytes = 0
        self._books = Books()
        try:
            self._owner = self._prepare()
        except UNREADABLE as error:
            self._database.close()
            raise translated(self._path, error) from error

    def _prepare(self) -> int:
        with self._database.atomic("IMMEDIATE"):
            with self._database.bind_ctx(schema.TABLES):
                self._database.create_tables(schema.TABLES)
            bring_up_to_date(self._database)
            owner = int(self.meta("owner") or 0) + 1
            self._execute(statements.META, ("schema", schema.SCHEMA_VERSION))
            self._execute(statements.META, ("owner", str(owner)))
        return owner

    def close(self) -> None:
        self._database.close()

    # --- reading

    def meta(self, key: str) -> str | None:
        found = self._database.execute_sql("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if found is None else str(found[0])

    def load(self) -> Recovery:
        """Read everything open. Raises `DataError` where the content makes no sense."""
        try:
            return load_recovery(self._database)
        except UNREADABLE as error:
            raise translated(self._path, error) from error

    def ven_facts(self, ven_key: int) -> tuple[Enrolment | None, KeptBook | None]:
        """Return what the VTN gave a VEN when it registered, and the VEN's event book, as far as committed."""
        row = self._execute("SELECT enrolment FROM ven WHERE key = ?", (ven_key,)).fetchone()
        if row is None:
            return None, None
        try:
            book = self._books.read(self._database, ven_key)
            return None if row[0] is None else unpack_enrolment(row[0]), book
        except UNREADABLE as error:
            raise translated(self._path, error) from error

    def settled_blocks(self, ven_key: int, from_s: float) -> tuple[list[BlockRecord], list[ReportRecord]]:
        """Return the kept settled blocks of a VEN that end after `from_s`, and the reports that cover any of them.

        What waits for the next commit counts as written.
        """
        if not self._pending:
            return settled_blocks(self._database, ven_key, from_s)
        with self._transaction(keep=False):
            return settled_blocks(self._database, ven_key, from_s)

    def blocks(self, records: Iterable[BlockRecord], layouts: dict[int, Layout]) -> list[Block | None]:
        """Read the columns of blocks; None for one that is not there or does not match its checksum."""
        return [read_block(self._database, record, layouts[record.layout_id]) for record in records]

    def used_bytes(self) -> int:
        """Bytes of the file that hold something (free pages apart)."""
        pages, free, page_bytes = (
            int(self._database.execute_sql(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * page_bytes

    # --- writing, into the next commit

    def add_ven(self, record: VenRecord) -> None:
        self._pending[statements.VEN].append((record.ven_key, record.name, 0, 0, 0, 0))

    def add_layout(self, record: LayoutRecord) -> None:
        packed = msgspec.msgpack.encode(record.layout)
        self._pending[statements.LAYOUT].append((record.layout_id, record.ven_key, packed))

    def keep_span(self, record: SpanRecord) -> None:
        self._pending[statements.SPAN].append(tuple(record))

    def add_block(self, record: BlockRecord, block: Block) -> None:
        """Keep a block with all its columns."""
        self._pending[statements.POWER].append(power_row(record.block_id, block))
        if block.extras:
            self._pending[statements.EXTRA] += extra_rows(record.block_id, block)
        self._pending[statements.BLOCK].append(
            (record.start_s, record.ven_key, record.end_s, record.layout_id, record.block_id)
        )

    def add_forecast(self, record: ForecastRecord, block: Block) -> None:
        self._pending[statements.POWER].append(power_row(record.block_id, block))
        self._pending[statements.EXTRA] += extra_rows(record.block_id, block)
        self._pending[statements.FORECAST].append(tuple(record))

    def settle(self, record: BlockRecord) -> None:
        settled = (1, record.accepted, record.unasked, record.quarantined)
        self._pending[statements.SETTLED].append((*settled, record.start_s, record.ven_key))

    def unsettle(self, record: BlockRecord) -> None:
        self._pending[statements.SETTLED].append((0, 0, 0, 0, record.start_s, record.ven_key))

    def keep_request(self, record: RequestRecord) -> None:
        packed = msgspec.msgpack.encode(record.request)
        self._pending[statements.REQUEST].append(
            (record.request_key, record.ven_key, packed, record.sealed_until_s, int(record.gone))
        )
        self.keep_cursor(record.request_key, record.sealed_until_s)

    def keep_cursor(self, request_key: int, sealed_until_s: float) -> None:
        self._pending[statements.CURSOR].append((sealed_until_s, request_key))

    def keep_report(self, record: ReportRecord) -> None:
        rows = None if record.rows is None else msgspec.msgpack.encode(record.rows)
        self._pending[statements.REPORT].append((
            record.end_s, record.request_key, record.start_s, record.chunk, record.layout_id, record.name,
            msgspec.msgpack.encode(record.intervals), rows, int(record.periods), record.state,
            int(record.maybe_sent), record.words,
        ))  # fmt: skip
        if record.marks is not None:
            key = (record.end_s, record.request_key, record.start_s, record.chunk)
            self._pending[statements.MARKS].append((*key, *record.marks))

    def keep_enrolment(self, ven_key: int, enrolment: Enrolment) -> None:
        self._pending[statements.ENROLMENT].append((pack_enrolment(enrolment), ven_key))

    def keep_event_book(self, ven_key: int, event_book: KeptBook) -> None:
        self._books.pending[ven_key] = event_book

    def keep_counters(self, counters: Counters) -> None:
        self._pending[statements.META].append(("counters", msgspec.json.encode(counters).decode()))

    def keep_meta(self, key: str, value: str) -> None:
        self._pending[statements.META].append((key, value))

    def evict(self, record: BlockRecord, delta: LedgerDelta) -> None:
        self._pending[statements.EVICT_BLOCK].append((record.start_s, record.ven_key))
        self._pending[statements.EVICT_POWER].append((record.block_id,))
        self._pending[statements.EVICT_EXTRA].append((record.block_id,))
        self._pending[statements.EVICTED].append((delta.evicted, delta.accepted, delta.quarantined, delta.ven_key))

    # --- committing

    def commit(self) -> int:
        """Write all that is pending in one transaction; returns the bytes of columns among it.

        Raises `StateError` if another process or a later life has taken the store over, or if there is no room: then
        nothing is written, and this store is of no more use.
        """
        if self._pending or self._books.pending:
            with self._transaction():
                pass
        column_bytes, self._column_bytes = self._column_bytes, 0
        return column_bytes

    def drop_settled(self, before_s: int, open_since_s: int) -> None:
        """Forget settled blocks that began before `before_s`, and closed reports that end before `open_since_s` too.

        What became of their readings is folded into each VEN's ledger, and what is pending committed, in the same
        transaction. Quarantined readings stay.
        """
        with self._transaction():
            dropping.drop_settled(self._database, before_s, open_since_s)
            self._books.drop_unused(self._database)

    def drop_quarantined(self) -> bool:
        """Make room: forget the columns of the older half of what was refused long ago; False if there is none."""
        with self._transaction():
            return dropping.drop_quarantined(self._database)

    @contextmanager
    def _transaction(self, *, keep: bool = True) -> Iterator[None]:
        """All that is pending and what is done within, for good; or, without `keep`, only to look at it."""
        try:
            self._database.begin("IMMEDIATE")
            self._check_fence()
            self._write_pending()
            yield
            if keep:
                self._database.commit()
                self._column_bytes += sum(len(row[3]) for row in self._pending[statements.POWER])
                self._pending.clear()
                self._books.pending.clear()
        except (peewee.DatabaseError, sqlite3.DatabaseError) as error:
            raise translated(self._path, error) from error
        finally:
            if self._database.connection().in_transaction:
                self._database.rollback()

    def _write_pending(self) -> None:
        connection = self._database.connection()
        for statement in statements.ORDER:
            if statement in self._pending:
                rows = self._pending[statement]
                if statement in {statements.REPORT, statements.MARKS}:
                    # A report that goes out reading by reading changes often between two commits: the last one counts.
                    rows = list({row[: statements.REPORT_KEY]: row for row in rows}.values())
                connection.executemany(statement, rows)
        self._books.write_pending(connection)

    def _check_fence(self) -> None:
        owner = self.meta("owner")
        if owner != str(self._owner):
            raise StateError(f"{self._path}: taken over by a later run ({owner}, this one is {self._owner})")

    def _execute(self, statement: str, values: tuple[Any, ...]) -> sqlite3.Cursor:
        cursor: sqlite3.Cursor = self._database.execute_sql(statement, values)
        return cursor


def read_recovery(folder: Path) -> Recovery | None:
    """Read a store without writing to it; None where there is none. Raises `DataError` where it cannot be read."""
    return read_only(folder, load_recovery)


def read_meta(folder: Path) -> dict[str, str] | None:
    """Read what a store is bound to, as `read_recovery` reads."""
    return read_only(folder, lambda database: dict(database.execute_sql("SELECT key, value FROM meta").fetchall()))


def read_dialects(folder: Path) -> dict[str, str | None]:
    """The dialect in which each VEN of a store was registered, empty if unsaid, None if it was not registered yet."""
    return read_only(folder, load_dialects) or {}


def read_enrolment(folder: Path, ven_name: str) -> Enrolment | None:
    """What a VTN gave a VEN, as `read_recovery` reads; None where it was not registered yet."""
    return read_only(folder, lambda database: load_enrolment(database, ven_name))
