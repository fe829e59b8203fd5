"""A fleet on a VTN that changes, fails and comes back empty: no VEN may fall silent, and nothing is lost or doubled.

Five VENs of three resources report every 5 s. Every 30 s the event that asks for reports is replaced, by a PUT or by
another one in its place. The VTN shows one quirk after another (it is restarted with its data for that), is restarted
empty twice, and gets its program and events 5 s later. The reports of one VEN are refused throughout. As a command:

    python tests/soak.py --minutes 20

It ends with 0 if the others never were without an accepted report for more than 30 s, the fleet ended with 0, no
reading is unaccounted for, and no report stands in the VTN twice; else with 1, and says what was measured.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parent / "helpers"))  # as a command; in the suite, pytest's `pythonpath` does it

import truth
from soak_vtn import REFUSED, VENS, SoakVtn
from soak_watch import Watch

from ven_actors.control import ask_status
from ven_actors.errors import StateError
from ven_actors.vtn.quirks import Quirk

SILENT_S = 30.0
EVENT_EVERY_S = 30.0
FIRST_EVENT_S = 5.0
EMPTY_FOR_S = 5.0
SHORTEST_QUIRK_S = 12.0
LOOK_EVERY_S = 0.5
# Those that cost most come first, so that a short run has them. `comes-back-empty` is what the restarts are.
TROUBLESOME = (
    "stored-then-500",
    "slow-and-serial",
    "nested-targets",
    "unknown-event-400",
    "accepts-with-200",
    "doubled",
)
QUIRKS = (*TROUBLESOME, *sorted(set(Quirk) - {*TROUBLESOME, Quirk.COMES_BACK_EMPTY}))

Step = tuple[float, str, str]


def plan(length_s: float, outage_s: float, quirks: Sequence[str] = QUIRKS) -> list[Step]:
    """What happens when, in seconds from the start: (when, what, which quirk); the first quirk is there already."""
    count = max(1, min(len(quirks), int(length_s / SHORTEST_QUIRK_S)))
    steps: list[Step] = [(length_s * index / count, "quirk", quirks[index]) for index in range(1, count)]
    steps += [(at_s, "event", "") for at_s in _every(EVENT_EVERY_S, length_s)]
    for share in (1 / 3, 2 / 3):
        empty_s = share * length_s
        steps += [(empty_s, "empty", ""), (empty_s + outage_s, "start", ""), (empty_s + outage_s + 5, "publish", "")]
    return sorted(steps)


def _every(seconds: float, length_s: float) -> Iterator[float]:
    at_s = FIRST_EVENT_S
    while at_s < length_s - FIRST_EVENT_S:
        yield at_s
        at_s += seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=20, help="length of the run (default: %(default)s)")
    parser.add_argument("--dialect", choices=("openadr-3.1", "openadr-3.0.1"), default="openadr-3.1")
    parser.add_argument(
        "--outage", type=float, default=0, help="seconds that the VTN is away when it is emptied: 40 makes it fail"
    )
    parser.add_argument("--quirks", default=",".join(QUIRKS), help="these, one after the other (default: all)")
    parser.add_argument("--log", type=Path, help="keep what the fleet says in this file")
    options = parser.parse_args()
    length_s, quirks = options.minutes * 60, options.quirks.split(",")
    with tempfile.TemporaryDirectory() as folder:
        vtn = SoakVtn(Path(folder), options.dialect, quirks[0])
        return soak(Path(folder), length_s, plan(length_s, options.outage, quirks), vtn, options.log)


def soak(folder: Path, length_s: float, steps: list[Step], vtn: SoakVtn, log: Path | None) -> int:
    watch = Watch(VENS, SILENT_S)
    state, out = folder / "state", folder / "summary.json"
    arguments = (
        "--vens", ",".join(VENS), "--approve", "3", "--interval", "5s", "--poll-every", "5s", "--noise", "0",
        "--vtn-url", vtn.url, "--credentials", "client_id={ven},client_secret_env=SOAK_SECRET", "--headless",
        "--state", str(state), "--summary", str(out), "--duration", f"{length_s}s", "--drain", "30s",
    )  # fmt: skip
    begun_s = time.monotonic()
    words = log or folder / "log"
    with truth.fleet(*arguments, environ={"SOAK_SECRET": vtn.secret}, log=words) as fleet:
        while (now_s := time.monotonic() - begun_s) < length_s and fleet.poll() is None:
            while steps and steps[0][0] <= now_s:
                vtn.take(steps.pop(0))
            watch.look(now_s, accepted(state), vtn.doing)
            _pause(fleet)
        watch.end(min(now_s, length_s))
        code = fleet.wait(90)
    stored = vtn.close()
    summary = truth.summary(out)
    return told(watch, vtn, summary, code, stored, words)


def accepted(state: Path) -> dict[str, int]:
    """Accepted readings of each VEN, as the fleet tells them; nothing while it does not answer."""
    try:
        status = ask_status(state) if state.exists() else None
    except StateError:
        status = None
    return {ven["name"]: ven["accepted"] for ven in (status or {}).get("vens", ())}


def _pause(fleet: subprocess.Popen[bytes]) -> None:
    try:
        fleet.wait(LOOK_EVERY_S)
    except subprocess.TimeoutExpired:
        return


def told(watch: Watch, vtn: SoakVtn, summary: dict[str, Any], code: int, stored: dict[str, int], words: Path) -> int:
    """Print what was measured and what is wrong; the exit code."""
    readings, doubles = summary["readings"], vtn.doubles()
    print(f"{'VEN':10} {'accepted':>9} {'reports':>8} {'longest silence':>16}")
    for ven in VENS:
        silence = watch.longest[ven]
        print(
            f"{ven:10} {watch.accepted[ven]:>9} {stored.get(ven, 0):>8} {silence.seconds:>14.1f} s"
            f"  from {silence.from_s:.0f} s on, {silence.doing}{'  (refused throughout)' if ven == REFUSED else ''}"
        )
    print("readings " + " ".join(f"{name} {readings[name]}" for name in sorted(readings)))
    print(f"reports possibly doubled {summary['reports']['possibly_doubled']}, stored twice {len(doubles)}")
    print(f"quirks {', '.join(vtn.shown)}; emptied {vtn.emptied}, events replaced {vtn.replaced}, exit code {code}")
    wrong = watch.complaints(besides=REFUSED)
    wrong += [f"the fleet ended with {code}: {summary.get('error', '')}"] if code else []
    wrong += [f"{readings['unaccounted']} readings are unaccounted for"] if readings["unaccounted"] else []
    wrong += [f"stored twice: {double}" for double in doubles[:10]]
    wrong += [f"{REFUSED} had reports accepted, so nothing was refused"] if watch.accepted[REFUSED] else []
    for line in wrong:
        print(f"WRONG: {line}")
    if wrong:
        print("".join(words.read_text(errors="replace").splitlines(keepends=True)[-60:]))
    return 1 if wrong else 0


if __name__ == "__main__":
    os.environ.pop("VEN_ACTORS_STATE", None)
    sys.exit(main())
