"""A store's file that is older, damaged, torn, empty or somebody else's."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from store_records import EXTRAS, T0, block, fill, record, report, tamper

from ven_actors.errors import DataError
from ven_actors.model import Enrolment
from ven_actors.records import Counters, VenRecord
from ven_actors.storage.schema import SCHEMA_VERSION
from ven_actors.storage.store import STORE_NAME, Store, read_meta, read_recovery

# --- an older schema


def older(path: Path, schema: int) -> None:
    """Make a store what that schema was."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        for table in ("extra", "marks", "forecast", "vtn_object", "book_entry")[schema - 1 :]:
            database.execute(f"DROP TABLE {table}")
        database.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (str(schema),))
        database.commit()


@pytest.mark.parametrize("schema", [1, 2, 3, 4])
def test_a_store_of_an_older_schema_is_read_and_then_brought_up_to_date(
    store: Store, tmp_path: Path, schema: int
) -> None:
    fill(store)
    store.commit()
    before = store.load()
    store.close()
    older(tmp_path / STORE_NAME, schema)
    assert read_recovery(tmp_path) == before
    assert (read_meta(tmp_path) or {})["schema"] == str(schema)
    again = Store(tmp_path)
    assert again.load() == before
    again.add_block(record(T0 + 10, 2), replace(block(T0 + 10), extras=EXTRAS))
    again.commit()
    assert (read_meta(tmp_path) or {})["schema"] == SCHEMA_VERSION
    again.close()


def test_a_store_that_lost_a_table_of_its_own_schema_is_refused(store: Store, tmp_path: Path) -> None:
    store.close()
    with contextlib.closing(sqlite3.connect(tmp_path / STORE_NAME)) as database:
        database.execute("DROP TABLE extra")
        database.commit()
    with pytest.raises(DataError, match="a table of schema 5 is missing"):
        Store(tmp_path)


# --- trouble with the file


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE layout SET layout = x'ff'",
        "UPDATE request SET request = x'00'",
        "UPDATE report SET intervals = x'c1'",
        "UPDATE report SET row_numbers = x'c3'",
        "UPDATE report SET state = 'lost'",
        "UPDATE report SET layout_id = 9",
        "UPDATE span SET interval_s = 0",
        "UPDATE span SET end_s = start_s",
        "UPDATE span SET ven_key = 9",
        "UPDATE block SET layout_id = 9",
        "UPDATE block SET start_s = 'soon'",
        "UPDATE request SET ven_key = 9",
        "UPDATE request SET sealed_until_s = 'later'",
        "UPDATE meta SET value = 'x' WHERE key = 'counters'",
        "DROP TABLE span",
        "UPDATE meta SET value = '99' WHERE key = 'schema'",
        "DELETE FROM meta WHERE key = 'schema'",
    ],
)
def test_content_that_makes_no_sense_is_said_in_one_line_and_left_alone(tmp_path: Path, statement: str) -> None:
    store = Store(tmp_path)
    fill(store)
    store.keep_report(report())
    store.keep_counters(Counters())
    store.commit()
    store.close()
    tamper(tmp_path, statement)
    _is_refused_and_left_alone(tmp_path)


def _is_refused_and_left_alone(folder: Path) -> None:
    path = folder / STORE_NAME
    before = path.read_bytes()
    for opened in (Store, read_recovery):
        with pytest.raises(DataError) as caught:
            opened(folder)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"no database at all", b"SQLite format 3\x00" + b"\x07" * 5000, bytes(8192)])
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / STORE_NAME).write_bytes(content)
    _is_refused_and_left_alone(tmp_path)


def test_somebody_elses_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    tamper(tmp_path, "CREATE TABLE bookmarks(url TEXT)")
    with pytest.raises(DataError, match="no store of this program"):
        read_recovery(tmp_path)
    _is_refused_and_left_alone(tmp_path)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_truncated_store_is_refused_and_left_alone(tmp_path: Path, share: float) -> None:
    store = Store(tmp_path)
    fill(store, 200)
    store.commit()
    store.close()
    path = tmp_path / STORE_NAME
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    _is_refused_and_left_alone(tmp_path)


def test_a_file_that_a_power_cut_left_torn_is_whole_with_its_log(store: Store, tmp_path: Path) -> None:
    """A checkpoint was writing the file's last page; all of it stands in the log too."""
    fill(store)
    store.commit()
    after = tmp_path / "after"
    after.mkdir()
    for name in (STORE_NAME, f"{STORE_NAME}-wal"):
        shutil.copy(tmp_path / name, after / name)
    with (after / STORE_NAME).open("ab") as file:
        file.write(b"torn")
    again = Store(after)
    assert again.load() == store.load()
    again.close()


def test_a_file_that_a_crash_left_empty_is_a_new_store(tmp_path: Path) -> None:
    (tmp_path / STORE_NAME).touch()
    assert read_recovery(tmp_path) is None
    store = Store(tmp_path)
    assert store.load().vens == []
    store.close()


def test_a_file_without_tables_is_a_new_store(tmp_path: Path) -> None:
    """The process died between making the file and making its tables."""
    connection = sqlite3.connect(tmp_path / STORE_NAME)
    connection.execute("PRAGMA journal_mode=wal")
    connection.execute("PRAGMA user_version=0")
    connection.execute("VACUUM")
    connection.close()
    store = Store(tmp_path)
    assert store.load().vens == []
    store.close()


def test_facts_that_cannot_be_read_are_said(store: Store) -> None:
    fill(store)
    store.keep_enrolment(1, Enrolment("v"))
    store.commit()
    store._execute("UPDATE ven SET enrolment = x'c1'", ())
    with pytest.raises(DataError, match="content cannot be read"):
        store.ven_facts(1)


def test_content_that_goes_bad_while_open_is_said(store: Store) -> None:
    fill(store)
    store.commit()
    store._execute("UPDATE layout SET layout = x'ff'", ())
    with pytest.raises(DataError, match="content cannot be read"):
        store.load()


@pytest.mark.parametrize("token", [b"\xa1x\xc0", b"\xaaauth_token\x05"])
def test_an_enrolment_that_makes_no_sense_is_broken_data(store: Store, tmp_path: Path, token: bytes) -> None:
    store.add_ven(VenRecord(1, "Herning", 0, 0, 0, 0))
    store.commit()
    with contextlib.closing(sqlite3.connect(tmp_path / STORE_NAME)) as database:
        database.execute("UPDATE ven SET enrolment = ?", (b"\x82\xa6ven_id\xa1v" + token,))
        database.commit()
    if b"auth_token" in token:
        with pytest.raises(DataError):
            store.ven_facts(1)
    else:
        assert store.ven_facts(1)[0] == Enrolment("v")
