"""To VenActor."""

from __future__ import annotations

from dataclasses import dataclass

from ven_actors.kept import KeptBook
from ven_actors.model import Enrolment, EventInterval


@dataclass(frozen=True, slots=True)
class Tick:
    """Simulated time has come to `now_s`, and these jobs are due. Ticks coalesce: latest time, union of jobs."""

    now_s: float
    mono_s: float
    due: frozenset[str]

    def merged_with(self, newer: Tick) -> Tick:
        return Tick(newer.now_s, newer.mono_s, self.due | newer.due)


@dataclass(frozen=True, slots=True)
class Recovered:
    """Where this VEN goes on: the end of its last committed interval, and what its VTN said before."""

    run: int
    closed_until_s: int | None
    enrolment: Enrolment | None
    event_book: KeptBook | None


@dataclass(frozen=True, slots=True)
class Committed:
    """Everything of this run up to `upto_s` is in the store."""

    run: int
    upto_s: int


@dataclass(frozen=True, slots=True)
class ForecastWanted:
    """Say what the resources will draw in these intervals; `sheddable`: and what of it could be shed."""

    run: int
    request_id: str
    intervals: tuple[EventInterval, ...]
    sheddable: bool


@dataclass(frozen=True, slots=True)
class Hint:
    """Something may have changed at the VTN: read it again. It proves nothing; waiting ones coalesce."""

    def merged_with(self, newer: Hint) -> Hint:
        return newer


@dataclass(frozen=True, slots=True)
class Drain:
    """Close intervals that end by `now_s` and no later ones; read the events once more.

    The reporter is told too, and gives every report that is held one try.
    """

    now_s: float


ToVen = Tick | Recovered | Committed | ForecastWanted | Hint | Drain
