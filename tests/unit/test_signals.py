"""Signals in force: priority, splitting, units, begun and ended events, and what a restart keeps (R12, R20 to R28)."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest

from ven_actors.openadr.durations import FOREVER, NOW, Duration, parse_duration, parse_instant
from ven_actors.openadr.event_book import EventBook
from ven_actors.openadr.events import Event, Interval, Payload, PayloadDescriptor, Period, Program
from ven_actors.openadr.v301 import V301
from ven_actors.openadr.v310 import V310
from ven_actors.signals import Signal

T0 = parse_instant("2026-01-16T00:00:00Z")[0]
HOUR = Duration(0, 3600.0)
HOUR_S = 3600.0
RESOURCES = ("res-1", "res-2", "res-3")
POINTS = tuple({"x": float(x), "y": 0.5} for x in range(6))


def event(event_id: str = "e1", *payloads: Any, period: Period | None = None, **parts: Any) -> Event:
    """An event of one interval from `T0` for an hour; payloads are (type, value, ...)."""
    said = tuple(Payload(kind, tuple(values)) for kind, *values in payloads)
    parts = {"intervals": (Interval(0, None, said),)} | parts
    return Event(event_id, parts.pop("program", "p1"), period=period or Period(T0, HOUR), **parts)


def book_of(*events: Event, as_of_s: float = T0, programs: Any = None) -> EventBook:
    book = EventBook()
    book.update(events, as_of_s, programs=programs)
    return book


def signals(book: EventBook, at_s: float, ven: str = "ven") -> tuple[Signal, ...]:
    return book.signals_at(ven, RESOURCES, at_s)


def said(book: EventBook, at_s: float, resource: str = "res-1") -> list[tuple[Any, ...]]:
    """Event, type and values of what is in force on a resource."""
    return [
        (signal.event_id, signal.payload_type, *signal.values)
        for signal in signals(book, at_s)
        if signal.resource_names is None or resource in signal.resource_names
    ]


# --- whose events


def test_r12_events_of_programs_that_the_ven_cannot_read_give_no_signals() -> None:
    ours, theirs = event("a", ("SIMPLE", 1)), event("b", ("SIMPLE", 2), program="p2", priority=0)
    book = book_of(ours, theirs, programs=[Program("p1", "ours")])
    assert said(book, T0) == [("a", "SIMPLE", 1)]
    again = EventBook.from_bytes(book.to_bytes())
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
    again = EventBook.from_bytes(book.to_bytes())
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
        again = EventBook.from_bytes(book.to_bytes())
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
    again = EventBook.from_bytes(book_of(limited).to_bytes())
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
