"""What a check comes to, in words for the one who has to act."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` was seen; where that is not good, `why` it matters and what to do about it (`remedy`)."""

    verdict: Verdict
    what: str
    why: str = ""
    remedy: str = ""

    @property
    def holds_up(self) -> bool:
        """Whether checks that need this one cannot be tried."""
        return self.verdict in {Verdict.BAD, Verdict.SKIPPED}


def good(what: str) -> Finding:
    return Finding(Verdict.GOOD, what)


def warning(what: str, why: str, remedy: str) -> Finding:
    return Finding(Verdict.WARNING, what, why, remedy)


def bad(what: str, why: str, remedy: str) -> Finding:
    return Finding(Verdict.BAD, what, why, remedy)


def skipped(what: str) -> Finding:
    return Finding(Verdict.SKIPPED, what)
