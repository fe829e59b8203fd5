"""The VTN of a soak: restarted with another quirk, restarted empty, its events replaced, one VEN refused."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from ven_actors.testing.vtn import BL, Client, Fault, InProcessVtn, Role
from ven_actors.vtn.quirks import Quirk

VENS = ("Herning", "Aalborg", "Lemvig", "Ribe", "Skive")
REFUSED = "Lemvig"
SECRET = "soak-secret"
_PERIOD_S = 5
_DEMAND = {
    "payloadType": "DEMAND",
    "readingType": "MEAN",
    "units": "KW",
    "numIntervals": 1,
    "frequency": 1,
    "repeat": -1,
}
_VERSIONS = {"openadr-3.1": "3.1", "openadr-3.0.1": "3.0.1"}
_NO = Fault(act=False, status=422, body=b'{"title": "this VEN reports nothing here", "status": 422}')


class SoakVtn:
    """Always at the same port. What it stored is looked at before it is emptied, and at its end."""

    def __init__(self, folder: Path, dialect: str, quirk: str) -> None:
        self.secret = SECRET
        self.shown: list[str] = []
        self.emptied = self.replaced = 0
        self._folder = folder
        self._lives = 0
        self._port = 0
        self._stored: Counter[tuple[Any, ...]] = Counter()
        self._reports: Counter[str] = Counter()
        self._published: tuple[str, str] | None = None
        self._starts_s: dict[str, int] = {}  # of each event, from which its intervals are counted
        self._quirk = quirk
        self._vtn = self._started()
        self.url = self._vtn.base_urls[_VERSIONS[dialect]]
        self._publish()

    @property
    def doing(self) -> str:
        events = "" if self._published else ", without events"
        return f"{self._quirk}, emptied {self.emptied} times{events}"

    def take(self, step: tuple[float, str, str]) -> None:
        """Do one step of the plan; what needs a VTN or events that are not there does not happen."""
        _, what, quirk = step
        match what:
            case "quirk":
                self._quirk = quirk
                if self._vtn_is_up:
                    self._vtn.close()
                    self._vtn = self._started()
            case "event" if self._published:
                self._replace()
            case "empty" if self._vtn_is_up:
                self._look()
                self._vtn.close()
                self._vtn_is_up, self._published = False, None
                self._lives += 1
            case "start" if not self._vtn_is_up:
                self._vtn = self._started()
                self.emptied += 1
            case "publish" if self._vtn_is_up and not self._published:
                self._publish()

    def close(self) -> dict[str, int]:
        """End it; how many reports of each VEN it stored."""
        if self._vtn_is_up:
            self._look()
            self._vtn.close()
        return dict(self._reports)

    def doubles(self) -> list[str]:
        return [f"{key} {count} times" for key, count in self._stored.items() if count > 1]

    def _started(self) -> InProcessVtn:
        clients = [Client(ven, SECRET, Role.VEN) for ven in VENS]
        state = self._folder / f"vtn-{self._lives}"
        state.mkdir(exist_ok=True)
        quirks = frozenset({Quirk(self._quirk)})
        vtn = InProcessVtn([*clients, BL], state_dir=state, port=self._port, quirks=quirks, strict=False)
        vtn.fault = self._on_request
        vtn.__enter__()
        self._port = int(vtn.root_url.rpartition(":")[2])
        self._vtn_is_up = True
        self.shown.append(self._quirk)
        return vtn

    def _publish(self) -> None:
        program = self._vtn.create_program(programName="soak")["id"]
        self._vtn.create_event(programID=program, **_control(0))
        self._published = program, self._asked(program)

    def _asked(self, program: str) -> str:
        start_s = int(time.time()) // _PERIOD_S * _PERIOD_S
        made = self._vtn.create_event(programID=program, **_asking(start_s))
        self._starts_s[made["id"]] = start_s
        return str(made["id"])

    def _replace(self) -> None:
        """The event that asks for reports, in turns changed, and deleted and published again where that is possible."""
        assert self._published is not None
        program, event = self._published
        if self.replaced % 2 and self._quirk != Quirk.FOREIGN_KEYS:
            self._vtn.delete_event(event)
            event = self._asked(program)
        else:
            # Its start stays: what is reported before it is read again could not be placed in time otherwise.
            priority = self.replaced % 10
            self._vtn.replace_event(event, programID=program, priority=priority, **_asking(self._starts_s[event]))
        self.replaced += 1
        self._published = program, event

    def _look(self) -> None:
        """Of one life of the data: after it, a report that was lost with it may be stored again."""
        for report in self._vtn.reports():
            self._reports[report["clientName"]] += 1
            of = self._lives, report["eventID"], report["clientName"]
            self._stored[*of, report["reportName"]] += 1
            for entry in report["resources"]:
                for interval in entry["intervals"]:
                    at_s = self._starts_s[report["eventID"]] + interval["id"] * _PERIOD_S
                    if own := interval.get("intervalPeriod"):
                        at_s = int(datetime.fromisoformat(own["start"]).timestamp())
                    self._stored[*of, entry["resourceName"], at_s] += 1

    def _on_request(self, method: str, path: str, body: bytes) -> Fault | None:
        if method != "POST" or not path.endswith("/reports"):
            return None
        return _NO if msgspec.json.decode(body)["clientName"] == REFUSED else None


def _asking(start_s: int) -> dict[str, Any]:
    start = datetime.fromtimestamp(start_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    period = {"start": start, "duration": f"PT{_PERIOD_S}S"}
    return {"eventName": f"soak {start}", "intervalPeriod": period, "reportDescriptors": [_DEMAND]}


def _control(level: int) -> dict[str, Any]:
    interval = {"id": 0, "payloads": [{"type": "SIMPLE", "values": [level]}]}
    period = {"start": "0001-01-01T00:00:00Z", "duration": "P9999Y"}
    return {"eventName": "soak control", "intervalPeriod": period, "intervals": [interval]}
