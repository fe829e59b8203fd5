"""Whoever can be told a message, and the beat that more than one kind of actor is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

M_contra = TypeVar("M_contra", contravariant=True)


class Peer(Protocol[M_contra]):
    """Whoever can be told an `M`: a Pykka actor ref, or a probe in a test."""

    def tell(self, message: M_contra, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Pulse:
    """The pacemaker's beat for actors that wait for time, not for a schedule (reporter, supervisor).

    `now_s` is simulated time, `mono_s` the monotonic clock. Waiting pulses coalesce: the latest wins.
    """

    now_s: float
    mono_s: float

    def merged_with(self, newer: Pulse) -> Pulse:
        return newer
