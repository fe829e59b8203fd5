"""The reporter and forecasts: asked of a VEN, sealed, sent, and given up where they are damaged (R31)."""

import contextlib
import dataclasses
import math
import sqlite3
from collections.abc import Callable
from types import ModuleType

from reporter_house import T0
from reporter_house import ReporterHouse as House

from ven_actors.messages import Accepted, ForecastMade, ForecastWanted, Send
from ven_actors.model import Block, EventInterval, IntervalPlan, ReportRequest


def forecast_request(metered: ModuleType) -> ReportRequest:
    asked: ReportRequest = metered.asked()
    descriptor = dataclasses.replace(asked.descriptor, historical=False, num_intervals=1)
    plan = IntervalPlan((EventInterval(0, T0, T0 + 10.0),), 10.0, math.inf, implied=True)
    return dataclasses.replace(asked, descriptor=descriptor, plan=plan)


def test_r31_a_forecast_is_asked_of_the_ven_sealed_and_sent(reporter: House, metered: ModuleType) -> None:
    ven, sender = reporter.ven(), reporter.sender()
    reporter.read(request := forecast_request(metered))
    reporter.close(T0 - 10)
    reporter.pulse()
    reporter.pulse()
    (wanted,) = ven.of(ForecastWanted)
    assert (wanted.run, wanted.request_id) == (1, request.request_id)
    assert [interval.start_s for interval in wanted.intervals] == [T0]
    block = Block(T0, 10, metered.power_at(T0))
    reporter.tell(ForecastMade("Herning", 1, wanted.request_id, (block,)))
    reporter.pulse()
    (send,) = sender.of(Send)
    assert send.blocks == (block,)
    reporter.tell(Accepted("sender-1", 1, send.report.report_id))
    reporter.pulse()
    assert reporter.status().reports_accepted == 1
    assert reporter.status().readings.accepted == 0


def test_a_forecast_that_a_dead_ven_owes_is_asked_of_its_next_life(reporter: House, metered: ModuleType) -> None:
    reporter.ven()
    reporter.read(forecast_request(metered))
    reporter.close(T0 - 10)
    reporter.pulse()
    again = reporter.ven(run=2)
    reporter.tell(ForecastMade("Herning", 1, "e1.r", ()))
    reporter.pulse()
    assert [wanted.run for wanted in again.of(ForecastWanted)] == [2]


def test_a_forecast_whose_columns_are_damaged_is_given_up_and_holds_up_nothing(
    reporting: Callable[..., House], metered: ModuleType
) -> None:
    first = reporting()
    first.ven()
    first.read(request := forecast_request(metered))
    first.close(T0 - 10)
    first.pulse()
    first.tell(ForecastMade("Herning", 1, request.request_id, (Block(T0, 10, metered.power_at(T0)),)))
    first.pulse()
    with contextlib.closing(sqlite3.connect(first.folder / "store.db")) as database:
        database.execute("UPDATE power SET crc32 = 0")
        database.commit()
    second = reporting()
    second.ven()
    sender = second.sender()
    second.pulse()
    second.pulse()
    assert sender.of(Send) == []
    assert second.status().reports_open == 0
