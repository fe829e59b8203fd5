"""How well a fleet keeps its --rate, and whether it holds a load with nothing left queued.

Runs `run.py` as a process with its embedded VTN and asks it for its status ten times a second: of each window of ten
seconds it tells the share of the rate that was sent (answers of all kinds count), and at the end what is queued.
The defaults are the original system's load: readings one by one, 112 a second, and the fleet's own default rate.

    python benchmarks/rate.py
    python benchmarks/rate.py --rate 20 --seconds 60 --settle 0     registration and reports together need more
    python benchmarks/rate.py --rate 200 --approve 60               240 readings a second are wanted
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ven_actors.control import ask_status
from ven_actors.errors import StateError
from ven_actors.storage.population import TOWNS

ROOT = Path(__file__).parents[1]
WINDOW_S = 10.0
LOOK_EVERY_S = 0.1


class Look(NamedTuple):
    at_s: float
    requests: int
    accepted: int
    queued: int


def look(state: Path) -> Look | None:
    try:
        status: dict[str, Any] | None = ask_status(state) if state.exists() else None
    except StateError:
        return None
    if status is None:
        return None
    answers = sum(status["requests"].values())
    return Look(time.monotonic(), answers, status["readings"]["accepted"], status["readings"]["queued"])


def looks(state: Path, process: subprocess.Popen[bytes], seconds: float) -> Iterator[Look]:
    pause, until_s = threading.Event(), time.monotonic() + seconds
    while time.monotonic() < until_s:
        if process.poll() is not None:
            raise SystemExit(f"the fleet ended with {process.returncode}")
        seen = look(state)
        if seen is not None:
            yield seen
        pause.wait(LOOK_EVERY_S)


def per_window(seen: list[Look]) -> list[int]:
    """How many requests there were in each window of ten seconds, as near as the looks allow."""
    counts, last = [], 0
    for first in seen:
        end_s = first.at_s + WINDOW_S
        while last < len(seen) - 1 and abs(seen[last + 1].at_s - end_s) <= abs(seen[last].at_s - end_s):
            last += 1
        if abs(seen[last].at_s - end_s) < LOOK_EVERY_S:
            counts.append(seen[last].requests - first.requests)
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, help="requests per second; the fleet's default if not given")
    parser.add_argument("--seconds", type=float, default=300, help="how long it is looked at")
    parser.add_argument("--settle", type=float, default=60, help="seconds before the first look")
    parser.add_argument("--vens", type=int, default=10, help=f"at most {len(TOWNS)}")
    parser.add_argument("--approve", type=int, default=28, help="resources of each VEN, of six readings each")
    parser.add_argument("--interval", type=int, default=15, help="metering interval, seconds")
    parser.add_argument("--dialect", default="energydesk")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        arguments = [
            "--vens",
            ",".join(list(TOWNS)[: options.vens]),
            "--approve",
            str(options.approve),
            "--dialect",
            options.dialect,
        ]
        arguments += ["--interval", f"{options.interval}s", "--state", str(state), "--headless"]
        arguments += [] if options.rate is None else ["--rate", str(options.rate)]
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "run.py"), *arguments, "--log-level", "warning"], stdout=subprocess.DEVNULL
        )
        try:
            for _ in looks(state, process, options.settle):
                pass
            seen = list(looks(state, process, options.seconds))
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(60)
    counts = per_window(seen)
    took_s = seen[-1].at_s - seen[0].at_s
    made = options.vens * options.approve * 6 / options.interval
    print(f"{options.vens} VENs of {options.approve} resources, {made:.0f} readings a second, {took_s:.0f} s")
    least, most = min(counts), max(counts)
    print(f"requests in 10 s              least {least}  mean {sum(counts) / len(counts):.1f}  most {most}")
    if options.rate is not None:
        wanted = options.rate * WINDOW_S
        print(f"share of the rate             least {least / wanted:.3f}  most {most / wanted:.3f}")
    print(f"readings accepted a second    {(seen[-1].accepted - seen[0].accepted) / took_s:.1f}")
    print(f"queued, first and last look   {seen[0].queued}, {seen[-1].queued}; least {min(s.queued for s in seen)}")
    print(f"exit code                     {code}")


if __name__ == "__main__":
    main()
