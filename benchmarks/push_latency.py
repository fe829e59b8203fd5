"""How soon all VENs of a fleet read the events after one was published, with push on; also without, for comparison.

Runs `run.py` as a process against a VTN in this one; loopback only. The time runs from the moment the event is
stored to the answer of the last VEN's request for events.

    python benchmarks/push_latency.py --vens 20 --push webhook
"""

from __future__ import annotations

import argparse
import csv
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from ven_actors.testing.vtn import BL, Client, InProcessVtn, Role

ROOT = Path(__file__).parents[1]


def wait_until(condition: Callable[[], bool], what: str, within_s: float = 300) -> None:
    pause, end_s = threading.Event(), time.monotonic() + within_s
    while not condition():
        if time.monotonic() > end_s:
            raise SystemExit(f"{what}: not within {within_s:g} s")
        pause.wait(0.002)


def readers(vtn: InProcessVtn, first: int) -> int:
    """How many tokens, each that of one VEN, have asked for events since the `first` request."""
    lists = [sent for sent in vtn.requests[first:] if sent.method == "GET" and sent.path.endswith("/events")]
    return len({sent.headers["authorization"] for sent in lists})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vens", type=int, default=20)
    parser.add_argument("--push", choices=["webhook", "none"], default="webhook")
    parser.add_argument("--poll-every", type=int, default=30, help="seconds, where there is no push")
    parser.add_argument("--times", type=int, default=3, help="events published, one after the other")
    options = parser.parse_args()
    names = [f"Fleet-{number:04d}" for number in range(1, options.vens + 1)]
    clients = [BL, *(Client(name, f"{name}-secret", Role.VEN) for name in names)]
    with tempfile.TemporaryDirectory() as folder, InProcessVtn(clients) as vtn:
        vtn.create_program(programName="P")
        path = Path(folder) / "credentials.csv"
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([["ven", "client_id", "client_secret"], *([n, n, f"{n}-secret"] for n in names)])
        path.chmod(0o600)
        push = ["--push", "webhook", "--push-poll-every", "1h"] if options.push == "webhook" else []
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "run.py"), "--count", str(options.vens), "--vtn-url", vtn.base_url, *push,
             "--credentials", str(path), "--poll-every", f"{options.poll_every}s",
             "--state", str(Path(folder) / "state"), "--headless", "--log-level", "error"],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            publish_and_wait(vtn, options)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def publish_and_wait(vtn: InProcessVtn, options: argparse.Namespace) -> None:
    wait_until(lambda: readers(vtn, 0) == options.vens, "every VEN's first reading")
    if options.push == "webhook":
        wait_until(lambda: made(vtn, "/subscriptions") >= options.vens, "every VEN's subscription")
    program_id = vtn.programs()[0]["id"]
    for _ in range(options.times):
        threading.Event().wait(12)  # a VEN follows five hints at once, then one in 10 s
        first = len(vtn.requests)
        begun_s = time.monotonic()
        vtn.create_event(programID=program_id, intervals=[])
        wait_until(lambda first=first: readers(vtn, first) == options.vens, "the event")
        print(f"{options.vens} VENs, {options.push}: all have read after {time.monotonic() - begun_s:.2f} s")


def made(vtn: InProcessVtn, path: str) -> int:
    return sum(sent.method == "POST" and sent.path.endswith(path) and sent.status == 201 for sent in vtn.requests)


if __name__ == "__main__":
    main()
