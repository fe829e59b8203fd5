"""`main` with a command whose body is given, and logging as it was."""

import sys
import types
from collections.abc import Callable

import click
import pytest
from cli_main_bodies import Body

from ven_actors.cli import COMMANDS, main
from ven_actors.cli.lazy import Place


@pytest.fixture(autouse=True)
def _logging(logging_as_it_was: None) -> None:
    """For every test here."""


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
