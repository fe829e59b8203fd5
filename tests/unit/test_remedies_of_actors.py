"""What actors print as remedies: commands that the wiring made, for the VEN and the VTN that they speak of."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from ven_actors.actors.notices import NothingAsked
from ven_actors.config import FleetConfig
from ven_actors.config_groups import Group
from ven_actors.delivery.holds import Holds
from ven_actors.fleet.dialects import routes_of
from ven_actors.fleet.wiring import Wiring
from ven_actors.messages import Advance
from ven_actors.openadr.traffic import origin_of

ONE, OTHER = "https://one.example/3.1", "https://other.example/3.1"
GROUPS = (Group(("A*",), "openadr-3.1", OTHER),)
CONFIG = FleetConfig(state=Path("a state"), vtn_url=ONE, vens=("Herning", "Aalborg", "Aars"), groups=GROUPS)


@pytest.fixture
def wiring() -> Wiring:
    nothing: Any = None
    routes = routes_of(CONFIG, CONFIG.vens, {}, {})
    return Wiring(CONFIG, routes, dict.fromkeys(CONFIG.vens, ()), nothing, None, nothing, nothing, None, Advance(0, 0))


def option(line: str, name: str) -> str:
    words = shlex.split(line)
    return words[words.index(name) + 1]


def test_held_reports_of_a_ven_name_the_doctor_for_it_at_its_vtn(wiring: Wiring) -> None:
    line = wiring._doctor("Aars", "")
    assert (option(line, "--vens"), option(line, "--vtn-url"), option(line, "--state")) == ("Aars", OTHER, "a state")
    assert "--write" in line


@pytest.mark.parametrize(("url", "ven"), [(ONE, "Herning"), (OTHER, "Aalborg")])
def test_held_reports_of_a_whole_vtn_name_the_doctor_for_one_of_its_vens(wiring: Wiring, url: str, ven: str) -> None:
    line = wiring._doctor("", origin_of(url))
    assert (option(line, "--vens"), option(line, "--vtn-url")) == (ven, url)


def test_an_alarm_and_the_summary_have_the_same_command() -> None:
    holds = Holds(lambda ven, vtn: f"examine {ven} {vtn}")
    with capture_logs() as logs:
        holds.begin("Herning", "https://one.example:443", "422", 0.0, 2.0, refused=3)
    assert logs[0]["remedy"] == "`examine Herning https://one.example:443` finds out more"
    assert "`examine Herning https://one.example:443` finds out more" in holds.warnings()[0]


def test_a_ven_that_is_not_registered_is_examined_with_the_runs_own_options(wiring: Wiring) -> None:
    assert isinstance(wiring.nothing_asked, NothingAsked)
    with capture_logs() as logs:
        wiring.nothing_asked("Aalborg", "not_registered")
    (command,) = [part for part in logs[0]["remedy"].split("`") if part.startswith("ven-actors doctor")]
    assert (option(command, "--vens"), option(command, "--vtn-url")) == ("Aalborg", OTHER)
