"""What became of a run: its exit code, and the line that says why."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from ven_actors.fleet.summary import RunFacts
from ven_actors.model import FleetStatus, VenState

log = structlog.get_logger()

OK, LOST, NOT_REACHED = 0, 1, 3
_SHOWN = 5


def exit_code(facts: RunFacts, ran_s: float) -> int:
    """Judge a run that came to its end and lasted `ran_s`, and log the worst that can be said of it."""
    assert facts.status is not None
    readings, vens = facts.reporter.readings, facts.status.vens
    if facts.this_run.evicted or readings.unaccounted:
        log.error("readings_lost", evicted=facts.this_run.evicted, unaccounted=readings.unaccounted)
        return LOST
    refused = [name for name, ven in vens.items() if ven.state is VenState.REFUSED]
    if refused:
        log.error(
            "credentials_refused", vens=_few(refused), refused=len(refused), of=len(vens),
            reasons=_few(sorted({vens[name].last_error for name in refused})),
            remedy=f"correct their credentials; `ven-actors doctor --vens {refused[0]}` finds out more",
        )  # fmt: skip
        return NOT_REACHED
    if vens and not any(ven.reached for ven in vens.values()):
        _say_why_not_reached(facts.status, ran_s)
        return NOT_REACHED
    if readings.queued:
        log.warning("left_queued", readings=readings.queued, remedy="the next run on this state folder delivers them")
    return OK


def _say_why_not_reached(status: FleetStatus, ran_s: float) -> None:
    reasons = sorted({ven.last_error for ven in status.vens.values() if ven.last_error})
    if status.errors:
        log.error("fleet_could_not_work", reasons=_few(sorted(set(status.errors.values()))))
    elif reasons:
        log.error("vtn_not_reached", reasons=_few(reasons))
    else:
        log.error(
            "run_too_short",
            ran_s=round(ran_s, 1),
            remedy="no VTN had answered yet when it ended; let it run for longer",
        )


def _few(words: Iterable[str]) -> list[str]:
    shown = list(words)
    return shown if len(shown) <= _SHOWN else [*shown[:_SHOWN], f"and {len(shown) - _SHOWN} more"]
