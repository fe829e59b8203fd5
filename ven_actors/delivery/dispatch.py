"""Dispatch: which report goes out next, through which sender. Pure: monotonic time is a parameter.

Each origin (scheme, host and port of a VTN) is a lane with senders and a throttle of its own: what one VTN does holds
up nobody else's reports. Within a lane it is fair between VENs (round robin), in order within one stream (at most one
of its reports in flight), and never faster than the throttle allows. A stream is a VEN; where reports go out reading
by reading, one load component of a resource. No VEN takes more than its share of the senders.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ven_actors.delivery.pace import VenPace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ven_actors.delivery.entries import Sendable
    from ven_actors.delivery.outbox import VenOutbox
    from ven_actors.delivery.throttle import Throttle


@dataclass(frozen=True, slots=True)
class InFlight:
    """A report in the hands of a sender; a later one has a higher id."""

    report_id: int
    sender: str
    outbox: VenOutbox
    report: Sendable


@dataclass(slots=True)
class Lane:
    """What belongs to one origin: its senders, its VENs, and how much it is given."""

    throttle: Throttle
    senders: set[str] = field(default_factory=set)
    vens: set[str] = field(default_factory=set)
    free: deque[str] = field(default_factory=deque)
    ready: deque[VenOutbox] = field(default_factory=deque)
    flying: Counter[str] = field(default_factory=Counter)
    in_the_air: int = 0

    def has_work(self, now_s: float) -> bool:
        return bool(self.free and self.ready) and self.throttle.wait_s(now_s, self.in_the_air) <= 0

    def has_share_left(self, ven: str, *, is_troubled: bool) -> bool:
        """Say whether this VEN may take one more sender.

        One whose reports fail gets one. Any other gets half of them, or all where no other VEN reports: four hung POSTs
        of one VEN must not silence the rest.
        """
        share = 1 if is_troubled else len(self.senders) if len(self.vens) == 1 else (len(self.senders) + 1) // 2
        return self.flying[ven] < share


class Dispatcher:
    """Knows which senders are free, which VENs have something to send, and which have to wait until when.

    `new_throttle` makes that of an origin, `origin_of` says to which a VEN, by name, belongs.
    """

    def __init__(self, new_throttle: Callable[[], Throttle], origin_of: Callable[[str], str] = lambda _ven: "") -> None:
        self.in_flight: dict[int, InFlight] = {}
        self.origin_of = origin_of
        self._new_throttle = new_throttle
        self._lanes: dict[str, Lane] = {}
        self._paces: dict[str, VenPace] = {}
        self._lane_of_sender: dict[str, Lane] = {}
        self._waiting: list[tuple[float, int, VenOutbox]] = []
        self._listed: dict[str, float] = {}
        self._offers = itertools.count()
        self.newest_id = 0

    def lane(self, ven: str) -> Lane:
        """The lane of the origin to which a VEN reports."""
        return self._lane_of(self.origin_of(ven))

    def pace(self, ven: str) -> VenPace:
        return self._paces.setdefault(ven, VenPace())

    def forget(self, ven: str) -> None:
        """What of this VEN failed before counts no more."""
        self._paces.pop(ven, None)

    def succeeded(self, ven: str) -> None:
        """A report of this VEN was accepted."""
        self.forget(ven)
        self.lane(ven).throttle.succeeded()

    def has_sender_for(self, sender: str, origin: str) -> None:
        """A sender of this origin begins a life, and is free."""
        lane = self._lane_of_sender[sender] = self._lane_of(origin)
        lane.senders.add(sender)
        self.sender_is_free(sender)

    def sender_is_free(self, sender: str) -> None:
        free = self._lane_of_sender[sender].free
        if sender not in free:
            free.append(sender)

    def offer(self, outbox: VenOutbox) -> None:
        """Say that a VEN may have something to send; saying it twice does no harm."""
        report = outbox.next_to_send()
        if report is None:
            return
        self.lane(outbox.name).vens.add(outbox.name)
        next_try_s = max(report.next_try_s, self._opens_s(outbox.name))
        if self._listed.get(outbox.name, math.inf) <= next_try_s:
            return
        self._listed[outbox.name] = next_try_s
        heapq.heappush(self._waiting, (next_try_s, next(self._offers), outbox))

    def has_work(self, now_s: float) -> bool:
        """Say whether a free sender and a report that may go out now wait for each other."""
        self._wake(now_s)
        return any(lane.has_work(now_s) for lane in self._lanes.values())

    def choose(self, now_s: float) -> Iterator[InFlight]:
        """Pair reports with free senders, as many as may go out now; each is in flight from here on."""
        self._wake(now_s)
        for lane in tuple(self._lanes.values()):
            while lane.has_work(now_s):
                flight = self._next(lane, now_s)
                if flight is not None:
                    yield flight
                self._wake(now_s)

    def landed(self, report_id: int) -> InFlight | None:
        """Take a report out of the air; None if it is not there (a verdict that comes twice or too late)."""
        flight = self.in_flight.pop(report_id, None)
        if flight is not None:
            lane = self._lane_of_sender[flight.sender]
            lane.flying[flight.outbox.name] -= 1
            lane.in_the_air -= 1
        return flight

    def lost_sender(self, sender: str) -> list[InFlight]:
        """A sender begins a new life: whatever it had in hand is in doubt."""
        lost = [flight for flight in self.in_flight.values() if flight.sender == sender]
        for flight in lost:
            self.landed(flight.report_id)
        return lost

    def _next(self, lane: Lane, now_s: float) -> InFlight | None:
        outbox = lane.ready.popleft()
        self._listed.pop(outbox.name, None)
        report, pace = outbox.next_to_send(now_s), self._paces.get(outbox.name)
        if report is None:
            return None
        if max(report.next_try_s, self._opens_s(outbox.name)) > now_s:
            self.offer(outbox)
            return None
        if not lane.has_share_left(outbox.name, is_troubled=pace is not None and pace.is_troubled):
            return None  # offered again when one of its reports has landed
        if pace is not None:
            pace.took(now_s)
        outbox.sending(report)
        self.offer(outbox)
        self.newest_id += 1
        flight = InFlight(self.newest_id, lane.free.popleft(), outbox, report)
        self.in_flight[flight.report_id] = flight
        lane.flying[outbox.name] += 1
        lane.in_the_air += 1
        return flight

    def _lane_of(self, origin: str) -> Lane:
        lane = self._lanes.get(origin)
        if lane is None:
            lane = self._lanes[origin] = Lane(self._new_throttle())
        return lane

    def _opens_s(self, ven: str) -> float:
        pace = self._paces.get(ven)
        return -math.inf if pace is None else pace.opens_s

    def _wake(self, now_s: float) -> None:
        while self._waiting and self._waiting[0][0] <= now_s:
            outbox = heapq.heappop(self._waiting)[2]
            self._listed[outbox.name] = -math.inf
            self.lane(outbox.name).ready.append(outbox)
