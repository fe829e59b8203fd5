"""What the store writes: its statements, in the order in which one commit executes them."""

from __future__ import annotations

POWER = "INSERT INTO power(block_id, dtype, crc32, watts) VALUES (?, ?, ?, ?)"
EXTRA = "INSERT INTO extra(block_id, name, width, dtype, crc32, content) VALUES (?, ?, ?, ?, ?, ?)"
FORECAST = (
    "INSERT INTO forecast(block_id, request_key, start_s, end_s, block_start_s, block_end_s) VALUES (?, ?, ?, ?, ?, ?)"
)
VEN = "INSERT INTO ven(key, name, accepted, unasked, quarantined, evicted) VALUES (?, ?, ?, ?, ?, ?)"
LAYOUT = "INSERT INTO layout(layout_id, ven_key, layout) VALUES (?, ?, ?)"
SPAN = (
    "INSERT INTO span(span_id, ven_key, layout_id, start_s, end_s, interval_s, gap) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT(span_id) DO UPDATE SET end_s = excluded.end_s"
)
BLOCK = (
    "INSERT INTO block(start_s, ven_key, end_s, layout_id, block_id, settled, accepted, unasked, quarantined)"
    " VALUES (?, ?, ?, ?, ?, 0, 0, 0, 0)"
)
SETTLED = "UPDATE block SET settled = ?, accepted = ?, unasked = ?, quarantined = ? WHERE start_s = ? AND ven_key = ?"
REQUEST = (
    "INSERT INTO request(request_key, ven_key, request, sealed_until_s, accepted_dropped, gone)"
    " VALUES (?, ?, ?, ?, 0, ?)"
    " ON CONFLICT(request_key) DO UPDATE SET request = excluded.request, gone = excluded.gone"
)
CURSOR = "UPDATE request SET sealed_until_s = ? WHERE request_key = ?"
REPORT = (
    "INSERT OR REPLACE INTO report(end_s, request_key, start_s, chunk, layout_id, name, intervals, row_numbers,"
    " periods, state, maybe_sent, words) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
REPORT_KEY = 4  # so many columns, the first ones, of REPORT and MARKS
MARKS = (
    "INSERT OR REPLACE INTO marks(end_s, request_key, start_s, chunk, asked, accepted, refused, maybe_sent)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
ENROLMENT = "UPDATE ven SET enrolment = ? WHERE key = ?"
EVICT_BLOCK = "DELETE FROM block WHERE start_s = ? AND ven_key = ?"
EVICT_POWER = "DELETE FROM power WHERE block_id = ?"
EVICT_EXTRA = "DELETE FROM extra WHERE block_id = ?"
EVICTED = "UPDATE ven SET evicted = evicted + ?, accepted = accepted + ?, quarantined = quarantined + ? WHERE key = ?"
META = "INSERT OR REPLACE INTO meta(key, value) VALUES (?, ?)"

ORDER = (
    VEN, LAYOUT, SPAN, POWER, EXTRA, FORECAST, BLOCK, SETTLED, REQUEST, CURSOR, REPORT, MARKS, ENROLMENT,
    EVICT_BLOCK, EVICT_POWER, EVICT_EXTRA, EVICTED, META,
)  # fmt: skip
