"""The store's columns of power and of other quantities: back to the watt, or not at all."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from store_records import EXTRAS, LAYOUT, T0, block, fill, record, tamper

from ven_actors.model import Block, Layout
from ven_actors.records import LedgerDelta
from ven_actors.storage.store import STORE_NAME, Store

# --- reading back


@pytest.mark.parametrize(
    "watts",
    [
        ((0, 0), (0, 0)),
        ((2**15 - 1, -(2**15)), (0, 0)),
        ((2**15, 0), (0, 0)),
        ((0, -(2**15) - 1), (0, 0)),
        ((2**31 - 1, -(2**31)), (0, 0)),
    ],
)
def test_watts_come_back_to_the_watt(store: Store, watts: Any) -> None:
    fill(store, 0)
    store.add_block(record(), block(watts=watts))
    store.commit()
    (found,) = store.blocks([record()], {1: LAYOUT})
    assert found is not None
    assert found.power_w.tolist() == [list(row) for row in watts]
    assert found.power_w.dtype == np.int32
    assert (found.start_s, found.interval_s) == (T0, 10)


def test_a_block_without_resources_is_kept_too(store: Store) -> None:
    store.add_block(record(), Block(T0, 10, np.zeros((0, 2), dtype=np.int32)))
    store.commit()
    (found,) = store.blocks([record()], {1: Layout((), ("load_0", "load_1"))})
    assert found is not None
    assert found.power_w.shape == (0, 2)


def test_other_columns_come_back_as_they_were(store: Store) -> None:
    fill(store, 1)
    store.add_block(record(T0 + 10, 2), replace(block(T0 + 10), extras=EXTRAS))
    store.commit()
    plain, found = store.blocks([record(), record(T0 + 10, 2)], {1: LAYOUT})
    assert plain is not None
    assert found is not None
    assert plain.extras == {}
    assert {name: values.tolist() for name, values in found.extras.items()} == {
        name: values.tolist() for name, values in EXTRAS.items()
    }
    assert found.extras["operating_state"].dtype == np.int8


@pytest.mark.parametrize(
    "damage", ["content = x'00'", "crc32 = crc32 + 1", "dtype = '<U9'", "width = 9", "content = 'text'"]
)
def test_a_block_with_a_damaged_column_is_not_there(store: Store, tmp_path: Path, damage: str) -> None:
    fill(store, 0)
    store.add_block(record(), replace(block(), extras=EXTRAS))
    store.commit()
    with contextlib.closing(sqlite3.connect(tmp_path / STORE_NAME)) as database:
        database.execute(f"UPDATE extra SET {damage} WHERE name = 'setpoint'")
        database.commit()
    assert store.blocks([record()], {1: LAYOUT}) == [None]


def test_other_columns_go_with_their_block(store: Store, tmp_path: Path) -> None:
    fill(store, 0)
    for number in range(3):
        store.add_block(record(T0 + 10 * number, number + 1), replace(block(T0 + 10 * number), extras=EXTRAS))
    store.settle(record(accepted=4))
    store.evict(record(T0 + 10, 2), LedgerDelta(1, 4))
    store.commit()
    store.drop_settled(T0 + 100, T0 + 100)
    with contextlib.closing(sqlite3.connect(tmp_path / STORE_NAME)) as database:
        assert database.execute("SELECT DISTINCT block_id FROM extra").fetchall() == [(3,)]


# --- damage


def test_a_flipped_bit_in_the_columns_shows(store: Store, tmp_path: Path) -> None:
    fill(store, 2)
    store.commit()
    tamper(tmp_path, "UPDATE power SET watts = x'0100020003000500' WHERE block_id = 1")
    lost, kept = store.blocks([record(), record(T0 + 10, 2)], {1: LAYOUT})
    assert lost is None
    assert kept is not None


@pytest.mark.parametrize(
    "change",
    [
        "dtype = '<i4'",
        "dtype = '<m8'",
        "dtype = 7",
        "watts = 'text'",
        "watts = x''",
        "crc32 = 1",
        "watts = x'00', crc32 = 3523407757",
    ],
)
def test_columns_that_make_no_sense_are_as_good_as_none(store: Store, tmp_path: Path, change: str) -> None:
    fill(store)
    store.commit()
    tamper(tmp_path, f"UPDATE power SET {change}")
    assert store.blocks([record()], {1: LAYOUT}) == [None]
