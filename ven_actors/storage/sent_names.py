"""The names of the reports that a state folder has sent, as far as they are kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ven_actors.storage.read_only import read_only

_OF_EACH_VEN = (
    "SELECT ven.name, report.name, report.state = 'accepted', report.end_s FROM report JOIN request USING (request_key)"
    " JOIN ven ON ven.key = request.ven_key WHERE report.state = 'accepted' OR report.maybe_sent"
)


@dataclass(slots=True)
class SentNames:
    """Of one VEN: names of accepted reports, and of those that may have arrived.

    Of windows that ended before `oldest_end_s`, accepted ones may have been dropped from the store.
    """

    accepted: set[str] = field(default_factory=set)
    maybe: set[str] = field(default_factory=set)
    oldest_end_s: float = float("inf")


def read_sent_names(folder: Path) -> dict[str, SentNames]:
    """By VEN; empty where there is no store. Raises `DataError` where it cannot be read, and writes nothing."""
    found: dict[str, SentNames] = {}
    rows = read_only(folder, lambda database: database.execute_sql(_OF_EACH_VEN).fetchall())
    for ven, name, accepted, end_s in rows or ():
        names = found.setdefault(ven, SentNames())
        names.oldest_end_s = min(names.oldest_end_s, end_s) if accepted else names.oldest_end_s
        (names.accepted if accepted else names.maybe).add(name)
    return found
