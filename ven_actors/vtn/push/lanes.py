"""Delivery in the background: in order within a lane, side by side between lanes, with bounded patience."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from ven_actors.vtn.facts import Clock

_LAST_TRIES_S = 2.0

log = logging.getLogger("ven_actors.vtn")


class Outcome(Enum):
    DELIVERED = auto()
    AGAIN = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification to one callback; those of one `owner` (subscription) and `url` keep their order."""

    owner: str
    url: str
    token: str | None = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def lane(self) -> tuple[str, str]:
        return self.owner, self.url


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a notice is tried again and after which waits, how many may wait in a lane, and how many at once."""

    retry_after_s: tuple[float, ...] = (1.0, 5.0, 15.0)
    most_waiting: int = 1000
    threads: int = 8


@dataclass(slots=True)
class _Lane:
    waiting: deque[Notice] = field(default_factory=deque)
    failures: int = 0


class Lanes:
    """`send` is called in threads of this class, never for two notices of one lane at the same time."""

    def __init__(self, send: Callable[[Notice], Outcome], mono_s: Clock, patience: Patience | None = None) -> None:
        self._send = send
        self._mono_s = mono_s
        self._patience = patience or Patience()
        self._changed = threading.Condition()
        self._lanes: dict[tuple[str, str], _Lane] = {}
        self._ready: deque[_Lane] = deque()
        self._later: list[tuple[float, int, _Lane]] = []
        self._count = itertools.count()
        self._failing: set[str] = set()
        self._threads: list[threading.Thread] = []
        self._closed = False

    def put(self, notice: Notice) -> None:
        """Never blocks; where too many wait already, the oldest of them that is not on its way goes."""
        with self._changed:
            if self._closed:
                return
            lane = self._lanes.get(notice.lane)
            if lane is None:
                lane = self._lanes[notice.lane] = _Lane()
                self._ready.append(lane)
                self._start_thread()
            lane.waiting.append(notice)
            if len(lane.waiting) > self._patience.most_waiting:
                del lane.waiting[1]
            self._changed.notify()

    def forget(self, owner: str) -> None:
        """Drop what waits for a subscription that is no more, or no more the same."""
        with self._changed:
            for (whose, _), lane in self._lanes.items():
                if whose == owner:
                    while len(lane.waiting) > 1:
                        lane.waiting.pop()
                    lane.failures = len(self._patience.retry_after_s)

    def close(self) -> None:
        """Finish what is soon done and drop the rest. May be called twice."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(_LAST_TRIES_S / len(self._threads))

    def _start_thread(self) -> None:
        if len(self._threads) < min(self._patience.threads, len(self._lanes)):
            thread = threading.Thread(target=self._run, name=f"vtn-webhook-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _run(self) -> None:
        while (lane := self._next()) is not None:
            notice = lane.waiting[0]
            self._settle(lane, notice, self._send(notice))

    def _next(self) -> _Lane | None:
        with self._changed:
            while not self._closed:
                now_s = self._mono_s()
                while self._later and self._later[0][0] <= now_s:
                    self._ready.append(heapq.heappop(self._later)[2])
                if self._ready:
                    return self._ready.popleft()
                self._changed.wait(self._later[0][0] - now_s if self._later else None)
        return None

    def _settle(self, lane: _Lane, notice: Notice, outcome: Outcome) -> None:
        with self._changed:
            self._say(notice.url, outcome)
            if outcome is Outcome.AGAIN and lane.failures < len(self._patience.retry_after_s):
                wait_s = self._patience.retry_after_s[lane.failures]
                lane.failures += 1
                heapq.heappush(self._later, (self._mono_s() + wait_s, next(self._count), lane))
            else:
                lane.failures = 0
                lane.waiting.popleft()
                if lane.waiting:
                    self._ready.append(lane)
                else:
                    del self._lanes[notice.lane]
            self._changed.notify()

    def _say(self, url: str, outcome: Outcome) -> None:
        if outcome is Outcome.DELIVERED:
            if url in self._failing:
                self._failing.discard(url)
                log.warning("webhook_back url=%s", url)
        elif url not in self._failing:
            self._failing.add(url)
            log.warning("webhook_fails url=%s outcome=%s", url, outcome.name.lower())
