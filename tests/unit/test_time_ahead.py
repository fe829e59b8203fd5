"""A fleet that goes on where an earlier, faster run has left its time."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from ven_actors.fleet.time_ahead import warn_if_ahead

NOW_S = 1_768_557_600.0


def test_a_fleet_that_is_ahead_of_the_clock_says_by_how_much_and_what_to_do() -> None:
    with capture_logs() as logs:
        (warning,) = warn_if_ahead(NOW_S + 5_400, NOW_S)
    assert warning.startswith("the fleet's time is 1h30m ahead of the clock")
    assert "another --state" in warning
    (entry,) = logs
    assert (entry["event"], entry["ahead"], entry["begins"]) == ("time_ahead", "1h30m", "2026-01-16T11:30:00Z")


@pytest.mark.parametrize("sim_start_s", [None, NOW_S, NOW_S + 0.5])
def test_one_that_follows_the_clock_says_nothing(sim_start_s: float | None) -> None:
    with capture_logs() as logs:
        assert warn_if_ahead(sim_start_s, NOW_S) == []
    assert logs == []
