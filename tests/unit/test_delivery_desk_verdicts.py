"""The desk: what each verdict does to a report, to its readings and to the fleet."""

from __future__ import annotations

from pathlib import Path

import pytest
from delivery_desk import T0, Office, asked

from ven_actors.delivery.alarm import RINGS_AFTER
from ven_actors.delivery.pace import FIRST_SLOW_S
from ven_actors.delivery.throttle import FIRST_RETRY_S, LONGEST_ASKED_S
from ven_actors.model import Layout
from ven_actors.records import Counters


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


def test_a_conflict_that_nothing_explains_is_tried_again_behind_the_others_for_two_minutes(office: Office) -> None:
    office.meter("a")
    tries, now_s = [], 0.0
    while not office.accounts.status(0).reports_refused:
        ((flight, _),) = office.go(now_s)
        tries.append(now_s)
        office.desk.refused(office.land(flight), 409, "no", now_s, may_pass=True)
        if len(tries) == 2:
            office.meter("a")
            ((other, _),) = office.go(now_s)
            office.desk.accepted(office.land(other), possibly_doubled=False)
        office.settle()
        while now_s < 300 and not office.dispatcher.has_work(now_s):
            now_s += 1
    assert tries == [0, 2, 6, 14, 30, 62, 126]


def test_a_conflict_that_passes_costs_no_reading(office: Office) -> None:
    office.meter("a")
    for now_s in (0, 2, 6):
        ((flight, _),) = office.go(now_s)
        office.desk.refused(office.land(flight), 409, "no", now_s, may_pass=True)
        office.settle()
    assert office.accept_all(14) == ["a"]
    status = office.accounts.status(0)
    assert (status.readings.accepted, status.readings.quarantined, status.reports_refused) == (2, 0, 0)


def test_where_everything_of_a_ven_is_refused_nothing_more_is_quarantined_and_it_waits(office: Office) -> None:
    outbox = office.meter("a", 10)
    for now_s in range(RINGS_AFTER):
        office.refuse_all(now_s, 409)
    status = office.accounts.status(0)
    assert status.readings.quarantined == RINGS_AFTER * 2
    office.refuse_all(10, 409)
    status = office.accounts.status(0)
    assert status.readings.quarantined == RINGS_AFTER * 2
    assert "refuses every report" in status.last_error_by_ven[outbox.name]
    assert office.go(10 + FIRST_SLOW_S - 0.1) == []
    assert len(office.go(10 + FIRST_SLOW_S)) == 1


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


def test_a_retry_after_is_the_least_and_holds_for_every_ven_of_the_origin(office: Office) -> None:
    office.meter("a")
    ((flight, _),) = office.go(0)
    office.desk.holding.hold(office.land(flight), "429", 0, asked_s=60)
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
    office.desk.holding.hold(office.land(flight), "429", 0, asked_s=asked_s)
    assert least_s <= flight.report.next_try_s <= most_s


def test_credentials_of_three_vens_that_are_refused_stop_no_other(office: Office) -> None:
    for name in ("a", "b", "c"):
        office.meter(name)
    for now_s in range(2):
        for flight, _ in office.go(now_s):
            office.desk.holding.hold_slowly(office.land(flight), "401", now_s)
    office.meter("d")
    assert office.names(2) == ["d"]


def test_an_ambiguous_report_comes_back_in_doubt_after_a_while(office: Office) -> None:
    office.meter("a")
    ((flight, _),) = office.go(0)
    office.desk.holding.hold(office.land(flight), "no answer", 0, in_doubt=True)
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
    assert (status.readings.unasked, status.reports_open) == (0, 0), "the next crawl may show who asks instead"
    office.outbox.take_requests(flight.outbox, [], T0 + 20)
    office.settle()
    assert office.accounts.status(0).readings.unasked == 4
    assert "e1" in status.last_error_by_ven["a"]


def test_what_an_event_asked_for_that_was_replaced_is_reported_to_the_one_in_its_place(office: Office) -> None:
    outbox = office.meter("a", 2)
    ((flight, _),) = office.go(0)
    office.desk.event_gone(office.land(flight))
    office.settle()
    office.outbox.take_requests(outbox, [asked("e2")], T0 + 30)
    office.settle()
    assert office.accept_all(1) == ["a"]
    assert office.accept_all(1) == ["a"]
    assert office.accounts.status(0).readings.accepted == 4


def test_trouble_is_news_only_once(office: Office) -> None:
    office.meter("a")
    assert [office.accounts.trouble("a", why) for why in ("x", "y")] == [True, False]
