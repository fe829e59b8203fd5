import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from click.testing import CliRunner, Result

from ven_actors.cli import cli
from ven_actors.cli.seams import Seams
from ven_actors.control import ControlServer
from ven_actors.errors import StateError, UsageError

LIVE = {"running": True, "vens": [{"name": "Herning", "state": "running"}], "readings": {"generated": 7}}
LEFT = {"running": True, "vens": [{"name": "Herning", "state": "stopped"}], "readings": {"generated": 5}}


def never(_: object) -> NoReturn:
    raise AssertionError("must not be called")


def seams(**changes: Any) -> Seams:
    doors: dict[str, Any] = {"ask_status": never, "read_totals": never, "wait": never, "environ": {}}
    return Seams(**{**doors, **changes})


def invoke(tmp_path: Path, *args: str, **changes: Any) -> Result:
    return CliRunner().invoke(cli, ["status", "--state", str(tmp_path), *args], obj=seams(**changes))


def after(times: int) -> Callable[[float], None]:
    """A wait that Ctrl-C ends at its `times`-th call."""
    left = iter(range(times - 1))

    def wait(seconds: float) -> None:
        assert seconds > 0
        if next(left, None) is None:
            raise KeyboardInterrupt

    return wait


def test_a_running_fleet_is_asked() -> None:
    result = invoke(Path(), ask_status=lambda _: LIVE)
    assert result.exit_code == 0
    assert result.output.startswith("running")
    assert "Herning" in result.output


def test_where_none_runs_what_it_left_is_shown_and_said_to_be_that(tmp_path: Path) -> None:
    result = invoke(tmp_path, ask_status=lambda _: None, read_totals=lambda _: LEFT)
    assert result.output.startswith("not running")
    assert "generated 5" in result.output


def test_json_is_one_document(tmp_path: Path) -> None:
    assert json.loads(invoke(tmp_path, "--json", ask_status=lambda _: LIVE).output) == LIVE
    left = invoke(tmp_path, "--json", ask_status=lambda _: None, read_totals=lambda _: LEFT)
    assert json.loads(left.output) == LEFT | {"running": False}


def test_watching_json_is_a_line_each_time_until_interrupted(tmp_path: Path) -> None:
    answers = iter([{"n": 1}, {"n": 2}, {"n": 3}])
    result = invoke(tmp_path, "--json", "--watch", ask_status=lambda _: next(answers), wait=after(3))
    assert [json.loads(line) for line in result.output.splitlines() if line.startswith("{")] == [
        {"n": 1},
        {"n": 2},
        {"n": 3},
    ]


def test_watching_without_a_terminal_prints_each_status_below_the_other(tmp_path: Path) -> None:
    result = invoke(tmp_path, "--watch", ask_status=lambda _: LIVE, wait=after(2))
    assert result.output.count("Herning") == 2


def test_watching_on_a_terminal_draws_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    result = invoke(tmp_path, "--watch", ask_status=lambda _: LIVE, wait=after(2))
    assert "\x1b[?25l" in result.output
    assert "Herning" in result.output


def test_watching_goes_on_when_the_fleet_ends(tmp_path: Path) -> None:
    answers = iter([LIVE, None])
    result = invoke(tmp_path, "--watch", ask_status=lambda _: next(answers), read_totals=lambda _: LEFT, wait=after(2))
    assert result.output.index("generated 7") < result.output.index("not running") < result.output.index("generated 5")


def test_a_folder_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    result = invoke(tmp_path / "missing")
    assert isinstance(result.exception, UsageError)
    assert f"ven-actors run --state {tmp_path}/missing" in str(result.exception)
    (tmp_path / "file").touch()
    result = invoke(tmp_path / "file")
    assert (result.exit_code, "is a file" in result.output) == (2, True)


def test_what_the_store_refuses_is_passed_on(tmp_path: Path) -> None:
    def refuse(_: Path) -> NoReturn:
        raise StateError("holds no fleet's state")

    result = invoke(tmp_path, ask_status=lambda _: None, read_totals=refuse)
    assert isinstance(result.exception, StateError)


def test_the_folder_may_stand_in_the_environment(tmp_path: Path) -> None:
    asked: list[Path] = []
    doors = seams(ask_status=lambda path: asked.append(path) or LIVE)
    CliRunner().invoke(cli, ["status"], obj=doors, env={"VEN_ACTORS_STATE": str(tmp_path)})
    assert asked == [tmp_path]


def test_the_real_seams_ask_the_fleet_over_its_socket(tmp_path: Path) -> None:
    server = ControlServer(tmp_path, lambda: json.dumps(LIVE).encode())
    server.start()
    try:
        result = CliRunner().invoke(cli, ["status", "--state", str(tmp_path), "--json"])
    finally:
        server.stop()
    assert json.loads(result.output) == LIVE


def test_the_real_wait_ends() -> None:
    Seams().wait(0)
