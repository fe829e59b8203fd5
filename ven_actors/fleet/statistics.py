"""The statistics of a run's resources: what the registry has, and what their VTN says of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ven_actors.model import Enrolment, RegistrationStatus


def with_vtn(statistics: Mapping[str, Any], enrolments: Mapping[str, Enrolment]) -> dict[str, Any]:
    """Add, for each VEN and in total, how many resources its VTN has registered; and, where a VTN approves, how many.

    Resources that a VEN no longer has, but its VTN does, are counted too.
    """
    by_ven = dict(statistics["by_ven"])
    total: Counter[str] = Counter()
    for name, enrolment in enrolments.items():
        if name in by_ven:
            counts = _counts(enrolment)
            total.update(counts)
            by_ven[name] = {**by_ven[name], "at_vtn": counts}
    return {**statistics, "by_ven": by_ven, "total_at_vtn": dict(total)}


def _counts(enrolment: Enrolment) -> dict[str, int]:
    counts = {"registered": len(enrolment.resource_ids)}
    if enrolment.statuses:
        said = Counter(enrolment.statuses.values())
        counts |= {status.value.lower(): said[status.value] for status in RegistrationStatus}
    return counts
