"""`run.py` as a process, in each dialect, against its VTN with quirks: what stands there is the truth, once.

All quirks together here; `EVERY_QUIRK=1` tries each of them alone, too.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import requests
import truth_energydesk

from ven_actors.vtn.quirks import Quirk

VENS = ("Herning", "Aalborg", "Lemvig")
QUIRKS = ("all", "", *Quirk) if os.environ.get("EVERY_QUIRK") else ("all",)
STANDARD = ("--interval", "1s", "--report-every", "1s", "--duration", "6s")
EACH_READING = ("--interval", f"{truth_energydesk.STEP_S}s", "--rate", "0", "--senders", "8", "--duration", "6s")
PACE = {"openadr-3.1": STANDARD, "openadr-3.0.1": STANDARD, "energydesk": EACH_READING}
LEFT = ("unasked", "queued", "quarantined", "evicted", "gap", "unaccounted")


@pytest.mark.timeout(170)
@pytest.mark.parametrize("quirk", QUIRKS)
@pytest.mark.parametrize("dialect", PACE)
def test_every_value_stands_in_the_vtn_exactly_once(
    dialect: str, quirk: str, tmp_path: Path, profile: Path, truth: Any, vtn_process: Any
) -> None:
    state, out, log = tmp_path / "state", tmp_path / "s.json", tmp_path / "log"
    arguments = (
        "--vens", ",".join(VENS), "--dialect", dialect, *PACE[dialect], "--quirk", quirk, "--approve", "20",
        "--poll-every", "1s", "--noise", "0", "--drain", "90s", "--headless", "--profiles", str(profile),
        "--state", str(state), "--summary", str(out),
    )  # fmt: skip
    with truth.fleet(*arguments, log=log) as process:
        assert process.wait(150) == 0, log.read_text()[-5000:]
    said = truth.summary(out)
    readings = said["readings"]
    assert said["vtn"]["dialect"] == dialect
    assert {name: readings[name] for name in LEFT} == dict.fromkeys(LEFT, 0)
    assert readings["accepted"] == readings["generated"] > 0
    known = truth.Truth(profile, state / "resources.db")
    known.loads = {name: known.loads[name] for name in VENS}
    url, token = vtn_process(state / "vtn")
    if dialect == "energydesk":
        stored = list(truth_energydesk.readings_of(url.replace("/openadr3/3.1.0", "/energydesk"), token))
        assert sum(truth_energydesk.check(known, stored, VENS).values()) == readings["generated"]
        return
    events = {event["id"]: event for event in all_pages(url, token, "events")}
    windows = known.check(all_pages(url, token, "reports"), events)
    assert readings["generated"] == sum(len(windows[name]) * len(known.loads[name]) * 6 for name in VENS)


def all_pages(base_url: str, token: str, path: str) -> list[dict[str, Any]]:
    get = {"headers": {"Authorization": f"Bearer {token}"}, "timeout": 20}
    found: list[dict[str, Any]] = []
    while page := requests.get(f"{base_url}/{path}?skip={len(found)}&limit=50", **get).json():
        found += page
    return found
