"""Rendering: from columns to the JSON of one report, as fixed parts and a weave of values."""

from __future__ import annotations

from bisect import bisect_right
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
    texts = _encode(values.ravel().tolist())[1:-1].decode().split(",")
    entries = _entries([_literal(name) for name in names], _fixed_parts(report, types), texts)
    return _head(report, measure, types, with_program=with_program) + entries.encode() + b"]}"


def _entries(names: list[str], fixed: list[str], values: list[str]) -> str:
    """Weave names and values, row by row, between what is the same in all rows: a slice for each column, no loop."""
    *between, end = fixed
    columns = len(between)
    woven = [""] * (len(names) * columns * 2)
    for column, text in enumerate(between):
        woven[2 * column :: 2 * columns] = [text] * len(names)
        woven[2 * column + 1 :: 2 * columns] = names if column == 0 else values[column - 1 :: columns - 1]
    woven[:: 2 * columns] = [between[0], *[f"{end},{between[0]}"] * (len(names) - 1)]
    return "".join(woven) + end


def _fixed_parts(report: SealedReport, types: Sequence[str]) -> list[str]:
    """What stands before a row's name, before each of its values, and after the last."""
    payloads = [f'{{"type":{_literal(kind)},"values":[' for kind in types]
    parts = ['{"resourceName":']
    opening = ',"intervals":['
    for interval in report.intervals:
        where = f'{{"id":{interval.interval_id},'
        if report.periods:
            start, duration = moment(interval.start_s), period(interval.end_s - interval.start_s)
            where += f'"intervalPeriod":{{"start":"{start}","duration":"{duration}"}},'
        parts.append(f'{opening}{where}"payloads":[{payloads[0]}')
        parts += [f"]}},{payload}" for payload in payloads[1:]]
        opening = "]}]},"
    return [*parts, "]}]}]}"]


def _names(layout: Layout, rows: tuple[int, ...] | None) -> list[str]:
    if rows is None:
        return list(layout.resource_names)
    return [layout.resource_names[row] for row in rows]


def _literal(text: str) -> str:
    return _encode(text).decode()


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
