"""Signals against an obvious slow model: every round of every interval is written down, then looked through."""

from __future__ import annotations

import math
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from hypothesis import assume, given
from hypothesis import strategies as st

from ven_actors.openadr.durations import FOREVER, NOW, Duration, parse_instant
from ven_actors.openadr.event_book import EventBook
from ven_actors.openadr.events import Event, Interval, Payload, PayloadDescriptor, Period, Program
from ven_actors.openadr.signals import units_of
from ven_actors.signals import Signal

T0 = int(parse_instant("2026-01-30T00:00:00Z")[0])
HALF_HOUR_S, DAY_S = 1800, 86_400
RESOURCES = ("res-1", "res-2")
COMPETING = {"SIMPLE": "load", "DISPATCH_SETPOINT": "load", "IMPORT_CAPACITY_LIMIT": "limit"}
CANCELLED = NOW, Duration(0, 0.0)
SPLIT = {"PRICE", "GHG"}


# --- the model


class Written(NamedTuple):
    """One interval of one round."""

    event: Event
    place: int
    start_s: float
    end_s: float
    cut_s: float


def months_later(start_s: float, months: int) -> float:
    moment = datetime.fromtimestamp(start_s, UTC)
    year, month = moment.year + (moment.month - 1 + months) // 12, (moment.month - 1 + months) % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1])).timestamp()


def later(start_s: float, months: int, seconds: float) -> float:
    if math.isinf(start_s) or math.isinf(seconds):
        return math.inf
    return (months_later(start_s, months) if months else start_s) + seconds


def own_start(event: Event, place: int) -> float | None:
    own = (event.intervals or ())[place].period
    return own.start_s if own and own.start_s not in {None, NOW} else None


def duration_of(event: Event, place: int) -> Duration | None:
    own = (event.intervals or ())[place].period
    return own.duration if own and own.duration else event.period.duration if event.period else None


def length_of(event: Event, first_s: float, otherwise_s: float) -> float:
    if not event.duration or event.duration == Duration(0, 0.0):
        return otherwise_s
    return later(first_s, event.duration.months, event.duration.seconds)


def one_round(event: Event, anchor_s: float) -> list[tuple[int, float, float]]:
    shared, parts = event.period, event.intervals or ()
    once: list[tuple[int, float, float]] = []
    for place in range(len(parts)):
        start_s = own_start(event, place)
        if start_s is None and place > 0:
            start_s = once[-1][2]
        if start_s is None:
            start_s = shared.start_s if shared and shared.start_s not in {None, NOW} else anchor_s
        duration = duration_of(event, place)
        if duration:
            end_s = later(start_s, duration.months, duration.seconds)
        else:
            following = [own_start(event, other) for other in range(place + 1, len(parts))]
            whole_s = length_of(event, once[0][1] if once else start_s, math.inf)
            end_s = next((each for each in following if each is not None), whole_s)
        once.append((place, start_s, max(start_s, end_s)))
    return [each for each in once if each[1] < math.inf]


def period_of(event: Event, span_s: float) -> tuple[int, float]:
    places = range(len(event.intervals or ()))
    durations = [duration_of(event, place) for place in places]
    months = sum(each.months for each in durations if each)
    if months and all(durations) and all(own_start(event, place) is None for place in places[1:]):
        return months, sum(each.seconds for each in durations if each)
    return 0, span_s


def written_down(event: Event, anchor_s: float, until_s: float) -> list[Written]:
    """Everything of one event that begins by `until_s`."""
    once = one_round(event, anchor_s)
    if (event.period and (event.period.start_s, event.period.duration) == CANCELLED) or all(
        start == end for _, start, end in once
    ):
        return []
    first_s, last_s = min(each[1] for each in once), max(each[2] for each in once)
    cut_s = length_of(event, first_s, last_s)
    if cut_s <= last_s:
        return [Written(event, *each, cut_s) for each in once]
    months, seconds = period_of(event, last_s - first_s)
    found: list[Written] = []
    turn = 0
    while later(first_s, months * turn, seconds * turn) <= min(until_s, cut_s):
        found += [
            Written(event, place, *(later(at_s, months * turn, seconds * turn) for at_s in ends), cut_s)
            for place, *ends in once
        ]
        turn += 1
    return found


def model(events: list[Event], at_s: float) -> dict[str, list[tuple[Any, ...]]]:
    """Event, interval id, type and values in force on each resource, sorted."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for resource in RESOURCES:
        holding = [
            each
            for event in events
            if not event.targets or resource in event.targets or "ven" in event.targets
            for each in written_down(event, parse_instant(event.modified)[0], at_s)
            if each.start_s <= at_s < min(each.end_s, each.cut_s)
        ]
        holding.sort(key=lambda each: (each.start_s, each.place), reverse=True)
        holding.sort(key=lambda each: each.event.event_id)
        holding.sort(key=lambda each: each.event.modified, reverse=True)
        holding.sort(key=lambda each: math.inf if each.event.priority is None else each.event.priority)
        winners: dict[str, Written] = {}
        said = found.setdefault(resource, [])
        for each in holding:
            interval = (each.event.intervals or ())[each.place]
            for payload in interval.payloads:
                control = COMPETING.get(payload.type)
                if control is None or winners.setdefault(control, each) is each:
                    values = split(payload, each, at_s)
                    said.append((each.event.event_id, interval.interval_id, payload.type, values))
        said.sort()
    return found


def split(payload: Payload, holding: Written, at_s: float) -> tuple[Any, ...]:
    if payload.type not in SPLIT or len(payload.values) < 2:
        return payload.values
    if math.isinf(holding.end_s):
        return payload.values[:1]
    # In whole numbers, so that no rounding can move an edge.
    passed, length = int(at_s - holding.start_s), int(holding.end_s - holding.start_s)
    return (payload.values[passed * len(payload.values) // length],)


# --- what is drawn

steps = st.integers(-4, 100).map(lambda number: float(T0 + number * HALF_HOUR_S))
durations = st.one_of(
    st.integers(1, 8).map(lambda number: Duration(0, float(number * HALF_HOUR_S))),
    st.sampled_from([Duration(0, 0.0), Duration(1, 0.0), Duration(1, float(DAY_S)), Duration(13, 0.0), FOREVER]),
)
periods = st.builds(Period, st.none() | steps | st.just(NOW), st.none() | durations)
payloads = st.one_of(
    st.builds(Payload, st.sampled_from(["SIMPLE", "DISPATCH_SETPOINT", "IMPORT_CAPACITY_LIMIT", "X_FOO"]),
              st.just((1,)) | st.just((1, 2))),
    st.builds(Payload, st.sampled_from(["PRICE", "GHG"]), st.integers(1, 3).map(lambda count: tuple(range(count)))),
)  # fmt: skip
parts = st.tuples(st.none() | periods, st.lists(payloads, max_size=2, unique_by=lambda payload: payload.type))
intervals = st.lists(parts, min_size=1, max_size=4).map(
    lambda drawn: tuple(Interval(50 - place, period, tuple(said)) for place, (period, said) in enumerate(drawn))
)


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    return [
        Event(
            f"e{number}",
            "p1",
            priority=draw(st.sampled_from([None, 0, 1])),
            targets=draw(st.sampled_from([(), ("ven",), ("res-1",), ("res-2",)])),
            period=draw(st.none() | periods),
            duration=draw(st.none() | durations),
            intervals=draw(intervals),
            modified=draw(st.sampled_from(["2026-01-30T01:00:00Z", "2026-01-30T02:30:00Z"])),
        )
        for number in range(draw(st.integers(1, 3)))
    ]


def on_each(signals: tuple[Signal, ...]) -> dict[str, list[tuple[Any, ...]]]:
    return {
        resource: sorted(
            (signal.event_id, signal.interval_id, signal.payload_type, signal.values)
            for signal in signals
            if signal.resource_names is None or resource in signal.resource_names
        )
        for resource in RESOURCES
    }


def instants() -> st.SearchStrategy[list[float]]:
    near = st.integers(-4 * 1800, 60 * 1800).map(lambda seconds: float(T0 + seconds))
    far = st.integers(0, 40 * DAY_S // 600).map(lambda number: float(T0 + number * 600))
    return st.lists(near | near | far, min_size=1, max_size=6)


@given(events(), instants())
def test_r20_r21_r22_r23_r24_r25_r28_signals_are_those_of_the_slow_model(drawn: list[Event], at: list[float]) -> None:
    book = EventBook()
    book.update(drawn, float(T0))
    plan = book.signal_plan("ven", RESOURCES)
    for at_s in at:
        assert on_each(plan.signals_at(at_s)) == model(drawn, at_s)


@given(events(), st.integers(-4, 60), st.integers(1, 40_000))
def test_r28_phases_are_the_signals_of_every_instant_in_them(drawn: list[Event], step: int, length_s: int) -> None:
    book = EventBook()
    book.update(drawn, float(T0))
    start_s = float(T0 + step * HALF_HOUR_S)
    phases = book.signal_plan("ven", RESOURCES).phases(start_s, start_s + length_s)
    at_s = start_s
    for phase in phases:
        end_s = at_s + phase.share * length_s
        for instant_s in (at_s, (at_s + end_s) / 2, end_s - 0.01):
            # A share is a rounded number: what lies at an edge may be on either side of it.
            if min(instant_s % 300, -instant_s % 300) > 0.001 and at_s < instant_s < end_s:
                assert book.signals_at("ven", RESOURCES, instant_s) == phase.signals
        at_s = end_s
    assert abs(sum(phase.share for phase in phases) - (1 if phases else 0)) < 1e-9


@given(events(), st.integers(1, 9000), st.text(max_size=5), steps)
def test_r26_a_randomised_event_is_the_plain_one_moved_as_a_whole(
    drawn: list[Event], range_s: int, ven: str, at_s: float
) -> None:
    event = drawn[0]
    shared = event.period or Period(float(T0), Duration(0, 3600.0))
    plain = Event("e", "p1", period=shared, duration=event.duration, intervals=event.intervals, modified=event.modified)
    randomized = Event(
        "e", "p1", period=Period(shared.start_s, shared.duration, Duration(0, float(range_s))),
        duration=event.duration, intervals=event.intervals, modified=event.modified,
    )  # fmt: skip
    books = [EventBook(), EventBook()]
    for book, each in zip(books, (plain, randomized), strict=True):
        book.update([each], float(T0))
    shift_s = drawn_shift_s(ven, range_s)
    # Months have another length elsewhere: such an event is moved, but not as a whole.
    assume(not any(duration.months for duration in all_durations(event)))
    moved = [shown(signal, shift_s) for signal in books[0].signals_at(ven, RESOURCES, at_s)]
    assert [shown(signal, 0.0) for signal in books[1].signals_at(ven, RESOURCES, at_s + shift_s)] == moved
    assert abs(shift_s) <= range_s


def drawn_shift_s(ven: str, range_s: int) -> float:
    """What event `e` draws for this VEN, seen in the simplest event of that name and range."""
    period = Period(float(T0), FOREVER, Duration(0, float(range_s)))
    simplest = Event("e", "p1", period=period, intervals=(Interval(0, None, (Payload("SIMPLE", (1,)),)),))
    book = EventBook()
    book.update([simplest], float(T0))
    (signal,) = book.signals_at(ven, RESOURCES, T0 + 1e9)
    return signal.start_s - T0


def all_durations(event: Event) -> Iterator[Duration]:
    periods_of = [event.period, *(interval.period for interval in event.intervals or ())]
    yield from (period.duration for period in periods_of if period and period.duration)
    if event.duration:
        yield event.duration


def shown(signal: Signal, shift_s: float) -> tuple[Any, ...]:
    return signal.interval_id, signal.payload_type, signal.values, signal.start_s + shift_s, signal.end_s + shift_s


declared = st.dictionaries(
    st.sampled_from(["SIMPLE", "PRICE", "X_FOO"]),
    st.tuples(st.none() | st.sampled_from(["KW", "Q"]), st.none() | st.sampled_from(["EUR", "DKK"])),
)


@given(declared, declared, st.sampled_from(["SIMPLE", "PRICE", "X_FOO"]))
def test_r27_units_are_the_first_that_anybody_says(of_event: Any, of_program: Any, kind: str) -> None:
    def written(said: Any) -> tuple[PayloadDescriptor, ...]:
        return tuple(PayloadDescriptor(name, *words) for name, words in said.items())

    event = Event("e", "p1", payload_descriptors=written(of_event))
    both = [said[kind] for said in (of_event, of_program) if kind in said]
    usual = {"PRICE": "KWH"}.get(kind)
    expected = tuple(next((words[of] for words in both if words[of]), (usual, None)[of]) for of in (0, 1))
    assert units_of(kind, event, Program("p1", "P", (), written(of_program))) == expected
