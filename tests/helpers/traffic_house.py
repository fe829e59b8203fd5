"""A gate and threads that wait at it, in time that moves only while one of them waits for it."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from ven_actors.openadr.lanes import Lane, current_lane, in_lane
from ven_actors.openadr.traffic import Gate, Traffic
from ven_actors.testing.clock import ManualClock

URL = "http://vtn.example/openadr3/3.1.0"


@dataclass
class Caller:
    """Somebody who wants to send and can be aborted."""

    aborted: bool = False
    waker: Callable[[], None] | None = None

    def abort(self) -> None:
        self.aborted = True
        assert self.waker is not None
        self.waker()


class GateHouse:
    """`went` has the lane and the moment (seconds since the beginning) of each request that was let through.

    Time does not move for waits longer than `longest_wait_s`.
    """

    def __init__(
        self,
        rate: float | None,
        resting: Callable[[], AbstractContextManager[None]] = nullcontext,
        *,
        longest_wait_s: float = 5.0,
    ) -> None:
        self.clock = ManualClock(mono_s=0.0)
        self._longest_wait_s = longest_wait_s
        self.traffic = Traffic(rate, monotonic=self.clock.monotonic, resting=resting, wait=self._wait)
        self.gate: Gate = self.traffic.gate(URL)
        self.went: list[tuple[Lane, float]] = []
        self._waiting: set[int] = set()
        self._look = threading.Event()
        self._let_through = threading.Condition()
        self._threads: list[threading.Thread] = []

    def _wait(self, condition: threading.Condition, wait_s: float | None) -> None:
        self._waiting.add(threading.get_ident())
        if wait_s is None or wait_s > self._longest_wait_s:
            condition.wait()
        else:
            self.clock.advance(wait_s)

    def send(self, lane: Lane, *, answer: tuple[int, float | None] = (200, None), took_s: float = 0.0) -> None:
        with in_lane(lane), self.gate.permit(Caller()) as permit:
            self.went.append((lane, permit.granted_s))
            self.clock.advance(took_s)
            permit.answered(*answer)

    def start(self, work: Callable[[], object]) -> threading.Thread:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def hold(self, lane: Lane) -> threading.Event:
        """A request that goes out and is answered when the event is set; returns once it is out or waits."""
        answered, settled = threading.Event(), threading.Event()

        def work() -> None:
            with in_lane(lane), self.gate.permit(Caller()) as permit:
                with self._let_through:
                    self.went.append((lane, self.clock.mono_s))
                    self._let_through.notify_all()
                settled.set()
                answered.wait(10)
                permit.answered(200, None)

        thread = self.start(work)
        while not settled.is_set() and thread.ident not in self._waiting:
            self._look.wait(0.001)
        return answered

    def until_waits(self, thread: threading.Thread) -> None:
        """Return when this thread has come to the gate and has to wait there."""
        while thread.ident not in self._waiting:
            assert thread.is_alive()
            self._look.wait(0.001)

    def has_let_through(self, count: int) -> bool:
        with self._let_through:
            return self._let_through.wait_for(lambda: len(self.went) >= count, 10)

    def join(self) -> None:
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()


class LaneRecorder(Traffic):
    """Traffic without a limit that records in which lane each request came."""

    def __init__(self) -> None:
        super().__init__(monotonic=ManualClock().monotonic)
        self.lanes: list[Lane] = []

    def gate(self, url: str) -> Gate:
        self.lanes.append(current_lane())
        return super().gate(url)
