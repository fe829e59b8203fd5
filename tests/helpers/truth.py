"""The truth of a run, without the product's code: what the profile says, against what the VTN holds."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np

ROOT = Path(__file__).parents[2]
COMPONENTS = [f"LOAD_{number}" for number in range(6)]


def unique_profile(path: Path, meters: list[str], steps: int = 1800) -> None:
    """Write a profile of 1 s steps in which no two cells are equal, exact in float32."""
    cells = np.arange(steps * len(meters), dtype=np.float32).reshape(steps, len(meters)) + 1000
    assert len(np.unique(cells)) == cells.size
    with h5py.File(path, "w") as file:
        data = file.create_dataset("power_w", data=cells)
        data.attrs["start"] = "2026-01-05T00:00:00+00:00"
        data.attrs["step_s"] = 1
        data.attrs["meters"] = meters


def shipped_meters() -> list[str]:
    with h5py.File(ROOT / "ven_actors" / "data" / "demo_week.h5") as file:
        return [name if isinstance(name, str) else name.decode() for name in file["power_w"].attrs["meters"]]


class Truth:
    """What every approved resource of a registry must have reported, from file and database alone."""

    def __init__(self, profile: Path, registry: Path) -> None:
        with h5py.File(profile) as file:
            self.cells = file["power_w"][:].astype(np.float64)
            self.start_s = datetime.fromisoformat(file["power_w"].attrs["start"]).timestamp()
            meters = [name if isinstance(name, str) else name.decode() for name in file["power_w"].attrs["meters"]]
        self.loads: dict[str, dict[str, list[tuple[int, float]]]] = {}
        with contextlib.closing(sqlite3.connect(registry)) as database:
            rows = database.execute(_LOADS).fetchall()
        for ven, resource, component, meter, scale in rows:
            loads = self.loads.setdefault(ven, {}).setdefault(resource, [(0, 0.0)] * 6)
            loads[int(component.removeprefix("load_"))] = (meters.index(meter), scale)

    def watts(self, ven: str, resource: str, at_s: int) -> list[int]:
        row = self.cells[int(at_s - self.start_s) % len(self.cells)]
        return [int(np.rint(row[column] * scale)) for column, scale in self.loads[ven][resource]]

    def check(self, reports: list[dict[str, Any]], events: dict[str, dict[str, Any]]) -> dict[str, list[int]]:
        """Compare every value; each (resource, component, window) exactly once, without a hole.

        Returns the starts of the windows of each VEN.
        """
        seen: set[tuple[str, str, int]] = set()
        starts: dict[str, set[int]] = {}
        for report in reports:
            ven = report["clientName"]
            for entry in report["resources"]:
                for interval in entry["intervals"]:
                    at_s = place_of(interval, events[report["eventID"]])
                    key = (ven, entry["resourceName"], at_s)
                    assert key not in seen, f"{key} was reported twice"
                    seen.add(key)
                    starts.setdefault(ven, set()).add(at_s)
                    self._check_values(key, interval["payloads"])
        for ven, resources in self.loads.items():
            windows = sorted(starts.get(ven, ()))
            assert windows == list(range(windows[0], windows[0] + len(windows))), f"{ven}: a hole in {windows}"
            missing = {(ven, resource, at_s) for resource in resources for at_s in windows} - seen
            assert not missing, f"{len(missing)} windows are missing, such as {min(missing)}"
        assert len(seen) == sum(len(self.loads[ven]) * len(windows) for ven, windows in starts.items())
        return {ven: sorted(windows) for ven, windows in starts.items()}

    def _check_values(self, key: tuple[str, str, int], payloads: list[dict[str, Any]]) -> None:
        expected_w = self.watts(*key)
        values = {payload["type"]: payload["values"] for payload in payloads}
        assert len(values) == len(payloads) == 7
        assert values["DEMAND"] == [sum(expected_w) / 1000], key
        assert [values[component] for component in COMPONENTS] == [[watts / 1000] for watts in expected_w], key


_LOADS = """
    SELECT v.name, r.name, l.component, l.meter, l.scale
    FROM load_component l JOIN resource r ON r.id = l.resource JOIN ven v ON v.id = r.ven_id
    WHERE r.registration_status = 'APPROVED'"""


def place_of(interval: dict[str, Any], event: dict[str, Any]) -> int:
    """Where an interval of a report lies, by its own words or else by its id in the event's implied intervals."""
    own = interval.get("intervalPeriod")
    if own is not None:
        return int(datetime.fromisoformat(own["start"]).timestamp())
    period = event["intervalPeriod"]
    assert period["duration"] == "PT1S"
    return int(datetime.fromisoformat(period["start"]).timestamp()) + interval["id"]


@contextlib.contextmanager
def fleet(*arguments: str, environ: dict[str, str] | None = None, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`run.py` with these arguments as a process, killed at the end if it still runs; its words go to `log`."""
    command = [sys.executable, str(ROOT / "run.py"), *arguments]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("VEN_ACTORS_")}
    with log.open("ab") as words:
        process = subprocess.Popen(
            command, stdout=words, stderr=subprocess.STDOUT, env=clean | (environ or {}), cwd=ROOT
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.wait()


def summary(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content
