"""A store's folder and disk: full, missing, oddly named, and for its owner alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from store_records import T0, fill, record

from ven_actors.errors import StateError
from ven_actors.model import Block, Enrolment, Secret
from ven_actors.records import VenRecord
from ven_actors.storage.store import STORE_NAME, Store, read_recovery


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="unable to open database file; give a --state folder"):
        Store(tmp_path / "nowhere")


def test_a_folder_name_may_have_any_letter(tmp_path: Path) -> None:
    folder = tmp_path / "50 % #1? é"
    folder.mkdir()
    store = Store(folder)
    fill(store)
    store.commit()
    assert (read_recovery(folder) or store.load()).vens == store.load().vens != []
    store.close()
    Store(folder).close()


def test_a_full_disk_writes_nothing_by_halves(tmp_path: Path) -> None:
    store = Store(tmp_path, max_bytes=300 * 4096)
    fill(store)
    store.commit()
    rng = np.random.default_rng(1)
    before = store.load()
    store.settle(record(accepted=4))
    for index in range(2, 400):
        wide = Block(T0 + 10 * index, 10, rng.integers(0, 2**31, (120, 6), dtype=np.int32))
        store.add_block(record(T0 + 10 * index, index), wide)
    with pytest.raises(StateError, match="full; make room, or raise outbox_max"):
        store.commit()
    assert store.load() == before
    store.close()
    again = Store(tmp_path, max_bytes=300 * 4096)
    assert again.load() == before
    again.settle(record(accepted=4))
    again.commit()
    assert again.load().vens[0].accepted == 4
    again.close()


def test_a_disk_that_is_full_when_the_store_is_opened_is_no_broken_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(tmp_path).close()

    def full(_store: Store, _statement: str, _values: tuple[Any, ...]) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    monkeypatch.setattr(Store, "_execute", full)
    with pytest.raises(StateError, match="make room"):
        Store(tmp_path)


def test_a_disk_that_is_full_is_named_although_the_roll_back_fails_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite rolls back by itself when the disk is full; peewee's own roll-back then finds no transaction."""
    Store(tmp_path).close()

    def full(store: Store, _statement: str, _values: tuple[Any, ...]) -> None:
        store._database.connection().rollback()
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    monkeypatch.setattr(Store, "_execute", full)
    with pytest.raises(StateError) as caught:
        Store(tmp_path)
    path = tmp_path / STORE_NAME
    assert str(caught.value) == f"{path}: database or disk is full; make room, or raise outbox_max"


def test_used_bytes_do_not_count_what_is_free(store: Store) -> None:
    fill(store, 2000)
    store.commit()
    full = store.used_bytes()
    for index in range(2000):
        store.settle(record(T0 + 10 * index, index + 1, accepted=4))
    store.drop_settled(T0 * 2, T0 * 2)
    assert store.used_bytes() < full / 2


def test_a_vens_own_token_is_kept_and_only_its_owner_may_read_the_file(store: Store, tmp_path: Path) -> None:
    given = Enrolment(
        "v", {"pub": "r"}, "energydesk", Secret("hush"), {"pub": "APPROVED"}, {"p": "{}"}, {"p": ("pub",)}
    )
    store.add_ven(VenRecord(1, "Herning", 0, 0, 0, 0))
    store.keep_enrolment(1, given)
    store.commit()
    found, _ = store.ven_facts(1)
    assert found == given
    assert "hush" not in repr(found)
    assert (tmp_path / STORE_NAME).stat().st_mode & 0o077 == 0
