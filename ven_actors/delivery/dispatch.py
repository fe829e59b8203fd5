"""Dispatch: which report goes out next, through which sender. Pure: monotonic time is a parameter.

Each origin (scheme, host and port of a VTN) has an outlet with senders and a throttle of its own: what one VTN does
holds up nobody else's reports. Within it live reports go before the backlog; otherwise it is fair between VENs (round
robin), in order within one stream (at most one of its reports in flight), and never faster than the throttle allows. A
stream is a VEN; where reports go out reading by reading, one load component of a resource. No VEN takes more than its
share of the senders.
"""

from __future__ import annotations

import heapq
import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ven_actors.delivery.outlet import Outlet, is_backlog
from ven_actors.delivery.pace import VenPace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ven_actors.delivery.entries import Sendable
    from ven_actors.delivery.outbox import VenOutbox
    from ven_actors.delivery.throttle import Throttle


@dataclass(frozen=True, slots=True)
class InFlight:
    """A report in the hands of a sender; a later one has a higher id. `backlog`: it is live no more."""

    report_id: int
    sender: str
    outbox: VenOutbox
    report: Sendable
    backlog: bool = False


class Dispatcher:
    """Knows which senders are free, which VENs have something to send, and which have to wait until when.

    `new_throttle` makes that of an origin, `origin_of` says to which a VEN, by name, belongs. `sim_now_s` is simulated
    time, by which a report is live or backlog, and `speed` how many of its seconds go by in one.
    """

    def __init__(self, new_throttle: Callable[[], Throttle], origin_of: Callable[[str], str] = lambda _ven: "") -> None:
        self.in_flight: dict[int, InFlight] = {}
        self.origin_of = origin_of
        self._new_throttle = new_throttle
        self._outlets: dict[str, Outlet] = {}
        self._paces: dict[str, VenPace] = {}
        self._outlet_of_sender: dict[str, Outlet] = {}
        self._waiting: list[tuple[float, int, VenOutbox]] = []
        self._listed: dict[str, float] = {}
        self._offers = itertools.count()
        self.newest_id = 0
        self.sim_now_s, self.speed = -math.inf, 1.0

    def outlet(self, ven: str) -> Outlet:
        """That of the origin to which a VEN reports."""
        return self._outlet_of(self.origin_of(ven))

    def pace(self, ven: str) -> VenPace:
        return self._paces.setdefault(ven, VenPace())

    def forget(self, ven: str) -> None:
        """Forget this VEN's earlier failures."""
        self._paces.pop(ven, None)

    def succeeded(self, ven: str) -> None:
        """A report of this VEN was accepted."""
        self.forget(ven)
        self.outlet(ven).throttle.succeeded()

    def has_sender_for(self, sender: str, origin: str) -> None:
        """A sender of this origin begins a life, and is free."""
        outlet = self._outlet_of_sender[sender] = self._outlet_of(origin)
        outlet.senders.add(sender)
        self.sender_is_free(sender)

    def sender_is_free(self, sender: str) -> None:
        free = self._outlet_of_sender[sender].free
        if sender not in free:
            free.append(sender)

    def offer(self, outbox: VenOutbox) -> None:
        """Say that a VEN may have something to send; saying it twice does no harm."""
        report = outbox.next_to_send()
        if report is None:
            return
        self.outlet(outbox.name).vens.add(outbox.name)
        next_try_s = max(report.next_try_s, self._opens_s(outbox.name))
        if self._listed.get(outbox.name, math.inf) <= next_try_s:
            return
        self._listed[outbox.name] = next_try_s
        heapq.heappush(self._waiting, (next_try_s, next(self._offers), outbox))

    def has_work(self, now_s: float) -> bool:
        """Say whether a free sender and a report that may go out now wait for each other."""
        self._wake(now_s)
        return any(outlet.has_work(now_s) for outlet in self._outlets.values())

    def choose(self, now_s: float) -> Iterator[InFlight]:
        """Pair reports with free senders, as many as may go out now; each is in flight from here on."""
        self._wake(now_s)
        for outlet in tuple(self._outlets.values()):
            while outlet.has_work(now_s):
                flight = self._next(outlet, now_s)
                if flight is not None:
                    yield flight
                self._wake(now_s)

    def landed(self, report_id: int) -> InFlight | None:
        """Take a report out of the air; None if it is not there (a verdict that comes twice or too late)."""
        flight = self.in_flight.pop(report_id, None)
        if flight is not None:
            outlet = self._outlet_of_sender[flight.sender]
            outlet.lands(flight.outbox.name, late=flight.backlog)
        return flight

    def lost_sender(self, sender: str) -> list[InFlight]:
        """A sender begins a new life: whatever it had in hand is in doubt."""
        lost = [flight for flight in self.in_flight.values() if flight.sender == sender]
        for flight in lost:
            self.landed(flight.report_id)
        return lost

    def _next(self, outlet: Outlet, now_s: float) -> InFlight | None:
        outbox = outlet.pop(now_s)
        self._listed.pop(outbox.name, None)
        report, pace = outbox.next_to_send(now_s), self._paces.get(outbox.name)
        if report is None:
            return None
        if max(report.next_try_s, self._opens_s(outbox.name)) > now_s:
            self.offer(outbox)
            return None
        backlog = is_backlog(report, self.sim_now_s, self.speed)
        if backlog and not outlet.has_sender_for_late():  # it has become late while it waited
            self._listed[outbox.name] = -math.inf
            outlet.add(outbox, now_s, late=True)
            return None
        if not outlet.has_share_left(outbox.name, is_troubled=pace is not None and pace.is_troubled):
            return None  # offered again when one of its reports has landed
        if pace is not None:
            pace.took(now_s)
        outbox.sending(report)
        self.offer(outbox)
        self.newest_id += 1
        flight = InFlight(self.newest_id, outlet.free.popleft(), outbox, report, backlog)
        self.in_flight[flight.report_id] = flight
        outlet.takes_off(outbox.name, now_s, late=backlog)
        outlet.throttle.took()
        return flight

    def _outlet_of(self, origin: str) -> Outlet:
        outlet = self._outlets.get(origin)
        if outlet is None:
            outlet = self._outlets[origin] = Outlet(self._new_throttle())
        return outlet

    def _opens_s(self, ven: str) -> float:
        pace = self._paces.get(ven)
        return -math.inf if pace is None else pace.opens_s

    def _wake(self, now_s: float) -> None:
        while self._waiting and self._waiting[0][0] <= now_s:
            outbox = heapq.heappop(self._waiting)[2]
            self._listed[outbox.name] = -math.inf
            report = outbox.next_to_send(now_s)
            is_late = report is not None and is_backlog(report, self.sim_now_s, self.speed)
            self.outlet(outbox.name).add(outbox, now_s, late=is_late)
