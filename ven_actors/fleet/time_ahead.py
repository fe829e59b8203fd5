"""A fleet whose time an earlier, faster run has left ahead of the clock, by which its VTN and its operator go."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from ven_actors.durations import duration_text

log = structlog.get_logger()

_REMEDY = "events and reports of this run are later than the clock by that; give another --state to begin at its time"


def warn_if_ahead(sim_start_s: float | None, wall_s: float) -> list[str]:
    """A warning, logged too, where simulated time begins a second or more ahead of the wall's; else nothing."""
    ahead_s = int((sim_start_s or wall_s) - wall_s)
    if ahead_s < 1:
        return []
    begins = datetime.fromtimestamp(wall_s + ahead_s, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    ahead = duration_text(ahead_s)
    log.warning("time_ahead", ahead=ahead, begins=begins, reason="an earlier run had a --speed", remedy=_REMEDY)
    return [f"the fleet's time is {ahead} ahead of the clock, where an earlier run with --speed left it; {_REMEDY}"]
