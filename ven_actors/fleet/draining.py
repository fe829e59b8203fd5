"""When a fleet that takes no new intervals has nothing left to wait for."""

from __future__ import annotations

from ven_actors.model import FleetStatus, ReporterStatus, VenState

_QUIET_STATUSES = 2


def has_closed_all(status: FleetStatus) -> bool:
    """Whether every VEN closed all that ended before the drain, and the reporter's status is not older than that."""
    closed = status.reporter.closed_until_by_ven
    return all(ven.drained and closed.get(name, 0) >= (ven.closed_until_s or 0) for name, ven in status.vens.items())


class Draining:
    """Judges a drain by the statuses of its fleet, in the order in which they come.

    It is over when nothing is queued any more, or when no report has been open for a while: then no window of what is
    queued has ended, and nobody waits for it. One and the same status of the reporter is told for a second or more, and
    windows are sealed a little after their readings came: so one quiet status alone says nothing.
    """

    def __init__(self) -> None:
        self._quiet = 0
        self._last: ReporterStatus | None = None

    def is_over(self, status: FleetStatus) -> bool:
        if not has_closed_all(status):
            return False
        reporter, last = status.reporter, self._last
        if reporter.readings.queued == 0:
            return True
        if not _is_quiet(status):
            self._quiet = 0
        elif reporter is not last:
            self._quiet += 1
        self._last = reporter
        return self._quiet >= _QUIET_STATUSES


def _is_quiet(status: FleetStatus) -> bool:
    """Whether no report is open, and no VEN is about to learn of one."""
    beginning = any(ven.state in (VenState.STARTING, VenState.ENROLLING) for ven in status.vens.values())
    return not (beginning or status.reporter.reports_open or status.reporter.in_flight)
