"""Three metered blocks, and reports on them to be rendered."""

from __future__ import annotations

from typing import Any

import numpy as np

from ven_actors.model import Block, EventInterval, Layout, ReportDescriptor, SealedReport

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
