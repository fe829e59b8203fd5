"""The store of a state folder: what is committed is there, and nothing else ever is."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ven_actors.errors import DataError, StateError
from ven_actors.model import (
    Block,
    Enrolment,
    EventInterval,
    IntervalPlan,
    Layout,
    ReportDescriptor,
    ReportRequest,
    Secret,
)
from ven_actors.records import (
    BlockRecord,
    Counters,
    LayoutRecord,
    LedgerDelta,
    ReportRecord,
    RequestRecord,
    SpanRecord,
    VenRecord,
)
from ven_actors.storage.schema import SCHEMA_VERSION
from ven_actors.storage.store import STORE_NAME, Store, read_meta, read_recovery

T0 = 1_800_000_000
LAYOUT = Layout(("r1", "r2"), ("load_0", "load_1"))
PLAN = IntervalPlan((EventInterval(0, T0, T0 + 10.0),), 10.0, float("inf"), implied=True)
REQUEST = ReportRequest("e1.x.0", "e1", "p1", ReportDescriptor("DEMAND"), PLAN, ("r1",))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    yield store
    store.close()


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


# --- reading back


def test_a_new_store_is_empty(store: Store, tmp_path: Path) -> None:
    recovery = store.load()
    assert (recovery.vens, recovery.blocks, recovery.counters, recovery.last_block_id) == ([], [], Counters(), 0)
    assert store.ven_facts(1) == (None, None)
    assert read_recovery(tmp_path / "elsewhere") is None


def test_everything_that_is_committed_comes_back(store: Store, tmp_path: Path) -> None:
    fill(store, 2)
    store.keep_report(report(sent=True))
    store.keep_counters(Counters(1, 2, 3, 4))
    store.keep_enrolment(1, Enrolment("v", {"r1": "x"}))
    store.keep_event_book(1, b"book")
    store.keep_meta("vtn", "http://vtn")
    assert store.commit() == 2 * 4 * 2
    store.close()
    again = Store(tmp_path)
    recovery = again.load()
    assert recovery == read_recovery(tmp_path)
    assert recovery.vens == [VenRecord(1, "Herning", 0, 0, 0, 0)]
    assert recovery.layouts == [LayoutRecord(1, 1, LAYOUT)]
    assert recovery.spans == [SpanRecord(1, 1, 1, T0, T0 + 20, 10, gap=False)]
    assert recovery.requests == [RequestRecord(1, 1, REQUEST, float("-inf"), 0, gone=False)]
    assert recovery.blocks == [record(T0, 1), record(T0 + 10, 2)]
    assert recovery.reports == [report(sent=True)]
    assert recovery.counters == Counters(1, 2, 3, 4)
    assert recovery.last_block_id == 2
    assert again.ven_facts(1) == (Enrolment("v", {"r1": "x"}), b"book")
    assert (read_meta(tmp_path) or {})["vtn"] == "http://vtn"
    again.close()


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


EXTRAS = {
    "baseline_w": np.array([[1, 70_000], [3, -4]], dtype=np.int32),
    "operating_state": np.array([4, 0], dtype=np.int8),
    "setpoint": np.array([21.5, -1.0]),
    "wide": np.array([1, 2], dtype=np.int64),
    "flag": np.array([True, False]),
    "thin": np.array([0.5, 1.5], dtype=np.float32),
}


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


def older(path: Path, schema: int) -> None:
    """Make a store what that schema was."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        for table in ("extra", "marks")[schema - 1 :]:
            database.execute(f"DROP TABLE {table}")
        database.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (str(schema),))
        database.commit()


@pytest.mark.parametrize("schema", [1, 2])
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
    with pytest.raises(DataError, match="a table of schema 4 is missing"):
        Store(tmp_path)


def test_nothing_pending_is_no_commit(store: Store) -> None:
    assert store.commit() == 0


def test_what_is_not_committed_is_not_there(store: Store, tmp_path: Path) -> None:
    fill(store)
    store.close()
    again = Store(tmp_path)
    assert again.load().vens == []
    again.close()


def test_looking_at_settled_blocks_counts_what_is_pending_and_writes_nothing(store: Store, tmp_path: Path) -> None:
    fill(store, 3)
    store.settle(record(T0, 1, accepted=4))
    store.settle(record(T0 + 10, 2, unasked=4))
    store.keep_report(report("accepted"))
    assert store.settled_blocks(1, T0 + 5)[0] == [record(T0, 1, accepted=4), record(T0 + 10, 2, unasked=4)]
    assert store.settled_blocks(1, T0 + 10) == ([record(T0 + 10, 2, unasked=4)], [])
    assert store.settled_blocks(1, T0)[1] == [report("accepted")]
    assert (read_recovery(tmp_path) or store.load()).vens == []
    other = Store(tmp_path)  # no lock is left behind
    other.close()


def test_a_settled_block_can_be_taken_back(store: Store) -> None:
    fill(store)
    store.settle(record(accepted=4))
    store.commit()
    assert store.load().vens[0].accepted == 4
    assert store.settled_blocks(1, T0) == ([record(accepted=4)], [])
    store.unsettle(record())
    store.commit()
    assert store.load().vens[0].accepted == 0
    assert store.load().blocks == [record()]


def test_closed_reports_are_read_only_where_they_still_decide_something(store: Store) -> None:
    fill(store, 2)
    store.keep_report(report("accepted"))
    store.commit()
    assert store.load().reports == [report("accepted")]
    store.settle(record(accepted=4))
    store.commit()
    assert store.load().reports == []
    assert store.load().requests[0].accepted == 1


def test_what_is_given_up_is_gone_with_its_columns_and_counted(store: Store) -> None:
    fill(store)
    store.commit()
    store.evict(record(), LedgerDelta(1, 4))
    store.commit()
    assert store.load().blocks == []
    assert store.load().vens[0].evicted == 4
    assert store.blocks([record()], {1: LAYOUT}) == [None]


def test_refused_columns_make_room_when_there_is_none(store: Store) -> None:
    fill(store, 4)
    for index in range(4):
        store.settle(record(T0 + 10 * index, index + 1, quarantined=4))
    store.keep_report(report("refused"))
    assert not store.drop_quarantined()
    store.drop_settled(T0 + 100, T0 + 100)
    assert len(store.settled_blocks(1, T0)[0]) == 0
    assert None not in store.blocks([record(T0, 1), record(T0 + 30, 4)], {1: LAYOUT})
    while store.drop_quarantined():
        assert store.load().vens[0].quarantined == 16
    assert store.blocks([record(T0 + 30, 4)], {1: LAYOUT}) == [None]
    assert store.load().vens[0].quarantined == 16


# --- one writer


def test_a_second_store_on_the_folder_fences_the_first_off(store: Store, tmp_path: Path) -> None:
    fill(store)
    store.commit()
    second = Store(tmp_path)
    before = second.load()
    store.settle(record(accepted=4))
    store.keep_meta("vtn", "http://elsewhere")
    for write in (store.commit, store.drop_quarantined, lambda: store.drop_settled(2 * T0, 2 * T0)):
        with pytest.raises(StateError, match="taken over by a later run"):
            write()
    assert second.load() == before
    assert second.meta("vtn") is None
    second.settle(record(unasked=4))
    second.commit()
    assert second.load().vens[0].unasked == 4
    second.close()


# --- trouble with the file


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


def tamper(folder: Path, statement: str) -> None:
    connection = sqlite3.connect(folder / STORE_NAME)
    with connection:
        connection.execute(statement)
    connection.close()


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
