"""The VEN and its VTN: trouble said once, polls that slow down, and metering that does not care."""

import itertools
from collections.abc import Callable

import pytest
from log_events import events
from reporter_house import T0
from structlog.testing import capture_logs
from ven_house import VenHouse as House

from ven_actors.errors import CredentialsRefused, VtnAmbiguous, VtnError, VtnNonsense, VtnRefused, VtnUnreachable
from ven_actors.messages import IntervalClosed
from ven_actors.model import VenState


def test_a_vtn_that_is_down_at_the_start_stops_no_metering(ven: Callable[..., House]) -> None:
    house = ven()
    house.vtn.lose()
    for second in range(10, 50, 10):
        house.tick(T0 + second, "metering", "polling")
    assert len(house.closed) == 4
    assert (house.status.state, house.status.reached) == (VenState.VTN_LOST, False)
    assert house.status.last_error == "down"
    house.vtn.find()
    house.tick(T0 + 50, "metering", "polling")
    assert (house.status.state, house.status.reached, house.status.last_error) == (VenState.RUNNING, True, "")


def no_token_for(cause: VtnError) -> VtnError:
    error = VtnUnreachable("no token")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "answered"),
    [
        (VtnUnreachable("x"), False),
        (VtnAmbiguous("x"), False),
        (VtnNonsense("x"), True),
        (VtnRefused("x", status=404), True),
        (no_token_for(VtnRefused("x", status=404)), True),
        (no_token_for(VtnUnreachable("x")), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_vtn_that_answers_is_told_from_one_that_is_silent(
    ven: Callable[..., House], error: VtnError, *, answered: bool
) -> None:
    house = ven(closed_until_s=T0)
    house.vtn.lose(error)
    house.tick_later("polling")
    assert (house.status.reached, house.status.answered) == (False, answered)


def test_a_loss_is_said_once_and_so_is_the_return(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.tick_later("polling")
    house.vtn.lose()
    with capture_logs() as logs:
        for _ in range(5):
            house.tick_later("polling")
        house.vtn.find()
        for _ in range(3):
            house.tick_later("polling")
    assert events(logs) == ["vtn_trouble", "vtn_back"]
    assert (logs[0]["kind"], logs[0]["reason"], logs[1]["failures"]) == ("VtnUnreachable", "down", 5)
    assert house.status.reached


def polls(house: House, seconds: int) -> list[int]:
    """At which seconds from now it asked, if a poll is due every second."""
    asked = []
    for second in range(1, seconds + 1):
        before = house.vtn.crawls
        house.time.advance(1)
        house.tick(house.time.wall_s, "polling")
        if house.vtn.crawls > before:
            asked.append(second)
    return asked


def test_an_unreachable_vtn_is_asked_in_the_usual_rhythm(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.vtn.lose()
    assert polls(house, 5) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "error",
    [VtnNonsense("x"), VtnRefused("x", status=400), VtnAmbiguous("x"), CredentialsRefused("x")],
    ids=lambda error: type(error).__name__,
)
def test_any_other_trouble_slows_the_polls_down_to_every_ten_minutes(
    ven: Callable[..., House], error: VtnError
) -> None:
    house = ven(closed_until_s=T0)
    house.vtn.lose(error)
    asked = polls(house, 2_200)
    assert [after - before for before, after in itertools.pairwise(asked)] == [
        30,
        60,
        120,
        240,
        480,
        600,
        600,
    ]
    house.vtn.find()
    polls(house, 600)
    assert house.status.state is VenState.RUNNING
    assert len(polls(house, 5)) == 5
    house.vtn.lose(error)
    assert polls(house, 31) == [1, 31], "a new trouble begins anew"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_vtn_that_is_in_trouble_for_now_is_asked_every_minute_at_least(
    ven: Callable[..., House], status: int
) -> None:
    house = ven(closed_until_s=T0)
    house.vtn.lose(VtnRefused("x", status=status))
    asked = polls(house, 280)
    assert [after - before for before, after in itertools.pairwise(asked)] == [30, 60, 60, 60, 60]


def test_a_long_loss_does_not_make_the_first_bad_answer_after_it_a_long_one(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.vtn.lose()
    polls(house, 50)
    house.vtn.lose(VtnRefused("starting up", status=503))
    assert polls(house, 31) == [1, 31]


def test_a_retry_after_is_obeyed(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.vtn.lose(VtnRefused("maintenance", status=503, retry_after_s=900.0))
    assert polls(house, 1_000) == [1, 901]


def test_refused_credentials_are_a_state_and_are_said_even_amid_other_trouble(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.vtn.lose()
    with capture_logs() as logs:
        house.tick_later("polling")
        house.vtn.lose(CredentialsRefused("wrong secret"))
        for _ in range(50):
            house.tick_later("polling")
    assert [entry["kind"] for entry in logs] == ["VtnUnreachable", "CredentialsRefused"]
    assert house.status.state is VenState.REFUSED
    assert house.reporter.of(IntervalClosed), "and metering goes on"


def test_what_is_no_trouble_of_a_vtn_ends_the_life(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.vtn.lose(KeyError("a fault of ours"))
    with pytest.raises(KeyError):
        house.tick_later("polling")
