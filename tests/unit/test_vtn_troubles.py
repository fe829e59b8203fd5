"""Quirks that real VTNs have shown at second contact: what becomes of reports, and what a VTN does with time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import requests
from vtn_reader import NOON_S, Reader, vtn_with, with_an_event

from ven_actors.testing.clock import ManualClock
from ven_actors.testing.vtn import VEN, DemoPlan, InProcessVtn
from ven_actors.vtn.quirks import Quirk
from ven_actors.vtn.quirks.troubles import EMPTY_AFTER_S, EMPTY_AGAIN_AFTER_S, REMADE_AFTER_S, Troubled

VERSIONS = ("3.1", "3.0.1")


def report_of(event: dict[str, Any], name: str = "r") -> dict[str, Any]:
    return {
        "eventID": event["id"], "programID": event["programID"], "clientName": "c", "reportName": name,
        "resources": [],
    }  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
def test_targets_of_a_ven_end_with_an_empty_list_when_it_is_read(version: str) -> None:
    with vtn_with(Quirk.NESTED_TARGETS) as vtn:
        ven = vtn.create_ven(clientID=VEN.name, venName="v", targets=["Herning"])
        program = vtn.create_program(programName="p", targets=["Herning"])
        reader = Reader(vtn, VEN, version)
        (listed,), one = reader.get("/vens"), reader.get(f"/vens/{ven['id']}")
        made = reader.call("POST", "/vens", json={"venName": "w", "objectType": "VEN_VEN_REQUEST"}).json()
        (seen,) = reader.get("/programs")
    assert listed["targets"] == one["targets"] == [listed["targets"][0], []]
    assert not made["targets"]
    assert seen["id"] == program["id"]
    assert [] not in seen["targets"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_report_for_an_unknown_event_is_answered_400(version: str) -> None:
    with vtn_with(Quirk.UNKNOWN_EVENT_400) as vtn:
        event = with_an_event(vtn)
        ven = Reader(vtn, VEN, version)
        vtn.delete_event(event["id"])
        refused = ven.call("POST", "/reports", json=report_of(event))
    assert (refused.status_code, event["id"] in refused.text) == (400, True)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_new_report_is_answered_200_with_the_whole_report(version: str) -> None:
    with vtn_with(Quirk.ACCEPTS_WITH_200) as vtn:
        event = with_an_event(vtn)
        accepted = Reader(vtn, VEN, version).call("POST", "/reports", json=report_of(event))
        made = Reader(vtn, VEN, version).call("POST", "/vens", json={"venName": "w", "objectType": "VEN_VEN_REQUEST"})
        (stored,) = vtn.reports()
    assert (accepted.status_code, accepted.json()["id"]) == (200, stored["id"])
    assert made.status_code == 201


@pytest.mark.parametrize("version", VERSIONS)
def test_every_third_report_is_stored_and_answered_500_but_each_once(version: str) -> None:
    with vtn_with(Quirk.STORED_THEN_500) as vtn:
        event = with_an_event(vtn)
        ven = Reader(vtn, VEN, version)
        names = ["a", "b", "c", "c", "d", "c", "e", "f", "g"]
        answers = [ven.call("POST", "/reports", json=report_of(event, name)).status_code for name in names]
        stored = [report["reportName"] for report in vtn.reports()]
    assert answers == [201, 201, 500, 201, 201, 201, 201, 201, 500]
    assert stored == names


class Emptied:
    """A VTN that comes back empty, with the demo's program, and a ven, a resource, a report and a subscription."""

    def __init__(self, vtn: InProcessVtn, clock: ManualClock) -> None:
        self.vtn, self.clock = vtn, clock
        self.ven = Reader(vtn, VEN)
        event = self.ven.get("/events")[0]
        self.made = self.ven.call("POST", "/vens", json={"venName": "v", "objectType": "VEN_VEN_REQUEST"}).json()
        self.ven.call("POST", "/reports", json=report_of(event))

    def at(self, seconds: float) -> tuple[int, int, int]:
        """How many programs, vens and reports there are when that time has gone by."""
        self.clock.advance(seconds)
        reader = Reader(self.vtn, VEN)
        return len(reader.get("/programs")), len(reader.get("/vens")), len(self.vtn.reports())


def test_a_vtn_is_emptied_twice_and_the_demo_is_created_again_each_time() -> None:
    clock = ManualClock(NOON_S)
    with vtn_with(Quirk.COMES_BACK_EMPTY, now_s=clock.wall, mono_s=clock.monotonic, demo=DemoPlan()) as vtn:
        emptied = Emptied(vtn, clock)
        before = [event["id"] for event in emptied.ven.get("/events")]
        assert emptied.at(EMPTY_AFTER_S - 0.1) == (1, 1, 1)
        assert emptied.at(0.2) == (0, 0, 1)
        assert emptied.ven.call("GET", "/programs").status_code == 401
        assert emptied.at(REMADE_AFTER_S) == (1, 0, 1)
        after = [event["id"] for event in Reader(vtn, VEN).get("/events")]
        assert len(after) == len(before)
        assert not {*after} & {*before}
        assert emptied.at(EMPTY_AGAIN_AFTER_S - REMADE_AFTER_S) == (0, 0, 1)
        assert emptied.at(REMADE_AFTER_S) == (1, 0, 1)
        Reader(vtn, VEN).call("POST", "/vens", json={"venName": "v", "objectType": "VEN_VEN_REQUEST"})
        assert emptied.at(10 * EMPTY_AGAIN_AFTER_S) == (1, 1, 1)


def test_a_ven_of_energydesk_is_gone_with_the_rest() -> None:
    clock = ManualClock(NOON_S)
    with vtn_with(Quirk.COMES_BACK_EMPTY, now_s=clock.wall, mono_s=clock.monotonic) as vtn:
        client = Reader(vtn, VEN, "energydesk")
        ven = client.call("POST", "/vens", json={"ven_name": "v", "client_name": "c"}).json()
        own = {"Authorization": f"Bearer {ven['auth_token']}"}
        url = f"{vtn.base_urls['energydesk']}/events"
        assert requests.get(url, headers=own, timeout=10).status_code == 200
        clock.advance(EMPTY_AFTER_S)
        assert requests.get(url, headers=own, timeout=10).status_code == 401
        again = Reader(vtn, VEN, "energydesk").call("POST", "/vens", json={"ven_name": "v", "client_name": "c"})
    assert again.status_code == 201


async def others_go_on() -> None:
    done = asyncio.Event()
    asyncio.get_running_loop().call_soon(done.set)
    await done.wait()


def test_requests_are_served_one_after_the_other_and_each_takes_its_time() -> None:
    said: list[str] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        said.append(f"{scope['path']} begins")
        await others_go_on()
        said.append(f"{scope['path']} ends")

    async def take(seconds: float) -> None:
        said.append(f"{seconds:g} s")
        await others_go_on()

    async def ask_both() -> None:
        vtn = Troubled(app, frozenset({Quirk.SLOW_AND_SERIAL}), take=take)
        scopes = [{"type": "http", "path": path, "method": "GET"} for path in ("a", "b")]
        await asyncio.gather(*(vtn(scope, None, None) for scope in scopes))  # type: ignore[arg-type]

    asyncio.run(ask_both())
    assert said == ["0.3 s", "a begins", "a ends", "0.3 s", "b begins", "b ends"]


def test_a_slow_and_serial_vtn_answers_all_the_same() -> None:
    with vtn_with(Quirk.SLOW_AND_SERIAL) as vtn:
        assert Reader(vtn).get("/events") == []
