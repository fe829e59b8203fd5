"""Single readings at the desk: side by side, refused one by one, and never in a loop."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from ven_actors.delivery.accounts import Accounts
from ven_actors.delivery.columns import Columns
from ven_actors.delivery.desk import Desk
from ven_actors.delivery.dispatch import Dispatcher, InFlight
from ven_actors.delivery.fleet_outbox import FleetOutbox
from ven_actors.delivery.pace import LONGEST_SLOW_S
from ven_actors.delivery.throttle import Throttle
from ven_actors.model import Block, EventInterval, IntervalPlan, Layout, Readings, ReportDescriptor, ReportRequest
from ven_actors.openadr.report_schedule import next_window
from ven_actors.records import Counters
from ven_actors.storage.store import STORE_NAME, Store

T0 = 1_800_000_000
INF = float("inf")
LAYOUT = Layout(tuple(f"r{number}" for number in range(8)), ("load_0", "load_1"))
PLAN = IntervalPlan((EventInterval(0, T0, T0 + 10),), 10, INF, implied=True)
EACH = ReportRequest("each", "", "", ReportDescriptor("DEMAND", num_intervals=1, repeat=-1), PLAN, by_reading=True)


class Office:
    """Everything between one VEN and its senders, over a real store."""

    def __init__(self, folder: Path, senders: int = 4) -> None:
        self.folder = folder
        self.store = Store(folder)
        self.outbox = FleetOutbox(self.store.load(), self.store, next_window)
        self.throttle = Throttle()
        self.dispatcher = Dispatcher(lambda: self.throttle)
        self.accounts = Accounts(self.outbox, Counters())
        self.columns = Columns(self.store, self.outbox.layouts)
        self.desk = Desk(self.outbox, self.dispatcher, self.columns, self.accounts, random.Random(1))
        for number in range(senders):
            self.dispatcher.has_sender_for(f"sender-{number}", "")

    def meter(self, name: str = "v", *, remember: bool = True) -> None:
        ven = self.outbox.ven(name)
        layout_id = self.outbox.layout_id(ven, LAYOUT)
        block = Block(ven.closed_until_s or T0, 10, np.full((8, 2), 7, dtype=np.int32))
        queued = self.outbox.add_block(ven, block, layout_id)
        if remember:
            self.columns.remember(queued.block_id, block)
        self.outbox.take_requests(ven, [EACH], INF)
        self.outbox.advance(ven)
        self.dispatcher.offer(ven)
        self.store.commit()

    def go(self, now_s: float) -> list[InFlight]:
        flights = [flight for flight, *_ in self.desk.outgoing(now_s)]
        self.store.commit()
        return flights

    def land(self, flight: InFlight) -> None:
        assert self.dispatcher.landed(flight.report_id) is flight
        self.dispatcher.sender_is_free(flight.sender)

    def refuse(self, flight: InFlight, status: int, now_s: float) -> None:
        self.land(flight)
        self.desk.refused(flight, status, "no", now_s)
        self.dispatcher.offer(flight.outbox)

    def accept(self, flight: InFlight) -> None:
        self.land(flight)
        self.desk.accepted(flight, possibly_doubled=False)
        self.dispatcher.offer(flight.outbox)

    @property
    def readings(self) -> Readings:
        readings = self.outbox.readings("v")
        assert readings.unaccounted == 0
        return readings


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.store.close()


def test_one_ven_keeps_all_senders_busy_at_once(office: Office) -> None:
    office.meter()
    flights = office.go(0)
    assert [flight.sender for flight in flights] == [f"sender-{number}" for number in range(4)]
    assert len({(flight.report.rows, flight.report.component) for flight in flights}) == 4
    for flight in flights:
        office.accept(flight)
    assert len(office.go(0)) == 4
    assert office.readings.accepted == 4
    assert office.accounts.status(4).reports_open == 12


def test_all_readings_of_one_bad_resource_are_no_alarm_and_said_once(office: Office) -> None:
    for _ in range(4):
        office.meter()
    with capture_logs() as logs:
        now_s = 0.0
        while office.readings.queued:
            now_s += 1
            for flight in office.go(now_s):
                if flight.report.rows == (3,):
                    office.refuse(flight, 400, now_s)
                else:
                    office.accept(flight)
    assert office.readings == Readings(generated=64, accepted=56, quarantined=8)
    assert [entry["event"] for entry in logs] == ["reading_quarantined"]


def test_a_server_that_refuses_everything_slows_the_ven_and_keeps_what_may_still_be_wanted(office: Office) -> None:
    office.meter()
    tried_s = []
    for now_s in range(40):
        for flight in office.go(now_s):
            office.refuse(flight, 400, now_s)
            tried_s.append(now_s)
    assert tried_s == [0] * 4 + [1] * 4 + [2] * 4 + [4, 8, 16, 32]
    assert office.readings == Readings(generated=16, quarantined=10, queued=6)


def test_edge_case_25_a_reading_refused_with_422_is_never_sent_again_whatever_the_alarm_says(office: Office) -> None:
    office.meter()
    sent: list[tuple[object, object]] = []
    now_s = 0.0
    while office.readings.queued:
        for flight in office.go(now_s):
            sent.append((flight.report.rows, flight.report.component))
            office.refuse(flight, 422, now_s)
        now_s += LONGEST_SLOW_S
    assert len(sent) == len(set(sent)) == 16
    assert office.readings == Readings(generated=16, quarantined=16)
    assert now_s > 2 * LONGEST_SLOW_S


def test_damaged_columns_cost_their_block_once_nothing_of_it_is_in_flight(office: Office) -> None:
    office.meter(remember=False)
    first = office.go(0)
    assert len(first) == 4
    office.columns = Columns(office.store, office.outbox.layouts)
    office.desk._columns = office.columns
    with contextlib.closing(sqlite3.connect(office.folder / STORE_NAME)) as database:
        database.execute("UPDATE power SET watts = zeroblob(length(watts))")
        database.commit()
    office.accept(first[0])
    assert office.go(0) == []
    assert office.readings.evicted == 0
    for flight in first[1:]:
        office.accept(flight)
    assert office.go(5) == []
    assert office.readings == Readings(generated=16, accepted=4, evicted=12)


def test_the_columns_of_a_block_are_read_once_for_all_its_readings(office: Office) -> None:
    office.meter(remember=False)
    for flight in office.go(0):
        office.accept(flight)
    with contextlib.closing(sqlite3.connect(office.folder / STORE_NAME)) as database:
        database.execute("DELETE FROM power")
        database.commit()
    assert len(office.go(0)) == 4


def test_a_reading_that_is_held_slowly_holds_no_other_of_its_ven_until_several_are(office: Office) -> None:
    office.meter()
    first, *others = office.go(0)
    office.land(first)
    office.desk.holding.hold_slowly(first, "404", 0)
    for flight in others:
        office.accept(flight)
    office.dispatcher.offer(first.outbox)
    later = office.go(1)
    assert len(later) == 4
    for flight in later[:3]:
        office.land(flight)
        office.desk.holding.hold_slowly(flight, "403", 1)
    office.accept(later[3])
    office.land(office.go(1)[0])


def test_one_ven_takes_half_of_the_senders_where_others_report_too(office: Office) -> None:
    office.meter("w")
    for flight in office.go(0):
        office.accept(flight)
    office.meter()
    hung = office.go(1)
    assert {flight.outbox.name for flight in hung} == {"v", "w"}
    assert [flight.outbox.name for flight in hung].count("v") == 2
    for flight in hung:
        if flight.outbox.name == "w":
            office.accept(flight)
    assert {flight.outbox.name for flight in office.go(2)} == {"w"}, "two POSTs of v hang, and w goes on"


def test_a_ven_whose_readings_fail_gets_one_sender_until_one_is_accepted(office: Office) -> None:
    office.meter()
    for flight in office.go(0):
        office.land(flight)
        office.desk.holding.hold(flight, "no answer", 0, in_doubt=True)
        office.dispatcher.offer(flight.outbox)
    (flight,) = office.go(60)
    office.accept(flight)
    assert len(office.go(60)) == 4
