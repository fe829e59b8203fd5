"""The group and its commands, and the doors that lead to it."""

import runpy
import subprocess
import sys

import click
import pytest
from cli_main_bodies import ROOT
from click.testing import CliRunner

from ven_actors import __version__
from ven_actors import cli as cli_module
from ven_actors.cli import COMMANDS, cli, main
from ven_actors.cli.lazy import LazyGroup, Place

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
