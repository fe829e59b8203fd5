"""The doctor on the command line: what it prints, its exit code, and the embedded VTN as the patient."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog
from click.testing import CliRunner, Result
from doctor_peers import SECRET

from ven_actors.cli import cli
from ven_actors.cli.doctor import EXIT_BAD
from ven_actors.cli.seams import Seams
from ven_actors.control import ControlServer
from ven_actors.fleet.doctor import STEPS
from ven_actors.testing.vtn import Client, DemoPlan, InProcessVtn, Role


@pytest.fixture(autouse=True)
def _log_beside_the_output() -> Iterator[None]:
    """Where `main` sends it."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    yield
    structlog.reset_defaults()


def doctor(tmp_path: Path, *args: str, environ: dict[str, str] | None = None) -> Result:
    command = ["doctor", "--state", str(tmp_path / "state"), "--approve", "3", *args]
    return CliRunner().invoke(cli, command, obj=Seams(environ=environ or {}), standalone_mode=False)


def said(result: Result) -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(result.stdout)
    return decoded


def verdicts(result: Result) -> dict[str, str]:
    return {check["check"]: check["verdict"] for check in said(result)["checks"]}


def test_without_a_vtn_url_an_embedded_vtn_is_started_examined_and_gone(tmp_path: Path) -> None:
    result = doctor(tmp_path, "--write", "--json")
    assert result.return_value == 0
    assert set(verdicts(result).values()) == {"good"}
    assert said(result)["good"] is True
    assert said(result)["ven"] == "Herning"
    assert not (tmp_path / "state").exists()


@pytest.fixture
def running(tmp_path: Path) -> Any:
    """A VTN as a running fleet's, and the socket where that fleet says so."""
    folder = tmp_path / "state" / "vtn"
    folder.mkdir(parents=True)
    with (folder / "clients.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["name", "secret", "role"], ["Herning", SECRET, "ven"]])
    with InProcessVtn([Client("Herning", SECRET, Role.VEN)], demo=DemoPlan()) as vtn:
        status = msgspec.json.encode({"running": True, "vtn": {"url": vtn.base_url}})
        control = ControlServer(tmp_path / "state", lambda: status)
        control.start()
        yield vtn
        control.stop()


def test_without_a_vtn_url_the_vtn_of_the_running_fleet_is_examined(tmp_path: Path, running: InProcessVtn) -> None:
    result = doctor(tmp_path, "--json")
    assert result.return_value == 0
    assert said(result)["vtn"] == running.base_url
    assert "/openadr3/3.1.0/programs" in {exchange.path for exchange in running.requests}


def test_a_running_fleet_of_another_vtn_has_to_be_named_with_its_credentials(
    tmp_path: Path, running: InProcessVtn
) -> None:
    (tmp_path / "state" / "vtn" / "clients.csv").unlink()
    result = doctor(tmp_path, "--json")
    assert result.return_value == EXIT_BAD
    assert f"runs against {running.base_url}; name that VTN" in said(result)["checks"][0]["what"]


def test_what_is_bad_is_printed_with_its_reason_and_remedy(tmp_path: Path) -> None:
    result = doctor(tmp_path, "--vtn-url", f"https://{'x' * 64}.example/openadr3/3.1.0")
    assert result.return_value == EXIT_BAD
    lines = result.stdout.splitlines()
    (at,) = [number for number, line in enumerate(lines) if line.startswith("bad ")]
    assert lines[at].split()[1:3] == ["name", "look-up"]
    assert lines[at + 1].strip().startswith("why: nothing can be sent")
    assert lines[at + 2].strip().startswith("do: check the host in --vtn-url")
    assert len([line for line in lines if line.startswith("skipped ")]) == len(STEPS) - 3


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--vtn-url", "http://vtn.example/openadr3/3.1.0"], "--insecure-http"),
        (["--vens", "Hernig"], "unknown VEN 'Hernig'; the nearest are: Herning"),
        (["--interval", "x", "--deadline", "y"], "--deadline"),
    ],
)
def test_a_configuration_with_which_no_fleet_starts_is_the_first_finding(
    tmp_path: Path, args: list[str], words: str
) -> None:
    result = doctor(tmp_path, "--json", *args)
    assert result.return_value == EXIT_BAD
    first, *others = said(result)["checks"]
    assert (first["check"], first["verdict"]) == ("configuration", "bad")
    assert words in first["what"]
    assert [other["verdict"] for other in others] == ["skipped"] * (len(STEPS) - 1)
    assert said(result)["vtn"] is None


def test_a_ca_file_that_is_no_certificate_and_a_ven_without_resources_are_told(tmp_path: Path) -> None:
    broken = tmp_path / "ca.pem"
    broken.write_text("no certificate")
    result = doctor(tmp_path, "--json", "--vtn-url", "https://127.0.0.1:1", "--ca-file", str(broken))
    assert "CA file" in said(result)["checks"][0]["what"]
    result = doctor(tmp_path, "--json", "--vtn-url", "https://127.0.0.1:1", "--approve", "0")
    assert "VEN Herning has no approved resources" in said(result)["checks"][0]["what"]


def test_its_own_variables_are_not_taken_for_misspelt_ones(tmp_path: Path) -> None:
    result = doctor(tmp_path, "--interval", "x", environ={"VEN_ACTORS_DOCTOR_WRITE": "1", "VEN_ACTORS_WRITE": "1"})
    assert "VEN_ACTORS_WRITE: unknown variable" in result.stdout
    assert "VEN_ACTORS_DOCTOR_WRITE" not in result.stdout


def test_with_push_a_subscription_is_tried(tmp_path: Path) -> None:
    result = doctor(tmp_path, "--write", "--json", "--push", "webhook", "--parsing", "strict", "--webhook-port", "0")
    assert result.return_value == 0
    assert [each["what"] for each in said(result)["checks"] if each["check"] == "subscriptions"] == [
        "a subscription was accepted, its callback was called, and it was deleted again"
    ]
