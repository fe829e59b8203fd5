"""`ven-actors vtn event`: what an operator says in the shell stands in the VTN."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ven_actors.testing.vtn import BL, VEN, InProcessVtn
from ven_actors.vtn.admin.events import moment_s
from ven_actors.vtn.admin.operator import Access, AdminError, Operator
from ven_actors.vtn.admin.scenario import Player, read_scenario
from ven_actors.vtn.command import vtn as command
from ven_actors.vtn.server import READY_NAME

Shell = Callable[..., Result]


@pytest.fixture(scope="module")
def running() -> Iterator[InProcessVtn]:
    with InProcessVtn() as vtn:
        yield vtn


@pytest.fixture
def shell(vtn: InProcessVtn) -> Shell:
    def call(*words: str, client: str = f"{BL.name}:{BL.secret}:bl") -> Result:
        return CliRunner().invoke(command, ["event", "--vtn-url", vtn.base_url, "--client", client, *words])

    return call


def published(vtn: InProcessVtn, shell: Shell, *words: str) -> str:
    done = shell("publish", "dr", *words)
    assert done.exit_code == 0, done.output
    (event,) = vtn.events()
    assert done.stdout.strip() == event["id"]
    return str(event["id"])


def test_an_event_is_published_with_all_that_was_said(vtn: InProcessVtn, shell: Shell) -> None:
    published(
        vtn, shell, "--name", "peak", "--start", "2026-01-16T17:00:00Z", "--duration", "15m", "--values", "1,2.5,x",
        "--type", "CONTROL", "--priority", "0", "--target", "g1", "--target", "g2", "--ask", "USAGE", "--loops",
    )  # fmt: skip
    (event,), (program,) = vtn.events(), vtn.programs()
    assert program["programName"] == "dr"
    assert event["programID"] == program["id"]
    assert event["eventName"] == "peak"
    assert event["intervalPeriod"] == {"start": "2026-01-16T17:00:00.000000Z", "duration": "PT900S"}
    assert [each["payloads"] for each in event["intervals"]] == [
        [{"type": "CONTROL", "values": [value]}] for value in (1, 2.5, "x")
    ]
    assert (event["priority"], event["targets"], event["duration"]) == (0, ["g1", "g2"], "P9999Y")
    assert event["reportDescriptors"] == [{"payloadType": "USAGE", "numIntervals": 1, "frequency": 1, "repeat": -1}]


def test_a_program_of_the_name_is_used_again(vtn: InProcessVtn, shell: Shell) -> None:
    for _ in range(2):
        assert shell("publish", "dr", "--values", "1").exit_code == 0
    assert len(vtn.programs()) == 1
    assert {event["programID"] for event in vtn.events()} == {vtn.programs()[0]["id"]}


def test_a_change_leaves_what_it_does_not_name(vtn: InProcessVtn, shell: Shell) -> None:
    event_id = published(vtn, shell, "--type", "PRICE", "--values", "0.3", "--priority", "2", "--duration", "5m")
    (before,) = vtn.events()
    assert shell("change", event_id, "--values", "0.5,0.1").exit_code == 0
    (after,) = vtn.events()
    assert [each["payloads"][0] for each in after["intervals"]] == [
        {"type": "PRICE", "values": [0.5]}, {"type": "PRICE", "values": [0.1]},
    ]  # fmt: skip
    for name in ("id", "priority", "intervalPeriod", "createdDateTime", "programID"):
        assert after[name] == before[name]


def test_a_change_of_times_keeps_the_values(vtn: InProcessVtn, shell: Shell) -> None:
    event_id = published(vtn, shell, "--values", "1")
    assert shell("change", event_id, "--start", "2026-02-01T00:00:00Z", "--duration", "1h").exit_code == 0
    (event,) = vtn.events()
    assert event["intervalPeriod"] == {"start": "2026-02-01T00:00:00.000000Z", "duration": "PT3600S"}
    assert event["intervals"][0]["payloads"] == [{"type": "SIMPLE", "values": [1]}]


def test_cancelling_deletes(vtn: InProcessVtn, shell: Shell) -> None:
    event_id = published(vtn, shell, "--values", "1")
    assert shell("cancel", event_id).exit_code == 0
    assert vtn.events() == []


def test_cancelling_may_keep_the_event(vtn: InProcessVtn, shell: Shell) -> None:
    event_id = published(vtn, shell, "--values", "1")
    assert shell("cancel", event_id, "--keep").exit_code == 0
    (event,) = vtn.events()
    assert event["intervalPeriod"] == {"start": "0001-01-01T00:00:00Z", "duration": "PT0S"}


def test_all_events_are_listed_over_all_pages(vtn: InProcessVtn, shell: Shell) -> None:
    program = vtn.create_program(programName="p")
    ids = [vtn.create_event(programID=program["id"], eventName=f"e{n}", intervals=[])["id"] for n in range(60)]
    lines = shell("list").output.splitlines()
    assert [line.split()[0] for line in lines] == ids
    assert [event["id"] for event in json.loads(shell("list", "--json").output)] == ids


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("cancel", "nothing"), "404"),
        (("publish", "dr", "--start", "tomorrow"), "write now, +5m"),
        (("publish", "dr", "--duration", "0"), "is not a valid duration"),
        (("publish", "dr", "--priority", "-1"), "-1"),
        (("publish", "", "--values", "1"), "400"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(shell: Shell, words: tuple[str, ...], said: str) -> None:
    done = shell(*words)
    assert done.exit_code == 2
    assert said in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize(("client", "said"), [("bl:wrong:bl", "401"), ("bl", "NAME:SECRET:ROLE")])
def test_wrong_clients_are_refused_without_their_secret(shell: Shell, client: str, said: str) -> None:
    done = shell("list", client=client)
    assert done.exit_code == 2
    assert said in done.output
    assert "wrong:" not in done.output


def test_a_ven_may_not_publish(shell: Shell) -> None:
    assert "403" in shell("publish", "dr", "--values", "1", client=f"{VEN.name}:{VEN.secret}:ven").output


@pytest.mark.parametrize("below", ["", "vtn"])
def test_address_and_operator_are_found_in_a_state_folder(vtn: InProcessVtn, tmp_path: Path, below: str) -> None:
    folder = tmp_path / below
    folder.mkdir(exist_ok=True)
    (folder / READY_NAME).write_text(json.dumps({"base_urls": vtn.base_urls}))
    (folder / "clients.csv").write_text(f"name,secret,role\nv,x,ven\n{BL.name},{BL.secret},bl\n")
    done = CliRunner().invoke(command, ["event", "--state", str(tmp_path), "list"])
    assert (done.exit_code, done.output) == (0, "")


def test_a_folder_without_a_vtn_is_named(tmp_path: Path) -> None:
    done = CliRunner().invoke(command, ["event", "--state", str(tmp_path), "list"])
    assert done.exit_code == 2
    assert str(tmp_path) in done.output
    assert "--vtn-url" in done.output


def test_a_vtn_that_is_gone_is_named(tmp_path: Path) -> None:
    done = CliRunner().invoke(command, ["event", "--vtn-url", "http://127.0.0.1:9", "--client", "a:b:bl", "list"])
    assert done.exit_code == 2
    assert "no answer" in done.output
    assert not list(tmp_path.iterdir())


def test_moments_are_counted_from_now() -> None:
    said = {text: moment_s(text, 1000.0) for text in ("now", "+5m", "-90s", "+0s", "1970-01-01T01:00:00+01:00")}
    assert said == {"now": 1000, "+5m": 1300, "-90s": 910, "+0s": 1000, "1970-01-01T01:00:00+01:00": 0}


# --- scenarios

SCENARIO = """
[[step]]
at = "20s"
change = "peak"
values = [3]

[[step]]
at = "0s"
publish = "peak"
start = "+10s"
duration = "30s"
values = [1, 2]
priority = 1
targets = ["Herning"]

[[step]]
at = "1m"
cancel = "peak"

[[step]]
at = "1m"
publish = "other"
program = "prices"
type = "PRICE"
values = [0.25]

[[step]]
at = "2m"
cancel = "other"
delete = false
"""


def test_a_scenario_is_played_in_order_of_time(vtn: InProcessVtn, tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text(SCENARIO)
    steps = read_scenario(path)
    said: list[str] = []
    operator = Operator(Access(vtn.base_url, BL))
    player = Player(operator, lambda: 1000.0, said.append)
    seen = [(step.at_s, player.play(step), len(vtn.events())) for step in steps]
    operator.close()
    assert [(at_s, events) for at_s, _, events in seen] == [(0, 1), (20, 1), (60, 0), (60, 1), (120, 1)]
    peak, changed, _, price, cancelled = (event for _, event, _ in seen)
    assert peak["intervalPeriod"] == {"start": "1970-01-01T00:16:50.000000Z", "duration": "PT30S"}
    assert peak["eventName"] == changed["eventName"] == "peak"
    assert [each["payloads"][0]["values"] for each in changed["intervals"]] == [[3]]
    assert changed["targets"] == ["Herning"]
    assert price["intervals"][0]["payloads"] == [{"type": "PRICE", "values": [0.25]}]
    assert cancelled["intervalPeriod"]["duration"] == "PT0S"
    assert {program["programName"] for program in vtn.programs()} == {"scenario", "prices"}
    assert len(said) == len(steps)


BAD = {
    "": "there is no [[step]]",
    "x = 1": "unknown key 'x'",
    "[[step]]\nat='0s'": "say exactly one",
    "[[step]]\nat='0s'\npublish='a'\ncancel='b'": "this says publish, cancel",
    "[[step]]\nat='soon'\npublish='a'": "at 'soon'",
    "[[step]]\nat='0s'\npublish='a'\nstart='noon'": "write now, +5m",
    "[[step]]\nat='0s'\npublish='a'\nduration='long'": "duration 'long'",
    "[[step]]\nat='0s'\npublish='a'\nprioritiy=1": "unknown key 'prioritiy'; did you mean 'priority'?",
    "[[step]]\nat='0s'\npublish='a'\nvalues=[1]\npriority=-1": "below 0",
    "[[step]]\nat='0s'\npublish=1": "step 1",
    "[[step]]\nat='0s'\nchange='a'": "'a' is not published by then",
    "[[step]]\nat='0s'\npublish='a'\nask=['USAGE']\n[[step]]\nat='1s'\npublish='a'\nvalues=[1]": "published already",
    "[[step]]\nat='0s'\npublish='a'\nloops=true": "'a' would be empty; give it values, or ask for reports",
    "[[step]]\nat='0s'\npublish='a'\nvalues=[4]": "4 is not a level of SIMPLE; write one of 0, 1, 2, 3",
    "[[step]]\nat='0s'\nchange='a'\ntype='SIMPLE'\nvalues=['x']": "'x' is not a level of SIMPLE",
    "[[step]]\nat='0s'\nchange='a'\nvalues=[nan]": "nan is not a finite number",
    "[[step]]\nat='0s'\npublish='a'\nvalues=[1]\nstart='+999999999d'": "years 1 to 9999",
    "[[step": "Expected",
}


@pytest.mark.parametrize(("text", "said"), BAD.items())
def test_a_broken_scenario_is_refused_before_anything_is_done(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text(text)
    with pytest.raises(AdminError) as caught:
        read_scenario(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_scenario_is_checked_without_a_vtn(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text(SCENARIO)
    done = CliRunner().invoke(command, ["event", "play", str(path), "--check"])
    assert (done.exit_code, done.output) == (0, f"{path}: 5 steps, 120 s\n")


def test_a_scenario_is_played_from_the_shell(vtn: InProcessVtn, shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text("[[step]]\nat='0s'\npublish='a'\nvalues=[1]\n[[step]]\nat='0s'\npublish='b'\nvalues=[2]")
    done = shell("play", str(path))
    assert done.exit_code == 0, done.output
    assert [event["eventName"] for event in vtn.events()] == ["a", "b"]


def test_the_scenario_that_comes_along_is_a_good_one() -> None:
    assert len(read_scenario(Path(__file__).parents[2] / "config" / "scenario.toml")) == 3
