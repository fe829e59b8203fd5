"""The fleet's process is killed, its actors crash, its VTN goes away: the VTN ends up with the truth all the same."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ven_actors.testing.vtn import BL, InProcessVtn

VENS = ("Herning", "Aalborg")
FAST = ("--vens", ",".join(VENS), "--interval", "1s", "--report-every", "1s", "--poll-every", "1s", "--noise", "0",
        "--headless", "--drain", "60s", "--approve", "30")  # fmt: skip
START = Callable[..., tuple[InProcessVtn, list[str]]]


def read_back(vtn: InProcessVtn, calls: Any) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    caller = calls.Caller(vtn, BL)
    found: list[dict[str, Any]] = []
    while page := caller.get("/reports", params={"skip": len(found), "limit": 50}).json():
        found += page
    events = caller.get("/events", params={"skip": 0, "limit": 50}).json()
    caller.close()
    return found, {event["id"]: event for event in events}


def known_of(truth: Any, profile: Path, state: Path) -> Any:
    known = truth.Truth(profile, state / "resources.db")
    known.loads = {name: known.loads[name] for name in VENS}
    return known


@pytest.mark.timeout(170)
def test_twenty_kills_lose_and_double_nothing(
    tmp_path: Path, profile: Path, truth: Any, vtn_for: START, vtn_calls: Any
) -> None:
    seed = 20
    print(f"seed {seed}")
    rng = random.Random(seed)
    vtn, options = vtn_for(*VENS)
    state, out, log = tmp_path / "state", tmp_path / "s.json", tmp_path / "log"
    arguments = (*FAST, *options, "--profiles", str(profile), "--state", str(state), "--summary", str(out))
    for moment in range(20):
        between = moment % 2 == 0
        faults = {"VEN_ACTORS_FAULTS": f"kill_after_accept={rng.randint(1, 5)}"} if between else {}
        with truth.fleet(*arguments, environ=faults, log=log) as process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30 if between else rng.uniform(0.7, 2.2))
            process.kill()
            assert process.wait(10) == -signal.SIGKILL
    with truth.fleet(*arguments, "--duration", "3s", log=log) as process:
        assert process.wait(60) == 0, log.read_text()[-5000:]
    windows = known_of(truth, profile, state).check(*read_back(vtn, vtn_calls))
    said = truth.summary(out)
    readings = said["readings"]
    assert readings["accepted"] == readings["generated"] == sum(180 * len(starts) for starts in windows.values())
    assert readings["queued"] == readings["gap"] == readings["unaccounted"] == 0
    assert said["reports"]["possibly_doubled"] == 0
    assert len(windows["Herning"]) >= 20


def test_a_ven_that_crashes_on_a_tick_is_restarted_and_nobody_else_notices(
    tmp_path: Path, profile: Path, truth: Any, vtn_for: START, vtn_calls: Any
) -> None:
    vtn, options = vtn_for(*VENS)
    state, out, log = tmp_path / "state", tmp_path / "s.json", tmp_path / "log"
    arguments = (*FAST, *options, "--profiles", str(profile), "--state", str(state), "--summary", str(out))
    faults = {"VEN_ACTORS_FAULTS": "crash=Herning@4"}
    with truth.fleet(*arguments, "--duration", "7s", environ=faults, log=log) as process:
        assert process.wait(60) == 0, log.read_text()
    said = truth.summary(out)
    assert said["vens"] == {"configured": 2, "running": 2, "failed": 0, "restarts": 1}
    assert "Herning was asked to crash" in log.read_text()
    windows = known_of(truth, profile, state).check(*read_back(vtn, vtn_calls))
    assert len(windows["Herning"]) >= 5
    assert len(windows["Aalborg"]) >= 5
    assert said["readings"]["accepted"] == said["readings"]["generated"]


def test_what_one_run_leaves_queued_the_next_one_delivers(
    tmp_path: Path, profile: Path, truth: Any, vtn_for: START, vtn_calls: Any
) -> None:
    vtn, options = vtn_for(*VENS)
    state, out, log = tmp_path / "state", tmp_path / "s.json", tmp_path / "log"
    arguments = (*FAST, *options, "--profiles", str(profile), "--state", str(state), "--summary", str(out))
    url = vtn.base_url
    vtn.fault = refuse_reports_for_now
    with truth.fleet(*arguments, "--duration", "3s", "--drain", "0.1s", log=log) as process:
        assert process.wait(60) == 0, log.read_text()
    first = truth.summary(out)
    assert first["readings"]["queued"] == first["readings"]["generated"] > 0
    assert first["vtn"]["url"] == url
    assert vtn.reports() == []
    vtn.fault = None
    with truth.fleet(*arguments, "--duration", "3s", log=log) as process:
        assert process.wait(60) == 0, log.read_text()
    second = truth.summary(out)
    assert second["readings"]["accepted"] == second["readings"]["generated"] > first["readings"]["generated"]
    known_of(truth, profile, state).check(*read_back(vtn, vtn_calls))


def refuse_reports_for_now(method: str, path: str, body: bytes) -> Any:
    from ven_actors.testing.vtn import Fault

    return Fault(act=False, status=503) if method == "POST" and path.endswith("/reports") else None
