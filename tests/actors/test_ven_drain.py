"""The VEN by hand: how it ends, in a drain or broken off."""

from collections.abc import Callable

from reporter_house import T0
from structlog.testing import capture_logs
from ven_house import VenHouse as House

from ven_actors.messages import Drain, TickDone
from ven_actors.model import VenState


def test_a_drain_closes_exactly_what_had_ended_and_reads_once_more(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.tick(T0 + 10, "polling")
    house.tell(Drain(T0 + 35.0))
    assert house.closed == [T0, T0 + 10, T0 + 20]
    assert house.vtn.crawls == 2
    assert house.read_as_of[-1] == T0 + 35
    house.tick(T0 + 90, "metering", "polling")
    assert house.closed[-1] == T0 + 20
    assert house.vtn.crawls == 2


def test_a_drain_lets_go_of_what_the_credit_held_back_and_says_when_it_is_committed(
    ven: Callable[..., House],
) -> None:
    house = ven(closed_until_s=T0, credit=2)
    house.tell(Drain(T0 + 30.0))
    house.supervisor.clear()
    house.commit(T0 + 20)
    assert house.closed == [T0, T0 + 10, T0 + 20]
    house.commit(T0 + 30)
    told = [done.status for done in house.supervisor.of(TickDone)]
    assert [(status.closed_until_s, status.drained) for status in told] == [(T0 + 20, False), (T0 + 30, True)]


def test_a_ven_that_was_ahead_of_the_drain_has_drained_when_all_it_closed_is_committed(
    ven: Callable[..., House],
) -> None:
    house = ven(closed_until_s=T0)
    house.tick(T0 + 20)
    house.tell(Drain(T0 + 19.0))
    assert not house.supervisor.of(TickDone)[-1].status.drained
    house.commit(T0 + 10)
    assert not house.supervisor.of(TickDone)[-1].status.drained
    house.commit(T0 + 20)
    assert house.supervisor.of(TickDone)[-1].status.drained


def test_a_drain_does_not_wait_for_a_vtn_that_is_lost(ven: Callable[..., House]) -> None:
    house = ven(closed_until_s=T0)
    house.vtn.lose()
    house.tick(T0 + 10, "polling")
    house.tell(Drain(T0 + 20.0))
    assert house.vtn.crawls == 1
    house.vtn.find()
    house.tick(T0 + 30, "polling")
    assert house.vtn.crawls == 2, "but is glad to find it again"


def test_a_ven_that_is_started_into_a_drain_closes_what_had_ended_by_then(ven: Callable[..., House]) -> None:
    house = ven(recovered=False)
    house.tell(Drain(T0 + 20.0))
    assert house.closed == []
    house.recover(T0)
    house.tick(T0 + 100)
    assert house.closed == [T0, T0 + 10]
    house.commit(T0 + 20)
    assert [done.status.drained for done in house.supervisor.of(TickDone)] == [False, False, True]


def test_a_drain_before_there_is_any_time_closes_nothing(ven: Callable[..., House]) -> None:
    house = ven()
    house.tell(Drain(0.0))
    house.tick(T0)
    assert house.closed == []
    assert house.supervisor.of(TickDone)[-1].status.drained


def test_an_abort_reaches_the_client(ven: Callable[..., House]) -> None:
    house = ven()
    house.actor.abort()
    assert house.vtn.aborted


def test_what_fails_because_the_fleet_closed_the_connection_itself_is_not_the_vtns_trouble(
    ven: Callable[..., House],
) -> None:
    house = ven()
    house.tick(T0, "polling")
    house.actor.abort()
    house.vtn.lose()
    with capture_logs() as logs:
        house.tick(T0 + 100, "polling", "enrolment")
    assert [entry for entry in logs if entry["log_level"] != "debug"] == []
    status = house.supervisor.of(TickDone)[-1].status
    assert (status.state, status.last_error) == (VenState.RUNNING, "")
