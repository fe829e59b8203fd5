"""Where objects of each kind are made in each version, and the least that one needs."""

from __future__ import annotations

from typing import Any

import pytest

from ven_actors.testing.vtn import VEN, InProcessVtn

VERSIONS = ("3.0.1", "3.1")
BOTH = pytest.mark.parametrize("version", VERSIONS)
KINDS = pytest.mark.parametrize("kind", ["programs", "events", "vens", "resources", "reports", "subscriptions"])


class Clock:
    now_s = 1_768_557_600.0

    def __call__(self) -> float:
        return self.now_s


class Place:
    """Where objects of one kind are made in one version, by whom, and the least that one needs."""

    def __init__(self, vtn: InProcessVtn, callers: dict[tuple[str, str], Any], version: str, kind: str) -> None:
        self.path, role, new = f"/{kind}", "ven", version == "3.1"
        self.name = {"programs": "programName", "vens": "venName", "resources": "resourceName"}.get(kind)
        if kind == "programs":
            role, self.least = "bl", {"programName": "n"}
        elif kind == "vens":
            self.least = {"venName": "n", **({"objectType": "VEN_VEN_REQUEST"} if new else {})}
        elif kind == "resources":
            ven = vtn.create_ven(clientID=VEN.name, venName="parent")["id"]
            self.least = {"resourceName": "n"}
            if new:
                self.least |= {"objectType": "VEN_RESOURCE_REQUEST", "venID": ven}
            else:
                self.path = f"/vens/{ven}/resources"
        else:
            program = vtn.create_program(programName="parent")["id"]
            self.least = {"programID": program}
            if kind == "events":
                role = "bl"
                self.least |= {} if new else {"intervals": []}
            elif kind == "subscriptions":
                self.least = {**({} if new else self.least), "clientName": "n", "objectOperations": []}
            else:
                event = vtn.create_event(programID=program)["id"]
                self.least = {**({} if new else self.least), "eventID": event, "clientName": "n", "resources": []}
        self.caller = callers[version, role]

    def make(self, **more: Any) -> dict[str, Any]:
        answer = self.caller.post(self.path, {**self.least, **more})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


Callers = dict[tuple[str, str], Any]
