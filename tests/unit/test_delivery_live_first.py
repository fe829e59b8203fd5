"""Live reports go before the backlog, which gets its turn all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from delivery_desk import T0, Office, asked

from ven_actors.delivery.outlet import LIVE_AT_LEAST_S, LONGEST_WAIT_S


@pytest.fixture
def office_of(tmp_path: Path) -> Iterator[Callable[[int], Office]]:
    """An office where it is T0 + 1000 s: a window of 10 s that ended at T0 + 10 is backlog, one of 600 s is live."""
    made: list[Office] = []

    def make(senders: int) -> Office:
        office = Office(tmp_path, senders=senders)
        office.dispatcher.sim_now_s = T0 + 1000
        made.append(office)
        return office

    yield make
    for office in made:
        office.store.close()


def meter_live(office: Office, name: str) -> None:
    office.meter(name, 60, asked(length_s=600))


def test_a_live_report_goes_before_a_backlog_that_was_there_first(office_of: Callable[[int], Office]) -> None:
    office = office_of(2)
    for name in ("old-1", "old-2"):
        office.meter(name)
    meter_live(office, "new")
    flights = office.go(0)
    assert [(sealed.ven_name, flight.backlog) for flight, sealed in flights] == [("new", False), ("old-1", True)]


def test_the_backlog_never_has_all_senders_as_they_wait_with_it_at_the_gate(
    office_of: Callable[[int], Office],
) -> None:
    office = office_of(3)
    for number in range(5):
        office.meter(f"old-{number}")
    first = office.go(0)
    assert len(first) == 2
    meter_live(office, "new")
    assert office.names(0) == ["new"]
    office.desk.accepted(office.land(first[0][0]), possibly_doubled=False)
    assert office.names(0) == ["old-2"]


def test_with_one_sender_the_backlog_goes_out_as_well(office_of: Callable[[int], Office]) -> None:
    office = office_of(1)
    office.meter("old")
    assert office.accept_all(0) == ["old"]


def test_the_backlog_waits_for_live_reports_no_longer_than_five_seconds(office_of: Callable[[int], Office]) -> None:
    office = office_of(1)
    for number in range(20):
        meter_live(office, f"new-{number}")
    for name in ("old-1", "old-2"):
        office.meter(name)
    went = {now_s: office.accept_all(float(now_s)) for now_s in range(12)}
    late = [now_s for now_s, names in went.items() if names[0].startswith("old")]
    assert late == [LONGEST_WAIT_S, 2 * LONGEST_WAIT_S]


def test_a_report_is_live_until_two_more_windows_have_ended_and_for_half_a_minute_at_least(
    office_of: Callable[[int], Office],
) -> None:
    office = office_of(3)
    office.meter("short")
    meter_live(office, "long")
    ages = ((10 + LIVE_AT_LEAST_S, set()), (11 + LIVE_AT_LEAST_S, {"short"}), (1801, {"short", "long"}))
    for at_s, backlog in ages:
        office.dispatcher.sim_now_s = T0 + at_s
        flights = office.go(at_s)
        assert {sealed.ven_name for flight, sealed in flights if flight.backlog} == backlog
        for flight, _ in flights:
            office.desk.holding.put_back(office.land(flight), "later", at_s, in_doubt=False)
        office.settle()


def test_a_report_that_becomes_backlog_while_it_waits_goes_out_as_such(office_of: Callable[[int], Office]) -> None:
    office = office_of(3)
    office.dispatcher.sim_now_s = T0
    for number in range(4):
        office.meter(f"v-{number}")
    assert office.dispatcher.has_work(0)
    office.dispatcher.sim_now_s = T0 + 1000
    flights = office.go(0)
    assert [flight.backlog for flight, _ in flights] == [True, True]


def test_where_time_runs_fast_a_report_stays_live_for_half_a_minute_of_ours(office_of: Callable[[int], Office]) -> None:
    office = office_of(2)
    office.dispatcher.speed = 100.0
    office.meter("v")
    assert [flight.backlog for flight, _ in office.go(0)] == [False]
