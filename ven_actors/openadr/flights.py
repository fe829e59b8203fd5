"""The requests in flight to one origin, by lane. Pure: monotonic time is a parameter."""

from __future__ import annotations

from collections import Counter, deque

from ven_actors.openadr.lanes import Lane, is_of_reports

# A request without an answer by then gives up its slot, so that hanging requests do not block all others.
HANGS_AFTER_S = 10.0
_ASK_FOR_TIME = frozenset({429, 503})


class Permit:
    """One request that may go out now; `answered` is called with the origin's answer, if there is one.

    `in_flight` counts those that were in flight when it was granted, itself included.
    """

    def __init__(self, lane: Lane, granted_s: float, in_flight: int) -> None:
        self.lane = lane
        self.granted_s = granted_s
        self.in_flight = in_flight
        self.is_answered = False
        self.asked_s: float | None = None
        self.takes_slot = True

    def answered(self, status: int, retry_after_s: float | None) -> None:
        """A complete answer. Where it asks for time, nothing goes to this origin for so long, at most an hour."""
        self.is_answered = True
        self.asked_s = retry_after_s if status in _ASK_FOR_TIME else None


class Flights:
    """Counts the slots that are taken; a request takes one until it ends, or hangs."""

    def __init__(self) -> None:
        self._taken: Counter[Lane] = Counter()
        self._begun: deque[Permit] = deque()

    @property
    def total(self) -> int:
        return self._taken.total()

    @property
    def of_reports(self) -> int:
        return sum(count for lane, count in self._taken.items() if is_of_reports(lane))

    def of(self, lane: Lane) -> int:
        return self._taken[lane]

    def begins(self, lane: Lane, now_s: float) -> Permit:
        self._taken[lane] += 1
        permit = Permit(lane, now_s, self.total)
        self._begun.append(permit)
        return permit

    def ends(self, permit: Permit) -> None:
        if permit.takes_slot:
            permit.takes_slot = False
            self._taken[permit.lane] -= 1

    def let_go(self, now_s: float) -> None:
        """What hangs by now takes no slot from here on."""
        while self._begun and (not self._begun[0].takes_slot or now_s >= self._begun[0].granted_s + HANGS_AFTER_S):
            self.ends(self._begun.popleft())

    def next_s(self, now_s: float) -> float | None:
        """Seconds until the next request hangs and its slot is free; None if none takes one."""
        self.let_go(now_s)
        return self._begun[0].granted_s + HANGS_AFTER_S - now_s if self._begun else None
