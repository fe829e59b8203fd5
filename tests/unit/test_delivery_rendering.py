"""One report as JSON: golden files, a slow and obvious renderer beside the fast one, and the official file."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ven_actors.delivery.measures import measure_of, why_not
from ven_actors.delivery.rendering import render
from ven_actors.delivery.sealing import pieces
from ven_actors.model import (
    Block,
    EventInterval,
    IntervalPlan,
    Layout,
    ReportDescriptor,
    ReportRequest,
    SealedReport,
    Window,
)

GOLDEN = Path(__file__).parent.parent / "golden" / "openadr-3.1"
BEGIN_S = 1_700_000_100
STEP_S = 60
LAYOUT = Layout(('Nørregade 7 "A"', "100 % café", "løg\\n ☃"), ("load_0", "load_1"))
WATTS = ([[1, 2], [30, -40], [5000, 1]], [[3, 5], [30, 41], [0, 123_456]], [[4, 4], [2**31 - 1, 0], [7, 9]])
BLOCKS = tuple(Block(BEGIN_S + i * STEP_S, STEP_S, np.array(w, dtype=np.int32)) for i, w in enumerate(WATTS))


def report(
    intervals: list[tuple[int, float, float]],
    rows: tuple[int, ...] | None = None,
    *,
    periods: bool = False,
    **descriptor: Any,
) -> SealedReport:
    asked = ReportDescriptor(**({"payload_type": "DEMAND"} | descriptor))
    cut = tuple(EventInterval(number, BEGIN_S + start_s, BEGIN_S + end_s) for number, start_s, end_s in intervals)
    return SealedReport(1, "a-report", "Herning", "event-1", "program-1", asked, cut, rows, periods, in_doubt=False)


def window_report(*spans: tuple[int, float, float], own: bool = False, **descriptor: Any) -> SealedReport:
    """What sealing makes of event intervals where only `BLOCKS` were metered."""
    asked = ReportDescriptor(**({"payload_type": "DEMAND"} | descriptor))
    cut = tuple(EventInterval(number, BEGIN_S + start_s, BEGIN_S + end_s) for number, start_s, end_s in spans)
    plan = IntervalPlan(cut, None, cut[-1].end_s, implied=False, own=own)
    metered = [_Metered(block.start_s, block.end_s) for block in BLOCKS]
    (piece,) = pieces(ReportRequest("r", "event-1", "program-1", asked, plan), Window(cut), metered)
    return SealedReport(
        1, "a-report", "Herning", "event-1", "program-1", asked, piece.intervals, None, piece.periods, in_doubt=False
    )


class _Metered:
    layout_id = 1

    def __init__(self, start_s: int, end_s: int) -> None:
        self.start_s = start_s
        self.end_s = end_s


CASES = {
    "whole_interval": (report([(7, 0, 60)]), BLOCKS[:1]),
    "several_intervals": (report([(0, 0, 60), (1, 60, 120), (2, 120, 180)]), BLOCKS),
    "mean_over_blocks": (report([(0, 0, 180)], reading_type="MEAN"), BLOCKS),
    "weighted_mean": (report([(0, 30, 120)], periods=True, reading_type="AVERAGE"), BLOCKS[:2]),
    "partial_window": (window_report((3, -120, 60), (4, 60, 240)), BLOCKS),
    "open_intervals": (window_report((5, 0, 120), (6, 120, 180), report_intervals="OPEN_INTERVALS"), BLOCKS),
    "sub_intervals": (window_report((5, 0, 120), (6, 120, 150), report_intervals="SUB_INTERVALS"), BLOCKS),
    "own_intervals": (window_report((28_000_000, 0, 60), own=True), BLOCKS),
    "aggregate": (report([(0, 0, 60)], aggregate=True), BLOCKS[:1]),
    "aggregate_subset": (report([(0, 0, 60), (1, 60, 120)], (0, 2), aggregate=True), BLOCKS[:2]),
    "resource_subset": (report([(0, 0, 60)], (0, 2)), BLOCKS[:1]),
    "usage_kwh": (report([(0, 0, 120), (1, 120, 180)], payload_type="USAGE", reading_type="SUMMED"), BLOCKS),
    "peak": (report([(0, 0, 120)], payload_type="READING", reading_type="PEAK"), BLOCKS[:2]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_report_is_what_the_golden_file_says(name: str) -> None:
    """`OPENADR_GOLDEN=write` writes the files anew; read the difference before you keep it."""
    sealed, blocks = CASES[name]
    made = json.dumps(json.loads(render(sealed, LAYOUT, blocks)), indent=1, ensure_ascii=False) + "\n"
    path = GOLDEN / f"report_{name}.json"
    if os.environ.get("OPENADR_GOLDEN") == "write":
        path.write_text(made, encoding="utf-8")
    assert made == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_a_report_is_valid_against_the_official_file(name: str, spec31: Any) -> None:
    sealed, blocks = CASES[name]
    headers = {"Authorization": "Bearer x", "Content-Type": "application/json"}
    body = render(sealed, LAYOUT, blocks)
    assert spec31.check_request("POST", "/openadr3/3.1.0/reports", "", headers, body) == []


def test_a_dialect_that_wants_the_program_gets_it() -> None:
    sealed, blocks = CASES["whole_interval"]
    made = json.loads(render(sealed, LAYOUT, blocks, with_program=True))
    assert made["programID"] == "program-1"
    assert "programID" not in json.loads(render(sealed, LAYOUT, blocks))


def test_a_component_may_have_any_name() -> None:
    layout = Layout(("r",), ('50 %s"', "%"))
    made = json.loads(
        render(report([(0, 0, 60)]), layout, [Block(BEGIN_S, STEP_S, np.array([[1, 2]], dtype=np.int32))])
    )
    assert [each["type"] for each in made["resources"][0]["intervals"][0]["payloads"]] == ["DEMAND", '50 %S"', "%"]


def test_an_interval_without_data_is_refused() -> None:
    with pytest.raises(ValueError, match="no data for its interval 9"):
        render(report([(0, 0, 60), (9, 600, 660)]), LAYOUT, BLOCKS)


def test_a_quantity_that_nobody_measures_is_refused() -> None:
    with pytest.raises(ValueError, match="has no measure"):
        render(report([(0, 0, 60)], payload_type="STORAGE_CHARGE_LEVEL"), LAYOUT, BLOCKS)


@settings(max_examples=60, deadline=None)
@given(watts=st.lists(st.integers(-(2**31), 2**31 - 1), min_size=6, max_size=6))
def test_a_whole_metering_interval_is_exact_to_the_watt(watts: list[int]) -> None:
    block = Block(BEGIN_S, STEP_S, np.array(watts, dtype=np.int64).astype(np.int32).reshape(3, 2))
    text = render(report([(0, 0, 60)]), LAYOUT, [block]).decode()
    for entry, pair in zip(json.loads(text, parse_float=str)["resources"], block.power_w.tolist(), strict=True):
        values = [payload["values"][0] for payload in entry["intervals"][0]["payloads"]]
        expected = [sum(pair), *pair]
        assert [Fraction(value) for value in values] == [Fraction(watt, 1000) for watt in expected]
        assert values == [repr(watt / 1000) for watt in expected]


_NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_the_template_says_what_a_slow_and_obvious_renderer_says(data: st.DataObject) -> None:
    names = data.draw(st.lists(_NAMES, min_size=1, max_size=4))
    components = data.draw(st.lists(_NAMES, min_size=1, max_size=3))
    layout = Layout(tuple(names), tuple(components))
    shape = (len(names), len(components))
    values = st.lists(st.integers(-50_000, 10**6), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1])
    blocks = [
        Block(BEGIN_S + index * STEP_S, STEP_S, np.array(data.draw(values), dtype=np.int32).reshape(shape))
        for index in range(data.draw(st.integers(1, 5)))
    ]
    last_s = len(blocks) * STEP_S
    cuts = sorted(data.draw(st.sets(st.integers(0, last_s), min_size=2, max_size=6)))
    intervals = [(number, start_s, end_s) for number, (start_s, end_s) in enumerate(pairwise(cuts))]
    rows = data.draw(st.none() | st.sets(st.integers(0, shape[0] - 1), min_size=1).map(sorted).map(tuple))
    kind, reading = data.draw(
        st.sampled_from([("DEMAND", "MEAN"), ("READING", "PEAK"), ("USAGE", "SUMMED"), ("DEMAND", "DIRECT_READ")])
    )
    aggregate, periods = data.draw(st.booleans()), data.draw(st.booleans())
    sealed = report(
        intervals, rows, periods=periods, payload_type=kind, reading_type=reading, aggregate=aggregate
    )  # fmt: skip
    made, slow = json.loads(render(sealed, layout, blocks)), obvious(sealed, layout, blocks)
    assert _without_values(made) == _without_values(slow)
    assert _values_of(made) == pytest.approx(_values_of(slow), abs=6e-7)


def obvious(sealed: SealedReport, layout: Layout, blocks: list[Block]) -> dict[str, Any]:
    asked = sealed.descriptor
    types = [asked.payload_type, *(component.upper() for component in layout.components)]
    units = "KWH" if asked.payload_type == "USAGE" else "KW"
    described = {"objectType": "REPORT_PAYLOAD_DESCRIPTOR", "readingType": asked.reading_type, "units": units}
    rows = range(len(layout.resource_names)) if sealed.rows is None else sealed.rows
    groups = [("AGGREGATED_REPORT", list(rows))] if asked.aggregate else [(layout.resource_names[r], [r]) for r in rows]
    return {
        "eventID": sealed.event_id,
        "clientName": sealed.ven_name,
        "reportName": sealed.name,
        "payloadDescriptors": [described | {"payloadType": kind} for kind in types],
        "resources": [
            {
                "resourceName": name,
                "intervals": [_interval(sealed, each, types, of, blocks) for each in sealed.intervals],
            }
            for name, of in groups
        ],
    }


def _interval(
    sealed: SealedReport, interval: EventInterval, types: list[str], rows: list[int], blocks: list[Block]
) -> dict[str, Any]:
    parts = []
    for block in blocks:
        share_s = min(interval.end_s, block.end_s) - max(interval.start_s, block.start_s)
        if share_s > 0:
            cells = [sum(int(block.power_w[row][column]) for row in rows) for column in range(len(types) - 1)]
            parts.append((share_s, [sum(cells), *cells]))
    length_s = interval.end_s - interval.start_s
    values = []
    for index in range(len(types)):
        if sealed.descriptor.reading_type == "PEAK":
            value = max(cells[index] for _, cells in parts)
        else:
            value = sum(share_s * cells[index] for share_s, cells in parts) / length_s
        values.append(value / 1000 * (length_s / 3600 if sealed.descriptor.payload_type == "USAGE" else 1))
    made: dict[str, Any] = {"id": interval.interval_id}
    if sealed.periods:
        seconds = int(interval.start_s) - BEGIN_S
        start = np.datetime64(BEGIN_S, "s") + np.timedelta64(seconds, "s")
        made["intervalPeriod"] = {"start": f"{start}Z", "duration": f"PT{int(length_s)}S"}
    made["payloads"] = [{"type": kind, "values": [value]} for kind, value in zip(types, values, strict=True)]
    return made


def _without_values(made: dict[str, Any]) -> str:
    copy = json.loads(json.dumps(made))
    for _, payload in _payloads(copy):
        payload["values"] = [None for _ in payload["values"]]
    return json.dumps(copy, sort_keys=True)


def _values_of(made: dict[str, Any]) -> list[float]:
    return [value for _, payload in _payloads(made) for value in payload["values"]]


def _payloads(made: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (entry["resourceName"], payload)
        for entry in made["resources"]
        for interval in entry["intervals"]
        for payload in interval["payloads"]
    ]


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
        ({"payload_type": "USAGE", "reading_type": "SUMMED"}, "KWH", ""),
        ({"payload_type": "USAGE", "units": "WH"}, "WH", ""),
        ({"payload_type": "DEMAND", "units": "KVA"}, "KW", "DEMAND DIRECT_READ KVA is reported in KW"),
        ({"payload_type": "DEMAND", "units": "KWH"}, "KW", "is reported in KW"),
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


def test_r30_a_state_is_that_of_the_last_block_and_its_default_where_nothing_is_said() -> None:
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
