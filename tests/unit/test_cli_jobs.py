"""`ven-actors jobs`: what a running fleet's clock does, from the shell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ven_actors.cli import cli
from ven_actors.cli.former import former_variables
from ven_actors.cli.seams import Seams
from ven_actors.errors import StateError, UsageError

JOBS = [
    {"name": "metering", "every": "15s", "next_run": "2026-01-16T10:00:30+00:00", "paused": True},
    {"name": "polling", "every": "30s", "next_run": "2026-01-16T10:00:45+00:00", "paused": False},
]


class Fleet:
    """Stands for a running one, and remembers its orders."""

    def __init__(self, answer: list[str] | None) -> None:
        self.answer = answer
        self.orders: list[Mapping[str, Any]] = []

    def order(self, _: Path, request: Mapping[str, Any]) -> list[str] | None:
        self.orders.append(request)
        return self.answer


def called(tmp_path: Path, fleet: Fleet, *words: str, status: dict[str, Any] | None = None) -> Result:
    seams = Seams(ask_status=lambda _: status, order=fleet.order, environ={})
    return CliRunner().invoke(cli, ["jobs", "--state", str(tmp_path), *words], obj=seams, standalone_mode=False)


def test_jobs_are_listed_with_their_next_run_and_what_is_paused(tmp_path: Path) -> None:
    done = called(tmp_path, Fleet(None), status={"jobs": JOBS})
    rows = [line.split("│") for line in done.output.splitlines() if "metering" in line or "polling" in line]
    assert [[cell.strip() for cell in row[1:5]] for row in rows] == [
        ["metering", "15s", "2026-01-16T10:00:30Z", "paused"],
        ["polling", "30s", "2026-01-16T10:00:45Z", ""],
    ]
    assert json.loads(called(tmp_path, Fleet(None), "--json", status={"jobs": JOBS}).output) == JOBS


@pytest.mark.parametrize("deed", ["pause", "resume"])
def test_jobs_are_paused_and_resumed_by_name_or_all_together(tmp_path: Path, deed: str) -> None:
    fleet = Fleet(["polling"])
    assert called(tmp_path, fleet, deed, "metering", "polling").output == "paused: polling\n"
    called(tmp_path, fleet, deed, "--all")
    assert fleet.orders == [
        {"do": deed, "jobs": ["metering", "polling"], "all": False},
        {"do": deed, "jobs": [], "all": True},
    ]
    assert called(tmp_path, Fleet([]), deed, "--all", "--state", str(tmp_path)).output == "paused: none\n"


@pytest.mark.parametrize("words", [["pause"], ["resume", "polling", "--all"]])
def test_it_must_be_clear_which_jobs_are_meant(tmp_path: Path, words: list[str]) -> None:
    assert isinstance(called(tmp_path, Fleet([]), *words).exception, UsageError)


@pytest.mark.parametrize("words", [[], ["pause", "polling"]])
def test_where_no_fleet_runs_there_are_no_jobs(tmp_path: Path, words: list[str]) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        done = called(folder, Fleet(None), *words)
        assert isinstance(done.exception, StateError)
        assert f"no fleet runs on {folder}" in str(done.exception)


def test_variables_of_the_program_before_are_named_with_their_new_names() -> None:
    environ = {"VTN_SERVER_ADDRESS": "http://x", "VEN_LOCAL_ID": "Herning", "PATH": "/bin"}
    assert list(former_variables(environ)) == [
        ("VTN_SERVER_ADDRESS", "VEN_ACTORS_VTN_URL"), ("VEN_LOCAL_ID", "VEN_ACTORS_VENS"),
    ]  # fmt: skip
    assert list(former_variables({"VTN_SERVER_ADDRESS": " ", "VEN_LOCAL_ID": "a", "VEN_ACTORS_VENS": "a"})) == []
