"""The traffic of a fleet: one gate per origin (scheme, host, port), through which every request to it goes.

A gate keeps to the rate, lets nothing through while the origin has asked for time (`Retry-After` of a 429 or 503), and
bounds how many requests are in flight. Requests that wait go in the order of the lanes (`lanes.py`).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol
from urllib.parse import urlsplit

from ven_actors.errors import VtnBusy
from ven_actors.openadr.flights import Flights, Permit
from ven_actors.openadr.lanes import Lane, current_lane, current_rank, is_of_reports
from ven_actors.openadr.pacing import Pace, Slots
from ven_actors.openadr.queueing import Line, Ticket
from ven_actors.openadr.seats import Seats, seats_at

LONGEST_ASKED_S = 3600.0
# A request waits while the origin wants less time than this; otherwise it fails and is told how long.
PATIENCE_S = 5.0
_PORTS = {"http": 80, "https": 443}

Wait = Callable[[threading.Condition, float | None], object]


class Caller(Protocol):
    """Who wants to send. Once `aborted` is set it may call `waker`, if there is one, so that it need not wait on."""

    aborted: bool
    waker: Callable[[], None] | None


class Gate:
    """One origin's. For any thread; only threads that want to send wait here, each until its turn has come.

    `rate` is requests per second, None for no limit. `resting` is entered by a thread for as long as it waits; `wait`
    waits on a condition for so many seconds, None: until it is notified.
    """

    def __init__(
        self,
        origin: str,
        rate: float | None,
        monotonic: Callable[[], float],
        resting: Callable[[], AbstractContextManager[None]],
        wait: Wait,
    ) -> None:
        self.origin = origin
        self._monotonic = monotonic
        self._resting = resting
        self._wait = wait
        self._lock = threading.Lock()
        self._pace = Pace(rate)
        self._slots = Slots()
        self._line = Line()
        self._flights = Flights()
        self._open_s = self._served_s = -math.inf
        self._gap_s = self._pace.gap_s
        self._timer: Ticket | None = None
        self._wakes_s = math.inf
        self.seats = Seats(lambda: min(seats_at(rate), self._slots.limit))

    @contextmanager
    def permit(self, caller: Caller) -> Iterator[Permit]:
        """Wait until one request of this thread's lane may go; within it, that request is in flight.

        Raises `VtnBusy` while the origin wants more than `PATIENCE_S`, and `ConnectionAbortedError` once the caller is
        aborted.
        """
        permit = self._entered(current_lane(), caller)
        try:
            yield permit
        finally:
            self._left(permit)

    def _entered(self, lane: Lane, caller: Caller) -> Permit:
        changed = threading.Condition(self._lock)
        with self._lock:
            ticket = Ticket(lane, changed.notify, self._monotonic(), current_rank())
            self._check(ticket, caller)
            self._line.join(ticket)
            self._grant()
            self._nudge()
            if ticket.permit is None:
                with self._resting():
                    self._queue(ticket, changed, caller)
            assert ticket.permit is not None
            return ticket.permit

    def _queue(self, ticket: Ticket, changed: threading.Condition, caller: Caller) -> None:
        """One of the waiting threads is the timer: it wakes when the next request may go; the others are woken."""
        caller.waker = lambda: self._wake(ticket)
        try:
            self._check(ticket, caller)
            while ticket.permit is None:
                self._timer = self._timer or ticket
                wait_s = self._next_s() if self._timer is ticket else None
                if self._timer is ticket:
                    self._wakes_s = math.inf if wait_s is None else self._monotonic() + wait_s
                self._wait(changed, wait_s)
                if ticket.permit is None:
                    self._check(ticket, caller)
                    self._grant()
        finally:
            caller.waker = None
            ticket.gone = ticket.permit is None
            if self._timer is ticket:
                self._timer = None
                self._appoint_timer()

    def _wake(self, ticket: Ticket) -> None:
        with self._lock:
            ticket.wake()

    def _check(self, ticket: Ticket, caller: Caller) -> None:
        if caller.aborted:
            ticket.gone = True
            raise ConnectionAbortedError("the request was aborted")
        left_s = self._open_s - self._monotonic()
        if left_s > PATIENCE_S:
            ticket.gone = True
            raise VtnBusy(
                f"{self.origin} has asked for time (Retry-After): nothing is sent there for {left_s:.0f} s more",
                retry_after_s=left_s,
            )

    def _left(self, permit: Permit) -> None:
        now_s = self._monotonic()
        with self._lock:
            self._flights.ends(permit)
            if permit.is_answered:
                self._slots.answered(permit.lane, now_s - permit.granted_s, permit.in_flight, now_s)
            if permit.asked_s is not None:
                self._open_s = max(self._open_s, now_s + min(permit.asked_s, LONGEST_ASKED_S))
                for ticket in self._line.waiting():
                    ticket.wake()
            self._grant()
            self._nudge()

    def _grant(self) -> None:
        """Let all requests go whose turn has come."""
        now_s = self._monotonic()
        self._flights.let_go(now_s)
        while now_s >= self._open_s and self._pace.wait_s(now_s) <= 0:
            ticket = self._line.next(now_s, self._gap_s, self._has_slot)
            if ticket is None:
                return
            self._line.serve(ticket, now_s)
            self._pace.took(now_s)
            ticket.permit = self._flights.begins(ticket.lane, now_s)
            gap_s = min(now_s - self._served_s, 1.0)
            self._gap_s, self._served_s = max(self._pace.gap_s, 0.9 * self._gap_s + 0.1 * gap_s), now_s
            ticket.wake()

    def _has_slot(self, lane: Lane) -> bool:
        """Reports never take the last slot; while VENs register, they take fewer, and the backlog one."""
        most, busy, flights = self._slots.limit, self.seats.any_taken, self._flights
        if flights.total >= most:
            return False
        if is_of_reports(lane) and flights.of_reports >= (most // 2 if busy else most - 1):
            return False
        return not (lane is Lane.BACKLOG and busy and flights.of(lane))

    def _next_s(self) -> float | None:
        """Seconds until somebody may go, as far as that is known; None: not before a request that is in flight ends."""
        now_s = self._monotonic()
        if self._line.next(now_s, self._gap_s, self._has_slot) is None:
            return self._flights.next_s(now_s)
        return max(0.0, self._open_s - now_s, self._pace.wait_s(now_s))

    def _nudge(self) -> None:
        """The timer may have waited for a slot, and now somebody may go sooner."""
        if self._timer is not None:
            next_s = self._next_s()
            if next_s is not None and self._monotonic() + next_s < self._wakes_s:
                self._timer.wake()

    def _appoint_timer(self) -> None:
        ticket = next(self._line.waiting(), None)
        if ticket is not None:
            ticket.wake()


def _wait(condition: threading.Condition, wait_s: float | None) -> None:
    condition.wait(wait_s)


class Traffic:
    """The gates of one fleet. `rate` is that of each origin by itself; see `Gate` for the rest."""

    def __init__(
        self,
        rate: float | None = None,
        *,
        monotonic: Callable[[], float],
        resting: Callable[[], AbstractContextManager[None]] = nullcontext,
        wait: Wait = _wait,
    ) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._resting = resting
        self._wait = wait
        self._lock = threading.Lock()
        self._gates: dict[str, Gate] = {}

    def gate(self, url: str) -> Gate:
        """The gate of this URL's origin."""
        origin = origin_of(url)
        with self._lock:
            if origin not in self._gates:
                self._gates[origin] = Gate(origin, self._rate, self._monotonic, self._resting, self._wait)
            return self._gates[origin]


def origin_of(url: str) -> str:
    """`scheme://host:port`, the port always given."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    host = parts.hostname or ""
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{parts.port or _PORTS.get(scheme, 0)}"
