"""Resources to be deleted at their VTN, each once its last reading is settled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from ven_actors.errors import FleetError, VtnRefused, VtnUnreachable
from ven_actors.model import FleetStatus

log = structlog.get_logger()

_LOOK_EVERY_S = 1.0
_PASSING = 500


class Client(Protocol):
    """What is needed of a VEN's client."""

    def delete_resource(self, ven_id: str, name: str, resource_id: str | None, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Removal:
    """A resource of which no reading is made from `until_s` on (simulated time).

    Its id at the VTN is not known where it was out of the run before: then the VTN is asked for its name.
    """

    ven: str
    name: str
    ven_id: str
    resource_id: str | None
    until_s: float

    def is_due(self, status: FleetStatus) -> bool:
        """Whether every reading that was made of it is settled."""
        reporter = status.reporter
        if reporter.closed_until_by_ven.get(self.ven, 0) < self.until_s:
            return False
        since_s = reporter.unsettled_since_by_ven.get(self.ven)
        return since_s is None or since_s >= self.until_s


class Removals:
    """`clients` are by VEN. The control thread adds, an own thread looks; `left` may be asked by any."""

    def __init__(self, clients: Mapping[str, Client], status: Callable[[], FleetStatus]) -> None:
        self._clients = clients
        self._status = status
        self._waiting: dict[Removal, str] = {}
        self._failed: list[str] = []
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, *removals: Removal) -> None:
        with self._lock:
            self._waiting.update(dict.fromkeys(removals, "its last readings are not settled"))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="removals", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def left(self) -> list[str]:
        """What is not deleted at its VTN, and why."""
        with self._lock:
            waiting = [f"resource {each.name} of VEN {each.ven}: {why}" for each, why in self._waiting.items()]
            return [f"not deleted at the VTN: {line}" for line in (*self._failed, *waiting)]

    def look(self) -> None:
        """Delete what is due; what fails of the network or of the VTN's trouble is tried again."""
        with self._lock:
            waiting = list(self._waiting)
        status = self._status() if waiting else None
        for removal in waiting:
            if status is not None and removal.is_due(status) and not self._stopped.is_set():
                self._delete(removal)

    def _run(self) -> None:
        while not self._stopped.wait(_LOOK_EVERY_S):
            self.look()

    def _delete(self, removal: Removal) -> None:
        try:
            was_there = self._clients[removal.ven].delete_resource(removal.ven_id, removal.name, removal.resource_id)
        except FleetError as error:
            passing = isinstance(error, VtnUnreachable) or (isinstance(error, VtnRefused) and error.status >= _PASSING)
            with self._lock:
                self._waiting[removal] = str(error)
                if not passing:
                    self._waiting.pop(removal)
                    self._failed.append(f"resource {removal.name} of VEN {removal.ven}: {error}")
            if not passing:
                facts = {"ven": removal.ven, "resource": removal.name, "reason": str(error)}
                log.error("resource_not_deleted", **facts)  # noqa: TRY400 - the VTN's words, not a traceback
            return
        with self._lock:
            self._waiting.pop(removal)
        said = "resource_deleted_at_vtn" if was_there else "resource_not_at_vtn"
        log.info(said, ven=removal.ven, resource=removal.name)
