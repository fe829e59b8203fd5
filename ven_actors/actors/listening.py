"""What a VEN makes of push: hints are read at once, polling goes on more slowly, and neither is believed (R40)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import structlog

from ven_actors.messages import Hint, Peer

log = structlog.get_logger()

HINTS_AT_ONCE = 20
ONE_MORE_EVERY_S = 10.0
# A VTN that takes longer for one reading is slow, or many wait for it.
SLOW_READING_S = 1.0
RESTS_TIMES = 3.0
# A reading that hung, or registered a VEN that its VTN had lost, says little of the next one.
LONGEST_REST_S = 60.0


class Push(Protocol):
    """How a VEN hears of changes between two polls. Neither call raises `VtnError`."""

    def keep(self, peer: Peer[Hint], ven_id: str, program_ids: tuple[str, ...], /) -> None:
        """Arrange what is missing so that `peer` gets hints; may take some requests. Called after every crawl."""

    def healthy(self) -> bool:
        """Whether a change would be heard of, as far as is known; asks nobody."""


class NoPush:
    """A VEN that polls and nothing else."""

    def keep(self, peer: Peer[Hint], ven_id: str, program_ids: tuple[str, ...], /) -> None: ...

    def healthy(self) -> bool:
        return False


class Listening:
    """When to read the VTN; monotonic time is a parameter.

    A hint is followed at once, `HINTS_AT_ONCE` times in a row and then once every `ONE_MORE_EVERY_S`; what comes too
    soon waits, as one, for the next tick. While push is healthy, polls that only the schedule asks for are left out
    until `slow_poll_s` have passed since the last reading. A change that no hint announced ends that until there is a
    hint again: a VTN may take a subscription and never call. On a slow VTN a VEN reads at most a quarter of the time,
    so that reports get through.
    """

    def __init__(self, ven: str, healthy: Callable[[], bool], slow_poll_s: float) -> None:
        self._ven = ven
        self._healthy = healthy
        self._slow_poll_s = slow_poll_s
        self._left = float(HINTS_AT_ONCE)
        self._counted_s = float("-inf")
        self._hinted = False
        self._read_s = float("-inf")
        self._doubted = False
        self._rests_until_s = float("-inf")
        self._is_slow = False

    def hinted(self, mono_s: float) -> bool:
        """A hint came: whether to read now."""
        self._hinted, self._doubted = True, False
        return self._take(mono_s)

    def is_due(self, jobs: frozenset[str], mono_s: float) -> bool:
        """Whether to read, of all jobs that read and are due."""
        if self._hinted and self._take(mono_s):
            return True
        may_wait = self._is_heard_enough(mono_s) or mono_s < self._rests_until_s
        return bool(jobs) and not (jobs == {"polling"} and may_wait)

    def has_read(self, began_s: float, mono_s: float, *, changed: bool) -> None:
        self._rest(mono_s - began_s, mono_s)
        self._doubted = self._doubted or (changed and not self._hinted and self._healthy())
        self._hinted, self._read_s = False, mono_s

    def has_failed(self) -> None:
        """What was to be read still is: from now on as the schedule says."""
        self._hinted, self._read_s = False, float("-inf")

    def _rest(self, took_s: float, mono_s: float) -> None:
        is_slow, rest_s = took_s > SLOW_READING_S, min(LONGEST_REST_S, RESTS_TIMES * took_s)
        if is_slow and not self._is_slow:
            facts = {"reading_took_s": round(took_s, 1), "next_poll_after_s": round(rest_s, 1)}
            log.info("vtn_slow", ven=self._ven, **facts, meaning="polls are further apart, so that reports get through")
        self._is_slow, self._rests_until_s = is_slow, mono_s + (rest_s if is_slow else 0.0)

    def _is_heard_enough(self, mono_s: float) -> bool:
        return mono_s < self._read_s + self._slow_poll_s and not self._doubted and self._healthy()

    def _take(self, mono_s: float) -> bool:
        since_s = max(0.0, mono_s - self._counted_s)
        self._left = min(float(HINTS_AT_ONCE), self._left + since_s / ONE_MORE_EVERY_S)
        self._counted_s = max(self._counted_s, mono_s)
        if self._left < 1:
            return False
        self._left -= 1
        return True
