"""Verdicts: what an answer to a POST of a report means (design section 3, table of answers)."""

from __future__ import annotations

from enum import Enum, auto


class Verdict(Enum):
    ACCEPTED = auto()
    AMBIGUOUS = auto()
    LOOK_UP = auto()
    REFUSED = auto()
    ASK_FOR_EVENT = auto()
    HOLD = auto()
    HOLD_SLOWLY = auto()


_BY_STATUS = {
    400: Verdict.REFUSED,
    401: Verdict.HOLD_SLOWLY,
    403: Verdict.HOLD_SLOWLY,
    404: Verdict.ASK_FOR_EVENT,
    405: Verdict.HOLD_SLOWLY,
    408: Verdict.HOLD,
    409: Verdict.LOOK_UP,
    413: Verdict.REFUSED,
    415: Verdict.REFUSED,
    422: Verdict.REFUSED,
    425: Verdict.HOLD,
    429: Verdict.HOLD,
    501: Verdict.HOLD_SLOWLY,
}


def judge(status: int, *, success: frozenset[int], complete: bool) -> Verdict:
    """Judge a whole answer. `success` is what the dialect calls so; `complete` says that its body was a stored report.

    A status that nobody listed holds the report: nothing is ever lost because a gateway had an idea of its own.
    """
    if status in success:
        return Verdict.ACCEPTED if complete else Verdict.AMBIGUOUS
    if 200 <= status < 300:
        return Verdict.AMBIGUOUS
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return Verdict.HOLD
    return Verdict.HOLD_SLOWLY
