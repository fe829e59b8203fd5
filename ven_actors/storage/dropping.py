"""Dropping: what nobody needs any more leaves the store, and what became of its readings stays in the ledgers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from peewee import SqliteDatabase

# `settled` of a block whose other reports may be dropped already, so that it cannot be taken back any more.
FINAL = 2
# A forecast of which no report waits any more.
_DONE = (
    "NOT EXISTS (SELECT 1 FROM report r WHERE r.end_s = f.end_s AND r.request_key = f.request_key"
    " AND r.start_s = f.start_s AND r.state = 'open')"
)


def drop_settled(database: SqliteDatabase, before_s: int, open_since_s: int) -> None:
    """Drop settled blocks that began before `before_s`, and closed reports that end before `open_since_s` too.

    Quarantined readings stay, but are final.
    """
    _drop_blocks(database, "settled = 1 AND quarantined = 0 AND start_s < ?", before_s)
    database.execute_sql(
        f"UPDATE block SET settled = {FINAL} WHERE settled = 1 AND quarantined > 0 AND start_s < ?", (before_s,)
    )
    _drop_reports(database, min(before_s, open_since_s))
    for columns in ("power", "extra"):
        database.execute_sql(f"DELETE FROM {columns} WHERE block_id IN (SELECT block_id FROM forecast f WHERE {_DONE})")
    database.execute_sql(f"DELETE FROM forecast AS f WHERE {_DONE}")


def drop_quarantined(database: SqliteDatabase) -> bool:
    """Drop the older half of the final quarantined blocks, and the refused reports before them; False if none is."""
    count = database.execute_sql(f"SELECT COUNT(*) FROM block WHERE settled = {FINAL}").fetchone()[0]
    if not count:
        return False
    before_s: int = database.execute_sql(
        f"SELECT start_s FROM block WHERE settled = {FINAL} ORDER BY start_s LIMIT 1 OFFSET ?", (count // 2,)
    ).fetchone()[0]
    _drop_blocks(database, f"settled = {FINAL} AND start_s <= ?", before_s)
    _delete_reports(
        database,
        "state = 'refused' AND end_s < ? AND end_s < (SELECT COALESCE(MIN(start_s), ?) FROM block WHERE settled != 1)",
        (before_s, before_s),
    )
    return True


def _drop_blocks(database: SqliteDatabase, which: str, before_s: int) -> None:
    for sums in database.execute_sql(
        f"SELECT SUM(accepted), SUM(unasked), SUM(quarantined), ven_key FROM block WHERE {which} GROUP BY ven_key",
        (before_s,),
    ).fetchall():
        database.execute_sql(
            "UPDATE ven SET accepted = accepted + ?, unasked = unasked + ?, quarantined = quarantined + ?"
            " WHERE key = ?",
            sums,
        )
    for columns in ("power", "extra"):
        database.execute_sql(
            f"DELETE FROM {columns} WHERE block_id IN (SELECT block_id FROM block WHERE {which})", (before_s,)
        )
    database.execute_sql(f"DELETE FROM block WHERE {which}", (before_s,))


def _drop_reports(database: SqliteDatabase, before_s: int) -> None:
    closed = "state IN ('accepted', 'withdrawn', 'split') AND end_s < ?"
    for counted in database.execute_sql(
        f"SELECT SUM(state = 'accepted'), request_key FROM report WHERE {closed} GROUP BY request_key", (before_s,)
    ).fetchall():
        database.execute_sql(
            "UPDATE request SET accepted_dropped = accepted_dropped + ? WHERE request_key = ?", counted
        )
    _delete_reports(database, closed, (before_s,))


def _delete_reports(database: SqliteDatabase, which: str, values: tuple[int, ...]) -> None:
    key = "end_s, request_key, start_s, chunk"
    database.execute_sql(f"DELETE FROM marks WHERE ({key}) IN (SELECT {key} FROM report WHERE {which})", values)
    database.execute_sql(f"DELETE FROM report WHERE {which}", values)
