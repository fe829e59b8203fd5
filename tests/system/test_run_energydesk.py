"""`run.py --dialect energydesk` as a process: one POST per reading, each value once and equal to the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from truth_energydesk import STEP_S, check, readings_of

VENS = ("Herning", "Aalborg")
FAST = (
    "--vens", ",".join(VENS), "--dialect", "energydesk", "--interval", f"{STEP_S}s", "--poll-every", "2s",
    "--noise", "0", "--rate", "0", "--senders", "8", "--drain", "60s", "--headless", "--approve", "20",
)  # fmt: skip


@pytest.mark.timeout(170)
def test_every_reading_stands_in_the_vtn_exactly_once_and_is_true(
    tmp_path: Path, profile: Path, truth: Any, vtn_process: Any
) -> None:
    state, out, log = tmp_path / "state", tmp_path / "s.json", tmp_path / "log"
    arguments = (*FAST, "--profiles", str(profile), "--state", str(state), "--summary", str(out))
    with truth.fleet(*arguments, "--duration", "7s", log=log) as process:
        assert process.wait(120) == 0, log.read_text()[-5000:]
    said = truth.summary(out)
    readings = said["readings"]
    assert said["vtn"]["dialect"] == "energydesk"
    assert readings["accepted"] == readings["generated"] >= 240 * 2
    assert readings["unaccounted"] == readings["queued"] == readings["unasked"] == readings["quarantined"] == 0
    base_url, token = vtn_process(state / "vtn")
    known = truth.Truth(profile, state / "resources.db")
    found = check(known, list(readings_of(base_url.replace("/openadr3/3.1.0", "/energydesk"), token)), VENS)
    assert sum(found.values()) == readings["generated"]
    assert said["reports"]["possibly_doubled"] == 0


@pytest.mark.timeout(170)
def test_a_kill_loses_nothing_and_what_may_be_there_twice_is_counted(
    tmp_path: Path, profile: Path, truth: Any, vtn_process: Any
) -> None:
    state, out, log = tmp_path / "state", tmp_path / "s.json", tmp_path / "log"
    arguments = (*FAST, "--profiles", str(profile), "--state", str(state), "--summary", str(out))
    for kill_after in (50, 200):
        faults = {"VEN_ACTORS_FAULTS": f"kill_after_accept={kill_after}"}
        with truth.fleet(*arguments, environ=faults, log=log) as process:
            assert process.wait(60) < 0
    with truth.fleet(*arguments, "--duration", "6s", log=log) as process:
        assert process.wait(120) == 0, log.read_text()[-5000:]
    said = truth.summary(out)
    readings = said["readings"]
    assert readings["accepted"] == readings["generated"]
    assert readings["unaccounted"] == readings["queued"] == 0
    base_url, token = vtn_process(state / "vtn")
    known = truth.Truth(profile, state / "resources.db")
    stored = list(readings_of(base_url.replace("/openadr3/3.1.0", "/energydesk"), token))
    twice = len(stored) - readings["generated"]
    assert 0 < twice <= said["reports"]["possibly_doubled"] <= 2 * 8
    once = {(each["client_name"], each["report_name"], each["load_component"]): each for each in stored}
    assert sum(check(known, list(once.values()), VENS).values()) == readings["generated"]
