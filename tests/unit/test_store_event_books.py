"""Event books in the store: what several VENs know is there once, and goes when the last of them has forgotten it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from ven_actors.errors import DataError
from ven_actors.kept import KeptBook
from ven_actors.openadr.event_book import EventBook
from ven_actors.openadr.events import Event, Interval, Payload, Program
from ven_actors.records import VenRecord
from ven_actors.storage.schema import SCHEMA_VERSION
from ven_actors.storage.store import STORE_NAME, Store, read_meta, read_recovery

SCHEMA_4 = Path(__file__).parents[1] / "golden" / "store" / "schema-4.sql"
PROGRAM = Program("p1", "prices")


def event(event_id: str, price: float = 0.17) -> Event:
    return Event(event_id, "p1", intervals=(Interval(0, None, (Payload("PRICE", (price,)),)),))


def book_of(*events: Event, as_of_s: float = 1000.0) -> EventBook:
    book = EventBook()
    book.update(events, as_of_s, programs=(PROGRAM,))
    return book


@pytest.fixture
def counted(store: Store) -> Callable[[str], int]:
    for key, name in enumerate(("Herning", "Aalborg"), start=1):
        store.add_ven(VenRecord(key, name, 0, 0, 0, 0))
    return lambda table: int(store._execute(f"SELECT COUNT(*) FROM {table}", ()).fetchone()[0])


def restored(store: Store, ven_key: int) -> EventBook:
    book = store.ven_facts(ven_key)[1]
    assert book is not None
    return EventBook.restored(book)


def test_an_event_that_two_books_have_is_kept_once_with_the_times_of_each(
    store: Store, counted: Callable[[str], int]
) -> None:
    first, second = book_of(event("a"), event("b")), book_of(event("b"), event("c"), as_of_s=2000.0)
    store.keep_event_book(1, first.kept())
    store.keep_event_book(2, second.kept())
    store.commit()
    assert (counted("vtn_object"), counted("book_entry")) == (3 + 1, 2 * (2 + 1))
    for key, book in ((1, first), (2, second)):
        again = restored(store, key)
        assert again.events == book.events
        assert [entry.first_seen_s for entry in again.kept().events] == [1000.0 * key] * 2
        assert again.kept().programs == (PROGRAM,)


def test_books_that_are_read_back_together_share_their_events(store: Store, counted: Callable[[str], int]) -> None:
    for key in (1, 2):
        store.keep_event_book(key, book_of(event("a")).kept())
    store.commit()
    (one,), (other,) = restored(store, 1).events, restored(store, 2).events
    assert one is other


def test_an_event_goes_with_the_last_book_that_has_it(store: Store, counted: Callable[[str], int]) -> None:
    for key in (1, 2):
        store.keep_event_book(key, book_of(event("a"), event("b")).kept())
    store.commit()
    store.keep_event_book(1, book_of(event("b")).kept())
    store.drop_settled(0, 0)
    assert counted("vtn_object") == 3
    store.keep_event_book(2, book_of(event("b", price=0.18)).kept())
    store.drop_settled(0, 0)
    assert (counted("vtn_object"), counted("book_entry")) == (3, 4)
    assert restored(store, 1).events == (event("b"),)
    assert restored(store, 2).events == (event("b", price=0.18),)


def test_only_what_changed_in_a_book_is_written(store: Store, counted: Callable[[str], int]) -> None:
    book = book_of(*(event(f"e{number}") for number in range(500)))
    store.keep_event_book(1, book.kept())
    store.commit()
    changes = store._database.connection().total_changes
    book.update((*book.events, event("new")), 2000.0, programs=(PROGRAM,))
    store.keep_event_book(1, book.kept())
    store.commit()
    assert store._database.connection().total_changes - changes <= 4


def test_a_book_that_knows_no_programs_yet_comes_back_as_one(store: Store, counted: Callable[[str], int]) -> None:
    store.keep_event_book(1, KeptBook((), None))
    store.keep_event_book(2, KeptBook((), ()))
    store.commit()
    assert [store.ven_facts(key)[1] for key in (1, 2)] == [KeptBook((), None), KeptBook((), ())]


def test_a_book_with_an_object_that_is_not_there_is_broken_data(store: Store, counted: Callable[[str], int]) -> None:
    store.keep_event_book(1, book_of(event("a")).kept())
    store.commit()
    store._execute("DELETE FROM vtn_object", ())
    with pytest.raises(DataError, match="not there"):
        store.ven_facts(1)


def test_books_of_schema_4_are_split_into_their_events_once(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / STORE_NAME)) as database:
        database.executescript(SCHEMA_4.read_text())
    before = read_recovery(tmp_path)
    assert before is not None
    store = Store(tmp_path)
    assert store.load() == before
    assert (read_meta(tmp_path) or {})["schema"] == SCHEMA_VERSION
    assert [each.event_id for each in restored(store, 1).events] == ["e1", "e2"]
    assert [each.event_id for each in restored(store, 2).events] == ["e2", "e3"]
    assert [entry.first_seen_s for entry in restored(store, 2).kept().events] == [2000.0, 2000.0]
    assert restored(store, 1).report_requests("Herning", ("r1",), 15)
    with pytest.raises(DataError, match="cannot be read"):
        restored(store, 3)
    assert store.ven_facts(4) == (None, None)
    assert store._execute("SELECT COUNT(*) FROM vtn_object", ()).fetchone()[0] == 3 + 1 + 1
    store.close()
    again = Store(tmp_path)
    assert [each.event_id for each in restored(again, 2).events] == ["e2", "e3"]
    again.close()
