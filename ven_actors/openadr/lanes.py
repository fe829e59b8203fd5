"""Lanes: the purpose of a request, which decides the order where many wait for one VTN."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum


class Lane(IntEnum):
    """In the order in which they go."""

    TOKEN = 0
    REGISTRATION = 1  # and a VEN's first reading of events
    ANSWER = 2  # opt-in and opt-out
    POLL = 3
    LIVE = 4  # reports of what has just been metered, and looking reports up
    BACKLOG = 5


_REPORTS = frozenset({Lane.LIVE, Lane.BACKLOG})
_local = threading.local()


def is_of_reports(lane: Lane) -> bool:
    return lane in _REPORTS


@contextmanager
def in_lane(lane: Lane, rank: int = 0) -> Iterator[None]:
    """Within it, the requests of this thread go in `lane`; the innermost counts.

    In one lane those of a lower `rank` go first; within a rank, first come, first served.
    """
    before = _current()
    _local.place = lane, rank
    try:
        yield
    finally:
        _local.place = before


def current_lane() -> Lane:
    """A request without a lane goes with the polls."""
    return _current()[0]


def current_rank() -> int:
    return _current()[1]


def _current() -> tuple[Lane, int]:
    place: tuple[Lane, int] = getattr(_local, "place", (Lane.POLL, 0))
    return place
