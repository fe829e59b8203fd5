"""Which events say something to a VEN at an instant or later, and what."""

from __future__ import annotations

import math
from typing import Any

import pytest
from signal_books import HOUR, HOUR_S, RESOURCES, T0, book_of, event

from ven_actors.model import ReportDescriptor
from ven_actors.openadr.durations import Duration
from ven_actors.openadr.events import Interval, Payload, PayloadDescriptor, Period, Program
from ven_actors.openadr.shown_events import MOST_TO_COME, ShownEvents
from ven_actors.signals import Saying, ShownEvent


def shown_events(*events: Any) -> ShownEvents:
    return ShownEvents(book_of(*events).signal_plan("ven", RESOURCES))


def brief(found: tuple[ShownEvent, ...]) -> list[tuple[Any, ...]]:
    return [(each.event_id, each.state.value, *(value for say in each.says for value in say.values)) for each in found]


def test_an_event_is_to_come_then_in_force_then_gone() -> None:
    looked = shown_events(event("e1", ("SIMPLE", 2), name="dr"))
    (before,), _ = looked.at(T0 - 60)
    (during,), _ = looked.at(T0)
    assert looked.at(T0 + HOUR_S) == ((), 0)
    assert (before.state, during.state) == ("to come", "in force")
    assert during.name == "dr"
    assert during.says == (Saying("SIMPLE", (2,)),)
    assert (before.start_s, before.end_s) == (during.start_s, during.end_s) == (T0, T0 + HOUR_S)


def test_units_are_those_of_the_event_and_the_types_are_the_standards_own() -> None:
    limit = event("e1", ("CAPACITY_LIMIT", 3), payload_descriptors=(PayloadDescriptor("CAPACITY_LIMIT", "W"),))
    ((found,), _) = shown_events(limit).at(T0)
    assert found.says == (Saying("IMPORT_CAPACITY_LIMIT", (3,), "W"),)


def test_what_another_event_wins_over_is_beaten_and_comes_after_those_in_force() -> None:
    weak = event("e1", ("SIMPLE", 1), priority=2)
    strong = event("e2", ("SIMPLE", 3), priority=1, period=Period(T0 + 60, Duration(0, 60.0)))
    looked = shown_events(weak, strong)
    assert brief(looked.at(T0)[0]) == [("e1", "in force", 1), ("e2", "to come", 3)]
    assert brief(looked.at(T0 + 60)[0]) == [("e2", "in force", 3), ("e1", "beaten", 1)]
    assert brief(looked.at(T0 + 120)[0]) == [("e1", "in force", 1)]


def test_an_event_that_is_beaten_on_some_resources_is_in_force_on_the_others() -> None:
    all_of_them, one = event("e1", ("SIMPLE", 1)), event("e2", ("SIMPLE", 3), priority=1, targets=("res-1",))
    assert brief(shown_events(all_of_them, one).at(T0)[0]) == [("e1", "in force", 1), ("e2", "in force", 3)]


def test_intervals_and_values_that_split_them_follow_each_other() -> None:
    intervals = (Interval(0, None, (Payload("SIMPLE", (1,)),)), Interval(1, None, (Payload("PRICE", (5, 6)),)))
    looked = shown_events(event("e1", intervals=intervals))
    found = [looked.at(T0 + hours * HOUR_S)[0][0] for hours in (0, 1, 1.5)]
    assert [each.says[0].values for each in found] == [(1,), (5,), (6,)]
    assert [(each.start_s - T0) / HOUR_S for each in found] == [0, 1, 1.5]
    assert [(each.end_s - T0) / HOUR_S for each in found] == [1, 1.5, 2]


def test_between_two_intervals_the_next_one_is_to_come() -> None:
    periods = Period(T0, HOUR), Period(T0 + 3 * HOUR_S, HOUR)
    intervals = tuple(Interval(n, period, (Payload("SIMPLE", (n,)),)) for n, period in enumerate(periods))
    assert brief(shown_events(event("e1", intervals=intervals)).at(T0 + 2 * HOUR_S)[0]) == [("e1", "to come", 1)]


@pytest.mark.parametrize("at_s", [T0 - 60, T0, T0 + 60])
def test_events_that_only_ask_for_reports_say_nothing(at_s: float) -> None:
    asks = event("e1", report_descriptors=(ReportDescriptor("USAGE"),))
    assert shown_events(asks).at(at_s) == ((), 0)


def test_an_event_for_ever_has_no_end() -> None:
    ((found,), _) = shown_events(event("e1", ("SIMPLE", 1), period=Period(T0, None))).at(T0)
    assert math.isinf(found.end_s)


def test_of_very_many_that_are_to_come_the_soonest_are_named_and_the_rest_counted() -> None:
    looked = shown_events(*(event(f"e{n:03}", ("SIMPLE", 1), period=Period(T0 + 60 * n, HOUR)) for n in range(100)))
    found, more = looked.at(T0 - 1)
    assert ([each.event_id for each in found], more) == ([f"e{n:03}" for n in range(MOST_TO_COME)], 80)


def test_what_takes_the_place_of_what_there_is_to_see_is_known_before_it_does() -> None:
    intervals = tuple(
        Interval(n, Period(T0 + 10 * n, Duration(0, 10.0)), (Payload("SIMPLE", (n,)),)) for n in (0, 1, 2)
    )
    looked = shown_events(event("e1", intervals=intervals))
    assert [(each.from_s - T0, *brief(each.shown_events)) for each in looked.shown(T0 - 5, T0 + 15)] == [
        (-5, ("e1", "to come", 0)), (0, ("e1", "in force", 0)), (10, ("e1", "in force", 1)),
    ]  # fmt: skip
    assert [each.from_s - T0 for each in looked.shown(T0 + 12, T0 + 42)] == [10, 20, 30]
    assert [each.from_s - T0 for each in looked.shown(T0 - 1, T0 - 1)] == [-1]


def test_no_more_than_the_first_changes_are_looked_for() -> None:
    intervals = tuple(Interval(n, Period(T0 + n, Duration(0, 1.0)), (Payload("SIMPLE", (1,)),)) for n in range(100))
    assert len(shown_events(event("e1", intervals=intervals)).shown(T0, T0 + 100)) == 20


@pytest.mark.parametrize(("name", "shown"), [("peak", "peak"), (None, "dr")])
def test_an_event_without_a_name_is_shown_by_that_of_its_program(name: str | None, shown: str) -> None:
    book = book_of(event("e1", ("SIMPLE", 1), name=name), programs=(Program("p1", "dr"),))
    ((found,), _) = ShownEvents(book.signal_plan("ven", RESOURCES)).at(T0)
    assert found.name == shown
