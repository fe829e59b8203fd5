"""What a fleet costs: CPU per 1,000 readings, resident memory, bytes written per reading, time to the first report.

Runs `run.py` as a process with an embedded VTN and looks at it from outside, through /proc; the VTN is a process of its
own and is not counted. Linux only. Start-up is measured apart: costs are taken between two moments of a running fleet.

    python benchmarks/fleet_cost.py --vens 2 --seconds 60 --interval 15
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

from ven_actors.control import ask_status
from ven_actors.errors import StateError

ROOT = Path(__file__).parents[1]
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Sample(NamedTuple):
    at_s: float
    cpu_s: float
    written_bytes: int
    accepted: int


def sample(pid: int, state: Path) -> Sample:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    io = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    cpu_s = (int(fields[11]) + int(fields[12])) / TICKS_PER_S
    return Sample(time.monotonic(), cpu_s, int(io["write_bytes"]), status_of(state)["readings"]["accepted"])


def status_of(state: Path) -> dict[str, Any]:
    status = ask_status(state)
    assert status is not None
    return status


def resident_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def wait_for_first_report(state: Path, process: subprocess.Popen[bytes], begun_s: float) -> float:
    pause = threading.Event()
    while process.poll() is None:
        pause.wait(0.05)
        try:
            status = ask_status(state) if state.exists() else None
        except StateError:
            continue
        if status is not None and status["reports"]["accepted"]:
            return time.monotonic() - begun_s
    raise SystemExit("the fleet ended before its first report")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vens", type=int, default=2, help="VENs of 120 resources each")
    parser.add_argument("--seconds", type=float, default=60, help="how long costs are taken")
    parser.add_argument("--interval", type=int, default=15, help="metering and reporting interval, seconds")
    parser.add_argument("--settle", type=float, default=20, help="seconds between the first report and the first look")
    options = parser.parse_args()
    every = f"{options.interval}s"
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        arguments = ["--count", str(options.vens), "--interval", every, "--report-every", every, "--headless"]
        begun_s = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "run.py"), *arguments, "--state", str(state), "--log-level", "warning"],
            stdout=subprocess.DEVNULL,
        )
        try:
            first_s = wait_for_first_report(state, process, begun_s)
            pause = threading.Event()
            pause.wait(options.settle)
            before = sample(process.pid, state)
            pause.wait(options.seconds)
            after = sample(process.pid, state)
            memory_mb = resident_mb(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(60)
    readings = after.accepted - before.accepted
    took_s = after.at_s - before.at_s
    cpu_s = after.cpu_s - before.cpu_s
    written = after.written_bytes - before.written_bytes
    print(f"{options.vens} VENs, {options.vens * 120} resources, every {every}, {took_s:.0f} s, exit {code}")
    print(f"seconds from command to first accepted report  {first_s:.1f} (seen once a second)")
    print(f"readings accepted                              {readings}")
    print(f"CPU seconds per 1,000 readings                 {cpu_s / readings * 1000:.5f}")
    print(f"share of one core                              {cpu_s / took_s:.2%}")
    print(f"resident memory                                {memory_mb:.1f} MB")
    print(f"bytes written per reading                      {written / readings:.1f}")


if __name__ == "__main__":
    main()
