"""Which request goes next of those that wait for one origin. Pure: monotonic time is a parameter."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ven_actors.openadr.flights import Permit
from ven_actors.openadr.lanes import Lane

LONGEST_WAIT_S = 5.0
# Permits stop for a moment where fewer requests may be in flight from now on.
_IN_GOOD_TIME_S = 1.5


@dataclass(slots=True, eq=False)
class Ticket:
    """One request that waits. `wake` lets its thread look again; a lower `rank` goes first in its lane."""

    lane: Lane
    wake: Callable[[], None]
    joined_s: float
    rank: int = 0
    permit: Permit | None = None
    gone: bool = False


@dataclass(slots=True)
class _Queue:
    heap: list[tuple[int, int, Ticket]] = field(default_factory=list)
    served_s: float = float("-inf")

    def head(self) -> Ticket | None:
        while self.heap and self.heap[0][2].gone:
            heapq.heappop(self.heap)
        return self.heap[0][2] if self.heap else None


class Line:
    """A queue per lane. The first lane goes first, unless another would then wait longer than `LONGEST_WAIT_S`.

    This holds as long as permits come often enough; otherwise the lanes take turns.
    """

    def __init__(self) -> None:
        self._queues = {lane: _Queue() for lane in Lane}
        self._numbers = itertools.count()

    def join(self, ticket: Ticket) -> None:
        heapq.heappush(self._queues[ticket.lane].heap, (ticket.rank, next(self._numbers), ticket))

    def waiting(self) -> Iterator[Ticket]:
        return (ticket for queue in self._queues.values() for _, _, ticket in queue.heap if not ticket.gone)

    def next(self, now_s: float, gap_s: float, may_go: Callable[[Lane], bool]) -> Ticket | None:
        """Whose turn it is at `now_s`, of the lanes that `may_go`. `gap_s` is the time between two permits."""
        heads = [head for head in (queue.head() for queue in self._queues.values()) if head and may_go(head.lane)]
        if not heads:
            return None
        urgent = sorted(heads[1:], key=self._deadline_s)
        late = any(now_s + number * gap_s > self._deadline_s(head) for number, head in enumerate(urgent, 1))
        return min(heads, key=self._deadline_s) if late else heads[0]

    def serve(self, ticket: Ticket, now_s: float) -> None:
        queue = self._queues[ticket.lane]
        assert queue.head() is ticket
        heapq.heappop(queue.heap)
        queue.served_s = now_s

    def _deadline_s(self, head: Ticket) -> float:
        return max(head.joined_s, self._queues[head.lane].served_s) + LONGEST_WAIT_S - _IN_GOOD_TIME_S
