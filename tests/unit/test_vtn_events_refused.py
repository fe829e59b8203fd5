"""`ven-actors vtn event`: what makes no sense is a usage error, and nothing is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ven_actors.testing.vtn import BL, InProcessVtn
from ven_actors.vtn.admin.operator import Access, AdminError, Operator
from ven_actors.vtn.admin.scenario import Player, read_scenario
from ven_actors.vtn.command import vtn as command
from ven_actors.vtn.server import READY_NAME


@pytest.fixture(scope="module")
def vtn() -> Iterator[InProcessVtn]:
    with InProcessVtn() as running:
        yield running


def shell(vtn: InProcessVtn, *words: str) -> Result:
    client = f"{BL.name}:{BL.secret}:bl"
    return CliRunner().invoke(command, ["event", "--vtn-url", vtn.base_url, "--client", client, *words])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--values", "nan"), "'nan' is not a finite number"),
        (("--values", "1,1e400"), "'1e400' is not a finite number"),
        (("--values", "1,,2"), "'1,,2' has nothing between two commas"),
        (("--values", "1,"), "'1,' has nothing between two commas, or at an end"),
        (("--values", "abc"), "'abc' is not a level of SIMPLE; write one of 0, 1, 2, 3, or give another type"),
        (("--values", "1,99"), "99 is not a level of SIMPLE"),
        (("--values", "2.5", "--type", "SIMPLE"), "2.5 is not a level of SIMPLE"),
        ((), "the event would be empty; give --values V,V, or --ask TYPE"),
        (("--loops", "--duration", "5m"), "the event would be empty"),
        (("--values", "1", "--start", "9999-12-31T23:59:00-05:00"), "not a moment of the years 1 to 9999 in UTC"),
        (("--values", "1", "--start", "+999999999d"), "not a moment of the years 1 to 9999 in UTC"),
        (("--values", "1", "--start", "-999999999d"), "not a moment of the years 1 to 9999 in UTC"),
    ],
)
def test_an_event_that_makes_no_sense_is_a_usage_error(vtn: InProcessVtn, words: tuple[str, ...], said: str) -> None:
    vtn.clear()
    done = shell(vtn, "publish", "dr", *words)
    assert (done.exit_code, done.exception.__class__) == (2, SystemExit)
    assert said in " ".join(done.output.split())
    assert vtn.requests == []


def test_values_that_make_sense_are_published(vtn: InProcessVtn) -> None:
    for words in (["--values", "0,1,2,3.0"], ["--values", "-7,99,abc", "--type", "X"], ["--ask", "USAGE"]):
        assert shell(vtn, "publish", "dr", *words).exit_code == 0


def test_a_change_holds_to_the_levels_of_the_event_that_is_there(vtn: InProcessVtn) -> None:
    simple, other = (
        shell(vtn, "publish", "dr", "--values", "1", "--type", kind).stdout.strip() for kind in ("SIMPLE", "X")
    )
    assert shell(vtn, "change", other, "--values", "99").exit_code == 0
    done = shell(vtn, "change", simple, "--values", "99")
    assert done.exit_code == 2
    assert "99 is not a level of SIMPLE" in done.output


@pytest.mark.parametrize("verb", [("cancel",), ("cancel", "--keep"), ("change", "--values", "1")])
@pytest.mark.parametrize("form", ["../programs/{}", "x?y={}", "..", "", "{}/", "x" * 129])
def test_what_is_no_id_is_never_put_into_a_path(vtn: InProcessVtn, verb: tuple[str, ...], form: str) -> None:
    vtn.clear()
    program_id = vtn.create_program(programName="p")["id"]
    done = shell(vtn, *verb, "--", form.format(program_id))
    assert done.exit_code == 2
    assert "is no id; one has 1 to 128 of the characters a-z A-Z 0-9 _ -" in " ".join(done.output.split())
    assert vtn.requests == []
    assert len(vtn.programs()) == 1


def test_a_vtn_that_runs_alone_has_left_its_address_and_the_operator_is_asked_for(
    vtn: InProcessVtn, tmp_path: Path
) -> None:
    (tmp_path / READY_NAME).write_text(json.dumps({"base_urls": vtn.base_urls}))
    state = ["event", "--state", str(tmp_path)]
    done = CliRunner().invoke(command, [*state, "list"])
    assert done.exit_code == 2
    assert (
        f"{tmp_path} is of a VTN that was not started by a fleet: the clients it was given are not kept" in done.output
    )
    assert "--clients-file or --client NAME:SECRET:bl" in done.output
    clients = tmp_path / "elsewhere.csv"
    clients.write_text(f"name,secret,role\n{BL.name},{BL.secret},bl\n")
    assert CliRunner().invoke(command, [*state, "--clients-file", str(clients), "list"]).exit_code == 0


def test_a_step_that_turns_out_to_make_no_sense_is_named(vtn: InProcessVtn, tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text("[[step]]\nat='0s'\npublish='a'\nvalues=[1]\n[[step]]\nat='1s'\nchange='a'\nvalues=[9]")
    operator = Operator(Access(vtn.base_url, BL))
    player = Player(operator, lambda: 1000.0, lambda _: None)
    first, second = read_scenario(path)
    player.play(first)
    with pytest.raises(AdminError, match="at 1s: change 'a': 9 is not a level of SIMPLE"):
        player.play(second)
    player.ids["a"] = "../programs/x"
    with pytest.raises(AdminError, match=r"/events/\.\.%2Fprograms%2Fx: 404"):
        player.play(second)
    operator.close()


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text(
        "x = 1\n[[step]]\nat='0s'\n[[step]]\nat='y'\ncancel='a'\n[[step]]\nat='0s'\npublish='b'\nvalues=[7,'no',[9]]\n"
        "duration='long'\nstart='noon'\npriority=-1\ntyp='SIMPLE'\nloops=3\n[[step]]\nat='1s'\nchange='c'\n"
    )
    done = CliRunner().invoke(command, ["event", "play", str(path), "--check"])
    assert done.exit_code == 2
    said = [
        "unknown key 'x'",
        "step 1: say exactly one of publish, change, cancel; this says none",
        "step 2: at 'y' is not a time after the start",
        "step 3: unknown key 'typ'; did you mean 'type'?",
        "step 3: loops = 3: Expected `bool`, got `int`",
        "step 3: duration 'long' is not a duration",
        "step 3: start 'noon' is not a moment",
        "step 3: 7 is not a level of SIMPLE",
        "'no' is not a level of SIMPLE",
        "; 9 is not a level of SIMPLE",
        "step 3: priority -1 is below 0",
        "at 1s: 'c' is not published by then",
    ]
    assert [each for each in said if each not in done.output] == []
