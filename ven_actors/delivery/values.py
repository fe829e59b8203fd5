"""From the columns of blocks to the values of a report, as the texts that stand in its JSON."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from ven_actors.delivery.quantities import Dimension
from ven_actors.delivery.sealing import MISSING
from ven_actors.delivery.states import longest, parts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from ven_actors.delivery.measures import Measure
    from ven_actors.model import Block, EventInterval, SealedReport

DATA_QUALITY = "DATA_QUALITY"
GOOD = "OK"
_encode = msgspec.json.Encoder().encode


def has_values(interval: EventInterval, measure: Measure) -> bool:
    return interval.quality != MISSING and measure.dimension is not Dimension.QUALITY


def quality_of(interval: EventInterval, measure: Measure) -> str:
    """What a report says of the interval's data; empty where nothing needs to be said."""
    return interval.quality or (GOOD if measure.dimension is Dimension.QUALITY else "")


def value_texts(report: SealedReport, blocks: Sequence[Block], measure: Measure, count: int) -> list[str]:
    """Row by row, interval by interval: the total first and then the components; `count` of them, or one value alone.

    Raises ValueError if an interval that is not MISSING has no block.
    """
    ends_s = [block.end_s for block in blocks]
    intervals = [interval for interval in report.intervals if interval.quality != MISSING]
    columns = []
    for interval in intervals:
        found = _overlapping(interval, blocks, ends_s)
        if not found:
            raise ValueError(f"report {report.name} has no data for its interval {interval.interval_id}")
        if measure.dimension is not Dimension.QUALITY:
            columns.append(_interval_values(found, interval, report, measure))
    if not columns:
        return []
    values = np.stack(columns, axis=1)[:, :, :count]
    if measure.parts:
        values = _in_units(values, intervals, measure)
    return _encode(values.ravel().tolist())[1:-1].decode().split(",")


def _overlapping(interval: EventInterval, blocks: Sequence[Block], ends_s: Sequence[int]) -> list[tuple[float, Block]]:
    """Return the blocks within the interval, each with how long."""
    found = []
    for index in range(bisect_right(ends_s, interval.start_s), len(blocks)):
        block = blocks[index]
        overlap_s = min(interval.end_s, block.end_s) - max(interval.start_s, block.start_s)
        if overlap_s <= 0:
            break
        found.append((overlap_s, block))
    return found


def _in_units(
    watts: npt.NDArray[np.float64], intervals: Sequence[EventInterval], measure: Measure
) -> npt.NDArray[np.float64]:
    divisor, digits = measure.unit
    if measure.energy:
        hours = np.array([(interval.end_s - interval.start_s) / 3600.0 for interval in intervals])
        watts *= hours[None, :, None]
    return np.asarray(np.round(watts / divisor, digits), dtype=np.float64)


def _interval_values(
    found: list[tuple[float, Block]], interval: EventInterval, report: SealedReport, measure: Measure
) -> npt.NDArray[Any]:
    """Shape (resources, 1 + components), or (resources, 1)."""
    if not measure.parts:
        state = _longest_state(found, interval, measure)
        return np.asarray((state if report.rows is None else state[list(report.rows)])[:, None])
    watts = [_rows_with_total(measure.quantity.of(block), report) for _, block in found]
    if len(watts) == 1:
        return watts[0].astype(np.float64)
    stack = np.stack(watts)
    if measure.peak:
        return np.asarray(stack.max(axis=0), dtype=np.float64)
    return np.asarray(np.average(stack, axis=0, weights=[overlap_s for overlap_s, _ in found]), dtype=np.float64)


def _longest_state(found: list[tuple[float, Block]], interval: EventInterval, measure: Measure) -> npt.NDArray[Any]:
    held = [
        (overlap_s, measure.quantity.of(part))
        for _, block in found
        for start_s, end_s, part in parts_of(block)
        if (overlap_s := min(end_s, interval.end_s) - max(start_s, interval.start_s)) > 0
    ]
    return longest(held)


def _rows_with_total(power_w: npt.NDArray[Any], report: SealedReport) -> npt.NDArray[np.int64]:
    wide = (power_w if report.rows is None else power_w[list(report.rows)]).astype(np.int64)
    if report.descriptor.aggregate:
        wide = wide.sum(axis=0, keepdims=True)
    return np.concatenate([wide.sum(axis=1, keepdims=True), wide], axis=1)
