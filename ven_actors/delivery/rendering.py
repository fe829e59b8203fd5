"""Rendering: from columns to the JSON of one report, as fixed parts and a weave of values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ven_actors.delivery.measures import Measure, measure_of
from ven_actors.delivery.sealing import moment, period
from ven_actors.delivery.values import DATA_QUALITY, has_values, quality_of, value_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ven_actors.model import Block, Layout, SealedReport

AGGREGATE_NAME = "AGGREGATED_REPORT"
_DESCRIPTOR = "REPORT_PAYLOAD_DESCRIPTOR"
_encode = msgspec.json.Encoder().encode


def render(report: SealedReport, layout: Layout, blocks: Sequence[Block], *, with_program: bool = False) -> bytes:
    """Render `report` from `blocks`, which are in order of time and of `layout`.

    Each resource is one entry; each of its intervals holds the asked type with the resource's total, then, of powers
    and energies, one private payload type LOAD_k per load component, in the same units. Values are exact to the watt
    where an interval is one metering interval; means of several are rounded to a millionth of a kW, energies to a
    millionth of a Wh. An interval whose quality is MISSING has no values, only DATA_QUALITY.
    Raises ValueError if any other interval of the report has no block.
    """
    measure = measure_of(report.descriptor)
    if measure is None:
        raise ValueError(f"report {report.name} asks for {report.descriptor}, which has no measure")
    names = [AGGREGATE_NAME] if report.descriptor.aggregate else _names(layout, report.rows)
    # A column without a name is the sum of a resource's loads, which is its total.
    parts = tuple(component.upper() for component in layout.components if component) if measure.parts else ()
    types = (measure.payload_type, *parts)
    texts = value_texts(report, blocks, measure, len(types))
    entries = _entries([_literal(name) for name in names], _fixed_parts(report, measure, types), texts)
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


def _fixed_parts(report: SealedReport, measure: Measure, types: Sequence[str]) -> list[str]:
    """What stands before a row's name, before each of its values, and after the last."""
    payloads = [f'{{"type":{_literal(kind)},"values":[' for kind in types]
    parts = ['{"resourceName":']
    text = ',"intervals":['
    for interval in report.intervals:
        text += f'{{"id":{interval.interval_id},'
        if report.periods:
            start, duration = moment(interval.start_s), period(interval.end_s - interval.start_s)
            text += f'"intervalPeriod":{{"start":"{start}","duration":"{duration}"}},'
        text += '"payloads":['
        between = ""
        for payload in payloads if has_values(interval, measure) else ():
            parts.append(text + between + payload)
            text, between = "]}", ","
        quality = quality_of(interval, measure)
        if quality:
            text += f'{between}{{"type":"{DATA_QUALITY}","values":["{quality}"]}}'
        text += "]},"
    return [*parts, text[:-1] + "]}"]


def _names(layout: Layout, rows: tuple[int, ...] | None) -> list[str]:
    if rows is None:
        return list(layout.resource_names)
    return [layout.resource_names[row] for row in rows]


def _literal(text: str) -> str:
    return _encode(text).decode()


def _head(report: SealedReport, measure: Measure, types: Sequence[str], *, with_program: bool) -> bytes:
    frame: dict[str, object] = {"programID": report.program_id} if with_program else {}
    frame |= {"eventID": report.event_id, "clientName": report.ven_name, "reportName": report.name}
    units = {"units": measure.units} if measure.units else {}
    described: list[dict[str, str]] = [
        {"objectType": _DESCRIPTOR, "payloadType": kind, "readingType": measure.reading_type} | units for kind in types
    ]
    if DATA_QUALITY not in types and any(interval.quality for interval in report.intervals):
        described.append({"objectType": _DESCRIPTOR, "payloadType": DATA_QUALITY})
    frame["payloadDescriptors"] = described
    return _encode(frame)[:-1] + b',"resources":['
