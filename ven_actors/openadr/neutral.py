"""From the wire's shapes to neutral facts, as far as all versions of the standard agree."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from ven_actors.errors import VtnNonsense
from ven_actors.model import ReportDescriptor
from ven_actors.openadr import durations
from ven_actors.openadr.decoding import decode
from ven_actors.openadr.durations import Duration
from ven_actors.openadr.events import Event, Interval, Payload, PayloadDescriptor, Period
from ven_actors.openadr.payload_types import canonical, meaning
from ven_actors.openadr.wire import (
    WireEvent,
    WireInterval,
    WirePayloadDescriptor,
    WirePeriod,
    WireReportDescriptor,
)

_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER = re.compile(r"[-+]?([0-9]{1,300}(\.[0-9]*)?|\.[0-9]{1,300})([eE][-+]?[0-9]{1,3})?")
_LARGEST = int(sys.float_info.max)
_KNOWN_OF_EVENT = frozenset(field.encode_name for field in msgspec.structs.fields(WireEvent))


def event_of(
    wire: WireEvent[Any],
    raw: bytes | msgspec.Raw,
    *,
    targets: tuple[str, ...],
    report_descriptors: tuple[ReportDescriptor, ...],
    strict: bool = False,
) -> Event:
    """The event with `targets` and `report_descriptors` as the dialect reads them. Raises `VtnNonsense`.

    Unless `strict`, a number that is written as a string is read as a number where numbers are meant.
    """
    periods = [wire.interval_period, *(interval.interval_period for interval in wire.intervals or ())]
    return Event(
        event_id=wire.id,
        program_id=wire.program_id,
        name=wire.event_name or "",
        priority=wire.priority,
        targets=targets,
        period=_period(wire.interval_period),
        duration=_length(wire.duration),
        intervals=(
            None
            if wire.intervals is None
            else tuple(_interval(index, each, strict=strict) for index, each in enumerate(wire.intervals))
        ),
        report_descriptors=report_descriptors,
        payload_descriptors=payload_descriptors_of(wire.payload_descriptors),
        created=wire.created_date_time or "",
        modified=wire.modification_date_time or "",
        naive_times=any(_is_naive(period) for period in periods),
        extra={
            name: bytes(value)
            for name, value in decode(raw, dict[str, msgspec.Raw], "an event").items()
            if name not in _KNOWN_OF_EVENT
        },
    )


def payload_descriptors_of(wires: Sequence[WirePayloadDescriptor] | None) -> tuple[PayloadDescriptor, ...]:
    return tuple(PayloadDescriptor(wire.payload_type, wire.units, wire.currency) for wire in wires or ())


def report_descriptor_of(wire: WireReportDescriptor[Any], targets: tuple[str, ...]) -> ReportDescriptor:
    """Null and absent both mean the default of the standard, which the model knows."""
    said = {name: value for name, value in msgspec.structs.asdict(wire).items() if value is not None}
    return ReportDescriptor(**said | {"targets": targets})


def _is_naive(period: WirePeriod | None) -> bool:
    start = None if period is None else period.start
    if start is None or durations.parse_time_of_day(start) is not None:
        return start is not None
    return durations.parse_start(start) != durations.NOW and durations.parse_instant(start)[1]


def _period(wire: WirePeriod | None) -> Period | None:
    if wire is None:
        return None
    of_day_s = None if wire.start is None else durations.parse_time_of_day(wire.start)
    start_s = durations.parse_start(wire.start) if wire.start is not None and of_day_s is None else of_day_s
    return Period(
        start_s=start_s,
        duration=_length(wire.duration),
        randomize=None if wire.randomize_start is None else durations.parse_duration(wire.randomize_start),
        no_date=of_day_s is not None,
    )


def _length(text: str | None) -> Duration | None:
    return None if text is None else durations.parse_length(text)


def _values(values: list[Any]) -> tuple[Any, ...]:
    fitting = tuple(map(_fitting, values))
    try:
        msgspec.msgpack.encode(fitting)
    except (OverflowError, RecursionError) as error:
        raise VtnNonsense(f"the values {str(values)[:80]} cannot be kept: {error}") from None
    return fitting


def _fitting(value: Any) -> Any:
    """The value, an integer that is too large to be kept as the nearest number that is not."""
    if not isinstance(value, int) or -(2**63) <= value < 2**64:
        return value
    return float(min(max(value, -_LARGEST), _LARGEST))


def _interval(index: int, wire: WireInterval, *, strict: bool) -> Interval:
    payloads = tuple(Payload(each.type, _read(each.type, _values(each.listed), strict)) for each in wire.payloads or ())
    return Interval(
        interval_id=index if wire.id is None else wire.id, period=_period(wire.interval_period), payloads=payloads
    )


def _read(payload_type: str, values: tuple[Any, ...], strict: bool) -> tuple[Any, ...]:
    if strict or not meaning(canonical(payload_type)).number:
        return values
    return tuple(map(_number, values))


def _number(value: Any) -> Any:
    text = value.strip() if isinstance(value, str) else ""
    if not _NUMBER.fullmatch(text):
        return value
    return int(text) if _INTEGER.fullmatch(text) else float(text)
