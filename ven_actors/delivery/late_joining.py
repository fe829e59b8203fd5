"""Joining late: from when on a request that is seen for the first time is owed (R33). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ven_actors.delivery.entries import NextWindow
    from ven_actors.model import ReportRequest


def last_missed_s(request: ReportRequest, next_window: NextWindow, since_s: float, until_s: float) -> float:
    """Return a time after which the next window is the last that ends by `until_s`; `until_s` if there is none.

    Looks no further back than `since_s`, and takes some dozens of steps however many windows lie between.
    """
    window = next_window(request, since_s)
    if window is None or window.end_s > until_s:
        return until_s
    before_s, beyond_s = since_s, until_s
    while (following := next_window(request, window.end_s)) is not None and following.end_s <= until_s:
        middle_s = (window.end_s + beyond_s) / 2
        later = next_window(request, middle_s)
        if later is not None and later.end_s <= until_s:
            before_s, window = middle_s, later
        else:
            before_s, window, beyond_s = window.end_s, following, middle_s
    return before_s
