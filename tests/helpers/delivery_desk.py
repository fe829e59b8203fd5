"""Everything between VENs and senders over a real store, driven by hand."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ven_actors.delivery.accounts import Accounts
from ven_actors.delivery.columns import Columns
from ven_actors.delivery.desk import Desk
from ven_actors.delivery.dispatch import Dispatcher, InFlight
from ven_actors.delivery.fleet_outbox import FleetOutbox
from ven_actors.delivery.outbox import VenOutbox
from ven_actors.delivery.throttle import Throttle
from ven_actors.model import Block, EventInterval, IntervalPlan, Layout, ReportDescriptor, ReportRequest, SealedReport
from ven_actors.openadr.report_schedule import next_window
from ven_actors.records import Counters
from ven_actors.storage.store import Store

T0 = 1_800_000_000
LAYOUT = Layout(("r1", "r2"), ("load_0",))
INF = float("inf")


def asked(name: str = "e1", length_s: float = 10) -> ReportRequest:
    plan = IntervalPlan((EventInterval(0, T0, T0 + length_s),), length_s, INF, implied=True)
    descriptor = ReportDescriptor("DEMAND", repeat=-1, num_intervals=1)
    return ReportRequest(f"{name}.x.0", name, "p1", descriptor, plan)


class Office:
    """Everything between VENs and senders, over a real store."""

    def __init__(
        self,
        folder: Path,
        senders: int = 2,
        cached: int = 100,
        layout: Layout = LAYOUT,
        origins: Mapping[str, str] | None = None,
    ) -> None:
        """`origins` is by VEN; each has so many senders."""
        of = origins or {}
        self.layout = layout
        self.store = Store(folder)
        self.outbox = FleetOutbox(self.store.load(), self.store, next_window)
        self.dispatcher = Dispatcher(Throttle, lambda ven: of.get(ven, ""))
        self.accounts = Accounts(self.outbox, Counters())
        self.columns = Columns(self.store, self.outbox.layouts, most=cached)
        self.desk = Desk(self.outbox, self.dispatcher, self.columns, self.accounts, random.Random(1))
        for origin in dict.fromkeys(of.values() or [""]):
            for number in range(senders):
                self.dispatcher.has_sender_for(f"{origin}sender-{number}", origin)

    def meter(self, name: str, count: int = 1, *requests: ReportRequest) -> VenOutbox:
        outbox = self.outbox.ven(name)
        layout_id = self.outbox.layout_id(outbox, self.layout)
        for _ in range(count):
            start_s = outbox.closed_until_s or T0
            watts = np.full((len(self.layout.resource_names), 1), 7, dtype=np.int32)
            watts[0] = start_s - T0
            block = Block(start_s, 10, watts)
            self.columns.remember(self.outbox.add_block(outbox, block, layout_id).block_id, block)
        self.outbox.take_requests(outbox, requests or [asked()], INF)
        self.settle(outbox)
        return outbox

    def settle(self, *outboxes: VenOutbox) -> None:
        for outbox in outboxes or self.outbox.vens.values():
            self.outbox.advance(outbox)
            self.dispatcher.offer(outbox)
        self.store.commit()

    def go(self, now_s: float) -> list[tuple[InFlight, SealedReport]]:
        out = [(flight, sealed) for flight, sealed, _, _ in self.desk.outgoing(now_s)]
        self.store.commit()
        return out

    def names(self, now_s: float) -> list[str]:
        return [sealed.ven_name for _, sealed in self.go(now_s)]

    def land(self, flight: InFlight) -> InFlight:
        landed = self.dispatcher.landed(flight.report_id)
        assert landed is flight
        self.dispatcher.sender_is_free(flight.sender)
        return flight

    def refuse_all(self, now_s: float, status: int = 422) -> int:
        """Refuse whatever goes out now; returns how many reports that were."""
        flights = self.go(now_s)
        for flight, _ in flights:
            self.desk.refused(self.land(flight), status, "no", now_s)
        self.settle()
        return len(flights)

    def accept_all(self, now_s: float) -> list[str]:
        """Accept whatever goes out now; returns whose reports those were."""
        flights = self.go(now_s)
        for flight, _ in flights:
            self.desk.accepted(self.land(flight), possibly_doubled=False)
        self.settle()
        return [sealed.ven_name for _, sealed in flights]
