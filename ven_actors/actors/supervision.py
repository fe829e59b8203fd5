"""The rules of supervision, without actors: child specs, restart delays, common causes, who is stalled."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import pykka


class Watched(Protocol):
    """What an actor shows of its doings; see `actors.base.Activity`."""

    @property
    def busy_since(self) -> float | None: ...

    @property
    def last_progress(self) -> float | None: ...


class ChildRef(Watched, Protocol):
    """What a supervisor holds of a started child; `actors.base.FleetRef` is one. Nothing here blocks."""

    def tell(self, message: Any, /) -> None: ...

    def ask(self, message: Any, /, *, block: Literal[False]) -> pykka.Future[Any]: ...

    def end(self) -> None:
        """Stop ahead of what waits in its inbox."""

    def finish(self) -> None:
        """Stop after what waits in its inbox."""

    def abort(self) -> None:
        """Close what it hangs in."""


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """How to start one child, and how long to bear with it.

    `start` builds and starts the actor with this run number; it runs in the supervisor's thread, so it must do no I/O.
    Core children are started in the order given and restarted rest-for-one; VENs come after them, one-for-one.
    Neighbours of the same `level` (default: each core child its own, all VENs one) are stopped together.
    A message in hand for longer than `hang_s` means that the child hangs. An orderly stop may take `stop_s`.
    `last_message` is asked of the child, before it is stopped, when the whole fleet shuts down. VENs are told that a
    drain begins, and so are core children that want to hear it (`hears_drain`).
    """

    name: str
    group: Literal["core", "ven"]
    start: Callable[[int], ChildRef]
    level: str = ""
    hang_s: float = 60.0
    stop_s: float = 10.0
    last_message: object | None = None
    hears_drain: bool = False

    @property
    def stop_level(self) -> str:
        return self.level or (self.name if self.group == "core" else "ven")


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """How long to wait before the next life: `base_s`, then `factor` times as long each time, at most `cap_s`.

    A life of `healthy_s` starts the count anew. Each earlier life that hangs and has not ended yet (a thread that
    cannot be killed) doubles the wait, so that threads do not pile up.
    """

    base_s: float = 0.5
    factor: float = 2.0
    cap_s: float = 60.0
    healthy_s: float = 60.0

    def delay_s(self, failures: int, hanging: int, rng: random.Random) -> float:
        """Seconds to wait after the `failures`-th failure in a row (from 1), with up to half of it taken off."""
        # A power far beyond the cap would overflow in the end.
        growth: float = self.factor ** min(failures - 1, 64)
        patience = 2.0 ** min(hanging, 6)
        return min(self.cap_s, self.base_s * growth) * patience * rng.uniform(0.5, 1.0)


@dataclass(frozen=True, slots=True)
class CommonCausePolicy:
    """This many different VENs down within `within_s` have a common cause; `cooldown_s` passes before the next one."""

    least: int = 3
    share: float = 0.5
    within_s: float = 10.0
    cooldown_s: float = 300.0


class CommonCause:
    """Counts VENs that went down, to tell one VEN's trouble from everybody's."""

    def __init__(self, vens: int, policy: CommonCausePolicy) -> None:
        self._policy = policy
        self._enough = max(policy.least, math.ceil(vens * policy.share))
        self._down_at: dict[str, float] = {}
        self._quiet_until_s = -math.inf

    def note(self, ven: str, mono_s: float) -> int:
        """Note one VEN going down; how many did of late, if that is enough to act on now, else 0."""
        # In order of time, the latest last, so that the old ones are at the front.
        self._down_at.pop(ven, None)
        self._down_at[ven] = mono_s
        while self._down_at[oldest := next(iter(self._down_at))] < mono_s - self._policy.within_s:
            del self._down_at[oldest]
        count = len(self._down_at)
        if count < self._enough or mono_s < self._quiet_until_s:
            return 0
        self._quiet_until_s = mono_s + self._policy.cooldown_s
        return count


class Watch:
    """Says who makes no progress, for whoever looks at regular times from outside the actors (the main thread).

    Only time that was watched counts: after a gap of more than `longest_gap_s` between two looks (a process that was
    stopped, a machine that slept) the gap counts as that much.
    """

    def __init__(self, limit_s: float, longest_gap_s: float = 5.0) -> None:
        self._limit_s = limit_s
        self._longest_gap_s = longest_gap_s
        self._looked_s: float | None = None
        self._seen: dict[str, tuple[Watched, float | None, float]] = {}

    def stalled(self, actors: Mapping[str, Watched], mono_s: float) -> tuple[str, ...]:
        """One line for each of these (by name) that has made no progress for longer than the limit.

        They have to be told something regularly (a pulse): waiting is no progress either.
        """
        gap_s = 0.0 if self._looked_s is None else min(mono_s - self._looked_s, self._longest_gap_s)
        self._looked_s = mono_s
        seen = {}
        for name, actor in actors.items():
            before = self._seen.get(name)
            progress = actor.last_progress
            same = before is not None and before[0] is actor and before[1] == progress
            seen[name] = (actor, progress, before[2] + gap_s if same and before else 0.0)
        self._seen = seen
        return tuple(
            f"{name}: no progress for {still_s:.0f} s (limit {self._limit_s:g} s), "
            + ("busy with one message" if actor.busy_since is not None else "not handling messages")
            for name, (actor, _, still_s) in seen.items()
            if still_s > self._limit_s
        )
