"""With the embedded VTN and nothing said about push: an event is in force without any polling."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ven_actors.config_sources import load_config
from ven_actors.fleet.running import run_fleet
from ven_actors.vtn.command import vtn as command


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
        (ven,) = status["vens"] or [{"power_w": None, "state": "", "events": 0}]
        if not ven["power_w"] or ven["state"] != "running" or self._stop.is_set():
            return
        if not self._published and status["requests"].get("201", 0) >= 6:  # the ven, its resources, its subscription
            self._published, self._events, self._power_w = True, ven["events"], ven["power_w"]
            arguments = ["event", "--state", str(self._state), "publish", "p", "--values", "3", "--start", "now"]
            done = CliRunner().invoke(command, arguments)
            self.seen.append(f"published with exit code {done.exit_code}")
        elif self._published and ven["events"] == self._events + 1 and len(self.seen) == 1:
            self.seen.append("the event is shown")
        if self._published and ven["power_w"] < self._power_w / 2 and len(self.seen) == 2:
            self.seen.append("power has fallen")
            self._stop.set()


@pytest.mark.parametrize("dialect", ["openadr-3.1", "openadr-3.0.1"])
def test_an_event_is_in_force_and_power_falls_though_nobody_polls(tmp_path: Path, dialect: str) -> None:
    stop = threading.Event()
    options = {"vens": "Herning", "approve": "3", "interval": "1s", "report-every": "1s", "poll-every": "1d",
               "noise": "0", "duration": "60s", "drain": "5s", "dialect": dialect, "state": str(tmp_path)}  # fmt: skip
    view = LiveView(tmp_path, stop)
    code = run_fleet(load_config({name.replace("-", "_"): said for name, said in options.items()}, {}).config,
                     show=view.show, stop=stop)  # fmt: skip
    assert view.seen == ["published with exit code 0", "the event is shown", "power has fallen"]
    assert code == 0
