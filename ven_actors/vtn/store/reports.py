"""Reports: a small row each, for ever in order, and a compressed body that goes when room is needed."""

from __future__ import annotations

import logging
import sqlite3
import uuid
import zlib
from dataclasses import replace
from typing import Any

from ven_actors.vtn.facts import ReportDraft, ReportQuery, StoredReport

_COLUMNS = "r.id, created_s, modified_s, client_id, program_id, event_id, client_name, report_name, b.body"
_FROM = "FROM report r LEFT JOIN report_body b ON b.seq = r.seq"

log = logging.getLogger("ven_actors.vtn")


class Reports:
    """Rows of the tables `report` and `report_body`; runs in the store's thread only."""

    def __init__(self, connection: sqlite3.Connection, keep_bytes: int) -> None:
        self._connection = connection
        self._keep_bytes = keep_bytes
        self._kept_bytes = 0
        self._said_dropping = False
        self._clients_named: dict[str, set[str]] = {}
        self.recount()

    def recount(self) -> None:
        """Add up again what the bodies take and who uses which name, after opening and after an undone transaction."""
        (self._kept_bytes,) = self._connection.execute("SELECT ifnull(sum(stored_bytes), 0) FROM report").fetchone()
        self._clients_named.clear()
        for name, client_id in self._connection.execute("SELECT DISTINCT client_name, client_id FROM report"):
            self._clients_named.setdefault(name, set()).add(client_id)

    def clients_named(self, client_name: str) -> frozenset[str]:
        """The clients that have used this clientName, also in reports that are gone since the VTN was started."""
        return frozenset(self._clients_named.get(client_name, ()))

    def insert(self, draft: ReportDraft, client_id: str, program_id: str, now_s: float) -> StoredReport:
        body = zlib.compress(draft.body, 1)
        names = (draft.event_id, draft.client_name, draft.report_name)
        report = StoredReport(uuid.uuid4().hex, now_s, now_s, client_id, program_id, *names, draft.body)
        seq = self._connection.execute(
            "INSERT INTO report (id, client_id, program_id, event_id, client_name, report_name, created_s, modified_s,"
            " stored_bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (report.id, client_id, program_id, *names, now_s, now_s, len(body)),
        ).lastrowid
        assert seq is not None
        self._connection.execute("INSERT INTO report_body VALUES (?, ?)", (seq, body))
        self._make_room(len(body), newest=seq)
        self._clients_named.setdefault(draft.client_name, set()).add(client_id)
        return report

    def replace(self, old: StoredReport, draft: ReportDraft, program_id: str, now_s: float) -> StoredReport:
        body = zlib.compress(draft.body, 1)
        ((seq, before_bytes),) = self._connection.execute(
            "SELECT seq, stored_bytes FROM report WHERE id = ?", (old.id,)
        ).fetchall()
        self._connection.execute(
            "UPDATE report SET program_id = ?, event_id = ?, client_name = ?, report_name = ?, modified_s = ?,"
            " stored_bytes = ? WHERE seq = ?",
            (program_id, draft.event_id, draft.client_name, draft.report_name, now_s, len(body), seq),
        )
        self._connection.execute("INSERT OR REPLACE INTO report_body VALUES (?, ?)", (seq, body))
        self._make_room(len(body) - before_bytes, newest=seq)
        self._clients_named.setdefault(draft.client_name, set()).add(old.client_id)
        return replace(
            old,
            modified_s=now_s,
            program_id=program_id,
            event_id=draft.event_id,
            client_name=draft.client_name,
            report_name=draft.report_name,
            body=draft.body,
        )

    def delete(self, report: StoredReport) -> None:
        ((seq, stored_bytes),) = self._connection.execute(
            "DELETE FROM report WHERE id = ? RETURNING seq, stored_bytes", (report.id,)
        ).fetchall()
        self._connection.execute("DELETE FROM report_body WHERE seq = ?", (seq,))
        self._kept_bytes -= stored_bytes

    def get(self, report_id: str, client_id: str | None) -> StoredReport | None:
        """The report, or None if there is none of this id or it belongs to another client than `client_id`."""
        row = self._connection.execute(
            f"SELECT {_COLUMNS} {_FROM} WHERE r.id = ? AND ifnull(r.client_id = ?, 1)",
            (report_id, client_id),
        ).fetchone()
        return None if row is None else _from_row(row)

    def find(self, query: ReportQuery) -> list[StoredReport]:
        """In the order of creation, so that the newest are found by skipping."""
        wanted = {
            "client_id": query.client_id,
            "program_id": query.program_id,
            "event_id": query.event_id,
            "client_name": query.client_name,
        }
        given = {column: value for column, value in wanted.items() if value is not None}
        where = " AND ".join(f"{column} = :{column}" for column in given) or "1"
        page = f"SELECT seq FROM report WHERE {where} ORDER BY seq LIMIT :limit OFFSET :skip"  # sorts no bodies
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} {_FROM} WHERE r.seq IN ({page}) ORDER BY r.seq",
            {**given, "limit": query.limit, "skip": query.skip},
        )
        return [_from_row(row) for row in rows]

    def has_name(self, report_name: str | None) -> bool:
        row = self._connection.execute("SELECT 1 FROM report WHERE report_name = ? LIMIT 1", (report_name,)).fetchone()
        return row is not None

    def has_event(self, event_id: str) -> bool:
        row = self._connection.execute("SELECT 1 FROM report WHERE event_id = ? LIMIT 1", (event_id,)).fetchone()
        return row is not None

    def find_by_name_fast(self) -> None:
        """Make `has_name` quick. Costs every insert a little, so only where it is asked for."""
        self._connection.execute("CREATE INDEX IF NOT EXISTS report_by_name ON report (report_name)")

    def count(self) -> int:
        (number,) = self._connection.execute("SELECT count(*) FROM report").fetchone()
        return int(number)

    def forget_bodiless(self, event_id: str) -> None:
        """What is left of reports whose body is gone goes with their event."""
        self._connection.execute("DELETE FROM report WHERE event_id = ? AND stored_bytes = 0", (event_id,))

    def _make_room(self, added_bytes: int, newest: int) -> None:
        self._kept_bytes += added_bytes
        while self._kept_bytes > self._keep_bytes:
            oldest = self._connection.execute(
                "SELECT b.seq, stored_bytes FROM report_body b JOIN report r ON r.seq = b.seq WHERE b.seq <> ?"
                " ORDER BY b.seq LIMIT 1",
                (newest,),
            ).fetchone()
            if oldest is None:
                return
            self._drop_body(*oldest)

    def _drop_body(self, seq: int, stored_bytes: int) -> None:
        if not self._said_dropping:
            self._said_dropping = True
            log.warning("oldest_report_bodies_go keep_bytes=%d", self._keep_bytes)
        self._connection.execute("DELETE FROM report_body WHERE seq = ?", (seq,))
        self._connection.execute("UPDATE report SET stored_bytes = 0 WHERE seq = ?", (seq,))
        self._kept_bytes -= stored_bytes


def _from_row(row: tuple[Any, ...]) -> StoredReport:
    packed = row[-1]
    body = None if packed is None else _unpack(packed, report_id=row[0])
    columns = (*row[:-1], body)
    return StoredReport(*columns)


def _unpack(packed: bytes, report_id: str) -> bytes | None:
    """None for a body that the disk has spoilt: one such report must not make whole lists unreadable."""
    try:
        return zlib.decompress(packed)
    except zlib.error as error:
        log.error("report_body_spoilt report=%s error=%s", report_id, error)  # noqa: TRY400 - the text says it all
        return None
