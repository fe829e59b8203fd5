"""Rendering: from columns to the JSON of one report, through templates that all VENs share."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from ven_actors.delivery.measures import Measure, measure_of
from ven_actors.delivery.sealing import moment, period

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from ven_actors.model import Block, EventInterval, Layout, SealedReport

AGGREGATE_NAME = "AGGREGATED_REPORT"
_encode = msgspec.json.Encoder().encode


def render(report: SealedReport, layout: Layout, blocks: Sequence[Block], *, with_program: bool = False) -> bytes:
    """Render `report` from `blocks`, which are in order of time and of `layout`.

    Each resource is one entry; each of its intervals holds the asked type with the resource's total, then one private
    payload type LOAD_k per load component, in the same units. Values are exact to the watt where an interval is one
    metering interval; means of several are rounded to a millionth of a kW, energies to a millionth of a Wh.
    Raises ValueError if an interval of the report has no block.
    """
    measure = measure_of(report.descriptor)
    if measure is None:
        raise ValueError(f"report {report.name} asks for {report.descriptor}, which has no measure")
    values = _values(report, blocks, measure)
    names = [AGGREGATE_NAME] if report.descriptor.aggregate else _names(layout, report.rows)
    types = (measure.payload_type, *(component.upper() for component in layout.components))
    row = _row_template(types, len(report.intervals), periods=report.periods)
    heads = [_interval_head(interval, periods=report.periods) for interval in report.intervals]
    body = ",".join([row] * len(names)) % tuple(_fill(names, heads, values))
    return _head(report, measure, types, with_program=with_program) + body.encode() + b"]}"


def _fill(names: list[str], heads: list[tuple[object, ...]], values: npt.NDArray[np.float64]) -> list[object]:
    filling: list[object] = []
    for name, row in zip(names, values.tolist(), strict=True):
        filling.append(_encode(name).decode())
        for head, cell in zip(heads, row, strict=True):
            filling += head
            filling += cell
    return filling


def _names(layout: Layout, rows: tuple[int, ...] | None) -> list[str]:
    if rows is None:
        return list(layout.resource_names)
    return [layout.resource_names[row] for row in rows]


def _interval_head(interval: EventInterval, *, periods: bool) -> tuple[object, ...]:
    if not periods:
        return (interval.interval_id,)
    return (interval.interval_id, moment(interval.start_s), period(interval.end_s - interval.start_s))


@lru_cache(maxsize=64)
def _row_template(types: tuple[str, ...], intervals: int, *, periods: bool) -> str:
    payloads = ",".join(f'{{"type":{_literal(kind)},"values":[%s]}}' for kind in types)
    where = '"intervalPeriod":{"start":"%s","duration":"%s"},' if periods else ""
    one = f'{{"id":%s,{where}"payloads":[{payloads}]}}'
    return '{"resourceName":%s,"intervals":[' + ",".join([one] * intervals) + "]}"


def _literal(text: str) -> str:
    return _encode(text).decode().replace("%", "%%")


def _head(report: SealedReport, measure: Measure, types: Sequence[str], *, with_program: bool) -> bytes:
    frame: dict[str, object] = {"programID": report.program_id} if with_program else {}
    frame |= {"eventID": report.event_id, "clientName": report.ven_name, "reportName": report.name}
    frame["payloadDescriptors"] = [
        {
            "objectType": "REPORT_PAYLOAD_DESCRIPTOR",
            "payloadType": kind,
            "readingType": measure.reading_type,
            "units": measure.units,
        }
        for kind in types
    ]
    return _encode(frame)[:-1] + b',"resources":['


def _values(report: SealedReport, blocks: Sequence[Block], measure: Measure) -> npt.NDArray[np.float64]:
    """Shape (resources, intervals, 1 + components): the total first, in the measure's units."""
    ends_s = [block.end_s for block in blocks]
    columns = []
    for interval in report.intervals:
        first = bisect_right(ends_s, interval.start_s)
        columns.append(_interval_watts(interval, islice(blocks, first, None), report, measure))
    watts = np.stack(columns, axis=1)
    if not measure.energy:
        return np.asarray(np.round(watts / 1000.0, 6), dtype=np.float64)
    hours = np.array([(interval.end_s - interval.start_s) / 3600.0 for interval in report.intervals])
    return np.asarray(np.round(watts * hours[None, :, None] / 1000.0, 9), dtype=np.float64)


def _interval_watts(
    interval: EventInterval, blocks: Iterable[Block], report: SealedReport, measure: Measure
) -> npt.NDArray[np.float64]:
    parts, weights = [], []
    for block in blocks:
        overlap_s = min(interval.end_s, block.end_s) - max(interval.start_s, block.start_s)
        if overlap_s <= 0:
            break
        parts.append(_rows_with_total(block, report))
        weights.append(overlap_s)
    if not parts:
        raise ValueError(f"report {report.name} has no data for its interval {interval.interval_id}")
    if len(parts) == 1:
        return parts[0].astype(np.float64)
    stack = np.stack(parts)
    if measure.peak:
        return np.asarray(stack.max(axis=0), dtype=np.float64)
    return np.asarray(np.average(stack, axis=0, weights=weights), dtype=np.float64)


def _rows_with_total(block: Block, report: SealedReport) -> npt.NDArray[np.int64]:
    power_w = block.power_w if report.rows is None else block.power_w[list(report.rows)]
    wide = power_w.astype(np.int64)
    if report.descriptor.aggregate:
        wide = wide.sum(axis=0, keepdims=True)
    return np.concatenate([wide.sum(axis=1, keepdims=True), wide], axis=1)
