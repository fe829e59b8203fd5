"""To ClockActor."""

from __future__ import annotations

from dataclasses import dataclass

from ven_actors.messages.peer import Peer
from ven_actors.messages.ven import Tick


@dataclass(frozen=True, slots=True)
class Advance:
    """Wall and monotonic time have come this far, in seconds. Waiting ones coalesce: the latest wins."""

    wall_s: float
    mono_s: float

    def merged_with(self, newer: Advance) -> Advance:
        return newer


@dataclass(frozen=True, slots=True)
class Subscribe:
    """`peer` wants `Tick`s for `jobs`; a later subscription of the same name replaces the earlier one.

    One of an older `run` than the clock has seen for that name is ignored.
    """

    name: str
    peer: Peer[Tick]
    jobs: frozenset[str]
    run: int = 0


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """No more `Tick`s for `name`; ignored if a younger run than `run` has subscribed. A dead peer need not tell."""

    name: str
    run: int | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Stop these jobs, or all with None: they are not due until `Resume`. Pulses go on.

    Where metering is paused, the simulated time that subscribers are told stands still.
    """

    jobs: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Resume:
    """What was missed meanwhile is due once, at once."""

    jobs: frozenset[str] | None = None


ToClock = Advance | Subscribe | Unsubscribe | Pause | Resume
