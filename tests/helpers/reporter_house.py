"""A reporter by hand over a store in a folder; VENs and senders are probes that are told nothing uncommitted."""

import dataclasses
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ven_actors.actors.reporter import ReporterActor, ReporterSettings
from ven_actors.kept import KeptBook
from ven_actors.messages import Accepted, EventsRead, IntervalClosed, Pulse, Send, SenderReady, VenStarted
from ven_actors.model import Block, EventInterval, IntervalPlan, Layout, ReportDescriptor, ReporterStatus, ReportRequest
from ven_actors.storage.store import Store
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.probe import Probe

T0 = 1_767_225_600
BOOK = KeptBook((), ())
LAYOUT = Layout(("bakery", "pub"), ("load_0", "load_1"))


def power_at(start_s: int) -> npt.NDArray[np.int32]:
    """What every VEN of these tests draws; no two intervals are alike."""
    first = start_s % 1_000_000
    return np.array([[first, first + 1], [first + 2, first + 3]], dtype=np.int32)


def asked(event: str = "e1", **changes: Any) -> ReportRequest:
    """A request for the mean power of each of the VEN's own intervals of 10 s, for ever."""
    descriptor = ReportDescriptor("DEMAND", reading_type="MEAN", units="KW", frequency=1, repeat=-1)
    plan = IntervalPlan((EventInterval(0, T0 - 1000, T0 - 990),), 10.0, math.inf, implied=True, own=True)
    return dataclasses.replace(ReportRequest(f"{event}.r", event, "p1", descriptor, plan), **changes)


class WatchedStore(Store):
    """The real store, which says whether anything waits for its commit, and counts commits."""

    commits = 0

    @property
    def uncommitted(self) -> bool:
        return any(self._pending.values())

    def commit(self) -> int:
        self.commits += 1
        return super().commit()


class Honest(Probe):
    """A peer of the reporter that takes nothing while something waits for its commit."""

    def __init__(self, house: "ReporterHouse", name: str) -> None:
        super().__init__(name)
        self.house = house

    def tell(self, message: object, /) -> None:
        assert not self.house.store.uncommitted, f"{self.name} was told {message} before it was committed"
        super().tell(message)


class ReporterHouse:
    """The reporter, a store in a folder, and a manual time; VENs and senders are probes."""

    def __init__(self, folder: Path, run: int = 1, **settings: Any) -> None:
        self.folder = folder
        self.time = ManualClock(wall_s=float(T0))
        self.supervisor = Probe("supervisor")
        self.flushes: list[int] = []
        self.actor = ReporterActor(
            "reporter", run, self.supervisor, self.time.monotonic, open_store=self.open_store,
            settings=ReporterSettings(**settings), rng=random.Random(1),
            on_flush=lambda _, column_bytes: self.flushes.append(column_bytes),
        )  # fmt: skip
        self.actor.on_start()

    def open_store(self) -> WatchedStore:
        self.store = WatchedStore(self.folder)
        return self.store

    def tell(self, message: Any) -> Any:
        return self.actor.on_receive(message)

    def pulse(self, seconds: float = 0.25) -> None:
        self.time.advance(seconds)
        self.tell(Pulse(self.time.wall_s, self.time.mono_s))

    def ven(self, name: str = "Herning", run: int = 1, layout: Layout = LAYOUT) -> Honest:
        probe = Honest(self, name)
        self.tell(VenStarted(name, run, layout, probe))
        return probe

    def sender(self, name: str = "sender-1", run: int = 1) -> Honest:
        probe = Honest(self, name)
        self.tell(SenderReady(name, run, probe))
        return probe

    def close(self, start_s: int, count: int = 1, ven: str = "Herning", run: int = 1) -> None:
        for number in range(count):
            begin_s = start_s + 10 * number
            self.tell(IntervalClosed(ven, run, Block(begin_s, 10, power_at(begin_s))))

    def read(self, *requests: ReportRequest, as_of_s: float = T0, ven: str = "Herning", run: int = 1) -> None:
        self.tell(EventsRead(ven, run, as_of_s, requests, BOOK))

    def status(self) -> ReporterStatus:
        return self.actor._status()

    def one_in_flight(self) -> tuple[Honest, Send]:
        """One VEN, one request, one closed interval, and its report in the hands of `sender-1`."""
        self.ven()
        sender = self.sender()
        self.read(asked())
        self.close(T0)
        self.pulse()
        (send,) = sender.of(Send)
        return sender, send

    def end(self) -> None:
        self.actor.on_down()


def accept(house: ReporterHouse, send: Send, sender: str = "sender-1", run: int = 1) -> None:
    house.tell(Accepted(sender, run, send.report.report_id))


def sends(house: ReporterHouse, sender: Any, seconds: float) -> int:
    """How many reports went out within so many seconds from now."""
    before = len(sender.of(Send))
    for _ in range(int(seconds / 0.25)):
        house.pulse()
        house.actor.idle()
    return len(sender.of(Send)) - before
