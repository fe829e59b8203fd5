"""Signals in force: sentinels, lengths, loops, splitting and randomised starts (R19 to R28)."""

from __future__ import annotations

import math

import pytest
from signal_books import HOUR, HOUR_S, POINTS, T0, book_of, event, said, signals

from ven_actors.openadr.durations import FOREVER, NOW, Duration, parse_duration, parse_instant
from ven_actors.openadr.event_book import EventBook
from ven_actors.openadr.events import Interval, Payload, Period
from ven_actors.openadr.v301 import V301
from ven_actors.openadr.v310 import V310

# --- sentinels and lengths


@pytest.mark.parametrize("start", ["0000-00-00", "0000-00-00T00:00:00Z", "0001-01-01", "0001-01-01T00:00:00"])
def test_r22_edge_case_7_now_with_an_hour_runs_once_from_its_anchor_and_not_again_after_a_restart(start: str) -> None:
    raw = f"""{{"id": "e1", "programID": "p1", "modificationDateTime": "2026-01-16T00:00:00Z",
        "intervalPeriod": {{"start": "{start}", "duration": "PT1H"}},
        "intervals": [{{"id": 0, "payloads": [{{"type": "SIMPLE", "values": [1]}}]}}]}}"""
    parsed = V310().parse_event(raw.encode())
    assert parsed is not None
    book = book_of(parsed, as_of_s=T0 + 60)
    assert said(book, T0 + 60) == [("e1", "SIMPLE", 1)]
    again = EventBook.restored(book.kept())
    again.update([parsed], T0 + HOUR_S)
    assert said(again, T0 + HOUR_S - 1) == [("e1", "SIMPLE", 1)]
    assert said(again, T0 + HOUR_S) == []


def test_r23_edge_case_8_p9999y_from_2026_is_for_ever() -> None:
    book = book_of(event("a", ("SIMPLE", 1), period=Period(T0, parse_duration("P9999Y"))))
    (signal,) = signals(book, parse_instant("9999-12-31T00:00:00Z")[0])
    assert signal.end_s == math.inf


def test_r19_edge_case_9_a_sentinel_start_with_pt0s_stops_a_running_copy() -> None:
    book = book_of(event("a", ("SIMPLE", 1)))
    assert said(book, T0 + 60)
    book.update([event("a", ("SIMPLE", 1), period=Period(NOW, Duration(0, 0.0)))], T0 + 90)
    assert said(book, T0 + 90) == []


@pytest.mark.parametrize("duration", ["", ', "duration": "PT0S"', ', "duration": null'])
def test_r23_edge_case_10_a_level_without_a_duration_holds_until_superseded_or_deleted(duration: str) -> None:
    raw = f"""{{"id": "a", "programID": "p1", "intervalPeriod": {{"start": "2026-01-16T00:00:00Z"{duration}}},
        "intervals": [{{"id": 0, "payloads": [{{"type": "SIMPLE", "values": [2]}}]}}]}}"""
    held = V301().parse_event(raw.encode())
    assert held is not None
    book = book_of(held)
    assert said(book, T0 - 1) == []
    assert said(book, T0 + 1e9) == [("a", "SIMPLE", 2)]
    book.update([held, event("b", ("SIMPLE", 0), priority=0, period=Period(T0 + HOUR_S, HOUR))], T0)
    assert said(book, T0 + HOUR_S) == [("b", "SIMPLE", 0)]
    assert said(book, T0 + 2 * HOUR_S) == [("a", "SIMPLE", 2)]
    book.update([], T0)
    assert said(book, T0 + 2 * HOUR_S) == []


def test_r21_edge_case_11_an_interval_with_a_duration_alone_starts_where_the_one_before_it_ends() -> None:
    parts = (
        Interval(0, None, (Payload("SIMPLE", (1,)),)),
        Interval(1, Period(duration=Duration(0, 2 * HOUR_S)), (Payload("SIMPLE", (2,)),)),
    )
    book = book_of(event("a", intervals=parts))
    levels = [[each[-1] for each in said(book, T0 + hour * HOUR_S)] for hour in range(4)]
    assert levels == [[1], [2], [2], []]


def test_r23_in_3_1_an_explicit_pt0s_never_holds() -> None:
    assert said(book_of(event("a", ("SIMPLE", 1), period=Period(T0, Duration(0, 0.0)))), T0) == []


# --- begun, ended, looped, split


def prices(count: int) -> tuple[Interval, ...]:
    return tuple(Interval(100 + hour, None, (Payload("PRICE", (float(hour),)),)) for hour in range(count))


def test_r28_edge_case_13_a_begun_event_is_joined_at_the_interval_that_covers_now() -> None:
    now_s = T0 + 6 * HOUR_S + 600
    book = book_of(event("a", intervals=prices(25)), as_of_s=now_s)
    (signal,) = signals(book, now_s)
    assert (signal.interval_id, signal.values) == (106, (6.0,))
    assert (signal.start_s, signal.end_s) == (T0 + 6 * HOUR_S, T0 + 7 * HOUR_S)


def test_r28_an_event_ends_with_its_last_interval() -> None:
    book = book_of(event("a", intervals=prices(2)))
    assert said(book, T0 + 2 * HOUR_S - 1)
    assert said(book, T0 + 2 * HOUR_S) == []


def test_r28_times_without_a_zone_are_named() -> None:
    book = book_of(event("a", ("SIMPLE", 1), naive_times=True), event("b", ("SIMPLE", 1)))
    assert book.notices() == ("event 'a' has times without a zone; they are taken as UTC",)


def test_r25_edge_case_14_prices_split_their_interval_and_a_curve_does_not() -> None:
    three_hours = Period(T0, Duration(0, 3 * HOUR_S))
    book = book_of(event("a", ("PRICE", 0.17, 0.03, 0.11), ("CURVE", *POINTS), period=three_hours))
    assert [said(book, T0 + hour * HOUR_S)[0][2:] for hour in range(3)] == [(0.17,), (0.03,), (0.11,)]
    price, curve = signals(book, T0 + 1.5 * HOUR_S)
    assert (price.start_s, price.end_s) == (T0 + HOUR_S, T0 + 2 * HOUR_S)
    assert (curve.start_s, curve.end_s, curve.values) == (T0, T0 + 3 * HOUR_S, POINTS)


@pytest.mark.parametrize("kind", ["PRICE", "EXPORT_PRICE", "PRICE_ALTERNATE", "GHG"])
def test_r25_the_last_part_is_cut_with_the_event_and_an_endless_interval_is_not_split(kind: str) -> None:
    cut = event("a", (kind, 1, 2, 3), duration=Duration(0, 45 * 60.0))
    (signal,) = signals(book_of(cut), T0 + 44 * 60)
    assert (signal.values, signal.end_s) == ((3,), T0 + 45 * 60)
    endless = event("a", (kind, 1, 2, 3), period=Period(T0, FOREVER))
    assert signals(book_of(endless), T0 + 1e9)[0].values == (1,)


@pytest.mark.parametrize("kind", ["OLS", "DISPATCH_INSTRUCTION", "SIMPLE", "X_FOO"])
def test_r25_other_lists_stay_whole(kind: str) -> None:
    (signal,) = signals(book_of(event("a", (kind, 1, 2))), T0 + 3000)
    assert signal.values == (1, 2)


def test_r24_edge_case_15_on_day_two_interval_0_comes_again_with_its_id() -> None:
    book = book_of(event("a", intervals=prices(24), duration=FOREVER))
    (signal,) = signals(book, T0 + 24 * HOUR_S + 5)
    assert (signal.interval_id, signal.values, signal.start_s) == (100, (0.0,), T0 + 24 * HOUR_S)
    (signal,) = signals(book, T0 + (24 * 365_000 + 5) * HOUR_S)
    assert signal.interval_id == 105


def test_r24_a_shorter_duration_of_the_event_cuts_the_list() -> None:
    book = book_of(event("a", intervals=prices(24), duration=Duration(0, 1.5 * HOUR_S)))
    (signal,) = signals(book, T0 + HOUR_S)
    assert signal.end_s == T0 + 1.5 * HOUR_S
    assert said(book, T0 + 1.5 * HOUR_S) == []


def test_r24_a_list_out_of_order_counts_from_its_earliest_start() -> None:
    parts = (
        Interval(0, Period(T0 + HOUR_S, HOUR), (Payload("GHG", (0,)),)),
        Interval(1, Period(T0, HOUR), (Payload("GHG", (1,)),)),
    )
    looped = book_of(event("a", intervals=parts, duration=Duration(0, 3.5 * HOUR_S)))
    ids = [[signal.interval_id for signal in signals(looped, T0 + hour * HOUR_S)] for hour in range(4)]
    assert ids == [[1], [0], [1], [0]]
    assert said(looped, T0 + 3.5 * HOUR_S) == []


def test_r23_a_loop_of_months_goes_by_the_calendar() -> None:
    start_s = parse_instant("2026-01-31T00:00:00Z")[0]
    book = book_of(event("a", ("GHG", 1, 2), period=Period(start_s, Duration(1, 0.0)), duration=FOREVER))
    march = parse_instant("2026-03-31T00:00:00Z")[0]
    signal = signals(book, march)[0]
    assert (signal.values, signal.start_s) == ((1,), march)


def test_r26_edge_case_16_a_randomised_start_is_the_same_after_50_polls_and_a_restart() -> None:
    randomized = event("a", ("SIMPLE", 1), period=Period(T0, HOUR, Duration(0, 600.0)))
    starts = {}
    for ven in ("v1", "v2", "v3", "v4", "v5"):
        book = book_of(randomized)
        (signal,) = signals(book, T0 + 1800, ven)
        starts[ven] = signal.start_s - T0
        for poll in range(50):
            book.update([randomized], T0 + poll)
            assert signals(book, T0 + 1800, ven) == (signal,)
        again = EventBook.restored(book.kept())
        again.update([randomized], T0 + 100)
        assert signals(again, T0 + 1800, ven) == (signal,)
    assert len(set(starts.values())) == 5
    assert min(starts.values()) < 0 < max(starts.values())
    assert all(abs(shift_s) <= 600 for shift_s in starts.values())
    assert any(shift_s % 15 for shift_s in starts.values()), "signals need not fit the metering"


def test_r26_a_redraw_is_for_its_interval_and_those_after() -> None:
    parts = tuple(
        Interval(number, Period(randomize=Duration(0, 300.0)) if number == 1 else None, (Payload("GHG", (number,)),))
        for number in range(3)
    )
    book = book_of(event("a", intervals=parts))
    begins = {s.interval_id: s.start_s for at_s in range(0, 12_000, 300) for s in signals(book, T0 + at_s)}
    assert begins[0] == T0
    assert begins[1] != T0 + HOUR_S
    assert begins[2] - begins[1] == HOUR_S


def test_r26_an_absent_duration_lasts_until_the_shifted_start_of_the_next() -> None:
    parts = (
        Interval(0, None, (Payload("GHG", (0,)),)),
        Interval(1, Period(T0 + HOUR_S, HOUR), (Payload("GHG", (1,)),)),
    )
    book = book_of(event("a", period=Period(T0, None, Duration(0, 600.0)), intervals=parts))
    (first,) = signals(book, T0 + 1200)
    assert first.start_s != T0
    assert first.end_s == first.start_s + HOUR_S
