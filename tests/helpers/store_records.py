"""Records for the store of a state folder, and a store filled with them."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np

from ven_actors.model import Block, EventInterval, IntervalPlan, Layout, ReportDescriptor, ReportRequest
from ven_actors.records import BlockRecord, LayoutRecord, ReportRecord, RequestRecord, SpanRecord, VenRecord
from ven_actors.storage.store import STORE_NAME, Store

T0 = 1_800_000_000
LAYOUT = Layout(("r1", "r2"), ("load_0", "load_1"))
PLAN = IntervalPlan((EventInterval(0, T0, T0 + 10.0),), 10.0, float("inf"), implied=True)
REQUEST = ReportRequest("e1.x.0", "e1", "p1", ReportDescriptor("DEMAND"), PLAN, ("r1",))


def block(start_s: int = T0, watts: Any = ((1, 2), (3, 4))) -> Block:
    return Block(start_s, 10, np.array(watts, dtype=np.int32))


def record(start_s: int = T0, block_id: int = 1, **more: Any) -> BlockRecord:
    return BlockRecord(1, start_s, start_s + 10, 1, block_id, **more)


def report(state: str = "open", *, sent: bool = False, chunk: int = 0) -> ReportRecord:
    cut = (EventInterval(0, T0, T0 + 10.0),)
    return ReportRecord(1, T0, T0 + 10.0, chunk, 1, f"name.{chunk}", cut, (0,), False, state, sent, "words")


def fill(store: Store, blocks: int = 1) -> None:
    store.add_ven(VenRecord(1, "Herning", 0, 0, 0, 0))
    store.add_layout(LayoutRecord(1, 1, LAYOUT))
    store.keep_request(RequestRecord(1, 1, REQUEST, float("-inf"), 0, gone=False))
    for index in range(blocks):
        start_s = T0 + 10 * index
        store.keep_span(SpanRecord(1, 1, 1, T0, start_s + 10, 10, gap=False))
        store.add_block(record(start_s, index + 1), block(start_s))


EXTRAS = {
    "baseline_w": np.array([[1, 70_000], [3, -4]], dtype=np.int32),
    "operating_state": np.array([4, 0], dtype=np.int8),
    "setpoint": np.array([21.5, -1.0]),
    "wide": np.array([1, 2], dtype=np.int64),
    "flag": np.array([True, False]),
    "thin": np.array([0.5, 1.5], dtype=np.float32),
}


def tamper(folder: Path, statement: str) -> None:
    connection = sqlite3.connect(folder / STORE_NAME)
    with connection:
        connection.execute(statement)
    connection.close()
