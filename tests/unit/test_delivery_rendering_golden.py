"""One report as JSON: golden files, the official file, and what is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from delivery_rendering import BEGIN_S, BLOCKS, LAYOUT, STEP_S, report

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
