"""What the reporter needs: its store and its settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ven_actors.actors.housekeeping import TidyStore
from ven_actors.delivery.columns import ColumnStore
from ven_actors.delivery.holds import Doctor, doctor_without_options
from ven_actors.delivery.journal import Journal
from ven_actors.delivery.width import DEFAULT_BYTES
from ven_actors.kept import KeptBook
from ven_actors.model import Enrolment
from ven_actors.records import Counters, Recovery


class Store(Journal, ColumnStore, TidyStore, Protocol):
    """What the reporter needs of the store."""

    def load(self) -> Recovery: ...
    def ven_facts(self, ven_key: int) -> tuple[Enrolment | None, KeptBook | None]: ...
    def keep_enrolment(self, ven_key: int, enrolment: Enrolment) -> None: ...
    def keep_event_book(self, ven_key: int, event_book: KeptBook) -> None: ...
    def keep_counters(self, counters: Counters) -> None: ...
    def commit(self) -> int: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ReporterSettings:
    """`flush_s` is the longest that a block waits for its commit.

    `keep_s` is how long accepted blocks are kept; beyond `most_bytes` the oldest open ones are evicted.
    `doctor` gives the command that examines a VEN whose reports are held. `speed`: simulated seconds per second.
    """

    flush_s: float = 0.2
    keep_s: int = 3600
    most_bytes: int = 2**30
    max_report_bytes: int = DEFAULT_BYTES
    doctor: Doctor = doctor_without_options
    speed: float = 1.0
