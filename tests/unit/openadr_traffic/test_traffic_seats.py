"""At most so many VENs register at one VTN at once; the others are told when it is their turn."""

from ven_actors.openadr.seats import Seats, portion_at
from ven_actors.openadr.traffic import Traffic


def nobody() -> None:
    raise AssertionError("it has its seat already")


def test_who_finds_no_seat_is_told_when_it_has_one_in_the_order_of_asking() -> None:
    seats, told = Seats(lambda: 1), list[str]()
    assert seats.take("A", nobody)
    assert not seats.take("B", lambda: told.append("B"))
    assert not seats.take("C", lambda: told.append("C"))
    assert not seats.take("B", lambda: told.append("B"))
    seats.leave("A")
    assert told == ["B"]
    assert seats.take("B", nobody)
    seats.leave("B")
    assert told == ["B", "C"]


def test_who_has_a_seat_keeps_it_until_it_leaves() -> None:
    seats = Seats(lambda: 1)
    assert seats.take("A", nobody)
    assert seats.take("A", nobody)
    seats.leave("A")
    assert not seats.any_taken


def test_who_gives_up_waiting_is_passed_over() -> None:
    seats, told = Seats(lambda: 1), list[str]()
    assert seats.take("A", nobody)
    seats.take("B", lambda: told.append("B"))
    seats.take("C", lambda: told.append("C"))
    seats.leave("B")
    seats.leave("A")
    assert told == ["C"]


def test_at_a_low_rate_fewer_vens_register_at_once_so_that_each_of_them_gets_on() -> None:
    for rate, most in ((None, 16), (200, 16), (3, 3), (0.5, 1)):
        seats = Traffic(rate, monotonic=lambda: 0.0).gate("http://vtn.example").seats
        assert sum(seats.take(number, lambda: None) for number in range(20)) == most


def test_who_stands_up_keeps_its_place_in_the_line_if_it_had_no_seat() -> None:
    seats, told = Seats(lambda: 1), list[str]()
    assert seats.take("A", nobody)
    seats.take("B", lambda: told.append("B"))
    seats.stand_up("B")
    seats.stand_up("A")
    assert told == ["B"]


def test_a_portion_takes_about_a_minute_at_most_while_all_seats_are_taken() -> None:
    assert [portion_at(rate) for rate in (None, 200, 20, 2, 0.5, 0.001)] == [200, 200, 75, 60, 30, 1]


def test_who_sat_down_first_has_the_lower_number_so_that_vens_finish_one_after_the_other() -> None:
    seats = Seats(lambda: 2)
    for who in "ABC":
        seats.take(who, lambda: None)
    assert seats.number("A") < seats.number("B")
    assert seats.number("C") == 0
    seats.leave("A")
    assert seats.number("C") > seats.number("B")
