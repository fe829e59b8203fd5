"""What goes out next, what each verdict does, and how fast: dispatcher, throttle, desk, columns, accounts."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ven_actors.delivery.accounts import Accounts
from ven_actors.delivery.columns import Columns
from ven_actors.delivery.desk import Desk
from ven_actors.delivery.dispatch import Dispatcher, InFlight
from ven_actors.delivery.fleet_outbox import FleetOutbox
from ven_actors.delivery.outbox import VenOutbox
from ven_actors.delivery.throttle import (
    FIRST_RETRY_S,
    LONGEST_ASKED_S,
    LONGEST_RETRY_S,
    SLOW_RETRY_S,
    RefusalAlarm,
    Throttle,
    retry_wait_s,
)
from ven_actors.delivery.verdicts import Verdict, judge
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
        self, folder: Path, rate: float | None = None, senders: int = 2, cached: int = 100, layout: Layout = LAYOUT
    ) -> None:
        self.layout = layout
        self.store = Store(folder)
        self.outbox = FleetOutbox(self.store.load(), self.store, next_window)
        self.dispatcher = Dispatcher(Throttle(rate, burst=senders))
        self.accounts = Accounts(self.outbox, Counters())
        self.columns = Columns(self.store, self.outbox.layouts, most=cached)
        self.desk = Desk(self.outbox, self.dispatcher, self.columns, self.accounts, random.Random(1))
        for number in range(senders):
            self.dispatcher.sender_is_free(f"sender-{number}")

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


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.store.close()


# --- who goes next


def test_vens_take_turns_and_have_one_report_in_flight_each(office: Office) -> None:
    for name in ("a", "b", "c"):
        office.meter(name, 3)
    sent = []
    for now_s in range(5):
        flights = office.go(now_s)
        sent.append([sealed.ven_name for _, sealed in flights])
        for flight, _ in flights:
            office.desk.accepted(office.land(flight), possibly_doubled=False)
            office.dispatcher.offer(flight.outbox)
    assert sent == [["a", "b"], ["c", "a"], ["b", "c"], ["a", "b"], ["c"]]
    assert office.names(9) == []


def test_a_ven_waits_for_its_own_report_even_if_senders_are_free(office: Office) -> None:
    office.meter("a", 3)
    ((flight, _),) = office.go(0)
    office.settle()
    assert office.go(1) == []
    office.desk.accepted(office.land(flight), possibly_doubled=False)
    office.dispatcher.offer(flight.outbox)
    ((_, sealed),) = office.go(2)
    assert sealed.intervals[0].start_s == T0 + 10


def test_a_report_goes_out_with_its_columns_and_what_the_vtn_holds(office: Office) -> None:
    office.meter("a", 2, asked(length_s=20))
    ((flight, sealed, blocks, known),) = office.desk.outgoing(0)
    assert sealed.name == flight.report.name
    assert [block.power_w.tolist() for block in blocks] == [[[0], [7]], [[10], [7]]]
    assert (known, flight.report.marked, sealed.in_doubt) == (0, True, False)


def test_a_sender_that_is_free_twice_gets_one_report(office: Office) -> None:
    office.dispatcher.sender_is_free("sender-0")
    for name in ("a", "b", "c"):
        office.meter(name)
    assert [flight.sender for flight, _ in office.go(0)] == ["sender-0", "sender-1"]


def test_a_verdict_counts_once(office: Office) -> None:
    office.meter("a")
    ((flight, _),) = office.go(0)
    assert office.dispatcher.landed(flight.report_id) is flight
    assert office.dispatcher.landed(flight.report_id) is None


def test_what_a_dead_sender_had_in_hand_is_in_doubt(office: Office) -> None:
    office.meter("a")
    office.meter("b")
    first, second = (flight for flight, _ in office.go(0))
    assert office.dispatcher.lost_sender(first.sender) == [first]
    office.desk.put_back(first, "its sender died", 0, in_doubt=True)
    office.dispatcher.sender_is_free(first.sender)
    office.settle()
    assert [(sealed.name, sealed.in_doubt) for _, sealed in office.go(1)] == [(first.report.name, True)]
    assert second.report_id in office.dispatcher.in_flight


def test_a_held_report_waits_and_lets_others_pass(office: Office) -> None:
    office.meter("a", 2)
    office.meter("b", 1)
    flights = {flight.outbox.name: flight for flight, _ in office.go(0)}
    office.desk.hold(office.land(flights["a"]), "not now", 0, wait_s=100)
    office.desk.accepted(office.land(flights["b"]), possibly_doubled=False)
    office.meter("b", 1)
    office.settle()
    assert office.names(50) == ["b"]
    assert office.names(99.9) == []
    ((_, sealed),) = office.go(100)
    assert sealed.intervals[0].start_s == T0, "the order of a VEN's reports holds"


def test_a_ven_whose_held_report_is_withdrawn_does_not_wait_for_its_time(office: Office) -> None:
    outbox = office.meter("a", 1, asked("e1"), asked("e2"))
    ((flight, sealed),) = office.go(0)
    office.desk.hold(office.land(flight), "not now", 0, wait_s=1000)
    office.settle()
    assert office.names(1) == []
    remaining = asked("e2" if sealed.event_id == "e1" else "e1")
    office.outbox.take_requests(outbox, [remaining], INF)
    office.settle()
    ((_, again),) = office.go(2)
    assert again.event_id == remaining.event_id
    assert office.go(1000) == [], "the time it was listed for first means nothing any more"


def test_many_offers_at_one_time_need_no_order_among_outboxes(office: Office) -> None:
    outbox = office.meter("a", 1, asked("e1"), asked("e2"))
    for wait_s in (50.0, 20.0, 50.0, 20.0, 50.0):
        ((flight, _),) = office.go(100)
        office.desk.put_back(office.land(flight), "wait", wait_s, in_doubt=False)
        office.dispatcher.offer(outbox)
    assert office.names(100) == ["a"]


def test_a_ven_whose_reports_have_all_gone_is_passed_over(office: Office) -> None:
    outbox = office.meter("a")
    office.outbox.take_requests(outbox, [], INF)
    assert office.names(0) == []
    assert not office.dispatcher.has_work(0)


def test_a_report_that_became_due_later_than_offered_is_offered_again(office: Office) -> None:
    outbox = office.meter("a")
    outbox.queue[0].next_try_s = 10
    assert office.names(5) == []
    assert office.names(10) == ["a"]


# --- verdicts


def test_an_accepted_report_is_counted_and_clears_the_last_error(office: Office) -> None:
    office.meter("a")
    ((flight, _),) = office.go(0)
    office.accounts.posted(2)
    office.accounts.trouble("a", "bad")
    office.desk.accepted(office.land(flight), possibly_doubled=True)
    status = office.accounts.status(in_flight=3)
    assert (status.reports_accepted, status.possibly_doubled, status.posts, status.in_flight) == (1, 1, 2, 3)
    assert status.last_error_by_ven == {}
    assert office.accounts.counters == Counters(reports_accepted=1, possibly_doubled=1, posts=2)
    assert status.readings.accepted == status.readings.generated == 2
    assert status.closed_until_by_ven == {"a": T0 + 10}
    assert status.reports_open == 0


def test_a_report_whose_name_is_taken_is_quarantined_whole_with_the_vtns_words(office: Office) -> None:
    office.meter("a")
    ((flight, _),) = office.go(0)
    office.desk.refused(office.land(flight), 409, "no such unit", 0)
    status = office.accounts.status(0)
    assert (status.reports_refused, status.readings.quarantined) == (1, 2)
    assert status.last_error_by_ven == {"a": "409: no such unit"}


def test_where_everything_is_refused_nothing_more_is_quarantined_and_the_fleet_stops(office: Office) -> None:
    office.meter("a", 10)
    office.meter("b", 10)
    for now_s in range(RefusalAlarm.RINGS_AFTER):
        flight, _ = office.go(now_s)[0]
        for each in list(office.dispatcher.in_flight.values()):
            if each is not flight:
                office.desk.put_back(office.land(each), "later", 0, in_doubt=False)
        office.desk.refused(office.land(flight), 409, "no", now_s)
        office.settle()
    ((flight, _), *others) = office.go(10)
    office.desk.refused(office.land(flight), 409, "no", 10)
    for other, _ in others:
        office.desk.put_back(office.land(other), "later", 0, in_doubt=False)
    office.settle()
    status = office.accounts.status(0)
    assert status.readings.quarantined == RefusalAlarm.RINGS_AFTER * 2
    assert "refuses every report" in status.last_error_by_ven[flight.outbox.name]
    assert office.go(10 + SLOW_RETRY_S - 1) == []
    assert len(office.go(10 + SLOW_RETRY_S)) >= 1


def deliver_to(office: Office, bad: set[str], until_s: float = 100_000.0) -> int:
    """A VTN that refuses any report of a resource of `bad`; returns how many POSTs there were in the end."""
    now_s, posts = 0.0, 0
    while now_s < until_s and office.outbox.vens["a"].queue:
        flights = office.go(now_s)
        for flight, _ in flights:
            posts += 1
            rows = flight.report.rows
            names = office.outbox.layouts[flight.report.layout_id].resource_names
            if bad & set(names if rows is None else (names[row] for row in rows)):
                office.desk.refused(office.land(flight), 422, "bad", now_s)
            else:
                office.desk.accepted(office.land(flight), possibly_doubled=False)
        office.settle()
        now_s += 1 if flights else 10
    return posts


@pytest.mark.parametrize("bad", [{"r0"}, {"r5"}, {"r0", "r1"}, {"r0", "r9"}, {"r3", "r6", "r8"}])
def test_r41_only_the_bad_resources_are_quarantined_and_without_an_alarm(tmp_path: Path, bad: set[str]) -> None:
    office = Office(tmp_path, layout=Layout(tuple(f"r{number}" for number in range(10)), ("load_0",)))
    office.meter("a", 2)
    posts = deliver_to(office, bad, until_s=120)
    readings = office.accounts.status(0).readings
    assert (readings.accepted, readings.quarantined, readings.queued) == (20 - 2 * len(bad), 2 * len(bad), 0)
    assert posts <= 2 * (1 + 2 * 4 * len(bad))
    office.store.close()


def test_r41_many_bad_resources_take_longer_but_come_to_an_end(tmp_path: Path) -> None:
    office = Office(tmp_path, layout=Layout(tuple(f"r{number}" for number in range(16)), ("load_0",)))
    office.meter("a", 1)
    deliver_to(office, {f"r{number}" for number in range(0, 16, 2)})
    readings = office.accounts.status(0).readings
    assert (readings.accepted, readings.quarantined, readings.queued) == (8, 8, 0)
    office.store.close()


def test_one_acceptance_quiets_the_alarm() -> None:
    alarm = RefusalAlarm()
    for _ in range(3):
        assert not any(alarm.refused() for _ in range(RefusalAlarm.RINGS_AFTER))
        alarm.accepted()
    assert [alarm.refused() for _ in range(RefusalAlarm.RINGS_AFTER + 1)][-1]


def test_a_retry_after_is_the_least_and_holds_for_the_whole_fleet(office: Office) -> None:
    office.meter("a")
    ((flight, _),) = office.go(0)
    office.desk.hold(office.land(flight), "429", 0, wait_s=60, vtn_asked=True)
    office.meter("b")
    office.settle()
    assert office.names(59) == []
    assert sorted(office.names(60)) == ["a", "b"]


@pytest.mark.parametrize(("asked_s", "least_s", "most_s"), [(0, 0.5, 1), (1e9, LONGEST_ASKED_S, LONGEST_ASKED_S)])
def test_a_nonsensical_retry_after_neither_spins_nor_stops_for_ever(
    office: Office, asked_s: float, least_s: float, most_s: float
) -> None:
    office.meter("a")
    ((flight, _),) = office.go(0)
    office.desk.hold(office.land(flight), "429", 0, wait_s=asked_s, vtn_asked=True)
    assert least_s <= flight.report.next_try_s <= most_s


def test_credentials_of_three_vens_that_are_refused_stop_no_other(office: Office) -> None:
    for name in ("a", "b", "c"):
        office.meter(name)
    for now_s in range(2):
        for flight, _ in office.go(now_s):
            office.desk.hold(office.land(flight), "401", now_s, wait_s=SLOW_RETRY_S)
    office.meter("d")
    assert office.names(2) == ["d"]


def test_an_ambiguous_report_comes_back_in_doubt_after_a_while(office: Office) -> None:
    office.meter("a")
    ((flight, _),) = office.go(0)
    office.desk.hold(office.land(flight), "no answer", 0, in_doubt=True)
    office.settle()
    assert office.go(FIRST_RETRY_S / 2 - 0.01) == []
    ((_, sealed),) = office.go(FIRST_RETRY_S)
    assert sealed.in_doubt
    assert office.accounts.status(0).last_error_by_ven == {"a": "no answer"}


def test_an_event_that_is_gone_withdraws_its_reports(office: Office) -> None:
    office.meter("a", 2)
    ((flight, _),) = office.go(0)
    office.desk.event_gone(office.land(flight))
    office.settle()
    status = office.accounts.status(0)
    assert (status.readings.unasked, status.reports_open) == (4, 0)
    assert "e1" in status.last_error_by_ven["a"]


def test_trouble_is_news_only_once(office: Office) -> None:
    office.meter("a")
    assert [office.accounts.trouble("a", why) for why in ("x", "y")] == [True, False]


# --- columns


def test_damaged_columns_cost_their_block_and_nothing_else(tmp_path: Path) -> None:
    office = Office(tmp_path, cached=0)
    office.meter("a", 3, asked(length_s=30))
    office.store._execute("UPDATE power SET watts = x'00000000' WHERE block_id = 2", ())
    ((_, sealed),) = office.go(0)
    assert [(cut.start_s - T0, cut.end_s - T0) for cut in sealed.intervals] == [(0, 10), (20, 30)]
    assert sealed.periods
    readings = office.accounts.status(0).readings
    assert (readings.evicted, readings.queued, readings.unaccounted) == (2, 4, 0)
    assert "checksum" in office.accounts.status(0).last_error_by_ven["a"]
    office.store.close()


def test_a_window_whose_only_columns_are_damaged_is_not_sent_and_its_sender_is_free(tmp_path: Path) -> None:
    office = Office(tmp_path, senders=1, cached=0)
    office.meter("a", 2)
    office.store._execute("DELETE FROM power WHERE block_id = 1", ())
    ((flight, sealed),) = office.go(0)
    assert (flight.sender, sealed.intervals[0].start_s) == ("sender-0", T0 + 10)
    assert office.accounts.status(0).readings.evicted == 2
    office.store.close()


def test_only_the_newest_columns_are_kept_at_hand(tmp_path: Path) -> None:
    office = Office(tmp_path, cached=1)
    outbox = office.meter("a", 2)
    office.store._execute("DELETE FROM power", ())
    first, second = outbox.queue
    assert office.columns.of(outbox, first) == ((), first.blocks)
    assert office.columns.of(outbox, second)[1] == []
    office.store.close()


def test_giving_up_nothing_says_nothing(office: Office) -> None:
    outbox = office.meter("a")
    office.go(0)
    office.desk.evict(outbox, list(outbox.blocks.values()), "no room")
    assert office.accounts.status(0).last_error_by_ven == {}
    assert office.accounts.status(0).readings.evicted == 0


# --- throttle


def test_a_rate_holds_over_time_and_allows_its_burst() -> None:
    throttle = Throttle(2.0, burst=3)
    sent = []
    now_s = 0.0
    while now_s < 10:
        wait_s = throttle.wait_s(now_s, 0)
        if wait_s <= 0:
            throttle.took(now_s)
            sent.append(now_s)
        else:
            now_s += wait_s
    assert sent[:4] == [0.0, 0.0, 0.0, 0.5]
    assert len(sent) == 3 + 19


def test_without_a_rate_there_is_no_wait() -> None:
    throttle = Throttle(None)
    for _ in range(100):
        assert throttle.wait_s(0.0, 50) == 0.0
        throttle.took(0.0)


def test_a_vtn_that_fails_gets_one_try_at_a_time_until_it_succeeds() -> None:
    throttle = Throttle(None, burst=4)
    for _ in range(Throttle.BREAKS_AFTER - 1):
        throttle.failed(0, 5, vtn_asked=False)
        assert throttle.wait_s(0, 3) == 0
    throttle.failed(0, 5, vtn_asked=False)
    assert throttle.wait_s(0, 0) == 5
    assert throttle.wait_s(5, 0) == 0
    assert throttle.wait_s(5, 1) == INF
    throttle.succeeded()
    assert throttle.wait_s(5, 1) == 0


def test_a_closed_throttle_keeps_to_the_longest_time_asked() -> None:
    throttle = Throttle(10.0)
    throttle.failed(0, 60, vtn_asked=True)
    throttle.failed(0, 10, vtn_asked=True)
    assert throttle.wait_s(1, 0) == 59
    throttle.took(1)
    assert throttle.wait_s(60, 0) == 0


def test_retries_grow_with_jitter_up_to_a_bound_and_never_end() -> None:
    rng = random.Random(3)
    for attempt in (1, 2, 3, 5, 6, 50, 10_000):
        ceiling_s = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(attempt - 1, 20))
        waits = {retry_wait_s(attempt, rng) for _ in range(50)}
        assert ceiling_s / 2 <= min(waits) < max(waits) <= ceiling_s


# --- what an answer means


@pytest.mark.parametrize(
    ("status", "complete", "meaning"),
    [
        (201, True, Verdict.ACCEPTED),
        (201, False, Verdict.AMBIGUOUS),
        (200, True, Verdict.AMBIGUOUS),
        (204, True, Verdict.AMBIGUOUS),
        (400, True, Verdict.REFUSED),
        (401, True, Verdict.HOLD_SLOWLY),
        (404, True, Verdict.ASK_FOR_EVENT),
        (409, True, Verdict.LOOK_UP),
        (413, True, Verdict.REFUSED),
        (422, True, Verdict.REFUSED),
        (429, True, Verdict.HOLD),
        (500, True, Verdict.HOLD),
        (501, True, Verdict.HOLD_SLOWLY),
        (599, True, Verdict.HOLD),
        (302, True, Verdict.HOLD_SLOWLY),
        (418, True, Verdict.HOLD_SLOWLY),
    ],
)
def test_an_answer_means_what_the_table_says(status: int, complete: bool, meaning: Verdict) -> None:
    assert judge(status, success=frozenset({201}), complete=complete) is meaning
