"""Runs `provision` and `deprovision` at a real VTN, and reads what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from click.testing import CliRunner, Result

from ven_actors.cli import cli
from ven_actors.cli.provision import EXIT_FAILED
from ven_actors.cli.seams import Seams
from ven_actors.errors import StateError, UsageError
from ven_actors.testing.vtn import BL, Client, Exchange, InProcessVtn, Role

VENS = [Client(f"client-{name}", f"secret-{name}", Role.VEN) for name in ("Hadsund", "Aars")]
VERSIONS = ("3.1", "3.0.1")
BUSINESS = {"BL": BL.secret}
TEMPLATE = f"client_id={BL.name},client_secret_env=BL"


class Run(Protocol):
    def __call__(self, command: str, *args: str, environ: dict[str, str] | None = None) -> Result: ...


def runner(url: str, tmp_path: Path) -> Run:
    def run(command: str, *args: str, environ: dict[str, str] | None = None) -> Result:
        shared = ["--vtn-url", url, "--state", str(tmp_path / "state"), "--business-credentials", TEMPLATE]
        own = ["--vens", "Hadsund,Aars", "--approve", "3"]
        own += ["--credentials", "client_id=client-{ven},client_secret_env=SECRET_{ven}"]
        line = [command, *shared, *(own if command == "provision" else []), *args]
        return CliRunner().invoke(
            cli, line, obj=Seams(environ=environ or BUSINESS), standalone_mode=False, catch_exceptions=True
        )

    return run


def good(result: Result) -> str:
    assert result.exception is None, result.exception
    assert result.return_value == 0, result.stdout
    return result.stdout


def failed(result: Result) -> str:
    assert result.exception is None, result.exception
    assert result.return_value == EXIT_FAILED
    return result.stdout


def told(result: Result) -> str:
    """What a run that did not begin says."""
    assert isinstance(result.exception, (UsageError, StateError))
    return str(result.exception)


def writes(vtn: InProcessVtn) -> list[Exchange]:
    return [each for each in vtn.requests if each.method != "GET" and not each.path.endswith("/token")]


def holdings(vtn: InProcessVtn) -> list[dict[str, Any]]:
    return [*vtn.vens(), *vtn.resources()]
