"""Signals in force: values and units, phases of an interval, and what a restart keeps (R16, R18, R27, R42)."""

from __future__ import annotations

from typing import Any

import pytest
from signal_books import HOUR_S, RESOURCES, T0, book_of, event, said, signals

from ven_actors.openadr.durations import Duration
from ven_actors.openadr.event_book import EventBook
from ven_actors.openadr.events import PayloadDescriptor, Period, Program

# --- values and units


def test_r16_edge_case_18_whole_numbers_and_floats_are_the_same_content() -> None:
    book = book_of(event("a", ("SIMPLE", 1), ("PRICE", 0)))
    changes = book.update([event("a", ("SIMPLE", 1.0), ("PRICE", 0.0))], T0)
    assert changes.changed == ()
    assert said(book, T0) == [("a", "SIMPLE", 1), ("a", "PRICE", 0)]


PROGRAM = Program("p1", "P", (), (PayloadDescriptor("PRICE", "KVAH", "DKK"), PayloadDescriptor("GHG", "X")))


@pytest.mark.parametrize(
    ("payload", "descriptors", "programs", "units", "currency"),
    [
        ("PRICE", (PayloadDescriptor("PRICE", "KVARH", "EUR"),), [PROGRAM], "KVARH", "EUR"),
        ("PRICE", (PayloadDescriptor("PRICE", None, "EUR"),), [PROGRAM], "KVAH", "EUR"),
        ("PRICE", (PayloadDescriptor("SIMPLE", "KVARH", "EUR"),), [PROGRAM], "KVAH", "DKK"),
        ("PRICE", (), None, "KWH", None),
        ("DISPATCH_SETPOINT", (), [PROGRAM], "KW", None),
        ("CAPACITY_LIMIT", (PayloadDescriptor("CAPACITY_LIMIT", "KVA"),), None, "KVA", None),
        ("CAPACITY_AVAILABLE_FEE", (), None, "KW", None),
        ("X_FOO", (), None, None, None),
    ],
)
def test_r27_units_and_currency_come_from_the_event_then_the_program_then_are_the_usual_ones(
    payload: str, descriptors: Any, programs: Any, units: str | None, currency: str | None
) -> None:
    book = book_of(event("a", (payload, 1), payload_descriptors=descriptors), programs=programs)
    (signal,) = signals(book, T0)
    assert (signal.units, signal.currency) == (units, currency)


def test_names_without_a_direction_mean_consumption() -> None:
    assert said(book_of(event("a", ("CAPACITY_LIMIT", 4))), T0) == [("a", "IMPORT_CAPACITY_LIMIT", 4)]


# --- a restart, and parts of an interval


def test_r42_after_a_restart_limits_are_void_until_the_vtn_is_heard() -> None:
    limited = event("a", ("IMPORT_CAPACITY_LIMIT", 4), ("IMPORT_CAPACITY_SUBSCRIPTION", 9), ("SIMPLE", 1))
    again = EventBook.restored(book_of(limited).kept())
    rest = [("a", "IMPORT_CAPACITY_SUBSCRIPTION", 9), ("a", "SIMPLE", 1)]
    assert said(again, T0) == rest
    again.update([limited], T0)
    assert said(again, T0) == [("a", "IMPORT_CAPACITY_LIMIT", 4), *rest]


def test_phases_part_an_interval_where_something_changes() -> None:
    plan = book_of(
        event("a", ("SIMPLE", 1), period=Period(T0 + 900, Duration(0, 900.0))),
        event("b", ("PRICE", 1, 2), period=Period(T0 + 2700, Duration(0, 1800.0))),
    ).signal_plan("ven", RESOURCES)
    phases = plan.phases(T0, T0 + HOUR_S)
    assert [(phase.share, [signal.values for signal in phase.signals]) for phase in phases] == [
        (0.25, []), (0.25, [(1,)]), (0.25, []), (0.25, [(1,)]),
    ]  # fmt: skip
    assert plan.phases(T0 - HOUR_S, T0) == ()


def test_phases_are_few_even_where_very_much_changes() -> None:
    busy = event("a", ("PRICE", *range(100_000)), period=Period(T0, Duration(0, 86_400.0)))
    phases = book_of(busy).signal_plan("ven", RESOURCES).phases(T0, T0 + 86_400)
    assert len(phases) == 200
    assert sum(phase.share for phase in phases) == pytest.approx(1)


def test_r18_edge_case_4_an_event_that_is_over_stays_known_and_releases_control() -> None:
    finished = event("a", ("SIMPLE", 1))
    book = book_of(finished)
    assert said(book, T0) == [("a", "SIMPLE", 1)]
    assert book.update([finished], T0 + 2 * HOUR_S).gone == ()
    assert said(book, T0 + 2 * HOUR_S) == []


def test_a_plan_is_made_anew_only_where_something_has_changed() -> None:
    one, two = event("a", ("SIMPLE", 1)), event("a", ("SIMPLE", 2))
    programs = [Program("p1", "P")]
    book = book_of(one, programs=programs)
    plan = book.signal_plan("ven", RESOURCES)
    book.update([event("a", ("SIMPLE", 1), modified="2027-01-01T00:00:00Z")], T0, programs=programs)
    assert book.signal_plan("ven", RESOURCES) is plan
    assert book.signal_plan("ven-2", RESOURCES) is not plan
    for events, known in (([two], programs), ([], programs), ([two], programs), ([two], []), ([two], programs)):
        before = book.signal_plan("ven", RESOURCES)
        book.update(events, T0, programs=known)
        assert book.signal_plan("ven", RESOURCES) is not before
