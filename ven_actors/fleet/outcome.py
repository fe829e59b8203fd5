"""What became of a run: its exit code, and the lines that say why; the summary has the same words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import structlog

from ven_actors.fleet.summary import RunFacts, has_failed, has_fallen
from ven_actors.model import VenState, VenStatus

log = structlog.get_logger()

OK, LOST, NOT_REACHED, INTERNAL = 0, 1, 3, 70
_SHOWN = 5


def exit_code(facts: RunFacts, ran_s: float) -> int:
    """Judge a run that came to its end and lasted `ran_s`, log what is to be said of it, and note it in `facts`."""
    assert facts.status is not None
    readings, vens = facts.reporter.readings, list(facts.status.vens.values())
    refused = [ven for ven in vens if ven.state is VenState.REFUSED]
    if facts.this_run.evicted or readings.unaccounted:
        lost = f"{facts.this_run.evicted} readings evicted, {readings.unaccounted} unaccounted"
        facts.error = f"readings were lost: {lost}"
        log.error("readings_lost", evicted=facts.this_run.evicted, unaccounted=readings.unaccounted)
        _warn_of_failed(facts, vens)
        return LOST
    if refused:
        _say_refused(facts, refused, len(vens))
        _warn_of_failed(facts, [ven for ven in vens if ven not in refused])
        return NOT_REACHED
    if vens and (code := _nobody_worked(facts, vens, ran_s)):
        return code
    _warn_of_failed(facts, vens)
    if readings.queued:
        remedy = "the next run on this state folder delivers them"
        facts.warnings.append(f"{readings.queued} readings are left queued; {remedy}")
        log.warning("left_queued", readings=readings.queued, remedy=remedy)
    return OK


def _say_refused(facts: RunFacts, refused: Sequence[VenStatus], of: int) -> None:
    reasons = _few(sorted({ven.last_error for ven in refused}))
    facts.error = f"the credentials of {len(refused)} of {of} VENs are refused: {'; '.join(reasons)}"
    log.error(
        "credentials_refused", vens=_few(ven.name for ven in refused), refused=len(refused), of=of, reasons=reasons,
        remedy=f"correct their credentials; `ven-actors doctor --vens {refused[0].name}` finds out more",
    )  # fmt: skip


def _nobody_worked(facts: RunFacts, vens: Sequence[VenStatus], ran_s: float) -> int:
    """The exit code where no VEN did its work, and the reason said; else 0."""
    assert facts.status is not None
    core = [f"{name}: {error}" for name, error in sorted(facts.status.errors.items())]
    has_reached = any(ven.reached for ven in vens)
    if all(has_fallen(ven) for ven in vens) or (core and not has_reached):
        reasons = _few(core or _last_errors(vens))
        _say_failed(
            facts, "fleet_could_not_work", "the fleet failed of itself, not of its VTN", reasons,
            "the queue is safe: start again; if it stays, report the `child_down` lines above",
        )  # fmt: skip
        return INTERNAL
    if has_reached:
        return OK
    reasons = _few(_last_errors(vens))
    doctor = f"`ven-actors doctor --vens {vens[0].name}` with the same options finds out more"
    if any(ven.answered for ven in vens):
        meaning = "the VTN or its token endpoint answered, but no VEN could work with it"
        _say_failed(facts, "vtn_unusable", meaning, reasons, doctor)
    elif reasons:
        _say_failed(facts, "vtn_not_reached", "the VTN never answered", reasons, doctor)
    else:
        remedy = "no VTN had answered yet when it ended; let it run for longer"
        facts.error = f"the run ended after {ran_s:.1f} s; {remedy}"
        log.error("run_too_short", ran_s=round(ran_s, 1), remedy=remedy)
    return NOT_REACHED


def _say_failed(facts: RunFacts, event: str, meaning: str, reasons: Sequence[str], remedy: str) -> None:
    facts.error = f"{meaning}: {'; '.join(reasons)}"
    log.error(event, meaning=meaning, reasons=reasons, remedy=remedy)


def _warn_of_failed(facts: RunFacts, vens: Sequence[VenStatus]) -> None:
    failed = [ven for ven in vens if has_failed(ven)]
    if not failed:
        return
    assert facts.status is not None
    of = len(facts.status.vens)
    shown = _few(f"{ven.name} ({ven.state}): {ven.last_error or 'no error known'}" for ven in failed)
    facts.warnings.append(f"{len(failed)} of {of} VENs ended failed: {'; '.join(shown)}")
    log.warning(
        "vens_failed", failed=len(failed), of=of, vens=shown,
        remedy="the next run goes on where they stopped; one that is restarting failed of itself (see its `child_down` "
        f"line), of the others `ven-actors doctor --vens {failed[0].name}` finds out more",
    )  # fmt: skip


def _last_errors(vens: Sequence[VenStatus]) -> list[str]:
    return sorted({ven.last_error for ven in vens if ven.last_error})


def _few(words: Iterable[str]) -> list[str]:
    shown = list(words)
    return shown if len(shown) <= _SHOWN else [*shown[:_SHOWN], f"and {len(shown) - _SHOWN} more"]
