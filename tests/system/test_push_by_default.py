"""With the embedded VTN and nothing said about push: an event is in force without any polling."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from ven_actors.config_sources import load_config
from ven_actors.fleet.running import run_fleet
from ven_actors.vtn.command import vtn as command

MADE = 2 * (1 + 3 + 1)  # of each VEN: itself, its resources, its subscription


class LiveView:
    """Sees each status of a fleet; publishes an event when power flows and all is read, ends when power has fallen."""

    def __init__(self, state: Path, stop: threading.Event) -> None:
        self._state = state
        self._stop = stop
        self._events = 0
        self._power_w = 0
        self._published = False
        self.seen: list[str] = []

    def show(self, status: dict[str, Any]) -> None:
        vens = status["vens"]
        if not vens or not all(ven["power_w"] and ven["state"] == "running" for ven in vens) or self._stop.is_set():
            return
        events, power_w = {ven["events"] for ven in vens}, sum(ven["power_w"] for ven in vens)
        if not self._published and status["requests"].get("201", 0) >= MADE:
            self._published, self._events, self._power_w = True, max(events), power_w
            arguments = ["event", "--state", str(self._state), "publish", "p", "--values", "3", "--start", "now"]
            done = CliRunner().invoke(command, arguments)
            self.seen.append(f"published with exit code {done.exit_code}")
        elif self._published and events == {self._events + 1} and len(self.seen) == 1:
            self.seen.append("the event is shown")
        if self._published and power_w < self._power_w / 2 and len(self.seen) == 2:
            self.seen.append("power has fallen")
            self._stop.set()


def test_an_event_is_in_force_and_power_falls_though_nobody_polls(tmp_path: Path) -> None:
    stop = threading.Event()
    options = {
        "vens": "Herning,Aalborg", "groups": "openadr-3.0.1=Aalborg", "approve": "3", "interval": "1s",
        "report_every": "1s", "poll_every": "1d", "noise": "0", "duration": "60s", "drain": "5s",
        "state": str(tmp_path),
    }  # fmt: skip
    view = LiveView(tmp_path, stop)
    code = run_fleet(load_config(options, {}).config, show=view.show, stop=stop)
    assert view.seen == ["published with exit code 0", "the event is shown", "power has fallen"]
    assert code == 0
