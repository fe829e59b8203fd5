"""`preview` as of any moment: what it cannot show it refuses as usage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ven_actors.cli import cli
from ven_actors.errors import UsageError


def preview(tmp_path: Path, at: str, *more: str) -> list[dict[str, Any]]:
    args = ["preview", "--state", str(tmp_path), "--vens", "Lemvig", "--approve", "1", "--at", at, *more]
    found: list[dict[str, Any]] = json.loads(
        CliRunner().invoke(cli, args, catch_exceptions=False, standalone_mode=False).output
    )
    return found


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00Z", "1970-01-02T23:59:59Z", "3000-01-01T00:00:01Z", "9999-12-31T23:59:59-14:00"]
)
def test_a_time_out_of_range_is_refused_with_the_range(tmp_path: Path, at: str) -> None:
    with pytest.raises(UsageError, match=r"--at: .* is out of range; 1970-01-03 to 3000-01-01 is possible"):
        preview(tmp_path, at)


@pytest.mark.parametrize("at", ["1970-01-03", "2026-01-16T10:00:00+01:00", "3000-01-01"])
def test_any_time_in_range_has_a_report(tmp_path: Path, at: str) -> None:
    assert len(preview(tmp_path, at)) == 1


@pytest.mark.parametrize(("dialect", "has_program"), [("auto", False), ("openadr-3.1", False), ("openadr-3.0.1", True)])
def test_a_report_is_shown_as_the_dialect_has_it(tmp_path: Path, dialect: str, *, has_program: bool) -> None:
    (report,) = preview(tmp_path, "2026-01-16", "--dialect", dialect)
    assert ("programID" in report) is has_program
    assert report["eventID"] == "EVENT-ID"


def test_in_energydesk_the_readings_of_the_last_interval_are_shown_one_by_one(tmp_path: Path) -> None:
    readings = preview(tmp_path, "2026-01-16T10:00:20Z", "--dialect", "energydesk", "--interval", "15s")
    assert [reading["load_component"] for reading in readings] == [f"load_{number}" for number in range(6)]
    assert {reading["start"] for reading in readings} == {"2026-01-16T10:00:00Z"}
    assert {(reading["ven_id"], reading["resource_id"]) for reading in readings} == {("VEN-ID", "RESOURCE-ID")}


def test_a_dialect_that_is_not_known_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no dialect 'openadr-3'; the nearest is openadr-3"):
        preview(tmp_path, "2026-01-16", "--dialect", "openadr-3")
