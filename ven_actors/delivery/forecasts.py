"""Forecasts: which are due, from when on, and how long an interval of one may be. Pure."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from ven_actors.delivery.measures import is_forecast, measure_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ven_actors.delivery.entries import NextWindow, RequestState
    from ven_actors.model import EventInterval, ReportRequest, Window

MOST_INTERVALS = 5_000
_LONGEST_S = 366 * 86400.0
_MOST_STEPS = 10_000


def as_asked(request: ReportRequest) -> ReportRequest:
    """Return the request with the windows of a forecast where it is one, whatever its `historical` says."""
    descriptor = request.descriptor
    if not descriptor.historical or not is_forecast(descriptor):
        return request
    return replace(request, descriptor=replace(descriptor, historical=False))


def due(states: Iterable[RequestState], next_window: NextWindow, now_s: float) -> Iterator[tuple[RequestState, Window]]:
    """Yield the first window of each request for forecasts that has begun by `now_s` and is not sealed.

    A request that joins is owed the one window that began last, if it goes on; from then on every window is owed.
    """
    for state in states:
        if not state.forecast or measure_of(state.request.descriptor) is None:
            continue
        if state.joins:
            state.sealed_until_s = max(state.sealed_until_s, _last_begun_s(state.request, next_window, now_s))
            state.joins = False
        window = state.upcoming(next_window)
        if window is not None and window.start_s <= now_s:
            yield state, window


def sayable(window: Window) -> tuple[EventInterval, ...]:
    """Return the intervals of a window that can be forecast: of some length, but no longer than a year."""
    intervals = (each for each in window.intervals if 0 < each.end_s - each.start_s <= _LONGEST_S)
    return tuple(each for each in intervals if math.isfinite(each.start_s))[:MOST_INTERVALS]


def _last_begun_s(request: ReportRequest, next_window: NextWindow, now_s: float) -> float:
    """Return a time after which the next window is the last that has begun by `now_s` and goes on."""
    cursor_s = now_s
    window = next_window(request, now_s)
    if window is None or window.start_s > now_s:
        return cursor_s
    for _ in range(_MOST_STEPS):
        following = next_window(request, window.end_s)
        if following is None or following.start_s > now_s:
            break
        cursor_s, window = window.end_s, following
    return cursor_s
