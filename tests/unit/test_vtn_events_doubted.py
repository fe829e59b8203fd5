"""`ven-actors vtn event`: words that look misspelt get a warning with the nearest one; a list has a line per event."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ven_actors.testing.vtn import BL, InProcessVtn
from ven_actors.vtn.admin.events import Wish
from ven_actors.vtn.admin.listing import shown, span_s
from ven_actors.vtn.admin.vocabulary import doubts
from ven_actors.vtn.admin.words import values_of
from ven_actors.vtn.command import vtn as command

Shell = Callable[..., Result]
CLIENT = ["--client", f"{BL.name}:{BL.secret}:bl"]
NOW_S = 1_768_583_000.0  # 2026-01-16T17:03:20Z


@pytest.fixture(scope="module")
def running() -> Iterator[InProcessVtn]:
    with InProcessVtn() as vtn:
        yield vtn


@pytest.fixture
def shell(vtn: InProcessVtn) -> Shell:
    def call(*words: str) -> Result:
        return CliRunner().invoke(command, ["event", "--vtn-url", vtn.base_url, *CLIENT, *words])

    return call


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (Wish(values=(1,), payload_type="SIMPEL"), "did you mean 'SIMPLE'?"),
        (Wish(values=(1,), payload_type="price"), "did you mean 'PRICE'?"),
        (Wish(ask=("USAGE", "DEMND")), "ask 'DEMND' is not a report payload type of the standard"),
        (Wish(values=(1,), payload_type="PRICE", units="kwh"), "did you mean 'KWH'?"),
        (Wish(values=(1,), units="KW"), "the levels of SIMPLE have no units"),
    ],
)
def test_what_looks_misspelt_is_doubted_with_the_nearest(wish: Wish, said: str) -> None:
    (doubt,) = doubts(wish)
    assert said in doubt


@pytest.mark.parametrize(
    "wish",
    [
        Wish(values=(1,)),
        Wish(values=(1,), payload_type="SIMPLE", ask=("USAGE", "OPERATING_STATE")),
        Wish(values=(3.5,), payload_type="IMPORT_CAPACITY_LIMIT", units="KW"),
        Wish(values=("storm",), payload_type="ALERT_WIND"),
    ],
)
def test_the_words_of_the_standard_are_not_doubted(wish: Wish) -> None:
    assert list(doubts(wish)) == []


def test_a_misspelt_event_is_published_and_warned_of_beside_its_id(vtn: InProcessVtn, shell: Shell) -> None:
    vtn.create_ven(venName="Herning", clientID="h", targets=["Herning"])
    done = shell("publish", "dr", "--values", "2", "--type", "SIMPEL", "--target", "Hernig", "--ask", "USEGE")
    assert done.exit_code == 0
    (event,) = vtn.events()
    assert done.stdout.strip() == event["id"]
    warnings = done.stderr.splitlines()
    assert len(warnings) == 3
    for word, near in (("SIMPEL", "SIMPLE"), ("Hernig", "Herning"), ("USEGE", "USAGE")):
        assert any(repr(word) in line and f"did you mean {near!r}?" in line for line in warnings)


def test_a_target_that_a_ven_or_a_resource_has_is_not_doubted(vtn: InProcessVtn, shell: Shell) -> None:
    ven = vtn.create_ven(venName="Herning", clientID="h", targets=["Herning"])
    vtn.create_resource(venID=ven["id"], clientID="h", resourceName="bakery", targets=["ovens"])
    assert shell("publish", "dr", "--values", "2", "--target", "Herning", "--target", "ovens").stderr == ""


def test_a_scenario_is_doubted_too(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text("[[step]]\nat='0s'\npublish='a'\ntype='SIMPEL'\nvalues=[1]")
    done = CliRunner().invoke(command, ["event", "play", str(path), "--check"])
    assert done.exit_code == 0
    assert "Warning: step 1: type 'SIMPEL'" in done.stderr


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,2.5,x", (1, 2.5, "x")),
        ("0:1.5,10:2", ({"x": 0, "y": 1.5}, {"x": 10, "y": 2})),
        ("0:1;10:-2,3", ([{"x": 0, "y": 1}, {"x": 10, "y": -2}], 3)),
        ("a:b", ("a:b",)),
    ],
)
def test_points_and_several_values_of_an_interval_can_be_written(text: str, values: Any) -> None:
    assert values_of(text) == values


@pytest.mark.parametrize("text", ["1;", ";1", "0:nan", "1,0:inf", ","])
def test_values_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"finite|nothing between"):
        values_of(text)


def test_units_and_points_reach_the_vtn_and_stay_when_values_change(vtn: InProcessVtn, shell: Shell) -> None:
    event_id = shell("publish", "dr", "--values", "0:1;10:2", "--type", "CURVE", "--units", "KW").stdout.strip()
    (event,) = vtn.events()
    assert event["intervals"][0]["payloads"] == [{"type": "CURVE", "values": [{"x": 0, "y": 1}, {"x": 10, "y": 2}]}]
    assert event["payloadDescriptors"][0] | {"payloadType": "CURVE", "units": "KW"} == event["payloadDescriptors"][0]
    done = shell("change", event_id, "--values", "5:1")
    assert done.exit_code == 0, done.output
    assert vtn.events()[0]["payloadDescriptors"] == event["payloadDescriptors"]
    assert "CURVE 5:1 KW" in done.stdout


def test_units_without_values_are_a_usage_error(shell: Shell) -> None:
    done = shell("publish", "dr", "--ask", "USAGE", "--units", "KW")
    assert done.exit_code == 2
    assert "--units needs --values" in done.output


EVENT = {"id": "e1", "programID": "p1", "eventName": "peak", "createdDateTime": "2026-01-16T17:00:00Z"}


def period(start: str, duration: str = "PT15M") -> dict[str, Any]:
    return {"intervalPeriod": {"start": start, "duration": duration}}


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (period("2026-01-16T17:00:00.000000Z"), "active  2026-01-16T17:00:00Z to 2026-01-16T17:15:00Z"),
        (period("2026-01-16T18:00:00+01:00"), "active  2026-01-16T17:00:00Z to 2026-01-16T17:15:00Z"),
        (period("2026-01-16T16:00:00Z"), "over  2026-01-16T16:00:00Z to 2026-01-16T16:15:00Z"),
        (period("2026-01-16T18:00:00Z"), "to come  2026-01-16T18:00:00Z"),
        (period("2026-01-16T16:00:00Z") | {"duration": "P9999Y"}, "active  2026-01-16T16:00:00Z to never"),
        (period("0001-01-01T00:00:00Z", "PT0S"), "over  2026-01-16T17:00:00Z to 2026-01-16T17:00:00Z"),
        (period("2026-01-16T16:40:00Z") | {"intervals": [{"id": 0, "payloads": []}, {"id": 1, "payloads": []}]},
         "active  2026-01-16T16:40:00Z to 2026-01-16T17:10:00Z"),
        ({"intervals": [{"id": 0, "payloads": []} | period("2026-01-16T17:00:00Z", "PT1H")]},
         "active  2026-01-16T17:00:00Z to 2026-01-16T18:00:00Z"),
        ({}, "without time  ? to ?"),
        ({"intervalPeriod": {"start": "2026-01-16T16:00:00Z"}}, "active  2026-01-16T16:00:00Z to ?"),
    ],
)  # fmt: skip
def test_an_event_is_shown_with_when_it_is_in_one_form_of_time(event: dict[str, Any], said: str) -> None:
    assert said in shown(EVENT | event, NOW_S)


def test_program_and_targets_are_shown(vtn: InProcessVtn, shell: Shell) -> None:
    program = vtn.create_program(programName="demand response")
    vtn.create_event(programID=program["id"], eventName="one", targets=["a", "b"], intervals=[])
    vtn.create_event(programID=program["id"], eventName="two", intervals=[])
    one, two = shell("list").stdout.splitlines()
    assert "program demand response  one" in one
    assert "for a,b" in one
    assert "for all" in two


def test_a_time_that_cannot_be_read_is_not_made_up() -> None:
    assert span_s({"intervalPeriod": {"start": "soon", "duration": "PT1M"}}) == (None, None)


@pytest.mark.parametrize("deed", [["list"], ["publish", "dr", "--values", "1"], ["cancel", "x"], ["change", "x"]])
def test_options_work_before_and_after_the_subcommand(vtn: InProcessVtn, deed: list[str]) -> None:
    access = ["--vtn-url", vtn.base_url, *CLIENT]
    before = CliRunner().invoke(command, ["event", *access, *deed])
    after = CliRunner().invoke(command, ["event", *deed, *access])
    both = CliRunner().invoke(command, ["event", "--vtn-url", "http://127.0.0.1:9", *CLIENT, *deed, *access])
    assert before.exit_code == after.exit_code == both.exit_code
    assert "no answer" not in before.output + after.output + both.output
