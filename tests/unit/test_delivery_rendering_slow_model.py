"""One report as JSON: a slow and obvious renderer beside the fast one, and values exact to the watt."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from delivery_rendering import BEGIN_S, LAYOUT, STEP_S, report
from hypothesis import given, settings
from hypothesis import strategies as st

from ven_actors.delivery.rendering import render
from ven_actors.model import Block, EventInterval, Layout, SealedReport


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
