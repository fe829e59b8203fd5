"""Dispatch: which report goes out next, through which sender. Pure: monotonic time is a parameter.

Fair between VENs (round robin), in order within one stream (at most one of its reports in flight), and never faster
than the throttle allows. A stream is a VEN; where reports go out reading by reading, one load component of a resource.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ven_actors.delivery.entries import Sendable
    from ven_actors.delivery.outbox import VenOutbox
    from ven_actors.delivery.throttle import Throttle


@dataclass(frozen=True, slots=True)
class InFlight:
    """A report in the hands of a sender."""

    report_id: int
    sender: str
    outbox: VenOutbox
    report: Sendable


class Dispatcher:
    """Knows which senders are free, which VENs have something to send, and which have to wait until when."""

    def __init__(self, throttle: Throttle) -> None:
        self.throttle = throttle
        self.in_flight: dict[int, InFlight] = {}
        self._free: deque[str] = deque()
        self._ready: deque[VenOutbox] = deque()
        self._waiting: list[tuple[float, int, VenOutbox]] = []
        self._listed: dict[str, float] = {}
        self._offers = itertools.count()
        self._next_id = 1

    def sender_is_free(self, sender: str) -> None:
        if sender not in self._free:
            self._free.append(sender)

    def offer(self, outbox: VenOutbox) -> None:
        """Say that a VEN may have something to send; saying it twice does no harm."""
        report = outbox.next_to_send()
        if report is None or self._listed.get(outbox.name, math.inf) <= report.next_try_s:
            return
        self._listed[outbox.name] = report.next_try_s
        heapq.heappush(self._waiting, (report.next_try_s, next(self._offers), outbox))

    def has_work(self, now_s: float) -> bool:
        """Say whether a free sender and a report that may go out now wait for each other."""
        self._wake(now_s)
        return bool(self._free and self._ready) and self.throttle.wait_s(now_s, len(self.in_flight)) <= 0

    def choose(self, now_s: float) -> Iterator[InFlight]:
        """Pair reports with free senders, as many as may go out now; each is in flight from here on."""
        while self.has_work(now_s):
            outbox = self._ready.popleft()
            self._listed.pop(outbox.name, None)
            report = outbox.next_to_send(now_s)
            if report is None:
                continue
            if report.next_try_s > now_s:
                self.offer(outbox)
                continue
            self.throttle.took(now_s)
            outbox.sending(report)
            self.offer(outbox)
            flight = InFlight(self._next_id, self._free.popleft(), outbox, report)
            self._next_id += 1
            self.in_flight[flight.report_id] = flight
            yield flight

    def landed(self, report_id: int) -> InFlight | None:
        """Take a report out of the air; None if it is not there (a verdict that comes twice or too late)."""
        return self.in_flight.pop(report_id, None)

    def lost_sender(self, sender: str) -> list[InFlight]:
        """A sender begins a new life: whatever it had in hand is in doubt."""
        lost = [flight for flight in self.in_flight.values() if flight.sender == sender]
        for flight in lost:
            del self.in_flight[flight.report_id]
        return lost

    def _wake(self, now_s: float) -> None:
        while self._waiting and self._waiting[0][0] <= now_s:
            outbox = heapq.heappop(self._waiting)[2]
            self._listed[outbox.name] = -math.inf
            self._ready.append(outbox)
