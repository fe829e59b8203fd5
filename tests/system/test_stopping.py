"""How `run` ends: it waits for what can be delivered, and for nothing else."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ven_actors.testing.vtn import Fault, InProcessVtn

START = Callable[..., tuple[InProcessVtn, list[str]]]
LONG_DRAIN = ("--vens", "Herning", "--interval", "1s", "--poll-every", "1s", "--headless", "--drain", "10m")


def test_nobody_waits_for_reports_that_are_not_due(tmp_path: Path, truth: Any) -> None:
    out = tmp_path / "s.json"
    arguments = (*LONG_DRAIN, "--report-every", "1h", "--state", str(tmp_path / "state"), "--summary", str(out))
    with truth.fleet(*arguments, "--duration", "3s", log=tmp_path / "log") as process:
        assert process.wait(60) == 0, (tmp_path / "log").read_text()
    readings = truth.summary(out)["readings"]
    assert readings["queued"] == readings["generated"] > 0
    assert readings["unaccounted"] == 0


def test_a_terminal_that_closes_stops_the_run_in_good_order(tmp_path: Path, truth: Any, vtn_for: START) -> None:
    vtn, options = vtn_for("Herning")
    runs = threading.Event()
    vtn.fault = lambda *_: runs.set()
    out, log = tmp_path / "s.json", tmp_path / "log"
    arguments = (*LONG_DRAIN, *options, "--state", str(tmp_path / "state"), "--summary", str(out))
    with truth.fleet(*arguments, log=log) as process:
        assert runs.wait(60)
        process.send_signal(signal.SIGHUP)
        assert process.wait(60) == 0, log.read_text()
    assert truth.summary(out)["readings"]["unaccounted"] == 0


def _signal_until(process: subprocess.Popen[Any], log: Path, said: str) -> None:
    """Send SIGINT as often as it takes until the process says so."""
    for _ in range(60):
        if said in log.read_text():
            return
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.5)


def test_a_second_signal_ends_it_at_once_whatever_hangs(tmp_path: Path, truth: Any, vtn_for: START) -> None:
    vtn, options = vtn_for("Herning")
    posted, never = threading.Event(), threading.Event()

    def hold_reports(method: str, path: str, _body: bytes) -> Fault | None:
        if (method, path.rpartition("/")[2]) != ("POST", "reports") and not posted.is_set():
            return None
        posted.set()
        return Fault(act=False, status=503, wait_before=never)

    vtn.fault = hold_reports
    out = tmp_path / "s.json"
    arguments = (*LONG_DRAIN, *options, "--deadline", "5m", "--state", str(tmp_path / "state"), "--summary", str(out))
    with truth.fleet(*arguments, log=tmp_path / "log") as process:
        assert posted.wait(60)
        try:
            _signal_until(process, tmp_path / "log", "draining=False")
            assert process.wait(30) == 0, (tmp_path / "log").read_text()
        finally:
            never.set()
    readings = truth.summary(out)["readings"]
    assert readings["queued"] == readings["generated"] > 0
    assert readings["unaccounted"] == 0
    told = [line for line in (tmp_path / "log").read_text().splitlines() if "warning" in line or "error" in line]
    assert sum("drain_cut_short" in line for line in told) == 1
    assert [line for line in told if "vtn_trouble" in line or "report_held" in line] == [], "the VTN is not blamed"
