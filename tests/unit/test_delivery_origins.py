"""What one VTN, or one VEN, does to its reports holds up nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from delivery_desk import Office

from ven_actors.delivery.throttle import LONGEST_ASKED_S

ONE, TWO = "https://one:443", "https://two:443"


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Office]:
    """Two VTNs with two senders each; a to e report to the first, x to the second."""
    office = Office(tmp_path, origins={**dict.fromkeys("abcde", ONE), "x": TWO})
    yield office
    office.store.close()


def test_posts_that_hang_at_one_vtn_leave_the_other_its_senders(two: Office) -> None:
    for name in "abcdx":
        two.meter(name)
    flights = two.go(0)
    assert [(sealed.ven_name, flight.sender) for flight, sealed in flights if sealed.ven_name == "x"] == [
        ("x", f"{TWO}sender-0")
    ]
    assert len([sealed for _, sealed in flights if sealed.ven_name != "x"]) == 2
    two.meter("x")
    for flight, sealed in flights:
        if sealed.ven_name == "x":
            two.desk.accepted(two.land(flight), possibly_doubled=False)
    two.settle()
    assert two.names(1) == ["x"]


def test_an_absurd_retry_after_of_one_vtn_does_not_stop_the_other(two: Office) -> None:
    two.meter("a")
    ((flight, _),) = two.go(0)
    two.desk.holding.hold(two.land(flight), "429", 0, asked_s=1e9)
    for name in "bx":
        two.meter(name)
    assert two.accept_all(1) == ["x"]
    assert two.names(LONGEST_ASKED_S - 1) == []
    assert "b" in two.names(LONGEST_ASKED_S)


def test_time_that_only_one_ven_is_asked_for_stops_no_other_of_its_vtn(two: Office) -> None:
    two.meter("a", 2)
    ((flight, _),) = two.go(0)
    two.desk.holding.hold(two.land(flight), "no token", 0, asked_s=60, alone=True)
    two.meter("b")
    two.settle()
    assert two.accept_all(1) == ["b"]
    assert two.names(59) == []
    assert two.names(60) == ["a"]


def test_a_vtn_that_fails_everybody_breaks_for_itself_alone(two: Office) -> None:
    for name in "abc":
        two.meter(name)
    for now_s in range(30):
        for flight, _ in two.go(now_s):
            two.desk.holding.hold(two.land(flight), "500", now_s)
        two.settle()
    two.meter("x", 2)
    assert two.accept_all(30) == ["x"]
    assert two.accept_all(30) == ["x"]


def test_one_ven_that_fails_for_ever_holds_up_no_other_of_its_vtn(two: Office) -> None:
    two.meter("a", 100)
    for now_s in range(200):
        two.meter("b")
        flights = two.go(now_s)
        for flight, sealed in flights:
            if sealed.ven_name == "a":
                two.desk.holding.hold(two.land(flight), "no answer", now_s, in_doubt=True)
            else:
                two.desk.accepted(two.land(flight), possibly_doubled=False)
        two.settle()
        assert "b" in [sealed.ven_name for _, sealed in flights], f"at {now_s} s the report of b waits"


def fails_over(office: Office, now_s: float) -> list[str]:
    """Have what goes out now stored and fail; what is in doubt is found. Returns whose reports those were."""
    flights = office.go(now_s)
    for flight, sealed in flights:
        if sealed.in_doubt:
            office.desk.accepted(office.land(flight), possibly_doubled=False, found=True)
        else:
            office.desk.doubted(office.land(flight), "500", now_s, possibly_doubled=False)
    office.settle()
    return [sealed.ven_name for _, sealed in flights]


def test_a_vtn_that_stores_what_it_fails_over_is_given_the_same_as_any_other(two: Office) -> None:
    for name in "abcde":
        two.meter(name)
    assert [len(fails_over(two, 0)) for _ in range(3)] == [2, 2, 0], "several have failed in a row"
    for tick in range(40):
        fails_over(two, 20 + tick)
    for name in "abcde":
        two.meter(name)
    assert [len(fails_over(two, 100)) for _ in range(3)] == [2, 2, 1], "what was found before is why"


def test_a_look_up_that_finds_nothing_says_that_such_a_vtn_fails_now(two: Office) -> None:
    two.meter("a")
    assert [fails_over(two, now_s) for now_s in (0, 20)] == [["a"], ["a"]]
    two.meter("a")
    assert fails_over(two, 30) == ["a"]
    ((flight, sealed),) = two.go(60)
    assert sealed.in_doubt
    two.desk.doubted(two.land(flight), "500", 60, possibly_doubled=False)
    two.settle()
    for name in "bcde":
        two.meter(name)
    assert [len(fails_over(two, 60)) for _ in range(2)] == [2, 0], "three have failed in a row"
