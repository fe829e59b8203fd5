"""The alarm: whom the refusals of reports hold, for how long, and what ends it."""

from __future__ import annotations

from pathlib import Path

import pytest
from delivery_desk import Office, asked
from structlog.testing import capture_logs

from ven_actors.delivery.alarm import MOST_ALONE, RINGS_AFTER, VENS_IN_A_ROW, Refusals, Rung
from ven_actors.delivery.pace import FIRST_SLOW_S, LONGEST_SLOW_S
from ven_actors.model import Layout


def ring(office: Office, name: str = "a", now_s: float = 0.0) -> None:
    """Have six reports of one VEN refused in a row, each whole."""
    office.meter(name, 60)
    for _ in range(RINGS_AFTER + 1):
        office.refuse_all(now_s, 409)
    assert office.desk.holding.holds.now(now_s)


# --- what counts


def test_one_acceptance_ends_a_streak() -> None:
    refusals = Refusals()
    for _ in range(3):
        assert {refusals.add("a", "vtn", number) for number in range(RINGS_AFTER)} == {Rung.NOT}
        refusals.accepted("a", "vtn")
    assert [refusals.add("a", "vtn", number) for number in range(RINGS_AFTER + 1)][-1] is Rung.VEN


def test_halves_of_one_report_and_readings_of_one_resource_count_once() -> None:
    refusals = Refusals()
    assert {refusals.add("a", "vtn", "this one") for _ in range(10 * RINGS_AFTER)} == {Rung.NOT}
    assert refusals.in_a_row("a") == 1


def test_a_vtn_wide_alarm_needs_refusals_of_three_vens_in_a_row() -> None:
    refusals = Refusals()
    rung = [refusals.add(ven, "vtn", number) for number in range(RINGS_AFTER + 5) for ven in ("a", "b")]
    assert set(rung) == {Rung.NOT, Rung.VEN}
    assert VENS_IN_A_ROW == 3
    assert refusals.add("c", "vtn", 0) is Rung.VTN
    assert refusals.add("d", "another vtn", 0) is Rung.NOT
    refusals.accepted("d", "vtn")
    assert refusals.add("c", "vtn", 1) is Rung.NOT
    assert refusals.add("a", "vtn", 99) is Rung.VEN, "the streak of a VEN does not end with another's success"


def test_a_report_with_many_resources_is_not_given_up_piece_by_piece_where_all_are_refused(tmp_path: Path) -> None:
    office = Office(tmp_path, layout=Layout(tuple(f"r{number}" for number in range(64)), ("load_0",)))
    office.meter("a", 1)
    for _ in range(200):
        office.refuse_all(0)
    assert office.accounts.status(0).reports_refused == MOST_ALONE
    assert office.accounts.status(0).readings.queued == 64
    office.store.close()


# --- whom it holds


def test_a_ven_whose_every_report_is_refused_holds_up_no_other(office: Office) -> None:
    office.meter("a", 100)
    for now_s in range(100):
        office.meter("b", 1)
        flights = office.go(now_s)
        for flight, sealed in flights:
            if sealed.ven_name == "a":
                office.desk.refused(office.land(flight), 422, "no", now_s)
            else:
                office.desk.accepted(office.land(flight), possibly_doubled=False)
        office.settle()
        assert "b" in [sealed.ven_name for _, sealed in flights], f"at {now_s} s the report of b waits"


def test_three_vens_that_are_refused_hold_their_vtn_and_no_other(tmp_path: Path) -> None:
    office = Office(tmp_path, senders=6, origins={**dict.fromkeys("abcd", "one"), "x": "two"})
    for name in "abc":
        office.meter(name, 10)
    while not any(hold.ven == "" for hold in office.desk.holding.holds.now(0)):
        office.refuse_all(0, 409)
    (hold,) = [each for each in office.desk.holding.holds.now(0) if not each.ven]
    assert (hold.vtn, hold.ends_in_s, hold.alarm) == ("one", FIRST_SLOW_S, True)
    for name in "dx":
        office.meter(name)
    assert office.accept_all(FIRST_SLOW_S - 0.1) == ["x"]
    assert len(office.accept_all(FIRST_SLOW_S)) == 1, "one probe for all of them"
    assert set("abcd") >= set(office.names(FIRST_SLOW_S)) > {"d"}
    office.store.close()


# --- how long, and what ends it


def test_the_wait_begins_with_2_s_and_doubles_up_to_300_s(office: Office) -> None:
    ring(office)
    waits = []
    now_s = 0.0
    while len(waits) < 10:
        (hold,) = office.desk.holding.holds.now(now_s)
        waits.append(hold.ends_in_s)
        assert office.go(now_s + hold.ends_in_s - 0.01) == []
        now_s += hold.ends_in_s
        assert office.refuse_all(now_s, 409) == 1
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, LONGEST_SLOW_S, LONGEST_SLOW_S]


def test_the_first_success_ends_the_alarm(office: Office) -> None:
    ring(office)
    assert office.accept_all(2) == ["a"]
    assert office.desk.holding.holds.now(2) == ()
    assert office.accept_all(2) == ["a"]
    assert {office.refuse_all(3, 409) for _ in range(RINGS_AFTER)} == {1}, "the streak begins again"


def test_reading_the_events_again_permits_one_probe_and_a_failed_one_doubles_the_wait(office: Office) -> None:
    outbox = office.meter("a", 60)
    ring(office)
    office.desk.holding.events_read(outbox, is_new=False, is_back=False)
    office.settle()
    assert office.refuse_all(0.5, 409) == 1
    assert office.go(0.5) == []
    assert office.desk.holding.holds.now(0.5)[0].ends_in_s == 2 * FIRST_SLOW_S
    office.desk.holding.events_read(outbox, is_new=False, is_back=False)
    office.settle()
    assert office.accept_all(0.6) == ["a"]
    assert office.accept_all(0.6) == ["a"]


@pytest.mark.parametrize("told", [{"is_new": True, "is_back": False}, {"is_new": False, "is_back": True}])
def test_other_events_or_a_vtn_that_is_back_end_the_alarm(office: Office, told: dict[str, bool]) -> None:
    outbox = office.meter("a", 60)
    ring(office)
    office.desk.holding.events_read(outbox, **told)
    office.settle()
    assert office.desk.holding.holds.now(0) == ()
    assert {office.refuse_all(0, 409) for _ in range(RINGS_AFTER)} == {1}


def test_a_request_is_news_only_when_it_changes(office: Office) -> None:
    outbox = office.meter("a", 1, asked("e1"))
    take = office.outbox.take_requests
    asks = [[asked("e1")], [asked("e2")], [asked("e2"), asked("e3")], [asked("e3", 20)], [asked("e3", 20)], []]
    assert [take(outbox, each, 0.0) for each in asks] == [False, True, True, True, False, True]


# --- how it is said


def test_the_alarm_is_told_in_the_log_the_status_and_the_warnings(office: Office) -> None:
    with capture_logs() as logs:
        ring(office)
        office.accept_all(2)
    told = [entry for entry in logs if entry["event"] in {"reports_refused", "reports_taken_again"}]
    assert [(entry["event"], entry["ven"], entry["log_level"]) for entry in told] == [
        ("reports_refused", "a", "error"),
        ("reports_taken_again", "a", "info"),
    ]
    assert (told[0]["held_s"], told[0]["in_a_row"], told[0]["said"]) == (FIRST_SLOW_S, 6, "409: no")
    assert "doctor --write --vens a" in told[0]["remedy"]
    (warning,) = office.desk.holding.holds.warnings()
    assert "refused 6 reports of VEN a in a row (409: no); reports were held, 1 times" in warning


def test_the_status_says_whose_reports_are_held_and_when_that_ends(office: Office) -> None:
    ring(office)
    (hold,) = office.desk.holding.holds.now(1.5)
    assert (hold.ven, hold.reason, hold.ends_in_s, hold.alarm) == ("a", "409: no", 0.5, True)
    (warning,) = office.desk.holding.holds.warnings()
    assert "reports are held" in warning
