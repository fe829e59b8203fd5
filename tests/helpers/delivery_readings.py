"""One VEN's outbox whose reports go out reading by reading, driven by hand or by chance."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import numpy as np
from stored_outbox import StoredOutbox

from ven_actors.delivery.entries import ReportState
from ven_actors.delivery.marks import Reading
from ven_actors.model import Block, EventInterval, IntervalPlan, Layout, ReportDescriptor, ReportRequest

T0 = 1_800_000_000
STEP_S = 15
INF = float("inf")
TWO = Layout(("r1", "r2"), ("load_0", "load_1"))
PLAN = IntervalPlan((EventInterval(0, T0, T0 + STEP_S),), STEP_S, INF, implied=True)
DESCRIPTOR = ReportDescriptor("DEMAND", num_intervals=1, repeat=-1)
EACH = ReportRequest("each", "", "", DESCRIPTOR, PLAN, by_reading=True)


class Fleet(StoredOutbox):
    """One VEN's outbox over a real store, driven by hand."""

    def meter(self, count: int = 1, layout: Layout = TWO) -> None:
        layout_id = self.outbox.layout_id(self.ven, layout)
        for _ in range(count):
            start_s = T0 if self.ven.closed_until_s is None else self.ven.closed_until_s
            watts = np.zeros((len(layout.resource_names), len(layout.components)), dtype=np.int32)
            self.outbox.add_block(self.ven, Block(start_s, STEP_S, watts), layout_id)

    def ask(self, *names: str, as_of_s: float = INF) -> None:
        self.outbox.take_requests(self.ven, [replace(EACH, resource_names=names or None)], as_of_s)

    def flush(self) -> None:
        self.outbox.advance(self.ven)
        self.store.commit()

    def send(self, now_s: float = 0.0) -> Reading:
        reading = self.ven.next_to_send(now_s)
        assert isinstance(reading, Reading)
        assert reading.next_try_s <= now_s
        self.ven.sending(reading)
        self.outbox.mark_sent(reading)
        return reading

    def accept(self, reading: Reading) -> None:
        self.outbox.close(self.ven, reading, ReportState.ACCEPTED)

    def deliver(self) -> list[str]:
        sent = []
        while self.ven.next_to_send() is not None:
            reading = self.send()
            sent.append(place(reading))
            self.accept(reading)
        self.flush()
        return sent


def place(reading: Reading) -> str:
    """Interval, row and component."""
    return f"{int(reading.whole.start_s - T0) // STEP_S}:{reading.rows[0]}{reading.component}"


class Chaos:
    """Anything, in any order; `stored` is how often a VTN has each reading, `doubted` which of them were sent again."""

    names = ("r1", "r2", "r3")
    layout = Layout(names, ("load_0", "load_3"))

    def __init__(self, fleet: Fleet, seed: int) -> None:
        self.fleet = fleet
        self.rng = random.Random(seed)
        self.now_s = 0.0
        self.flying: list[Reading] = []
        self.stored: Counter[str] = Counter()
        self.doubted: set[str] = set()

    def step(self) -> None:
        self.now_s += 1
        (do,) = self.rng.choices(
            (self.meter, self.send, self.answer, self.kill, self.ask), weights=(15, 45, 30, 3, 3)
        )  # fmt: skip
        do()
        streams = [(reading.rows, reading.component) for reading in self.flying]
        assert len(set(streams)) == len(streams)
        assert self.fleet.readings.unaccounted == 0

    def meter(self) -> None:
        self.fleet.meter(1, self.layout)
        self.fleet.flush()

    def send(self) -> None:
        reading = self.fleet.ven.next_to_send(self.now_s)
        if reading is not None and reading.next_try_s <= self.now_s and len(self.flying) < 5:
            self.flying.append(self.fleet.send(self.now_s))
            self.doubted |= {place(reading)} if reading.in_doubt else set()
            self.fleet.store.commit()

    def answer(self) -> None:
        if not self.flying:
            return
        reading = self.flying.pop(self.rng.randrange(len(self.flying)))
        (verdict,) = self.rng.choices(("accepted", "refused", "ambiguous"), weights=(7, 1, 2))
        if verdict == "accepted":
            self.stored[place(reading)] += 1
            self.fleet.accept(reading)
        elif verdict == "refused":
            self.fleet.outbox.close(self.fleet.ven, reading, ReportState.REFUSED, "no")
        else:
            self.stored[place(reading)] += self.rng.randrange(2)
            self.fleet.outbox.back(self.fleet.ven, reading, self.now_s + self.rng.randrange(5), in_doubt=True)

    def kill(self) -> None:
        """With what is in the air arriving or not; and some verdicts not committed."""
        for reading in self.flying:
            self.stored[place(reading)] += self.rng.randrange(2)
        self.flying = []
        self.fleet.restart()
        self.fleet.ask()

    def ask(self) -> None:
        self.fleet.ask(*self.rng.sample(self.names, self.rng.randrange(1, 4)))
        self.fleet.flush()

    def end(self) -> None:
        for reading in self.flying:
            self.stored[place(reading)] += 1
            self.fleet.accept(reading)
        self.flying = []
        self.fleet.ask()
        self.fleet.flush()
        self.now_s = 1e9
        while self.fleet.ven.next_to_send(self.now_s) is not None:
            self.send()
            self.stored[place(self.flying[0])] += 1
            self.fleet.accept(self.flying.pop())
        self.fleet.flush()
