"""What a run says of itself: the live status, and the summary at its end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from ven_actors import __version__
from ven_actors.config import FleetConfig
from ven_actors.delivery.ledger import since
from ven_actors.errors import UsageError
from ven_actors.fleet.dialects import Route, spoken_names
from ven_actors.fleet.event_status import event_status
from ven_actors.fleet.others import Others
from ven_actors.fleet.statistics import with_vtn
from ven_actors.model import Enrolment, FleetStatus, Readings, ReporterStatus, VenState, VenStatus

_SHUT_OUT = frozenset({VenState.REFUSED, VenState.UNREGISTERED})
_FALLEN = frozenset({VenState.RESTARTING, VenState.STOPPED})
_HOLDS_SHOWN = 20
NO_STATISTICS: dict[str, Any] = {
    "total_vens": 0,
    "total_resources": 0,
    "total_by_status": {"APPROVED": 0, "PENDING": 0, "SUSPENDED": 0},
    "by_ven": {},
}


@dataclass(slots=True)
class RunFacts:
    """What is known of a run, as far as it came."""

    config: FleetConfig
    vens: int = 0
    statistics: dict[str, Any] = field(default_factory=lambda: NO_STATISTICS)
    routes: Mapping[str, Route] = field(default_factory=dict)
    before: ReporterStatus = field(default_factory=ReporterStatus)
    status: FleetStatus | None = None
    requests: dict[str, int] = field(default_factory=dict)
    duration_s: float = 0.0
    error: str = ""
    warnings: list[str] = field(default_factory=list)
    left_out: str = ""
    others: Callable[[], list[Others]] = list
    not_deleted: Callable[[], list[str]] = list
    enrolments: Callable[[], Mapping[str, Enrolment]] = dict

    @property
    def vtn(self) -> dict[str, str]:
        """The VTNs' URLs and the dialects spoken, several of them with commas; the dialect is empty until known."""
        urls = dict.fromkeys(route.url for route in self.routes.values())
        return {"url": ", ".join(urls), "dialect": spoken_names(self.routes)}

    @property
    def reporter(self) -> ReporterStatus:
        """What was last said of the whole life of the folder; where the reporter never got to it, what was before."""
        said = None if self.status is None else self.status.reporter
        return self.before if said is None or said == ReporterStatus() else said

    @property
    def delivered(self) -> frozenset[str]:
        """VENs that delivered in this run: whatever they said of their VTN later, they reached it."""
        now, before = self.reporter, self.before
        grown = {
            name for name, each in now.by_ven.items() if each.accepted > before.by_ven.get(name, Readings()).accepted
        }
        return now.delivered | grown

    @property
    def this_run(self) -> Readings:
        return since(self.reporter.readings, self.before.readings)


def has_fallen(ven: VenStatus) -> bool:
    """Whether it ended by a failure of our own; one that starts has an error only of the life before."""
    return ven.state in _FALLEN or (ven.state is VenState.STARTING and bool(ven.last_error))


def has_failed(ven: VenStatus, delivered: Collection[str] = ()) -> bool:
    """Whether it did no work at the end, or never reached its VTN: neither read it nor delivered to it."""
    return has_fallen(ven) or ven.state in _SHUT_OUT or not (ven.reached or ven.name in delivered)


def summary_of(facts: RunFacts) -> dict[str, Any]:
    """Return the summary as the README documents it."""
    now, before = facts.reporter, facts.before
    vens = {} if facts.status is None else facts.status.vens
    delivered = facts.delivered
    failed = sum(has_failed(ven, delivered) for ven in vens.values())
    restarts = 0 if facts.status is None else sum(facts.status.restarts.values())
    summary = {
        "vens": {"configured": facts.vens, "running": len(vens) - failed, "failed": failed, "restarts": restarts},
        "resources": with_vtn(facts.statistics, facts.enrolments()),
        "readings": readings_dict(now.readings),
        "reports": {
            "accepted": now.reports_accepted,
            "refused": now.reports_refused,
            "posts": now.posts,
            "possibly_doubled": now.possibly_doubled,
        },
        "requests": facts.requests,
        "this_run": {
            "readings": readings_dict(facts.this_run),
            "reports": {
                "accepted": now.reports_accepted - before.reports_accepted,
                "refused": now.reports_refused - before.reports_refused,
                "posts": now.posts - before.posts,
                "possibly_doubled": now.possibly_doubled - before.possibly_doubled,
            },
        },
        "duration_s": round(facts.duration_s, 3),
        "vtn": facts.vtn,
        "seed": facts.config.seed,
        "version": __version__,
        "warnings": facts.warnings,
    }
    return summary | ({"error": facts.error} if facts.error else {})


def readings_dict(readings: Readings) -> dict[str, int]:
    return asdict(readings) | {"unaccounted": readings.unaccounted}


def write_summary(path: Path, facts: RunFacts) -> None:
    """Raises `UsageError` where the file cannot be written."""
    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(summary_of(facts)), indent=2) + b"\n")
    except OSError as error:
        raise UsageError(f"{path}: the summary cannot be written ({error.strerror})") from error


def status_dict(facts: RunFacts, status: FleetStatus, uptime_s: float) -> dict[str, Any]:
    """Return the live status, as `ven-actors status --json` shows it."""
    reporter = status.reporter
    vens = [
        {
            "name": ven.name,
            "state": ven.state.value,
            "resources": ven.resources,
            "power_w": ven.power_w,
            "power_without_events_w": ven.unaffected_w,
            "generated": readings.generated,
            "accepted": readings.accepted,
            "queued": readings.queued,
            "closed_until": iso(ven.closed_until_s),
            "events": ven.events,
            "restarts": status.restarts.get(ven.name, 0),
            "last_error": ven.last_error or reporter.last_error_by_ven.get(ven.name, ""),
            "unregistered": ven.unregistered,
        }
        for ven in status.vens.values()
        for readings in (reporter.by_ven.get(ven.name, Readings()),)
    ]
    return {
        "running": True,
        "now": iso(status.now_s),
        "state": str(facts.config.state),
        "resources": with_vtn(facts.statistics, facts.enrolments()),
        "registry": str(facts.config.registry_path.absolute()),
        "vtn": facts.vtn,
        "uptime_s": round(uptime_s, 1),
        "paused": status.paused,
        "draining": status.draining,
        "restarts": sum(status.restarts.values()),
        **event_status(status),
        "vens": vens,
        "readings": readings_dict(reporter.readings),
        "reports": {
            "accepted": reporter.reports_accepted,
            "refused": reporter.reports_refused,
            "posts": reporter.posts,
            "open": reporter.reports_open,
            "in_flight": reporter.in_flight,
            "possibly_doubled": reporter.possibly_doubled,
        },
        "requests": facts.requests,
        "holds": _holds(facts, status),
        "errors": status.errors,
        "other_fleets": [{"ven": each.ven, "reports": each.reports, "said": each.said} for each in facts.others()],
        "jobs": [
            {"name": job.name, "every": job.every, "next_run": iso(job.next_run_s), "paused": job.paused}
            for job in status.jobs
        ],
    }


def _holds(facts: RunFacts, status: FleetStatus) -> list[dict[str, Any]]:
    """Whose reports wait because the VTN does not take them, why, and when they are tried again."""
    return [
        {
            "ven": hold.ven or None,
            "vtn": hold.vtn,
            "reason": hold.reason,
            "alarm": hold.alarm,
            "ends": iso(status.now_s + hold.ends_in_s * facts.config.speed),
        }
        for hold in status.reporter.holds[:_HOLDS_SHOWN]
    ]


def ended_status(facts: RunFacts, status: FleetStatus, uptime_s: float) -> dict[str, Any]:
    """Return the last status of a run, for the picture that stays: VENs as they were, and no job runs next."""
    return status_dict(facts, status, uptime_s) | {"running": False, "draining": False, "jobs": []}


def stopped_status(
    state: Path, vtn: dict[str, str], reporter: ReporterStatus, resources: Mapping[str, int]
) -> dict[str, Any]:
    """Return the same shape for a folder on which no fleet runs; `resources` are how many each VEN had last."""
    facts = RunFacts(FleetConfig(state=state))
    vens = {
        name: VenStatus(name, VenState.STOPPED, resources.get(name), None, reporter.closed_until_by_ven.get(name), 0)
        for name in reporter.by_ven
    }
    now_s = float(max(reporter.closed_until_by_ven.values(), default=0))
    status = FleetStatus(now_s, vens, {}, (), paused=False, reporter=reporter)
    return status_dict(facts, status, 0.0) | {"running": False, "vtn": vtn}


def iso(at_s: float | None) -> str | None:
    return None if at_s is None else datetime.fromtimestamp(at_s, UTC).isoformat(timespec="seconds")
