"""At the start a fleet says how long its registration takes at its rate."""

from log_events import events
from structlog.testing import capture_logs

from ven_actors.fleet.dialects import Route
from ven_actors.fleet.registration_time import say_registration_time
from ven_actors.openadr.choosing import Choice
from ven_actors.openadr.energydesk import Energydesk
from ven_actors.openadr.v310 import V310

ONE, TWO = Route("http://one.example/x", Choice(V310())), Route("https://two.example/y", Choice(Energydesk()))


def test_it_says_for_each_origin_how_long_it_takes_and_which_option_changes_it() -> None:
    with capture_logs() as logs:
        say_registration_time(
            2.0, 30.0, {"a": ONE, "b": ONE, "c": TWO}, {"a": range(120), "b": range(100), "c": [1]}, ()
        )
    said = [(entry["vtn"], entry["vens"], entry["requests_about"], entry["at_least_s"]) for entry in logs]
    assert said == [("http://one.example:80", 2, 245, 123), ("https://two.example:443", 1, 13, 7)]
    assert all("--rate" in entry["remedy"] for entry in logs)
    assert events(logs) == ["registering", "registering"]


def test_vens_that_were_registered_before_are_only_looked_at() -> None:
    with capture_logs() as logs:
        say_registration_time(2.0, 30.0, {"a": ONE}, {"a": range(120)}, {"a"})
    assert logs[0]["at_least_s"] == 7


def test_without_a_rate_there_is_nothing_to_say() -> None:
    with capture_logs() as logs:
        say_registration_time(None, 30.0, {"a": ONE}, {"a": range(120)}, ())
    assert logs == []


def test_a_rate_that_the_polls_alone_need_more_than_is_warned_of() -> None:
    vens = [f"v-{number}" for number in range(100)]
    routes = dict.fromkeys(vens, ONE) | {"c": TWO}
    with capture_logs() as logs:
        (warning,) = say_registration_time(0.5, 30.0, routes, dict.fromkeys([*vens, "c"], ()), ())
    assert "takes 6.67 requests per second to http://one.example:80 (VENs: 100), and --rate is 0.5" in warning
    assert events(logs)[-1] == "rate_below_polls"
