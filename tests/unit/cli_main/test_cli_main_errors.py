"""What becomes of every way a command can end, in words and exit codes."""

from collections.abc import Callable

import click
import pytest
from cli_main_bodies import raising

from ven_actors.cli import main
from ven_actors.errors import CredentialsRefused, DataError, FleetError, StateError, UsageError


@pytest.mark.parametrize(("result", "code"), [(0, 0), (1, 1), (3, 3), (None, 0), ("text", 0)])
def test_a_number_that_a_command_returns_is_the_exit_code(
    run_body: Callable[..., int], result: object, code: int
) -> None:
    assert run_body(lambda: result) == code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("wrong"), 2),
        (DataError("wrong"), 2),
        (StateError("wrong"), 2),
        (FleetError("wrong"), 2),
        (CredentialsRefused("wrong"), 3),
    ],
)
def test_an_error_raised_on_purpose_is_one_line_and_its_exit_code(
    run_body: Callable[..., int], capsys: pytest.CaptureFixture[str], error: FleetError, code: int
) -> None:
    assert run_body(raising(error)) == code
    assert capsys.readouterr() == ("", "ven-actors: wrong\n")


def test_an_error_without_words_shows_its_name(
    run_body: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_body(raising(UsageError())) == 2
    assert capsys.readouterr().err == "ven-actors: UsageError\n"


def test_several_problems_are_a_line_each(run_body: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_body(raising(UsageError("one\ntwo"))) == 2
    assert capsys.readouterr().err == "ven-actors: one\nven-actors: two\n"


def test_what_nobody_foresaw_is_one_line_and_70(
    run_body: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_body(raising(KeyError("x"))) == 70
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "ven-actors: internal error: KeyError: 'x' (VEN_ACTORS_LOG_LEVEL=debug shows where)"


def test_at_debug_what_nobody_foresaw_shows_its_traceback(
    run_body: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_body(raising(KeyError("x")), {"VEN_ACTORS_LOG_LEVEL": " DEBUG "}) == 70
    assert "Traceback" in capsys.readouterr().err


def test_an_unknown_log_level_does_not_hide_the_error(
    run_body: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_body(raising(UsageError("wrong")), {"VEN_ACTORS_LOG_LEVEL": "loud"}) == 2
    assert capsys.readouterr().err == "ven-actors: wrong\n"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_is_130(run_body: Callable[..., int], error: BaseException) -> None:
    assert run_body(raising(error)) == 130


def test_an_exit_code_of_click_is_kept(run_body: Callable[..., int]) -> None:
    assert run_body(raising(click.exceptions.Exit(5))) == 5


@pytest.mark.parametrize("argv", [["--no-such-option"], ["no-such-command"], ["run", "--no-such-option"], []])
def test_wrong_usage_is_2_and_shown(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv, {}) == 2
    assert "Usage: ven-actors" in capsys.readouterr().err
