"""The store of a state folder: what is committed is there, and nothing else ever is."""

from __future__ import annotations

from pathlib import Path

import pytest
from store_records import LAYOUT, REQUEST, T0, fill, record, report

from ven_actors.errors import StateError
from ven_actors.kept import KeptBook
from ven_actors.model import Enrolment
from ven_actors.records import Counters, LayoutRecord, LedgerDelta, RequestRecord, SpanRecord, VenRecord
from ven_actors.storage.store import Store, read_meta, read_recovery

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
    store.keep_event_book(1, KeptBook((), ()))
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
    assert again.ven_facts(1) == (Enrolment("v", {"r1": "x"}), KeptBook((), ()))
    assert (read_meta(tmp_path) or {})["vtn"] == "http://vtn"
    again.close()


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
