"""`run.py` as a process, on a profile in which every cell is unique: what the VTN holds is the truth, once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from ven_actors.testing.vtn import BL, InProcessVtn

FAST = ("--interval", "1s", "--report-every", "1s", "--poll-every", "2s", "--noise", "0", "--headless")
TEN = "Herning,Aalborg,Lemvig,Aabenraa,Aars,Viborg,Skive,Holstebro,Struer,Randers"
START = Callable[..., tuple[InProcessVtn, list[str]]]


def read_back(vtn: InProcessVtn, calls: Any) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """All reports and events, over plain HTTP and all pages."""
    caller = calls.Caller(vtn, BL)
    try:
        return all_pages(caller, "/reports"), {event["id"]: event for event in all_pages(caller, "/events")}
    finally:
        caller.close()


def all_pages(caller: Any, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while page := caller.get(path, params={"skip": len(found), "limit": 50}).json():
        found += page
    return found


@pytest.mark.parametrize(
    ("vens", "more", "resources"),
    [("Herning,Aalborg", (), 240), (TEN, (), 1200), ("Lemvig", ("--approve", "all"), 266)],
    ids=["two VENs", "ten VENs", "Lemvig whole"],
)
def test_every_value_stands_in_the_vtn_exactly_once(
    vens: str, more: tuple[str, ...], resources: int, tmp_path: Path, profile: Path, truth: Any, vtn_for: START,
    vtn_calls: Any, spec31: Any,
) -> None:  # fmt: skip
    names = vens.split(",")
    vtn, options = vtn_for(*names)
    state, out = tmp_path / "state", tmp_path / "s.json"
    arguments = ("--vens", vens, "--profiles", str(profile), "--state", str(state), "--summary", str(out))
    with truth.fleet(*arguments, *FAST, *options, *more, "--duration", "8s", log=tmp_path / "log") as process:
        assert process.wait(60) == 0, (tmp_path / "log").read_text()
    said = truth.summary(out)
    known = truth.Truth(profile, state / "resources.db")
    known.loads = {name: known.loads[name] for name in names}
    assert sum(len(loads) for loads in known.loads.values()) == resources
    windows = known.check(*read_back(vtn, vtn_calls))
    assert windows.keys() == set(names)
    assert said["readings"]["generated"] == sum(6 * len(known.loads[name]) * len(windows[name]) for name in names)
    assert_all_accepted(said, resources, seconds=5)
    for sent in vtn.requests:
        path = sent.path.removeprefix("/openadr3/3.1.0")
        assert spec31.check_request(sent.method, path, sent.query, sent.headers, sent.body) == []


def assert_all_accepted(said: dict[str, Any], resources: int, seconds: int) -> None:
    readings = said["readings"]
    assert said["resources"]["total_by_status"]["APPROVED"] == resources
    assert said["vens"]["running"] == said["vens"]["configured"]
    assert said["vens"]["failed"] == said["vens"]["restarts"] == 0
    assert readings["accepted"] == readings["generated"] >= resources * 6 * seconds
    left = ("unasked", "queued", "quarantined", "evicted", "gap", "unaccounted")
    assert {name: readings[name] for name in left} == dict.fromkeys(left, 0)


def test_the_main_job_with_the_embedded_vtn(tmp_path: Path, profile: Path, truth: Any, vtn_process: Any) -> None:
    state, out = tmp_path / "state", tmp_path / "s.json"
    arguments = ("--vens", "Herning,Aalborg", "--profiles", str(profile), "--state", str(state), "--summary", str(out))
    with truth.fleet(*arguments, *FAST, "--duration", "20s", log=tmp_path / "log") as process:
        assert process.wait(90) == 0, (tmp_path / "log").read_text()
    said = truth.summary(out)
    assert_all_accepted(said, 240, seconds=15)
    base_url, token = vtn_process(state / "vtn")
    get = {"headers": {"Authorization": f"Bearer {token}"}, "timeout": 20}
    reports: list[dict[str, Any]] = []
    while page := requests.get(f"{base_url}/reports?skip={len(reports)}&limit=50", **get).json():
        reports += page
    events = {event["id"]: event for event in requests.get(f"{base_url}/events?skip=0&limit=50", **get).json()}
    known = truth.Truth(profile, state / "resources.db")
    known.loads = {name: known.loads[name] for name in ("Herning", "Aalborg")}
    windows = known.check(reports, events)
    assert said["readings"]["generated"] == sum(720 * len(starts) for starts in windows.values())
