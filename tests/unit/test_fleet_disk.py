"""A run that failed of a full disk says which disk."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from structlog.testing import capture_logs

from ven_actors.config import FleetConfig
from ven_actors.fleet import outcome
from ven_actors.fleet.disk import full_disk
from ven_actors.fleet.outcome import exit_code
from ven_actors.fleet.running import run_fleet
from ven_actors.fleet.summary import RunFacts
from ven_actors.model import FleetStatus, Readings, ReporterStatus, VenState, VenStatus

FULL = "StateError: s/store.db: database or disk is full; make room, or raise outbox_max"


class Usage(NamedTuple):
    total: int
    free: int


def full(_: Path) -> Usage:
    return Usage(10_000_000, 4_096)


def roomy(_: Path) -> Usage:
    return Usage(10_000_000_000, 5_000_000_000)


@pytest.mark.parametrize(
    "error", [FULL, "OSError: [Errno 28] No space left on device", "StateError: s: disk I/O error; look after the disk"]
)
def test_a_full_disk_is_named_with_how_full_it_is(tmp_path: Path, error: str) -> None:
    said = full_disk(tmp_path / "state", [error], full)
    mount = next(each for each in (tmp_path, *tmp_path.parents) if each.is_mount())
    assert said.startswith(f"the disk {mount} is full (4096 of 10000000 bytes free); state folder {tmp_path / 'state'}")


def test_an_outbox_at_its_limit_is_not_a_full_disk(tmp_path: Path) -> None:
    assert full_disk(tmp_path, [FULL], roomy) == ""


def test_other_errors_on_a_full_disk_are_not_laid_to_it(tmp_path: Path) -> None:
    assert full_disk(tmp_path, ["RuntimeError: crash"], full) == ""


def test_a_folder_that_cannot_be_looked_at_is_not_spoken_of(tmp_path: Path) -> None:
    def gone(_: Path) -> Usage:
        raise FileNotFoundError

    assert full_disk(tmp_path, [FULL], gone) == ""


@pytest.mark.parametrize(
    ("state", "readings", "code"),
    [
        (VenState.RESTARTING, Readings(), 70),
        (VenState.RUNNING, Readings(), 70),
        (VenState.RUNNING, Readings(generated=7), 1),
    ],
)
def test_the_last_message_and_the_summary_name_the_disk(
    monkeypatch: pytest.MonkeyPatch, state: VenState, readings: Readings, code: int
) -> None:
    monkeypatch.setattr(outcome, "full_disk", partial(full_disk, usage=full))
    ven = VenStatus("Herning", state, 120, 1, None, 1, "restarting with reporter", reached=True)
    status = FleetStatus(
        0.0, {"Herning": ven}, {}, (), paused=False, reporter=ReporterStatus(readings=readings, posts=1),
        errors={"reporter": FULL},
    )  # fmt: skip
    facts = RunFacts(FleetConfig(), status=status)
    with capture_logs() as logs:
        assert exit_code(facts, 9) == code
    assert " is full (4096" in facts.error
    assert " is full (4096" in str(logs[0])


def test_a_summary_that_cannot_be_written_does_not_hide_why_the_run_failed(tmp_path: Path) -> None:
    config = FleetConfig(state=tmp_path / "s", registry=tmp_path / "none.db", summary=tmp_path / "no" / "s.json")
    with capture_logs() as logs, pytest.raises(Exception, match=r"none\.db"):
        run_fleet(config)
    assert [entry["event"] for entry in logs][-1] == "summary_not_written"
