"""A VEN that gets other resources is stopped and started in order, and that does not count as a failure."""

from __future__ import annotations

from structlog.testing import capture_logs
from supervised_fleet import SupervisedFleet

from ven_actors.messages import Renew


def test_it_stops_in_order_and_starts_again_without_a_word_and_without_a_restart() -> None:
    fleet = SupervisedFleet().begun()
    with capture_logs() as logs:
        fleet.actor.on_receive(Renew("ven-0"))
        assert fleet.told_to_stop() == ["ven-0"]
        fleet.obey()
        fleet.pulse(0.1)
    assert (fleet.lived("ven-0"), fleet.lived("ven-1")) == (2, 1)
    assert fleet.status().restarts["ven-0"] == 0
    assert [entry for entry in logs if entry["log_level"] != "debug"] == []
    fleet.down("ven-0", "RuntimeError: crash")
    fleet.until(lambda: fleet.lived("ven-0") == 3)
    assert fleet.status().restarts["ven-0"] == 1, "a crash afterwards is one"


def test_one_that_is_down_is_started_when_its_turn_comes() -> None:
    fleet = SupervisedFleet().begun()
    fleet.down("ven-0", "RuntimeError: crash")
    fleet.actor.on_receive(Renew("ven-0"))
    fleet.until(lambda: fleet.lived("ven-0") == 2)
    assert fleet.told_to_stop() == []


def test_the_core_and_strangers_are_not_renewed() -> None:
    fleet = SupervisedFleet().begun()
    for name in ("reporter", "nobody"):
        fleet.actor.on_receive(Renew(name))
    assert fleet.told_to_stop() == []
