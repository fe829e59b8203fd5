"""What a VEN needs of the world: its client, its simulation, its settings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ven_actors.actors.notices import Objected, ObjectionsTold
from ven_actors.model import Block, Enrolment, Layout, Resource
from ven_actors.openadr.events import Crawl
from ven_actors.signals import Phase


class Vtn(Protocol):
    """What a VEN needs of its client; raises `VtnError` of any kind.

    Few VENs enrol at a time: one without a seat waits. `take_seat` says whether it has one, and otherwise tells it
    later. The next crawl, or any failure, gives it back.
    """

    def take_seat(self, tell: Callable[[], None], /) -> bool: ...
    def enrol(self, ven_name: str, resources: Sequence[Resource], known: Enrolment | None, /) -> Enrolment: ...
    def is_registered(self) -> bool: ...
    def crawl(self, known_event_ids: Collection[str] = (), /) -> Crawl: ...
    def abort(self) -> object: ...


class Simulation(Protocol):
    """What a VEN's resources do: a pure function of time, and of the signals in force over its parts."""

    @property
    def layout(self) -> Layout: ...
    def block(self, start_s: int, interval_s: int, phases: Sequence[Phase], /) -> Block: ...


@dataclass(frozen=True, slots=True)
class VenSettings:
    """`credit` is how many uncommitted intervals may be out; what lies further back than `catch_up_s` is a gap.

    The last whole interval is never part of a gap. `push_poll_every_s` counts while push is healthy.
    `leaving` are resources that it no longer has, but of which readings may wait.
    `resources_per_turn` are registered at once, then what waits has its turn. `objected` is told what of its events a
    VEN does not obey as asked; see `acting`. `nothing_asked` is called with the VEN's name and the reason whenever
    nothing asks it for a report.
    """

    interval_s: int
    catch_up_s: float
    poll_every_s: float
    credit: int = 16
    push_poll_every_s: float = 300.0
    leaving: tuple[str, ...] = ()
    resources_per_turn: int = 200
    nothing_asked: Callable[[str, str], None] = lambda _ven, _why: None
    objected: Objected = field(default_factory=ObjectionsTold)

    def last_end_s(self, at_s: float) -> int:
        """The end of the last interval that has ended by `at_s`."""
        return int(at_s // self.interval_s) * self.interval_s

    def oldest_s(self, until_s: int) -> int:
        """The start of the oldest interval that is still caught up on when those until `until_s` have ended."""
        return self.last_end_s(until_s - max(self.catch_up_s, self.interval_s))
