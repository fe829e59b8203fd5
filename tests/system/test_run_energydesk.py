"""`run.py --dialect energydesk` as a process: one POST per reading, each value once and equal to the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests

VENS = ("Herning", "Aalborg")
STEP_S = 5
FAST = (
    "--vens", ",".join(VENS), "--dialect", "energydesk", "--interval", f"{STEP_S}s", "--poll-every", "2s",
    "--noise", "0", "--rate", "0", "--senders", "8", "--drain", "60s", "--headless",
)  # fmt: skip


def readings_of(base_url: str, token: str) -> Iterator[dict[str, Any]]:
    """Everything that the VTN has, page by page."""
    get = {"headers": {"Authorization": f"Bearer {token}"}, "timeout": 20}
    skip = 0
    while page := requests.get(f"{base_url}/reports?skip={skip}&limit=5000", **get).json():
        yield from page
        skip += len(page)


def check(known: Any, readings: list[dict[str, Any]]) -> Counter[str]:
    """Hold every reading against the truth; returns how many there are of each VEN."""
    seen: Counter[tuple[str, str, str, int]] = Counter()
    for reading in readings:
        ven = reading["client_name"].removeprefix("Client_")
        (resource,) = (each["resource_name"] for each in reading["resources"])
        start_s = int(datetime.fromisoformat(reading["start"]).timestamp())
        component = reading["load_component"]
        seen[ven, resource, component, start_s] += 1
        watts = mean_watts(known, ven, resource, start_s)[int(component.removeprefix("load_"))]
        ((value,),) = (payload["values"] for payload in reading["intervals"][0]["payloads"])
        assert value == watts / 1000, (ven, resource, component, start_s)
        assert reading["resource_id"]
        assert reading["ven_id"]
    assert set(seen.values()) == {1}
    starts = sorted({start_s for *_, start_s in seen})
    assert starts == list(range(starts[0], starts[-1] + 1, STEP_S))
    assert len(seen) == sum(len(known.loads[ven]) * 6 for ven in VENS) * len(starts)
    return Counter(ven for ven, *_ in seen)


def mean_watts(known: Any, ven: str, resource: str, start_s: int) -> list[int]:
    """The truth of an interval of several profile steps, rounded once."""
    import numpy as np

    rows = [known.cells[int(at_s - known.start_s) % len(known.cells)] for at_s in range(start_s, start_s + STEP_S)]
    mean = np.mean(rows, axis=0)
    return [int(np.rint(mean[column] * scale)) for column, scale in known.loads[ven][resource]]


@pytest.mark.timeout(170)
def test_every_reading_stands_in_the_vtn_exactly_once_and_is_true(
    tmp_path: Path, profile: Path, truth: Any, vtn_process: Any
) -> None:
    state, out, log = tmp_path / "state", tmp_path / "s.json", tmp_path / "log"
    arguments = (*FAST, "--profiles", str(profile), "--state", str(state), "--summary", str(out))
    with truth.fleet(*arguments, "--duration", "12s", log=log) as process:
        assert process.wait(120) == 0, log.read_text()[-5000:]
    said = truth.summary(out)
    readings = said["readings"]
    assert said["vtn"]["dialect"] == "energydesk"
    assert readings["accepted"] == readings["generated"] >= 1440 * 2
    assert readings["unaccounted"] == readings["queued"] == readings["unasked"] == readings["quarantined"] == 0
    base_url, token = vtn_process(state / "vtn")
    known = truth.Truth(profile, state / "resources.db")
    found = check(known, list(readings_of(base_url.replace("/openadr3/3.1.0", "/energydesk"), token)))
    assert sum(found.values()) == readings["generated"]
    assert said["reports"]["possibly_doubled"] == 0


@pytest.mark.timeout(170)
def test_a_kill_loses_nothing_and_what_may_be_there_twice_is_counted(
    tmp_path: Path, profile: Path, truth: Any, vtn_process: Any
) -> None:
    state, out, log = tmp_path / "state", tmp_path / "s.json", tmp_path / "log"
    arguments = (*FAST, "--profiles", str(profile), "--state", str(state), "--summary", str(out))
    for kill_after in (50, 700):
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
    assert sum(check(known, list(once.values())).values()) == readings["generated"]
