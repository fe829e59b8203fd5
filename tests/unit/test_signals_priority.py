"""Signals in force: whose events count, and which event wins (R12, R15, R16, R20)."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from signal_books import HOUR, HOUR_S, T0, book_of, event, said, signals

from ven_actors.openadr.durations import Duration
from ven_actors.openadr.event_book import EventBook
from ven_actors.openadr.events import Interval, Payload, Period, Program
from ven_actors.openadr.v310 import V310

# --- whose events


def test_r12_events_of_programs_that_the_ven_cannot_read_give_no_signals() -> None:
    ours, theirs = event("a", ("SIMPLE", 1)), event("b", ("SIMPLE", 2), program="p2", priority=0)
    book = book_of(ours, theirs, programs=[Program("p1", "ours")])
    assert said(book, T0) == [("a", "SIMPLE", 1)]
    again = EventBook.restored(book.kept())
    assert said(again, T0) == [("a", "SIMPLE", 1)]
    again.update([ours, theirs], T0, programs=[Program("p1", "ours"), Program("p2", "now ours too")])
    assert said(again, T0) == [("b", "SIMPLE", 2)]


def test_r12_an_event_that_names_no_program_counts() -> None:
    assert said(book_of(event("a", ("SIMPLE", 1), program=""), programs=[]), T0) == [("a", "SIMPLE", 1)]


def test_r12_before_any_program_was_read_all_events_count() -> None:
    assert said(book_of(event("a", ("SIMPLE", 1))), T0) == [("a", "SIMPLE", 1)]


@pytest.mark.parametrize(
    ("targets", "names"),
    [((), None), (("ven",), None), (("res-2",), ("res-2",)), (("res-3", "res-1"), ("res-1", "res-3")),
     (("feeder-7",), None), (("ven", "res-2"), None)],
)  # fmt: skip
def test_r15_targets_say_on_which_resources_a_signal_holds(targets: Any, names: Any) -> None:
    (signal,) = signals(book_of(event("a", ("SIMPLE", 1), targets=targets)), T0)
    assert signal.resource_names == names


def test_r16_edge_case_19_an_unknown_payload_type_leaves_the_rest_of_the_event_at_work() -> None:
    raw = b"""{"id": "e1", "programID": "p1", "intervalPeriod": {"start": "2026-01-16T00:00:00Z", "duration": "PT1H"},
        "payloadDescriptors": [{"payloadType": "X_FOO", "units": "X_BAR"}],
        "intervals": [{"id": 0, "payloads": [{"type": "X_FOO", "values": [{"x": 1, "y": 2}]},
                                             {"type": "SIMPLE", "values": [2]}]}]}"""
    parsed = V310().parse_event(raw)
    assert parsed is not None
    assert [each[1:] for each in said(book_of(parsed), T0)] == [("X_FOO", {"x": 1, "y": 2}), ("SIMPLE", 2)]
    unknown, _ = signals(book_of(parsed), T0)
    assert unknown.units == "X_BAR"


# --- priority


def test_r20_the_lower_number_wins_and_null_is_the_lowest() -> None:
    events = [event(str(p), ("SIMPLE", 1), priority=p) for p in (None, 5, 0, 3)]
    for count in (4, 3, 2, 1):
        for order in itertools.permutations(sorted(events, key=lambda each: math.inf if each.priority is None
                                                   else each.priority)[-count:]):  # fmt: skip
            (winner,) = said(book_of(*order), T0)
            assert winner[0] == ["None", "5", "3", "0"][count - 1]


def test_r20_of_equal_priority_the_newer_content_wins_and_then_the_first_id() -> None:
    old = event("a", ("SIMPLE", 1), modified="2026-01-01T00:00:00Z")
    new = event("b", ("SIMPLE", 2), modified="2026-01-02T00:00:00Z")
    same = event("c", ("SIMPLE", 3), modified="2026-01-02T00:00:00Z")
    assert said(book_of(old, new, same), T0) == [("b", "SIMPLE", 2)]


def test_r20_a_mere_bump_of_the_modification_time_changes_no_winner() -> None:
    old = event("a", ("SIMPLE", 1), modified="2026-01-01T00:00:00Z")
    new = event("b", ("SIMPLE", 2), modified="2026-01-02T00:00:00Z")
    book = book_of(old, new)
    book.update([event("a", ("SIMPLE", 1), modified="2027-01-01T00:00:00Z"), new], T0)
    assert said(book, T0) == [("b", "SIMPLE", 2)]


def test_r20_edge_case_17_the_beaten_events_resume_and_ghg_is_untouched() -> None:
    null = event("null", ("CHARGE_STATE_SETPOINT", 0.2), ("GHG", 99), period=Period(T0, Duration(0, 4 * HOUR_S)))
    five = event("five", ("SIMPLE", 1), priority=5, period=Period(T0 + HOUR_S, Duration(0, 2 * HOUR_S)))
    zero = event("zero", ("DISPATCH_SETPOINT", 3), priority=0, period=Period(T0 + HOUR_S, Duration(0, 2 * HOUR_S)))
    book = book_of(null, five, zero)
    ghg = ("null", "GHG", 99)
    assert said(book, T0) == [("null", "CHARGE_STATE_SETPOINT", 0.2), ghg]
    assert said(book, T0 + HOUR_S) == [("zero", "DISPATCH_SETPOINT", 3), ghg]
    book.update([null, five], T0 + 1.5 * HOUR_S)  # 0 ends early
    assert said(book, T0 + 1.5 * HOUR_S) == [("five", "SIMPLE", 1), ghg]
    assert said(book, T0 + 3 * HOUR_S) == [("null", "CHARGE_STATE_SETPOINT", 0.2), ghg]
    assert said(book, T0 + 4 * HOUR_S) == []


def test_r20_an_event_is_beaten_only_where_the_winner_is() -> None:
    wide = event("wide", ("SIMPLE", 1))
    narrow = event("narrow", ("SIMPLE", 3), priority=0, targets=("res-2",))
    book = book_of(wide, narrow)
    assert [signal.resource_names for signal in signals(book, T0)] == [("res-2",), ("res-1", "res-3")]
    everybody = event("narrow", ("SIMPLE", 3), priority=0)
    book.update([wide, everybody], T0)
    assert [signal.event_id for signal in signals(book, T0)] == ["narrow"]


def test_r20_a_cap_and_a_price_compete_with_no_load_control() -> None:
    book = book_of(
        event("a", ("SIMPLE", 1), ("PRICE", 0.3)),
        event("b", ("IMPORT_CAPACITY_LIMIT", 4), ("PRICE", 0.4), ("ALERT_FLEX_ALERT", "x"), priority=0),
        event("c", ("IMPORT_CAPACITY_LIMIT", 5), ("IMPORT_CAPACITY_SUBSCRIPTION", 9)),
    )
    assert said(book, T0) == [
        ("b", "IMPORT_CAPACITY_LIMIT", 4), ("b", "PRICE", 0.4), ("b", "ALERT_FLEX_ALERT", "x"),
        ("a", "SIMPLE", 1), ("a", "PRICE", 0.3), ("c", "IMPORT_CAPACITY_SUBSCRIPTION", 9),
    ]  # fmt: skip


@pytest.mark.parametrize("order", [1, -1])
def test_r20_of_overlapping_intervals_of_one_event_the_later_begun_holds(order: int) -> None:
    first = Interval(7, Period(T0, Duration(0, 3 * HOUR_S)), (Payload("SIMPLE", (1,)),))
    second = Interval(8, Period(T0 + HOUR_S, HOUR), (Payload("SIMPLE", (2,)),))
    book = book_of(event("a", intervals=(first, second)[::order]))
    assert [said(book, T0 + hour * HOUR_S)[0][-1] for hour in range(3)] == [1, 2, 1]


def test_r20_of_intervals_that_begin_together_the_later_of_the_list_holds() -> None:
    both = [Interval(number, Period(T0, HOUR), (Payload("SIMPLE", (number,)),)) for number in (2, 1)]
    assert said(book_of(event("a", intervals=tuple(both))), T0) == [("a", "SIMPLE", 1)]


def test_r20_payloads_of_one_interval_do_not_beat_each_other() -> None:
    book = book_of(event("a", ("SIMPLE", 1), ("DISPATCH_SETPOINT", 2)))
    assert [each[1] for each in said(book, T0)] == ["SIMPLE", "DISPATCH_SETPOINT"]
