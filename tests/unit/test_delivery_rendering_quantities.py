"""One report as JSON: which quantities, units, states and qualities it says (R30, R34)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from delivery_rendering import BEGIN_S, BLOCKS, LAYOUT, report

from ven_actors.delivery.measures import measure_of, why_not
from ven_actors.delivery.rendering import render
from ven_actors.model import Block, Layout, ReportDescriptor, SealedReport


@pytest.mark.parametrize(
    ("descriptor", "words"),
    [
        ({"payload_type": "USAGE", "reading_type": "PEAK"}, "USAGE PEAK"),
        ({"payload_type": "STORAGE_CHARGE_LEVEL"}, "STORAGE_CHARGE_LEVEL"),
        ({"payload_type": "DEMAND", "reading_type": "SUMMED"}, "DEMAND SUMMED"),
        ({"payload_type": "SIMPLE_LEVEL", "historical": False}, "forecast"),
        ({"payload_type": "DEMAND", "frequency": 0}, "at the VEN's own cause"),
        ({"payload_type": "OPERATING_STATE", "aggregate": True}, "aggregated"),
        ({"payload_type": "SIMPLE_LEVEL", "reading_type": "MEAN"}, "SIMPLE_LEVEL MEAN"),
    ],
)
def test_what_cannot_be_measured_is_said(descriptor: dict[str, Any], words: str) -> None:
    asked = ReportDescriptor(**descriptor)
    assert measure_of(asked) is None
    assert words in why_not(asked)


@pytest.mark.parametrize(
    ("descriptor", "units", "notice"),
    [
        ({"payload_type": "DEMAND"}, "KW", ""),
        ({"payload_type": "DEMAND", "units": "KW", "reading_type": "PEAK"}, "KW", ""),
        ({"payload_type": "DEMAND", "units": "W"}, "W", ""),
        ({"payload_type": "READING", "units": "kW"}, "kW", ""),
        ({"payload_type": "READING", "units": " kW"}, " kW", ""),
        ({"payload_type": "USAGE", "reading_type": "SUMMED"}, "KWH", ""),
        ({"payload_type": "USAGE", "units": "WH"}, "WH", ""),
        ({"payload_type": "DEMAND", "units": "KILOWATTS"}, "KW", "DEMAND DIRECT_READ KILOWATTS is reported in KW"),
        ({"payload_type": "USAGE", "units": "bananas"}, "KWH", "is reported in KWH"),
        ({"payload_type": "BASELINE"}, "KWH", ""),
        ({"payload_type": "BASELINE", "units": "KW"}, "KW", ""),
        ({"payload_type": "BASELINE", "reading_type": "MEAN"}, "KW", ""),
        ({"payload_type": "DELTA_USAGE", "reading_type": "SUMMED", "units": "MWH"}, "MWH", ""),
        ({"payload_type": "SIMPLE_LEVEL"}, "", ""),
        ({"payload_type": "SETPOINT", "units": "CELSIUS"}, "", "is reported without a unit"),
    ],
)
def test_r30_units_are_converted_and_echoed_or_the_standards_own_is_said(
    descriptor: dict[str, Any], units: str, notice: str
) -> None:
    measure = measure_of(asked := ReportDescriptor(**descriptor))
    assert measure is not None
    assert measure.units == units
    assert notice in why_not(asked)
    assert bool(notice) is bool(why_not(asked))


@pytest.mark.parametrize(
    ("descriptor", "possible"),
    [
        ({"payload_type": "READING", "units": "VOLTS"}, "KW, W, MW are possible"),
        ({"payload_type": "READING", "units": "KVAR"}, "KW, W, MW are possible"),
        ({"payload_type": "DEMAND", "units": "kVA"}, "KW, W, MW are possible"),
        ({"payload_type": "DEMAND", "units": "KWH"}, "KW, W, MW are possible"),
        ({"payload_type": "DEMAND", "units": "%"}, "KW, W, MW are possible"),
        ({"payload_type": "USAGE", "units": "°C"}, "KWH, WH, MWH are possible"),
        ({"payload_type": "USAGE", "units": "KW"}, "KWH, WH, MWH are possible"),
        ({"payload_type": "BASELINE", "units": "A"}, "KWH, WH, MWH, KW, W, MW are possible"),
        ({"payload_type": "DEMAND", "units": "AMPS", "reading_type": "FORECAST"}, "KW, W, MW are possible"),
    ],
)
def test_r30_no_report_is_made_in_a_unit_of_another_quantity(descriptor: dict[str, Any], possible: str) -> None:
    assert measure_of(asked := ReportDescriptor(**descriptor)) is None
    assert "no report is made" in why_not(asked)
    assert f"{descriptor['units']} is a unit of another quantity; {possible}" in why_not(asked)


def payloads(sealed: SealedReport, blocks: Any) -> list[list[tuple[str, list[Any]]]]:
    """What each resource says, interval by interval, and a check against the descriptors of the report."""
    made = json.loads(render(sealed, LAYOUT, blocks))
    said = [
        [(each["type"], each["values"]) for interval in entry["intervals"] for each in interval["payloads"]]
        for entry in made["resources"]
    ]
    assert {kind for row in said for kind, _ in row} == {each["payloadType"] for each in made["payloadDescriptors"]}
    return said


@pytest.mark.parametrize(
    ("descriptor", "total"),
    [
        ({"payload_type": "DEMAND", "units": "W"}, 5001.0),
        ({"payload_type": "DEMAND", "units": "MW"}, 0.005001),
        ({"payload_type": "USAGE", "units": "WH"}, 83.35),
        ({"payload_type": "USAGE", "units": "MWH"}, 0.00008335),
    ],
)
def test_r30_a_value_is_in_the_unit_that_was_asked(descriptor: dict[str, Any], total: float) -> None:
    (_, _, row) = payloads(report([(0, 0, 60)], **descriptor), BLOCKS[:1])
    assert row[0] == (descriptor["payload_type"], [total])


def with_extras(number: int, **extras: Any) -> Block:
    return replace(BLOCKS[number], extras={name: np.array(values) for name, values in extras.items()})


def test_r30_baseline_and_delta_come_from_a_column_of_the_block() -> None:
    block = with_extras(0, baseline_w=[[11, 2], [30, 60], [5000, 1]])
    (first, second, _) = payloads(report([(0, 0, 60)], payload_type="BASELINE", units="W"), [block])
    assert first == [("BASELINE", [13.0]), ("LOAD_0", [11.0]), ("LOAD_1", [2.0])]
    assert second[0] == ("BASELINE", [90.0])
    (first, second, _) = payloads(report([(0, 0, 60)], payload_type="DELTA_USAGE", units="W"), [block])
    assert first == [("DELTA_USAGE", [-10.0]), ("LOAD_0", [-10.0]), ("LOAD_1", [0.0])]
    assert second[0] == ("DELTA_USAGE", [-100.0])


def test_r30_a_block_without_a_baseline_is_its_own() -> None:
    (first, *_) = payloads(report([(0, 0, 60)], payload_type="BASELINE", units="W"), BLOCKS[:1])
    assert first[0] == ("BASELINE", [3.0])
    (first, *_) = payloads(report([(0, 0, 60)], payload_type="DELTA_USAGE"), BLOCKS[:1])
    assert first[0] == ("DELTA_USAGE", [0.0])


def test_r30_a_state_that_held_as_long_as_another_is_the_later_one_and_its_default_where_nothing_is_said() -> None:
    blocks = [with_extras(0, operating_state=[4, 4, 4], simple_level=[2, 2, 2]), with_extras(1, simple_level=[0, 1, 3])]
    state = report([(0, 0, 60), (1, 0, 120)], (0, 2), payload_type="OPERATING_STATE")
    assert (
        payloads(state, blocks)
        == [
            [("OPERATING_STATE", ["RUNNING_CURTAILED"]), ("OPERATING_STATE", ["NORMAL"])],
        ]
        * 2
    )
    level = report([(0, 0, 120)], (0, 2), payload_type="SIMPLE_LEVEL")
    assert payloads(level, blocks) == [[("SIMPLE_LEVEL", [0])], [("SIMPLE_LEVEL", [3])]]
    setpoint = report([(0, 0, 60)], (0,), payload_type="SETPOINT")
    assert payloads(setpoint, [with_extras(0, setpoint=[21.5, 1, 2])]) == [[("SETPOINT", [21.5])]]
    assert payloads(setpoint, BLOCKS[:1]) == [[("SETPOINT", [0])]]


def test_r34_an_interval_without_a_sample_says_so_and_has_no_value() -> None:
    sealed = report([(0, 0, 60), (1, 60, 120)], (0,))
    holed = replace(sealed, intervals=(sealed.intervals[0], sealed.intervals[1]._replace(quality="MISSING")))
    loads = [("LOAD_0", [0.001]), ("LOAD_1", [0.002])]
    assert payloads(holed, BLOCKS[:1]) == [[("DEMAND", [0.003]), *loads, ("DATA_QUALITY", ["MISSING"])]]
    nothing = replace(sealed, intervals=(holed.intervals[1],))
    assert json.loads(render(nothing, LAYOUT, ()))["resources"][0]["intervals"][0]["payloads"] == [
        {"type": "DATA_QUALITY", "values": ["MISSING"]}
    ]


def test_r34_data_quality_alone_can_be_asked_for() -> None:
    sealed = report([(0, 0, 60), (1, 60, 120)], (0,), payload_type="DATA_QUALITY")
    assert payloads(sealed, BLOCKS[:2]) == [[("DATA_QUALITY", ["OK"]), ("DATA_QUALITY", ["OK"])]]


def test_a_small_energy_is_not_rounded_to_nothing() -> None:
    block = Block(BEGIN_S, 1, np.array([[1, 0]], dtype=np.int32))
    made = json.loads(render(report([(0, 0, 1)], payload_type="USAGE"), Layout(("r",), ("load_0", "load_1")), [block]))
    assert made["resources"][0]["intervals"][0]["payloads"][0]["values"] == [2.78e-7]
