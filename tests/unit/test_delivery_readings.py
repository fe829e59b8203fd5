"""Reports that go out reading by reading: streams in order and in parallel, and a ledger that is always right."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ven_actors.delivery.entries import ReportState
from ven_actors.delivery.fleet_outbox import FleetOutbox
from ven_actors.delivery.marks import FARTHEST_AHEAD, Reading
from ven_actors.delivery.outbox import VenOutbox
from ven_actors.delivery.restoring import Books
from ven_actors.model import Block, EventInterval, IntervalPlan, Layout, Readings, ReportDescriptor, ReportRequest
from ven_actors.openadr.report_schedule import next_window
from ven_actors.storage.store import STORE_NAME, Store, read_recovery

T0 = 1_800_000_000
STEP_S = 15
INF = float("inf")
TWO = Layout(("r1", "r2"), ("load_0", "load_1"))
PLAN = IntervalPlan((EventInterval(0, T0, T0 + STEP_S),), STEP_S, INF, implied=True)
DESCRIPTOR = ReportDescriptor("DEMAND", num_intervals=1, repeat=-1)
EACH = ReportRequest("each", "", "", DESCRIPTOR, PLAN, by_reading=True)


class Fleet:
    """One VEN's outbox over a real store, driven by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.open()

    def open(self) -> None:
        self.store = Store(self.folder)
        self.outbox = FleetOutbox(self.store.load(), self.store, next_window)

    def restart(self) -> None:
        """As after a kill: what is not committed is gone."""
        self.store.close()
        self.open()

    @property
    def ven(self) -> VenOutbox:
        return self.outbox.ven("Herning")

    @property
    def readings(self) -> Readings:
        readings = self.outbox.readings("Herning")
        assert readings.unaccounted == 0, readings
        return readings

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


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    fleet = Fleet(tmp_path)
    yield fleet
    fleet.store.close()


def test_each_reading_goes_out_once_and_counts_as_soon_as_it_is_accepted(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter(2)
    fleet.flush()
    assert fleet.readings == Readings(generated=8, queued=8)
    assert fleet.outbox.open_reports() == 8
    fleet.accept(fleet.send())
    assert fleet.readings == Readings(generated=8, queued=7, accepted=1)
    assert fleet.outbox.open_reports() == 7
    assert fleet.deliver() == ["0:01", "0:10", "0:11", "1:00", "1:01", "1:10", "1:11"]
    assert fleet.readings == Readings(generated=8, accepted=8)
    assert fleet.outbox.open_reports() == 0
    assert not fleet.ven.blocks


def test_streams_go_side_by_side_but_each_keeps_its_order(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter(2)
    fleet.flush()
    first = [fleet.send() for _ in range(4)]
    assert [place(reading) for reading in first] == ["0:00", "0:01", "0:10", "0:11"]
    assert fleet.ven.next_to_send() is None
    fleet.accept(first[2])
    assert place(fleet.send()) == "1:10"
    assert fleet.ven.next_to_send() is None


def test_a_reading_that_is_held_holds_up_its_own_stream_only_and_goes_first_when_its_time_has_come(
    fleet: Fleet,
) -> None:
    fleet.ask()
    fleet.meter(2)
    fleet.flush()
    held = fleet.send()
    fleet.outbox.back(fleet.ven, held, 5.0, in_doubt=False)
    assert place(fleet.send()) == "0:01"
    waits = fleet.ven.next_to_send(5.0)
    assert waits is held
    assert not held.in_doubt
    again = fleet.send(5.0)
    assert again is held
    fleet.outbox.back(fleet.ven, held, 9.0, in_doubt=True)
    while (reading := fleet.ven.next_to_send()) is not held:
        assert reading is not None
        assert place(reading) != "1:00"
        fleet.accept(fleet.send())
    assert held.in_doubt
    assert held.next_try_s == 9.0


def test_no_stream_runs_further_ahead_of_another_than_the_bound(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter(FARTHEST_AHEAD + 2, Layout(("r1",), ("load_0", "load_1")))
    fleet.flush()
    held = fleet.send()
    fleet.outbox.back(fleet.ven, held, 1e9, in_doubt=False)
    for _ in range(FARTHEST_AHEAD):
        fleet.accept(fleet.send())
    assert fleet.ven.next_to_send() is held


def test_a_refused_reading_is_quarantined_alone(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter()
    fleet.flush()
    fleet.outbox.close(fleet.ven, fleet.send(), ReportState.REFUSED, "422: no")
    assert fleet.readings == Readings(generated=4, queued=3, quarantined=1)
    fleet.deliver()
    assert fleet.readings == Readings(generated=4, accepted=3, quarantined=1)
    fleet.restart()
    assert fleet.readings == Readings(generated=4, accepted=3, quarantined=1)


def test_after_a_kill_what_was_accepted_stays_so_and_what_may_have_been_sent_is_in_doubt(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter(2)
    fleet.flush()
    accepted, lost = fleet.send(), fleet.send()
    fleet.accept(accepted)
    fleet.store.commit()
    fleet.accept(lost)  # its verdict is not committed
    fleet.restart()
    assert fleet.readings == Readings(generated=8, queued=7, accepted=1)
    again = fleet.send()
    assert (place(again), again.in_doubt) == ("0:01", True)
    fresh = fleet.send()
    assert (place(fresh), fresh.in_doubt) == ("0:10", False)
    recovery = read_recovery(fleet.folder)
    assert recovery is not None
    assert Books(recovery, next_window).readings("Herning") == Readings(generated=8, queued=7, accepted=1)


def test_a_reading_goes_out_only_when_the_store_knows_that_it_may_arrive(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter()
    fleet.flush()
    reading = fleet.send()
    assert reading.marked
    fleet.store.commit()
    with contextlib.closing(sqlite3.connect(fleet.folder / STORE_NAME)) as database:
        assert database.execute("SELECT asked, accepted, maybe_sent FROM marks").fetchall() == [(b"\x0f", b"", b"\x01")]


def test_readings_of_resources_that_are_not_asked_for_are_unasked(fleet: Fleet) -> None:
    fleet.ask("r2")
    fleet.meter()
    fleet.flush()
    assert fleet.deliver() == ["0:10", "0:11"]
    assert fleet.readings == Readings(generated=4, accepted=2, unasked=2)


def test_a_resource_that_is_asked_for_no_longer_sends_nothing_more(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter(2)
    fleet.flush()
    flying = [fleet.send() for _ in range(3)]
    fleet.outbox.back(fleet.ven, flying[1], 5.0, in_doubt=False)
    fleet.ask("r2")
    fleet.flush()
    assert fleet.deliver() == ["0:11", "1:11"]
    fleet.outbox.back(fleet.ven, flying[0], 0.0, in_doubt=True)
    fleet.accept(flying[2])
    assert fleet.deliver() == ["1:10"]
    assert fleet.readings == Readings(generated=8, accepted=4, unasked=4)
    fleet.restart()
    assert fleet.readings == Readings(generated=8, accepted=4, unasked=4)


def test_a_reading_in_flight_when_its_resource_is_asked_for_no_longer_may_still_be_accepted(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter()
    fleet.flush()
    flying = fleet.send()
    fleet.ask("r2")
    fleet.accept(flying)
    fleet.deliver()
    assert fleet.readings == Readings(generated=4, accepted=3, unasked=1)


def test_a_resource_that_is_asked_for_from_now_on_is_sent_from_then_on(fleet: Fleet) -> None:
    fleet.ask("r1")
    fleet.meter()
    fleet.flush()
    fleet.deliver()
    fleet.ask()
    fleet.meter()
    fleet.flush()
    assert fleet.deliver() == ["1:00", "1:01", "1:10", "1:11"]
    assert fleet.readings == Readings(generated=8, accepted=6, unasked=2)


def test_when_nobody_asks_any_more_what_was_accepted_stays_and_the_rest_is_unasked(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter()
    fleet.flush()
    fleet.accept(fleet.send())
    flying = fleet.send()
    fleet.outbox.take_requests(fleet.ven, [], INF)
    fleet.flush()
    assert fleet.ven.next_to_send() is None
    fleet.outbox.back(fleet.ven, flying, 0.0, in_doubt=False)
    fleet.flush()
    assert fleet.readings == Readings(generated=4, accepted=1, unasked=3)


def test_a_block_that_is_given_up_loses_only_what_was_not_delivered(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter()
    fleet.flush()
    block = next(iter(fleet.ven.blocks.values()))
    fleet.accept(fleet.send())
    fleet.outbox.close(fleet.ven, fleet.send(), ReportState.REFUSED, "422: no")
    flying = fleet.send()
    assert fleet.outbox.evict(fleet.ven, block) == 0
    fleet.outbox.back(fleet.ven, flying, 0.0, in_doubt=False)
    assert fleet.outbox.evict(fleet.ven, block) == 2
    fleet.flush()
    said = Readings(generated=4, accepted=1, quarantined=1, evicted=2)
    assert fleet.readings == said
    assert fleet.ven.next_to_send() is None
    fleet.restart()
    assert fleet.readings == said


def test_marks_go_with_their_reports(fleet: Fleet) -> None:
    fleet.ask()
    fleet.meter(2)
    fleet.flush()
    fleet.deliver()
    fleet.store.drop_settled(T0 + 100, T0 + 100)
    with contextlib.closing(sqlite3.connect(fleet.folder / STORE_NAME)) as database:
        assert database.execute("SELECT count(*) FROM report").fetchone() == (0,)
        assert database.execute("SELECT count(*) FROM marks").fetchone() == (0,)
    assert fleet.readings == Readings(generated=8, accepted=8)


def test_marks_that_are_no_bytes_make_the_store_unreadable(fleet: Fleet) -> None:
    from ven_actors.errors import DataError

    fleet.ask()
    fleet.meter()
    fleet.flush()
    fleet.store.close()
    with contextlib.closing(sqlite3.connect(fleet.folder / STORE_NAME)) as database:
        database.execute("UPDATE marks SET accepted = 'x'")
        database.commit()
    with pytest.raises(DataError, match="content cannot be read"):
        read_recovery(fleet.folder)


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


@pytest.mark.parametrize("seed", range(12))
def test_the_ledger_is_right_at_every_moment_whatever_happens(fleet: Fleet, seed: int) -> None:
    print(f"seed {seed}")
    chaos = Chaos(fleet, seed)
    fleet.ask()
    for _ in range(400):
        chaos.step()
    chaos.end()
    assert fleet.readings.queued == 0
    assert 0 < fleet.readings.accepted <= len(+chaos.stored)
    assert {name for name, count in chaos.stored.items() if count > 1} <= chaos.doubted
    accepted = fleet.readings
    fleet.restart()
    assert fleet.readings == accepted
