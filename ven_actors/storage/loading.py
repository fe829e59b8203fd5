"""Reading a store: everything open for a reporter that starts, and the totals for whoever looks from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from ven_actors.model import Enrolment, EventInterval, Layout, ReportRequest
from ven_actors.records import (
    BlockRecord,
    Counters,
    ForecastRecord,
    LayoutRecord,
    MarksRecord,
    Recovery,
    ReportRecord,
    RequestRecord,
    SpanRecord,
    VenRecord,
)
from ven_actors.storage.enrolments import unpack_enrolment

if TYPE_CHECKING:
    from peewee import SqliteDatabase

_INTERVALS = msgspec.msgpack.Decoder(tuple[EventInterval, ...])
_REQUEST = msgspec.msgpack.Decoder(ReportRequest)
_ROWS = msgspec.msgpack.Decoder(tuple[int, ...])
_REPORT_COLUMNS = (
    "r.request_key, r.start_s, r.end_s, r.chunk, r.layout_id, r.name, r.intervals, r.row_numbers, r.periods,"
    " r.state, r.maybe_sent, r.words, m.asked, m.accepted, m.refused, m.maybe_sent"
)
_MARKS = (
    "LEFT JOIN marks m"
    " ON m.end_s = r.end_s AND m.request_key = r.request_key AND m.start_s = r.start_s AND m.chunk = r.chunk"
)
# Older makes have no such table.
_NO_MARKS = "LEFT JOIN (SELECT NULL AS asked, NULL AS accepted, NULL AS refused, NULL AS maybe_sent) m"
# Open reports, and closed ones that still decide what becomes of an open block.
_REPORTS = """
    WITH oldest AS MATERIALIZED (SELECT ven_key, MIN(start_s) AS start_s FROM block WHERE settled = 0 GROUP BY ven_key)
    SELECT {columns} FROM report r JOIN request q USING (request_key) LEFT JOIN oldest o USING (ven_key) {marks}
    WHERE r.state = 'open' OR r.end_s > o.start_s
    ORDER BY r.end_s, r.request_key, r.start_s, r.chunk"""
_VENS = """
    SELECT key, name,
           v.accepted + COALESCE(b.accepted, 0), v.unasked + COALESCE(b.unasked, 0),
           v.quarantined + COALESCE(b.quarantined, 0), v.evicted
    FROM ven v LEFT JOIN (SELECT ven_key, SUM(accepted) accepted, SUM(unasked) unasked, SUM(quarantined) quarantined
                          FROM block WHERE settled > 0 GROUP BY ven_key) b ON b.ven_key = v.key
    ORDER BY key"""
_REQUESTS = """
    SELECT q.request_key, q.ven_key, q.request, q.sealed_until_s, q.accepted_dropped + COALESCE(r.accepted, 0), q.gone
    FROM request q LEFT JOIN (SELECT request_key, COUNT(*) AS accepted FROM report WHERE state = 'accepted'
                              GROUP BY request_key) r USING (request_key)
    ORDER BY q.request_key"""
_UNSETTLED = (
    "SELECT ven_key, start_s, end_s, layout_id, block_id, 0, 0, 0 FROM block WHERE settled = 0 ORDER BY start_s"
)
_SPANS = "SELECT span_id, ven_key, layout_id, start_s, end_s, interval_s, gap FROM span ORDER BY span_id"
_FORECASTS = (
    "SELECT block_id, request_key, start_s, end_s, block_start_s, block_end_s FROM forecast ORDER BY block_start_s"
)
_STATES = frozenset({"open", "accepted", "refused", "withdrawn", "split"})


def load_recovery(database: SqliteDatabase) -> Recovery:
    """Read everything open, and the sums of everything else. Raises ValueError where the rows make no sense."""

    def rows(statement: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = database.execute_sql(statement).fetchall()
        return found

    tables = database.get_tables()
    marks = _MARKS if "marks" in tables else _NO_MARKS
    counters = rows("SELECT value FROM meta WHERE key = 'counters'")
    recovery = Recovery(
        vens=msgspec.convert(rows(_VENS), list[VenRecord]),
        layouts=[
            LayoutRecord(row[0], row[1], msgspec.msgpack.decode(row[2], type=Layout))
            for row in rows("SELECT layout_id, ven_key, layout FROM layout ORDER BY layout_id")
        ],
        spans=msgspec.convert([(*row[:-1], bool(row[-1])) for row in rows(_SPANS)], list[SpanRecord]),
        requests=[
            RequestRecord(key, ven_key, _REQUEST.decode(packed), float(sealed_until_s), accepted, bool(gone))
            for key, ven_key, packed, sealed_until_s, accepted, gone in rows(_REQUESTS)
        ],
        blocks=msgspec.convert(rows(_UNSETTLED), list[BlockRecord]),
        reports=[_report(row) for row in rows(_REPORTS.format(columns=_REPORT_COLUMNS, marks=marks))],
        counters=msgspec.json.decode(counters[0][0], type=Counters) if counters else Counters(),
        forecasts=msgspec.convert(rows(_FORECASTS), list[ForecastRecord]) if "forecast" in tables else [],
        last_block_id=rows("SELECT COALESCE(MAX(block_id), 0) FROM power")[0][0],
    )
    _check(recovery)
    return recovery


def _check(recovery: Recovery) -> None:
    """Hold what the tables say of each other together."""
    vens = {ven.ven_key for ven in recovery.vens}
    layouts = {layout.layout_id for layout in recovery.layouts}
    records: list[SpanRecord | BlockRecord] = [*recovery.spans, *recovery.blocks]
    for record in records:
        if record.ven_key not in vens or record.layout_id not in layouts:
            raise ValueError(f"{record} is of an unknown VEN or layout")
        if record.end_s <= record.start_s:
            raise ValueError(f"{record} ends before it begins")
    if any(span.interval_s <= 0 for span in recovery.spans):
        raise ValueError("a span has no interval")
    for request in recovery.requests:
        if request.ven_key not in vens:
            raise ValueError(f"request {request.request_key} is of an unknown VEN")
    for report in recovery.reports:
        if report.layout_id not in layouts or report.state not in _STATES:
            raise ValueError(f"report {report.name} is of an unknown layout or state")


class _Spoken(msgspec.Struct):
    dialect: str = ""


def load_dialects(database: SqliteDatabase) -> dict[str, str | None]:
    """The dialect in which each VEN was registered, empty if unsaid, None if it was not registered yet."""
    rows = database.execute_sql("SELECT name, enrolment FROM ven").fetchall()
    return {name: None if row is None else msgspec.msgpack.decode(row, type=_Spoken).dialect for name, row in rows}


def load_enrolment(database: SqliteDatabase, ven_name: str) -> Enrolment | None:
    """What a VTN gave a VEN; None if it was not registered yet."""
    row = database.execute_sql("SELECT enrolment FROM ven WHERE name = ?", (ven_name,)).fetchone()
    return None if row is None or row[0] is None else unpack_enrolment(row[0])


def settled_blocks(
    database: SqliteDatabase, ven_key: int, from_s: float
) -> tuple[list[BlockRecord], list[ReportRecord]]:
    """Read the kept settled blocks of a VEN that end after `from_s`, and the reports that cover any of them."""
    blocks = database.execute_sql(
        "SELECT ven_key, start_s, end_s, layout_id, block_id, accepted, unasked, quarantined FROM block"
        " WHERE start_s > ? - (SELECT MAX(interval_s) FROM span) AND ven_key = ? AND settled = 1 AND end_s > ?"
        " ORDER BY start_s",
        (from_s, ven_key, from_s),
    ).fetchall()
    reports = database.execute_sql(
        f"SELECT {_REPORT_COLUMNS} FROM report r JOIN request q USING (request_key) {_MARKS}"
        " WHERE q.ven_key = ? AND r.state != 'open' AND r.end_s > ? ORDER BY r.end_s, r.request_key",
        (ven_key, from_s),
    ).fetchall()
    return [BlockRecord(*row) for row in blocks], [_report(row) for row in reports]


def _report(row: tuple[Any, ...]) -> ReportRecord:
    rows = None if row[7] is None else _ROWS.decode(row[7])
    request_key, start_s, end_s, chunk, layout_id, name = row[:6]
    intervals = _INTERVALS.decode(row[6])
    return ReportRecord(
        request_key, start_s, end_s, chunk, layout_id, name, intervals, rows, bool(row[8]), row[9], bool(row[10]),
        row[11], None if row[12] is None else MarksRecord(*map(bytes, row[12:16])),
    )  # fmt: skip
