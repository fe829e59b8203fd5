"""Another fleet with the same VEN names at the same VTN, noticed by reports that this state folder did not send."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import structlog

from ven_actors.errors import VtnError, VtnRefused
from ven_actors.model import Readings
from ven_actors.openadr.newest_reports import Newest
from ven_actors.openadr.sent_reports import SentReports
from ven_actors.storage.sent_names import SentNames, read_sent_names

log = structlog.get_logger()

LOOK_EVERY_S = 600.0
_PASS_EVERY_S = 1.0
_NEVER_SHOWN = frozenset({403, 404, 405, 501})
_REMEDY = "use a VEN name in one fleet only; reports of a state folder that was deleted look the same"


class Client(Protocol):
    """What is needed of a VEN's client."""

    has_crawled: bool

    def newest_reports(self, hint: int, /) -> Newest | None: ...


def sent_in(folder: Path, names: Iterable[str], before: Mapping[str, Readings]) -> dict[str, SentReports]:
    """What is known of the reports that each of these VENs has sent from this folder before this run."""
    known = read_sent_names(folder)
    nothing = SentNames()
    return {
        name: SentReports(
            own.accepted,
            own.maybe,
            oldest_end_s=own.oldest_end_s if own.accepted else float("-inf"),
            fresh=own == nothing and not before.get(name, Readings()).accepted,
        )
        for name in names
        for own in (known.get(name, nothing),)
    }


@dataclass(slots=True)
class Others:
    """What was found of others: how many reports in this VEN's name, and when the newest of them was made."""

    ven: str
    reports: int
    newest_s: float

    @property
    def said(self) -> str:
        newest = f"{datetime.fromtimestamp(self.newest_s, UTC):%Y-%m-%dT%H:%M:%SZ}"
        return (
            f"{self.reports} reports in the name of VEN {self.ven} were not sent by this state folder, the newest at "
            f"{newest}: another fleet seems to use this name at this VTN"
        )


class OthersWatch:
    """Looks once each VEN has read its VTN, and then every ten minutes; `clients` and `sent` are by VEN.

    Its thread is the only one that calls `look`; `found` may be read by any.
    """

    def __init__(
        self,
        clients: Mapping[str, Client],
        sent: Mapping[str, SentReports],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clients = clients
        self._sent = sent
        self._monotonic = monotonic
        self._found: dict[str, Others] = {}
        self._next_s: dict[str, float] = {}
        self._hints: dict[str, int] = {}
        self._stopped = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="others", daemon=True).start()

    def stop(self) -> None:
        """Begin no further look; one that is under way ends with its client."""
        self._stopped.set()

    def found(self) -> list[Others]:
        return list(self._found.values())

    def look(self, mono_s: float) -> None:
        """Look for every VEN whose turn it is."""
        for name, client in list(self._clients.items()):
            if client.has_crawled and mono_s >= self._next_s.get(name, mono_s) and not self._stopped.is_set():
                self._next_s[name] = mono_s + LOOK_EVERY_S
                self._look_for(name, client)

    def _run(self) -> None:
        while not self._stopped.wait(_PASS_EVERY_S):
            self.look(self._monotonic())

    def _look_for(self, name: str, client: Client) -> None:
        try:
            newest = client.newest_reports(self._hints.get(name, 0))
        except VtnError as error:
            if isinstance(error, VtnRefused) and error.status in _NEVER_SHOWN:
                self._next_s[name] = float("inf")
            log.debug("others_not_looked_for", ven=name, reason=str(error))
            return
        if newest is None:
            log.debug("others_not_looked_for", ven=name, reason="the VTN's list of reports is not in order of time")
            return
        self._hints[name] = newest.hint
        strange = self._sent[name].of_others(newest.reports)
        if strange:
            self._say(name, len(strange), max(each.created_s for each in strange))

    def _say(self, name: str, reports: int, newest_s: float) -> None:
        before = self._found.get(name)
        found = Others(name, reports + (before.reports if before else 0), newest_s)
        self._found[name] = found
        log.error("reports_of_others", ven=name, reports=reports, meaning=found.said, remedy=_REMEDY)
