"""Signals of events with very many intervals: what is looked at to tell who holds is a few of them, not all."""

from __future__ import annotations

import math

import pytest
from signal_books import T0, book_of, event, said

from ven_actors.openadr import timelines
from ven_actors.openadr.durations import Duration
from ven_actors.openadr.events import Event, Interval, Payload, Period

MANY = 5_000
STEP_S = 15.0
A_FEW = 200


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Every instant that a timeline had to move into a round."""
    instants: list[float] = []
    plain = timelines.add

    def add(start_s: float, duration: Duration, times: int = 1) -> float:
        instants.append(start_s)
        return plain(start_s, duration, times)

    monkeypatch.setattr(timelines, "add", add)
    return instants


def long_event(duration: Duration | None = None) -> Event:
    numbered = (Interval(number, None, (Payload("SIMPLE", (number % 4,)),)) for number in range(MANY))
    return event("a", intervals=tuple(numbered), period=Period(T0, Duration(0, STEP_S)), duration=duration)


@pytest.mark.parametrize(
    "duration", [None, Duration(0, math.inf), Duration(12, 0.0)], ids=["once", "for ever", "a year"]
)
def test_r24_who_holds_is_found_without_looking_at_all(moved: list[float], duration: Duration | None) -> None:
    book = book_of(long_event(duration))
    for number in (0, 1, MANY // 2, MANY - 1):
        moved.clear()
        assert said(book, T0 + number * STEP_S + 1) == [("a", "SIMPLE", number % 4)]
        assert len(moved) < A_FEW


def test_r24_in_a_later_round_too(moved: list[float]) -> None:
    book = book_of(long_event(Duration(0, math.inf)))
    for number in (MANY, 3 * MANY + 7, 1_000 * MANY - 1):
        moved.clear()
        assert said(book, T0 + number * STEP_S + 1) == [("a", "SIMPLE", number % MANY % 4)]
        assert len(moved) < A_FEW


def test_r24_many_that_overlap_are_all_found() -> None:
    whole = tuple(
        Interval(number, Period(T0 - number, Duration(0, 100.0)), (Payload("PRICE", (number,)),))
        for number in range(MANY)
    )
    found = said(book_of(event("a", intervals=whole)), T0)
    assert {price for _, _, price in found} == set(range(100))
