"""A VTN that serves one request after the other, a backlog that never ends, and VENs that have to register."""

from collections import deque
from collections.abc import Callable

import pytest
from traffic_house import URL

from ven_actors.openadr.flights import Permit
from ven_actors.openadr.lanes import Lane
from ven_actors.openadr.queueing import LONGEST_WAIT_S, Ticket
from ven_actors.openadr.traffic import Traffic
from ven_actors.testing.clock import ManualClock

EACH_TAKES_S = 0.3
VENS, PAGES, SENDERS = 10, 10, 4


class SerialVtn:
    """The gate of a VTN that takes `EACH_TAKES_S` for each request, without threads: each request goes on by itself."""

    def __init__(self) -> None:
        self.clock = ManualClock(mono_s=0.0)
        self.gate = Traffic(monotonic=self.clock.monotonic).gate(URL)
        self._sent: deque[tuple[Permit, Callable[[], None]]] = deque()
        self.permitted_s = dict.fromkeys(Lane, 0.0)

    def ask(self, lane: Lane, then: Callable[[], None], rank: int = 0) -> None:
        def go() -> None:
            self.permitted_s[lane] = self.clock.mono_s
            assert ticket.permit is not None
            self._sent.append((ticket.permit, then))

        ticket = Ticket(lane, go, self.clock.mono_s, rank)
        self.gate._line.join(ticket)
        self.gate._grant()

    def serve(self) -> None:
        permit, then = self._sent.popleft()
        self.clock.advance(EACH_TAKES_S)
        permit.answered(200, None)
        self.gate._left(permit)
        then()


@pytest.fixture
def vtn() -> SerialVtn:
    return SerialVtn()


def test_vens_register_one_after_the_other_while_a_backlog_waits(vtn: SerialVtn) -> None:
    registered: list[float] = []

    def register(ven: int, page: int = 0) -> None:
        if page < PAGES:
            vtn.ask(Lane.REGISTRATION, lambda: register(ven, page + 1), vtn.gate.seats.number(ven))
        else:
            registered.append(vtn.clock.mono_s)
            vtn.gate.seats.leave(ven)

    def send(lane: Lane) -> None:
        vtn.ask(lane, lambda: send(lane))

    for _ in range(SENDERS):
        send(Lane.BACKLOG)
    for ven in range(VENS):
        assert vtn.gate.seats.take(ven, lambda: None)
        register(ven)
    while len(registered) < VENS:
        vtn.serve()
    needed_s = VENS * PAGES * EACH_TAKES_S
    assert registered[0] < 2 / 3 * needed_s
    assert registered[-1] < 1.2 * needed_s


def test_no_lane_waits_longer_than_five_seconds_while_all_are_full(vtn: SerialVtn) -> None:
    def send(lane: Lane) -> None:
        vtn.ask(lane, lambda: send(lane))

    for lane in Lane:
        for _ in range(6):
            send(lane)
    while vtn.clock.mono_s < 60:
        vtn.serve()
    while vtn.clock.mono_s < 180:
        vtn.serve()
        assert all(vtn.clock.mono_s - at_s <= LONGEST_WAIT_S for at_s in vtn.permitted_s.values())


def test_a_reading_of_a_registered_ven_waits_for_a_few_requests_only(vtn: SerialVtn) -> None:
    def send() -> None:
        vtn.ask(Lane.BACKLOG, send)

    for _ in range(SENDERS):
        send()
    for _ in range(30):
        vtn.serve()
    begun_s = vtn.clock.mono_s
    done: list[float] = []
    vtn.ask(Lane.POLL, lambda: done.append(vtn.clock.mono_s))
    while not done:
        vtn.serve()
    assert done[0] - begun_s <= (SENDERS + 1) * EACH_TAKES_S
