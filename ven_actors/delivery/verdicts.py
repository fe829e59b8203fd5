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
    408: Verdict.AMBIGUOUS,
    409: Verdict.LOOK_UP,
    413: Verdict.REFUSED,
    415: Verdict.REFUSED,
    422: Verdict.REFUSED,
    425: Verdict.HOLD,
    429: Verdict.HOLD,
    501: Verdict.HOLD_SLOWLY,
}


def judge(status: int, *, success: frozenset[int], complete: bool, asks_for_time: bool = False) -> Verdict:
    """Judge a whole answer to a POST. `success` has the statuses that mean success in the dialect.

    `complete` says that its body was a stored report, `asks_for_time` that it has a `Retry-After`: a VTN that says when
    to come back (503) has not taken it. Any other that fails (5xx, 408) may have stored it before it failed, or a
    gateway speaks for it. An unlisted status holds the report, so that no odd status of a gateway
    loses a reading.
    """
    if status in success:
        return Verdict.ACCEPTED if complete else Verdict.AMBIGUOUS
    if 200 <= status < 300:
        return Verdict.AMBIGUOUS
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return Verdict.HOLD if status == 503 and asks_for_time else Verdict.AMBIGUOUS
    return Verdict.HOLD_SLOWLY


def is_passing(status: int) -> bool:
    """Whether an answer to a GET says only that the VTN is in trouble now: to be asked again, not to be believed."""
    return status in {408, 425, 429} or (status >= 500 and status != 501)
