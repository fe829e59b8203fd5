"""`ven-actors status --check`: a code for machines, and reasons for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ven_actors.cli import cli, main
from ven_actors.cli.health import ailments
from ven_actors.cli.seams import Seams

pytestmark = pytest.mark.usefixtures("logging_as_it_was")


GOOD: dict[str, Any] = {
    "running": True,
    "paused": True,
    "vens": [{"name": name, "state": name, "last_error": ""} for name in ("running", "starting", "enrolling")],
    "readings": {"generated": 7, "evicted": 2, "queued": 5, "unaccounted": 0},
    "errors": {},
}


def checked(tmp_path: Path, status: Mapping[str, Any] | None, *words: str) -> Result:
    seams = Seams(ask_status=lambda _: None if status is None else dict(status), environ={})
    words = ("status", "--state", str(tmp_path), "--check", *words)
    return CliRunner().invoke(cli, words, obj=seams, standalone_mode=False)


def test_a_fleet_without_trouble_is_healthy(tmp_path: Path) -> None:
    done = checked(tmp_path, GOOD)
    assert (done.return_value, done.output) == (0, "healthy\n")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"running": False}, "no fleet runs on this state folder"),
        ({"vens": [{"name": "V", "state": "vtn lost", "last_error": "refused"}]}, "VEN V is vtn lost: refused"),
        ({"vens": [{"name": "V", "state": "restarting"}]}, "VEN V is restarting"),
        ({"vens": [{"name": "V", "state": "running", "last_error": "422"}]}, "VEN V is running, and has trouble: 422"),
        ({"errors": {"reporter": "disk is full"}}, "reporter fails: disk is full"),
        ({"readings": {"unaccounted": 3}}, "3 readings are unaccounted for"),
    ],
)
def test_what_is_wrong_is_said_and_is_exit_code_1(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    done = checked(tmp_path, GOOD | change)
    assert (done.return_value, done.output) == (1, f"{reason}\n")
    as_json = checked(tmp_path, GOOD | change, "--json")
    assert (as_json.return_value, json.loads(as_json.output)) == (1, {"healthy": False, "reasons": [reason]})


def test_where_no_fleet_runs_it_is_not_healthy(tmp_path: Path) -> None:
    assert checked(tmp_path, None).return_value == 1
    assert main(["status", "--state", str(tmp_path), "--check"], {}) == 1


def test_a_missing_folder_and_a_check_without_end_are_usage_errors(tmp_path: Path) -> None:
    assert main(["status", "--state", str(tmp_path / "none"), "--check"], {}) == 2
    assert main(["status", "--state", str(tmp_path), "--check", "--watch"], {}) == 2


def test_a_document_with_nothing_in_it_can_be_judged() -> None:
    assert list(ailments({"running": True})) == []
    assert list(ailments({"running": True, "vens": [{}, 3], "errors": None, "readings": None})) == [
        "VEN  is in an unknown state"
    ]
