"""Forecasts: due at the start of their window, fixed once sealed, delivered as any report, and in no ledger."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from delivery_forecasts import LAYOUT, STEP_S, T0, Fleet, hourly

from ven_actors.delivery.entries import ReportState
from ven_actors.delivery.forecasts import MOST_INTERVALS, sayable
from ven_actors.delivery.measures import carries_readings, measure_of
from ven_actors.model import EventInterval, IntervalPlan, Readings, ReportDescriptor, Window
from ven_actors.storage.store import read_recovery


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    fleet = Fleet(tmp_path)
    yield fleet
    fleet.store.close()


def test_r31_a_forecast_is_sent_when_its_window_begins(fleet: Fleet) -> None:
    fleet.ask(hourly(3, start_s=20))
    fleet.meter(2)
    fleet.foresee()
    assert fleet.windows() == []
    fleet.meter()
    fleet.foresee()
    assert fleet.windows() == ["20+20"]
    fleet.meter(2)
    fleet.foresee()
    assert fleet.windows() == ["20+20", "40+20"]
    body = fleet.body(fleet.send())
    payloads = body["resources"][0]["intervals"][0]["payloads"]
    assert payloads[0] == {"type": "USAGE_FORECAST", "values": [pytest.approx(20 * 20 / 3_600_000, abs=1e-9)]}


def test_a_forecast_is_no_reading(fleet: Fleet) -> None:
    fleet.ask(hourly())
    for _ in range(4):
        fleet.meter()
        fleet.foresee()
    while fleet.ven.queue:
        fleet.outbox.close(fleet.ven, fleet.send(), ReportState.ACCEPTED)
    fleet.ask(hourly())
    fleet.foresee()
    assert fleet.readings == Readings(generated=8, unasked=8)
    assert fleet.ven.known_reports("e1") == 2
    assert not carries_readings(hourly(payload_type="DEMAND").descriptor)


def test_r33_a_forecast_that_is_asked_late_is_that_of_the_window_that_goes_on(fleet: Fleet) -> None:
    fleet.meter(6)
    fleet.ask(hourly(6))
    fleet.foresee()
    assert fleet.windows() == ["40+20"]
    fleet.meter(4)
    fleet.foresee()
    assert fleet.windows() == ["40+20", "60+20", "80+20"]


def test_r33_of_forecasts_that_overlap_the_one_that_began_last_is_sent(fleet: Fleet) -> None:
    fleet.meter(6)
    fleet.ask(hourly(20, num_intervals=6))
    fleet.foresee()
    assert fleet.windows() == ["40+120"]
    fleet.meter(2)
    fleet.foresee()
    assert fleet.windows() == ["40+120", "60+120"]


def test_a_forecast_of_what_is_past_is_never_made(fleet: Fleet) -> None:
    fleet.meter(30)
    fleet.ask(hourly(3))
    fleet.foresee()
    assert fleet.windows() == []


def test_a_sealed_forecast_outlives_the_process_with_its_values(fleet: Fleet) -> None:
    fleet.ask(hourly())
    fleet.meter(1)
    fleet.foresee()
    before = fleet.body(fleet.ven.queue[0])
    sent = fleet.send()
    fleet.restart()
    (again,) = fleet.ven.queue
    assert (again.name, again.in_doubt) == (sent.name, True)
    assert fleet.body(again) == before
    fleet.foresee()
    assert fleet.made == [0]
    fleet.outbox.close(fleet.ven, fleet.send(), ReportState.ACCEPTED)
    fleet.store.commit()
    fleet.meter(2)
    fleet.foresee()
    assert fleet.windows() == ["20+20"]
    assert fleet.made == [0, 20]


def test_a_forecast_that_was_not_committed_is_made_again(fleet: Fleet) -> None:
    fleet.ask(hourly())
    fleet.meter(1)
    fleet.outbox.advance(fleet.ven)
    fleet.store.commit()
    assert [window.start_s for _, window in fleet.forecaster.wanted(fleet.ven)] == [T0]
    assert fleet.forecaster.wanted(fleet.ven) == [], "somebody makes it"
    fleet.restart()
    fleet.foresee()
    assert fleet.windows() == ["0+20"]


def test_after_a_long_stop_only_what_goes_on_is_forecast(fleet: Fleet) -> None:
    fleet.ask(hourly(20))
    fleet.meter(1)
    fleet.foresee()
    layout_id = fleet.outbox.layout_id(fleet.ven, LAYOUT)
    fleet.outbox.add_gap(fleet.ven, layout_id, T0, T0 + 130, STEP_S)
    fleet.foresee()
    assert fleet.windows() == ["0+20", "120+20"]


def test_an_event_that_goes_takes_its_forecasts_along_and_owes_none_of_them_again(fleet: Fleet) -> None:
    fleet.ask(hourly(20))
    fleet.meter(1)
    fleet.foresee()
    fleet.ask()
    assert fleet.windows() == []
    fleet.meter(6)
    fleet.ask(hourly(20))
    fleet.foresee()
    assert fleet.windows() == ["60+20"]


def test_what_the_ven_makes_for_a_window_that_nobody_wants_any_more_is_dropped(fleet: Fleet) -> None:
    fleet.ask(hourly())
    fleet.meter(1)
    ((state, window),) = fleet.forecaster.wanted(fleet.ven)
    layout_id = fleet.outbox.layout_id(fleet.ven, LAYOUT)
    blocks = [fleet.block(each) for each in window.intervals]
    fleet.ask()
    assert fleet.forecaster.add(fleet.ven, state.request.request_id, blocks, layout_id) == []
    assert fleet.forecaster.add(fleet.ven, "nobody", blocks, layout_id) == []
    fleet.ask(hourly())
    assert len(fleet.forecaster.wanted(fleet.ven)) == 1
    assert fleet.forecaster.add(fleet.ven, state.request.request_id, blocks * 2, layout_id) == []
    assert not fleet.ven.queue


def test_a_forecast_is_halved_like_any_report(fleet: Fleet) -> None:
    fleet.ask(hourly(4, num_intervals=4))
    fleet.meter(1)
    fleet.foresee()
    assert fleet.outbox.split(fleet.ven, fleet.send(), "400: no") == 2
    fleet.store.commit()
    fleet.restart()
    assert [(each.rows, len(each.blocks)) for each in fleet.ven.queue] == [((0,), 4), ((1,), 4)]
    assert fleet.outbox.split(fleet.ven, fleet.send(), "400: no") == 2
    assert [(each.rows, len(each.blocks)) for each in fleet.ven.queue] == [((1,), 4), ((0,), 2), ((0,), 2)]


def test_the_columns_of_delivered_forecasts_are_dropped(fleet: Fleet) -> None:
    fleet.ask(hourly())
    for _ in range(3):
        fleet.meter()
        fleet.foresee()
    fleet.outbox.close(fleet.ven, fleet.send(), ReportState.ACCEPTED)
    fleet.store.drop_settled(T0, T0)
    recovery = read_recovery(fleet.folder)
    assert recovery is not None
    assert [record.block_start_s - T0 for record in recovery.forecasts] == [20]
    assert fleet.body(fleet.ven.queue[0])["resources"]


def test_intervals_that_nobody_can_foresee_are_left_out(fleet: Fleet) -> None:
    good = EventInterval(1, T0, T0 + 0.5)
    bad = (EventInterval(0, T0, T0), EventInterval(2, T0, math.inf))
    assert sayable(Window((bad[0], good, bad[1]))) == (good,)
    assert len(sayable(Window((good,) * (MOST_INTERVALS + 1)))) == MOST_INTERVALS
    endless = replace(hourly(), plan=IntervalPlan((EventInterval(0, T0, math.inf),), None, math.inf, implied=False))
    fleet.ask(endless)
    fleet.meter()
    fleet.foresee()
    assert fleet.windows() == []


@pytest.mark.parametrize(
    ("descriptor", "units"),
    [
        ({"payload_type": "USAGE_FORECAST", "historical": True}, "KWH"),
        ({"payload_type": "DEMAND"}, "KW"),
        ({"payload_type": "DEMAND", "historical": True, "reading_type": "FORECAST", "units": "W"}, "W"),
        ({"payload_type": "LOAD_SHED_DELTA_AVAILABLE"}, "KW"),
    ],
)
def test_r30_a_forecast_may_be_asked_for_in_several_ways(fleet: Fleet, descriptor: dict[str, Any], units: str) -> None:
    fleet.ask(hourly(**descriptor))
    fleet.meter(1)
    fleet.foresee()
    body = fleet.body(fleet.ven.queue[0])
    assert body["payloadDescriptors"][0]["units"] == units
    assert [interval["id"] for interval in body["resources"][0]["intervals"]] == [0]


def test_no_state_and_no_peak_is_forecast() -> None:
    assert measure_of(ReportDescriptor("SIMPLE_LEVEL", historical=False)) is None
    assert measure_of(ReportDescriptor("DEMAND", reading_type="PEAK", historical=False)) is None
    assert measure_of(ReportDescriptor("DEMAND", reading_type="ESTIMATED", historical=False)) is None
