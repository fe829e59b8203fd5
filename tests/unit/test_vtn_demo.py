"""The demo's program and daily events."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from ven_actors.testing.vtn import VEN, InProcessVtn
from ven_actors.vtn import demo as demo_module
from ven_actors.vtn.app import Vtn
from ven_actors.vtn.demo import PROGRAM_NAME, Demo, DemoPlan
from ven_actors.vtn.problems import Problem

DAY_S = 86_400.0
NOON_S = 1_768_564_800.0  # 2026-01-16T12:00:00Z


class Clock:
    now_s = NOON_S

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vtn(clock: Clock) -> Iterator[InProcessVtn]:
    with InProcessVtn([VEN], now_s=clock) as running:
        yield running


def refresh(vtn: InProcessVtn, clock: Clock, plan: DemoPlan | None = None) -> None:
    asyncio.run(Demo(vtn.vtn.worker, clock, plan or DemoPlan()).refresh())


def names(vtn: InProcessVtn) -> list[str]:
    return [event.get("eventName", "") for event in vtn.events()]


def test_the_demo_asks_for_the_mean_power_of_every_resource_all_day_from_yesterday_on(
    vtn: InProcessVtn, clock: Clock
) -> None:
    refresh(vtn, clock)
    (program,) = vtn.programs()
    assert (program["programName"], program["targets"]) == (PROGRAM_NAME, None)
    assert names(vtn) == [f"demo 2026-01-{day}" for day in (15, 16, 17, 18)]
    today = vtn.events()[1]
    assert today["programID"] == program["id"]
    assert today["duration"] == "P1D"
    assert today["intervalPeriod"] == {"start": "2026-01-16T00:00:00Z", "duration": "PT15S"}
    assert today["targets"] is None
    assert "intervals" not in today
    assert today["reportDescriptors"] == [
        {
            "payloadType": "DEMAND",
            "readingType": "MEAN",
            "units": "KW",
            "aggregate": False,
            "startInterval": -1,
            "numIntervals": 1,
            "historical": True,
            "frequency": 1,
            "repeat": 5760,
            "reportIntervals": "INTERVALS",
        }
    ]


def test_the_demos_events_are_valid_by_the_official_file(vtn: InProcessVtn, clock: Clock, spec31: Any) -> None:
    import json

    refresh(vtn, clock)
    for kind, found in (("program", vtn.programs()[0]), ("event", vtn.events()[0])):
        assert spec31.check_answer("GET", f"/{kind}s/x", 200, json.dumps(found).encode()) == []


def test_nothing_changes_when_the_demo_looks_again(vtn: InProcessVtn, clock: Clock) -> None:
    refresh(vtn, clock)
    before = (vtn.programs(), vtn.events())
    clock.now_s += 3600
    refresh(vtn, clock)
    assert (vtn.programs(), vtn.events()) == before


def test_another_report_cadence_replaces_the_events_in_place(vtn: InProcessVtn, clock: Clock) -> None:
    refresh(vtn, clock)
    before = [event["id"] for event in vtn.events()]
    refresh(vtn, clock, DemoPlan(report_every_s=1))
    assert [event["id"] for event in vtn.events()] == before
    assert {event["intervalPeriod"]["duration"] for event in vtn.events()} == {"PT1S"}


def test_days_follow_and_old_ones_go_after_a_week_but_no_foreign_event(vtn: InProcessVtn, clock: Clock) -> None:
    refresh(vtn, clock)
    vtn.create_event(programID=vtn.programs()[0]["id"], eventName="a guest")
    vtn.create_event(programID=vtn.programs()[0]["id"])
    for _ in range(9):
        clock.now_s += DAY_S
        refresh(vtn, clock)
    found = names(vtn)
    assert {"a guest", ""} <= set(found)
    assert sorted(name for name in found if name.startswith("demo")) == [f"demo 2026-01-{day}" for day in range(18, 28)]


def test_fast_time_needs_more_days_ahead(vtn: InProcessVtn, clock: Clock) -> None:
    refresh(vtn, clock, DemoPlan(speed=1000.0))
    assert len(vtn.events()) == 2 + DemoPlan(speed=1000.0).days_ahead == 10


def test_a_vtn_with_a_demo_has_it_before_it_answers(clock: Clock) -> None:
    with InProcessVtn([VEN], now_s=clock, demo=DemoPlan(60)) as vtn:
        assert len(vtn.events()) == 4
        assert vtn.events()[0]["intervalPeriod"]["duration"] == "PT60S"


def test_the_demo_keeps_looking_until_it_is_stopped_and_a_failing_store_does_not_end_it(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(demo_module, "CHECK_EVERY_S", 0.001)
    looked = 0

    async def scene(vtn: Vtn) -> None:
        stop = asyncio.Event()
        demo = Demo(vtn.worker, clock, DemoPlan())

        async def refresh() -> None:
            nonlocal looked
            looked += 1
            if looked == 1:
                raise Problem(500, "no room")
            stop.set()

        monkeypatch.setattr(demo, "refresh", refresh)
        await asyncio.wait_for(demo.keep(stop), 10)

    with Vtn(clients=[VEN], now_s=clock, mono_s=clock) as vtn:
        asyncio.run(scene(vtn))
    assert looked == 2
    assert "no room" in caplog.text
