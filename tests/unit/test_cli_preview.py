"""`preview` as of any moment: what it cannot show it refuses as usage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ven_actors.cli import cli
from ven_actors.errors import UsageError


def preview(tmp_path: Path, at: str) -> list[object]:
    args = ["preview", "--state", str(tmp_path), "--vens", "Lemvig", "--approve", "1", "--at", at]
    found: list[object] = json.loads(
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
