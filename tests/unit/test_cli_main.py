"""The group, and what becomes of every way a command can end."""

import errno
import logging
import os
import runpy
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import click
import pytest
import structlog
from click.testing import CliRunner

from ven_actors import __version__
from ven_actors import cli as cli_module
from ven_actors.cli import COMMANDS, cli, main
from ven_actors.cli.lazy import LazyGroup, Place
from ven_actors.errors import CredentialsRefused, DataError, FleetError, StateError, UsageError

ROOT = Path(__file__).parents[2]
Body = Callable[[], object]


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def run_body(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Calls `main` with a command `try` whose body is given."""

    def run(body: Body, environ: dict[str, str] | None = None) -> int:
        module = types.ModuleType("a_command")
        module.command = click.Command("try", callback=body)  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "a_command", module)
        monkeypatch.setitem(COMMANDS, "try", Place("a_command:command", "Try."))
        return main(["try"], environ or {})

    return run


def raising(error: BaseException) -> Body:
    def body() -> NoReturn:
        raise error

    return body


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


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    """With a real pipe whose other end is closed, as `ven-actors ... | head` leaves it."""
    program = (
        "import sys, types, click\n"
        "from ven_actors.cli import COMMANDS, main\n"
        "from ven_actors.cli.lazy import Place\n"
        "module = types.ModuleType('a_command')\n"
        "def talk():\n"
        "    while True: sys.stdout.buffer.write(b'x' * 3000)\n"
        "module.command = click.Command('try', callback=talk)\n"
        "sys.modules['a_command'] = module\n"
        "COMMANDS['try'] = Place('a_command:command', '')\n"
        "sys.exit(main(['try'], {}))\n"
    )
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        done = subprocess.run(
            [sys.executable, "-c", program],
            stdout=write_end,
            stderr=subprocess.PIPE,
            env=buffered,
            cwd=ROOT,
            check=False,
            timeout=60,
        )
    finally:
        os.close(write_end)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_pipe_that_breaks_when_the_last_words_are_flushed_is_no_error(
    run_body: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def flush(self) -> NoReturn:
            raise BrokenPipeError

        def fileno(self) -> NoReturn:
            raise ValueError("closed")

    def body() -> None:
        monkeypatch.setattr(sys, "stdout", Broken())

    assert run_body(body) == 141


STREAMS_PROGRAM = """
import os, sys
from ven_actors.cli import cli, main
from ven_actors.cli.seams import Seams
from pathlib import Path
def fleet(config, *, show):
    opened = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
    os.system("echo a child speaks; echo and complains >&2")
    return 0 if opened > 2 and not os.path.getsize(sys.argv[1]) else 9
import functools
cli.main = functools.partial(cli.main, obj=Seams(run_fleet=fleet, environ={}, read_totals=lambda _: {"readings": {}}))
sys.exit(main(["run"], {}))
"""


@pytest.mark.parametrize("streams", [">/dev/full", ">&-", "2>&-", ">&- 2>&- <&-", "2>/dev/full", ">/dev/full 2>&1"])
def test_a_run_whose_last_words_cannot_be_read_has_its_own_exit_code(tmp_path: Path, streams: str) -> None:
    command = f'exec "{sys.executable}" -c "$PROGRAM" "{tmp_path / "a file"}" {streams}'
    environ = os.environ | {"PROGRAM": STREAMS_PROGRAM}
    done = subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, cwd=ROOT, env=environ, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert (b"output_lost" in done.stderr) == (streams == ">/dev/full")


def test_a_full_disk_behind_standard_output_is_no_internal_error(
    run_body: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_body(raising(OSError(errno.ENOSPC, "No space left on device"))) == 2
    assert capsys.readouterr().err == "ven-actors: writing failed: No space left on device; make room\n"


def test_a_full_disk_that_shows_when_the_last_words_are_flushed_is_told(
    run_body: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Full:
        def flush(self) -> NoReturn:
            raise OSError(errno.ENOSPC, "No space left on device")

        def fileno(self) -> NoReturn:
            raise ValueError("closed")

    assert run_body(lambda: monkeypatch.setattr(sys, "stdout", Full())) == 2
    assert "standard output cannot be written (No space left on device)" in capsys.readouterr().err


# --- the group -------------------------------------------------------------------------------------------------


def test_help_names_every_command_without_importing_any() -> None:
    program = (
        "import sys\nfrom ven_actors.cli import main\ncode = main(['--help'], {})\n"
        "print(*sorted(sys.modules), file=sys.stderr)\nsys.exit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, cwd=ROOT, check=True, text=True, timeout=60
    )
    for name, place in COMMANDS.items():
        assert f"{name} " in done.stdout
        assert place.help.split(",")[0] in done.stdout
    assert "Exit codes: 0 good, 1 " in done.stdout
    heavy = {
        "h5py",
        "numpy",
        "peewee",
        "requests",
        "starlette",
        *(p.target.partition(":")[0] for p in COMMANDS.values()),
    }
    assert heavy & set(done.stderr.split()) == set()


def test_a_command_that_cannot_be_imported_does_not_break_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(COMMANDS, "broken", Place("ven_actors.no_such_module:command", "Broken."))
    result = CliRunner().invoke(cli, ["--help"])
    assert (result.exit_code, "Broken." in result.output) == (0, True)
    assert CliRunner().invoke(cli, ["run", "--help"]).exit_code == 0


def test_a_command_that_cannot_be_imported_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(COMMANDS, "broken", Place("ven_actors.no_such_module:command", "Broken."))
    assert main(["broken"], {}) == 2
    assert "the command broken cannot be loaded (No module named" in capsys.readouterr().err


def test_a_lazy_group_may_have_ordinary_commands_too() -> None:
    group = LazyGroup("g", places={}, commands={"own": click.Command("own", callback=lambda: click.echo("here"))})
    assert CliRunner().invoke(group, ["own"]).output == "here\n"


def test_the_version_is_told() -> None:
    assert CliRunner().invoke(cli, ["--version"]).output == f"ven-actors, version {__version__}\n"


# --- the doors -------------------------------------------------------------------------------------------------


def test_run_py_is_the_run_command(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr(cli_module, "main", lambda argv: called.append(argv) or 5)
    monkeypatch.setattr(sys, "argv", ["run.py", "--vens", "Herning"])
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(str(ROOT / "run.py"), run_name="__main__")
    assert (called, caught.value.code) == ([["run", "--vens", "Herning"]], 5)


def test_run_py_without_the_libraries_says_how_to_set_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ven_actors.cli", None)
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(str(ROOT / "run.py"), run_name="__main__")
    assert caught.value.code == 2
    assert ".venv/bin/pip install" in capsys.readouterr().err


def test_the_package_can_be_run_as_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_module, "main", lambda: 7)
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("ven_actors", run_name="__main__")
    assert caught.value.code == 7


def test_the_group_knows_its_commands_for_completion() -> None:
    assert cli.list_commands(click.Context(cli)) == list(COMMANDS)
