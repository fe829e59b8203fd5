"""What became of a run: its exit code, and the lines that say why; the summary has the same words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import structlog

from ven_actors.fleet.disk import full_disk
from ven_actors.fleet.remedies import doctor_line
from ven_actors.fleet.summary import RunFacts, has_failed, has_fallen
from ven_actors.fleet.waiting import left_out, queued_by_ven, say_left_out
from ven_actors.model import VenState, VenStatus

log = structlog.get_logger()

OK, LOST, NOT_REACHED, INTERNAL = 0, 1, 3, 70
_SHOWN = 5
_BEFORE_REGISTRATION = frozenset({VenState.STARTING, VenState.ENROLLING})


def exit_code(facts: RunFacts, ran_s: float) -> int:
    """Judge a run that came to its end and lasted `ran_s`, log what is to be said of it, and note it in `facts`.

    A run in which a VEN worked is not failed by others that did not: they, and what is left, are warnings.
    """
    assert facts.status is not None
    vens, delivered = list(facts.status.vens.values()), facts.delivered
    worked = [ven for ven in vens if ven.name in delivered or (ven.reached and ven.state is not VenState.REFUSED)]
    code = _readings_lost(facts) or _nobody_worked(facts, vens, worked, ran_s) or _all_lost(facts, vens)
    failed = [ven for ven in vens if has_failed(ven, delivered)]
    if code in {OK, LOST}:
        refused = [ven for ven in failed if ven.state is VenState.REFUSED]
        if refused:
            _warn_of_refused(facts, refused, len(vens))
        _warn_of_failed(facts, [ven for ven in failed if ven not in refused])
        _warn_of_lost(facts, [ven for ven in vens if ven.state is VenState.VTN_LOST and ven not in failed])
        _warn_of_unregistered(facts, [ven for ven in vens if ven.unregistered and ven not in failed])
    warn_of_what_is_left(facts)
    return code


def say_broken_off(facts: RunFacts, requests: int | None) -> None:
    """Say, in one line, that a drain ended before all was delivered, and how many requests the fleet closed itself.

    `requests` None: it did not. What is open is known only once the actors have ended.
    """
    reports = facts.reporter.reports_open
    if requests is None or not (requests or reports):
        return
    if not reports:
        what = f"the drain ended while requests had no answer yet ({requests}); the fleet broke them off itself"
        facts.warnings.append(what)
        log.warning("drain_cut_short", reports_open=0, requests_broken_off=requests, meaning="no report is open")
        return
    remedy = "the next run on this state folder looks up what was in flight, and delivers the rest"
    what = f"the drain ended with {reports} reports open; the fleet broke off {requests} requests itself"
    facts.warnings.append(f"{what}; {remedy}")
    log.warning("drain_cut_short", reports_open=reports, requests_broken_off=requests, remedy=remedy)


def _readings_lost(facts: RunFacts) -> int:
    evicted, unaccounted = facts.this_run.evicted, facts.reporter.readings.unaccounted
    if not evicted and not unaccounted:
        return OK
    disk = _full_disk(facts)
    facts.error = f"readings were lost: {evicted} readings evicted, {unaccounted} unaccounted" + (disk and f"; {disk}")
    log.error("readings_lost", evicted=evicted, unaccounted=unaccounted, **({"disk": disk} if disk else {}))
    return LOST


def _nobody_worked(facts: RunFacts, vens: Sequence[VenStatus], worked: Sequence[VenStatus], ran_s: float) -> int:
    """The exit code where no VEN did its work, or all ended by a fault of ours, and the reason said; else 0."""
    assert facts.status is not None
    core = [f"{name}: {error}" for name, error in sorted(facts.status.errors.items())]
    if disk := _full_disk(facts):
        _say_failed(facts, "disk_full", disk, _few(core), "make room on that disk; the queue is safe: start again")
        return INTERNAL
    if vens and (all(has_fallen(ven) for ven in vens) or (core and not worked)):
        reasons = _few(core or _last_errors(vens))
        _say_failed(
            facts, "fleet_could_not_work", "the fleet failed of itself, not of its VTN", reasons,
            "the queue is safe: start again; if it stays, report the `child_down` lines above",
        )  # fmt: skip
        return INTERNAL
    if worked or not vens:
        return OK
    refused = [ven for ven in vens if ven.state is VenState.REFUSED]
    reasons = _few(_last_errors(vens))
    doctor = f"`{doctor_line(facts.config, vens[0].name)}` finds out more"
    if refused:
        _say_refused(facts, refused, len(vens))
    elif any(ven.answered for ven in vens):
        meaning = "the VTN or its token endpoint answered, but no VEN could work with it"
        _say_failed(facts, "vtn_unusable", meaning, reasons, doctor)
    elif reasons:
        _say_failed(facts, "vtn_not_reached", "the VTN never answered", reasons, doctor)
    else:
        remedy = "no VTN had answered yet when it ended; let it run for longer"
        facts.error = f"the run ended after {ran_s:.1f} s; {remedy}"
        log.error("run_too_short", ran_s=round(ran_s, 1), remedy=remedy)
    return NOT_REACHED


def _full_disk(facts: RunFacts) -> str:
    """Name the disk if it is why a part of the fleet failed at the end; the VENs' own errors are of their VTNs."""
    return "" if facts.status is None else full_disk(facts.config.state, facts.status.errors.values())


def _all_lost(facts: RunFacts, vens: Sequence[VenStatus]) -> int:
    """The exit code where VENs worked, and the VTN keeps none of them registered any more; else 0."""
    states = {ven.state for ven in vens}
    if VenState.UNREGISTERED not in states or not states <= {VenState.UNREGISTERED, VenState.REFUSED}:
        return OK
    meaning = "no VEN is registered at its VTN any more, though they worked before"
    remedy = f"`{doctor_line(facts.config, vens[0].name)}` finds out more; what is queued is kept"
    _say_failed(facts, "registrations_lost", meaning, _few(_last_errors(vens)), remedy)
    return NOT_REACHED


def _say_refused(facts: RunFacts, refused: Sequence[VenStatus], of: int) -> None:
    reasons = _few(sorted({ven.last_error for ven in refused}))
    facts.error = f"the credentials of {len(refused)} of {of} VENs are refused: {'; '.join(reasons)}"
    log.error("credentials_refused", **_refused_facts(facts, refused, of))


def _warn_of_refused(facts: RunFacts, refused: Sequence[VenStatus], of: int) -> None:
    shown = _few(f"{ven.name}: {ven.last_error}" for ven in refused)
    facts.warnings.append(f"the credentials of {len(refused)} of {of} VENs are refused: {'; '.join(shown)}")
    log.warning("credentials_refused", **_refused_facts(facts, refused, of))


def _refused_facts(facts: RunFacts, refused: Sequence[VenStatus], of: int) -> dict[str, Any]:
    return {
        "vens": _few(ven.name for ven in refused),
        "refused": len(refused),
        "of": of,
        "reasons": _few(sorted({ven.last_error for ven in refused})),
        "remedy": f"correct their credentials; `{doctor_line(facts.config, refused[0].name)}` finds out more",
    }


def _warn_of_lost(facts: RunFacts, lost: Sequence[VenStatus]) -> None:
    """VENs that worked, and could not work with their VTN when the run ended."""
    if not lost:
        return
    assert facts.status is not None
    of, reasons = len(facts.status.vens), _few(_last_errors(lost))
    facts.warnings.append(
        f"{len(lost)} of {of} VENs worked, and had trouble with their VTN when the run ended: {'; '.join(reasons)}"
    )
    log.warning(
        "vtn_lost_at_end", vens=_few(ven.name for ven in lost), lost=len(lost), of=of, reasons=reasons,
        remedy=f"`{doctor_line(facts.config, lost[0].name)}` finds out more",
    )  # fmt: skip


def _warn_of_unregistered(facts: RunFacts, unregistered: Sequence[VenStatus]) -> None:
    """VENs that worked though the VTN has none of them; where it does not take their reports either, that as well."""
    if not unregistered:
        return
    assert facts.status is not None
    reporter, of = facts.reporter, len(facts.status.vens)
    queued = {ven.name: reporter.by_ven[ven.name].queued for ven in unregistered if ven.name in reporter.by_ven}
    answers = sorted({reporter.last_error_by_ven.get(name, "") for name, count in queued.items() if count} - {""})
    reasons = _few(sorted({ven.unregistered for ven in unregistered}))
    held = (
        f"; {sum(queued.values())} of their readings are held, as their reports are not accepted: " if answers else ""
    )
    facts.warnings.append(
        f"{len(unregistered)} of {of} VENs are not registered, as the VTN has no vens or resources for them, and their "
        f"reports cannot be tied to a ven: {'; '.join(reasons)}{held}{'; '.join(_few(answers))}"
    )
    log.warning(
        "vens_not_registered", vens=_few(ven.name for ven in unregistered), unregistered=len(unregistered), of=of,
        reasons=reasons, reports=_few(answers),
        remedy=f"none needed if this is intended; `{doctor_line(facts.config, unregistered[0].name)}` finds out more",
    )  # fmt: skip


def warn_of_what_is_left(facts: RunFacts) -> None:
    facts.warnings.extend(facts.reporter.warnings)
    facts.warnings.extend(each.said for each in facts.others())
    facts.warnings.extend(facts.not_deleted())
    queued, quarantined = facts.reporter.readings.queued, facts.this_run.quarantined
    if queued:
        _warn_of_queued(facts, queued)
    if quarantined > 0:
        facts.warnings.append(f"the VTN refused {quarantined} readings in this run; they are kept, and not sent again")
        log.warning("left_quarantined", readings=quarantined, remedy="the `report_quarantined` lines above say why")


def _warn_of_queued(facts: RunFacts, queued: int) -> None:
    """Whose readings wait: the next run delivers only those of VENs that it has."""
    running = () if facts.status is None else facts.status.vens
    others = left_out(queued_by_ven(facts.reporter.by_ven), running)
    own = queued - sum(others.values())
    if own:
        remedy = "the next run on this state folder with the same VENs delivers them"
        facts.warnings.append(f"{own} readings are left queued; {remedy}")
        log.warning("left_queued", readings=own, remedy=remedy)
    if others:
        said = say_left_out(others)
        facts.warnings = [*(line for line in facts.warnings if line != facts.left_out), said]
        facts.left_out = said
        log.warning("left_out", readings=sum(others.values()), vens=_few(others), meaning=said)


def warn_of_left_out(facts: RunFacts, running: Collection[str]) -> None:
    """Say at the start of a run whose readings wait because it leaves their VENs out."""
    others = left_out(queued_by_ven(facts.before.by_ven), running)
    if others:
        facts.left_out = say_left_out(others)
        facts.warnings.append(facts.left_out)
        log.warning("left_out", readings=sum(others.values()), vens=_few(others), meaning=facts.left_out)


def _say_failed(facts: RunFacts, event: str, meaning: str, reasons: Sequence[str], remedy: str) -> None:
    facts.error = f"{meaning}: {'; '.join(reasons)}"
    log.error(event, meaning=meaning, reasons=reasons, remedy=remedy)


def _warn_of_failed(facts: RunFacts, failed: Sequence[VenStatus]) -> None:
    if not failed:
        return
    assert facts.status is not None
    of = len(facts.status.vens)
    waited = [ven for ven in failed if ven.state in _BEFORE_REGISTRATION and not ven.last_error]
    if waited:
        said = f"{len(waited)} of {of} VENs were not registered yet when the run ended; their readings wait"
        remedy = "give a longer --duration or a higher --rate; the next run continues where this one stopped"
        facts.warnings.append(f"{said}; {remedy}")
        log.warning("vens_still_registering", vens=_few(ven.name for ven in waited), meaning=said, remedy=remedy)
    failed = [ven for ven in failed if ven not in waited]
    if not failed:
        return
    shown = _few(f"{ven.name} ({ven.state}): {ven.last_error or 'no error known'}" for ven in failed)
    facts.warnings.append(f"{len(failed)} of {of} VENs ended failed: {'; '.join(shown)}")
    log.warning(
        "vens_failed", failed=len(failed), of=of, vens=shown,
        remedy="the next run goes on where they stopped; one that is restarting failed of itself (see its `child_down` "
        f"line), of the others `{doctor_line(facts.config, failed[0].name)}` finds out more",
    )  # fmt: skip


def _last_errors(vens: Sequence[VenStatus]) -> list[str]:
    return sorted({ven.last_error for ven in vens if ven.last_error})


def _few(words: Iterable[str]) -> list[str]:
    shown = list(words)
    return shown if len(shown) <= _SHOWN else [*shown[:_SHOWN], f"and {len(shown) - _SHOWN} more"]
