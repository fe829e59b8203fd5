"""One gate per origin: the rate of all threads together, `Retry-After`, slots, and who waits is woken."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from traffic_house import Caller, GateHouse

from ven_actors.errors import VtnBusy
from ven_actors.openadr.flights import HANGS_AFTER_S
from ven_actors.openadr.lanes import Lane
from ven_actors.openadr.pacing import FEWEST_SLOTS
from ven_actors.openadr.traffic import LONGEST_ASKED_S, Traffic, origin_of


@pytest.mark.parametrize("rate", [2, 20, 200])
def test_many_threads_together_keep_the_rate(rate: int) -> None:
    house = GateHouse(rate)

    def work() -> None:
        while house.clock.mono_s < 21:
            house.send(Lane.LIVE)

    for _ in range(8):
        house.start(work)
    house.join()
    for from_s in range(1, 11):
        within = sum(from_s <= at_s < from_s + 10 for _, at_s in house.went)
        assert 0.95 * 10 * rate <= within <= 10 * rate


def test_an_origin_is_scheme_host_and_port_however_it_is_written() -> None:
    traffic = Traffic(monotonic=lambda: 0.0)
    assert traffic.gate("https://VTN.example/a?b") is traffic.gate("https://vtn.example:443/c")
    assert traffic.gate("http://vtn.example") is not traffic.gate("https://vtn.example")
    assert traffic.gate("http://vtn.example:8080") is not traffic.gate("http://vtn.example")
    assert origin_of("http://[::1]:90/x") == "http://[::1]:90"


@pytest.mark.parametrize("status", [429, 503])
def test_nothing_goes_to_an_origin_that_has_asked_for_time_before_it_is_over(status: int) -> None:
    house = GateHouse(None)
    house.send(Lane.POLL, answer=(status, 30.0))
    house.clock.advance(10)
    with pytest.raises(VtnBusy, match=r"http://vtn.example:80 has asked for time .* 20 s more") as busy:
        house.send(Lane.TOKEN)
    assert busy.value.retry_after_s == 20
    house.clock.advance(20)
    house.send(Lane.TOKEN)
    assert [at_s for _, at_s in house.went] == [0, 30]


def test_another_origin_is_not_touched_by_it() -> None:
    house = GateHouse(None)
    house.send(Lane.POLL, answer=(429, 30.0))
    with house.traffic.gate("http://other.example").permit(Caller()):
        pass


def test_a_short_time_is_waited_for() -> None:
    house = GateHouse(None)
    house.send(Lane.POLL, answer=(429, 3.0))
    house.send(Lane.POLL)
    assert [at_s for _, at_s in house.went] == [0, 3]


def test_an_absurd_time_is_kept_for_an_hour() -> None:
    house = GateHouse(None)
    house.send(Lane.POLL, answer=(503, 86_400.0))
    with pytest.raises(VtnBusy) as busy:
        house.send(Lane.POLL)
    assert busy.value.retry_after_s == LONGEST_ASKED_S


def test_a_retry_after_of_another_status_asks_for_nothing() -> None:
    house = GateHouse(None)
    house.send(Lane.POLL, answer=(404, 30.0))
    house.send(Lane.POLL)
    assert len(house.went) == 2


def test_who_waits_already_is_told_as_well() -> None:
    house = GateHouse(None)
    told: list[VtnBusy] = []
    with house.gate.permit(Caller()) as permit:
        holds = [house.hold(Lane.POLL) for _ in range(31)]

        def wait() -> None:
            try:
                house.send(Lane.LIVE)
            except VtnBusy as error:
                told.append(error)

        thread = house.start(wait)
        house.until_waits(thread)
        permit.answered(503, 60.0)
    thread.join(10)
    assert told
    for each in holds:
        each.set()
    house.join()


def test_who_waits_and_is_aborted_is_woken_at_once() -> None:
    house = GateHouse(None)
    holds = [house.hold(Lane.POLL) for _ in range(32)]
    caller, ended = Caller(), []

    def wait() -> None:
        try:
            with house.gate.permit(caller):
                pass
        except ConnectionAbortedError as error:
            ended.append(error)

    thread = house.start(wait)
    house.until_waits(thread)
    caller.abort()
    thread.join(10)
    assert ended
    for each in holds:
        each.set()
    house.join()


def test_who_waits_is_resting_and_who_sends_is_not() -> None:
    seen: list[str] = []

    @contextmanager
    def resting() -> Iterator[None]:
        seen.append("rests")
        yield
        seen.append("works")

    house = GateHouse(2, resting)
    house.send(Lane.POLL)
    assert seen == []
    house.send(Lane.POLL)
    assert seen == ["rests", "works"]


def test_reports_leave_a_slot_to_everything_else() -> None:
    house = GateHouse(None)
    held = [house.hold(Lane.LIVE) for _ in range(32)]
    assert [lane for lane, _ in house.went] == [Lane.LIVE] * 31
    polled = house.hold(Lane.POLL)
    assert house.went[-1][0] is Lane.POLL
    for each in (polled, *held):
        each.set()
    house.join()


def test_while_a_ven_registers_one_report_of_the_backlog_is_in_flight_at_a_time() -> None:
    house = GateHouse(None)
    assert house.gate.seats.take("Herning", lambda: None)
    first, second = house.hold(Lane.BACKLOG), house.hold(Lane.BACKLOG)
    page = house.hold(Lane.REGISTRATION)
    assert [lane for lane, _ in house.went] == [Lane.BACKLOG, Lane.REGISTRATION]
    for each in (first, second, page):
        each.set()
    house.join()
    assert [lane for lane, _ in house.went] == [Lane.BACKLOG, Lane.REGISTRATION, Lane.BACKLOG]


def test_while_a_ven_registers_at_a_slow_vtn_reports_take_half_of_the_slots() -> None:
    house = GateHouse(None)
    house.send(Lane.REGISTRATION, took_s=0.5)
    house.gate.seats.take("Herning", lambda: None)
    crowd = [house.hold(Lane.REGISTRATION) for _ in range(16)]
    house.clock.advance(8)
    for each in crowd:
        each.set()
    house.join()
    house.went.clear()
    held = [house.hold(Lane.LIVE) for _ in range(FEWEST_SLOTS)]
    assert len(house.went) == FEWEST_SLOTS // 2
    for each in held:
        each.set()
    house.join()


def test_each_slot_that_becomes_free_goes_to_the_first_lane_that_waits() -> None:
    house = GateHouse(None)
    held = [house.hold(Lane.POLL) for _ in range(32)]
    asked = (Lane.BACKLOG, Lane.LIVE, Lane.POLL, Lane.ANSWER, Lane.REGISTRATION)
    waiting = [house.hold(lane) for lane in asked]
    for number, each in enumerate(held[: len(asked)], 1):
        each.set()
        assert house.has_let_through(32 + number)
    for each in (*waiting, *held):
        each.set()
    house.join()
    assert [lane for lane, _ in house.went[32:]] == sorted(asked)


def test_requests_that_hang_do_not_keep_the_others_away() -> None:
    house = GateHouse(None, longest_wait_s=HANGS_AFTER_S)
    hung = [house.hold(Lane.POLL) for _ in range(32)]
    assert len(house.went) == 32
    house.send(Lane.LIVE)
    assert house.went[-1] == (Lane.LIVE, HANGS_AFTER_S)
    for each in hung:
        each.set()
    house.join()


def test_a_report_of_the_backlog_that_hangs_does_not_keep_the_rest_away_while_vens_register() -> None:
    house = GateHouse(None, longest_wait_s=HANGS_AFTER_S)
    house.gate.seats.take("Herning", lambda: None)
    hung = house.hold(Lane.BACKLOG)
    house.send(Lane.BACKLOG)
    assert house.went[-1] == (Lane.BACKLOG, HANGS_AFTER_S)
    hung.set()
    house.join()
