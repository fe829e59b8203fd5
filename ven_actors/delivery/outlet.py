"""An outlet: what belongs to one origin on the way out: senders, throttle, and whose reports are ready."""

from __future__ import annotations

import math
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ven_actors.delivery.entries import Sendable
    from ven_actors.delivery.outbox import VenOutbox
    from ven_actors.delivery.throttle import Throttle

# A report is live until two more of its windows have ended, and for so long at least; then it is backlog.
LIVE_WINDOWS = 2
LIVE_AT_LEAST_S = 30.0
LONGEST_WAIT_S = 5.0


def is_backlog(report: Sendable, sim_now_s: float, speed: float = 1.0) -> bool:
    """Whether the window of this report ended long ago, by its own cadence; `speed`: simulated seconds per second."""
    whole = report.whole
    live_s = max(LIVE_AT_LEAST_S * speed, LIVE_WINDOWS * (whole.end_s - whole.start_s))
    return sim_now_s - whole.end_s > live_s


@dataclass(slots=True)
class Outlet:
    """VENs whose next report is live wait in `ready`, those with backlog in `late`.

    The live ones go first; the backlog gets a turn every `LONGEST_WAIT_S` at least, and never all of the senders, as
    they wait at the origin's gate with it, where it comes last.
    """

    throttle: Throttle
    senders: set[str] = field(default_factory=set)
    vens: set[str] = field(default_factory=set)
    free: deque[str] = field(default_factory=deque)
    ready: deque[VenOutbox] = field(default_factory=deque)
    late: deque[VenOutbox] = field(default_factory=deque)
    flying: Counter[str] = field(default_factory=Counter)
    in_the_air: int = 0
    late_in_the_air: int = 0
    late_s: float = -math.inf

    def has_work(self, now_s: float) -> bool:
        is_any = self.ready or (self.late and self.has_sender_for_late())
        return bool(self.free and is_any) and self.throttle.wait_s(now_s, self.in_the_air) <= 0

    def add(self, outbox: VenOutbox, now_s: float, *, late: bool) -> None:
        """A VEN has a report that may go out now."""
        if late and not self.late:
            self.late_s = max(self.late_s, now_s)
        (self.late if late else self.ready).append(outbox)

    def pop(self, now_s: float) -> VenOutbox:
        """Whose turn it is; only while `has_work`."""
        is_late_due = self.late and self.has_sender_for_late() and now_s >= self.late_s + LONGEST_WAIT_S
        return self.late.popleft() if is_late_due or not self.ready else self.ready.popleft()

    def has_share_left(self, ven: str, *, is_troubled: bool) -> bool:
        """Say whether this VEN may take one more sender.

        One whose reports fail gets one. Any other gets half of them, or all where no other VEN reports: four hung POSTs
        of one VEN must not silence the rest.
        """
        share = 1 if is_troubled else len(self.senders) if len(self.vens) == 1 else (len(self.senders) + 1) // 2
        return self.flying[ven] < share

    def takes_off(self, ven: str, now_s: float, *, late: bool) -> None:
        self.flying[ven] += 1
        self.in_the_air += 1
        if late:
            self.late_in_the_air += 1
            self.late_s = now_s

    def lands(self, ven: str, *, late: bool) -> None:
        self.flying[ven] -= 1
        self.in_the_air -= 1
        self.late_in_the_air -= late

    def has_sender_for_late(self) -> bool:
        """Whether one more of the backlog may go out."""
        return self.late_in_the_air < max(1, len(self.senders) - 1)
