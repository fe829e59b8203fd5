"""`main` with a command whose body is given, and logging as it was."""

import logging
import sys
import types
from collections.abc import Callable, Iterator

import click
import pytest
import structlog
from cli_main_bodies import Body

from ven_actors.cli import COMMANDS, main
from ven_actors.cli.lazy import Place


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
