"""Whether the VTN's copy of a report says what ours says, however it was rewritten on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from datetime import UTC, datetime
from typing import Any

from ven_actors.errors import VtnNonsense
from ven_actors.openadr.decoding import decode
from ven_actors.openadr.durations import NOW, Duration, parse_duration, parse_start, parse_time_of_day
from ven_actors.openadr.wire import WireInterval, WirePayload, WirePeriod, WireReport, WireReportEntry

_NO_LENGTH = Duration(0, 0.0)


def same_report(ours: bytes, theirs: bytes) -> bool:
    """Equal in event, client, name, payload types and units, resources, intervals, periods and values.

    Numbers are equal as numbers, durations and times by meaning, null and absent are the same. The order of
    resources, of payload descriptors and of payloads in an interval does not matter; what a VTN adds is ignored.
    What cannot be read is equal to nothing. A VTN that keeps times without dates is believed about the day.
    """
    try:
        return _meaning(ours) == _meaning(theirs) or _of_any_day(ours) == _meaning(theirs)
    except VtnNonsense:
        return False


def why_unreadable(theirs: bytes) -> str:
    """Say why a report that the VTN holds cannot be compared with anything; empty if it can."""
    try:
        _meaning(theirs)
    except VtnNonsense as error:
        return str(error)
    return ""


def _of_any_day(body: bytes) -> Hashable:
    """The meaning of our report if its times were of the first day there was, as times without a date are read."""
    report = decode(body, WireReport, "a report")
    periods = [entry.interval_period for entry in report.resources]
    periods += [interval.interval_period for entry in report.resources for interval in entry.intervals]
    for period in periods:
        if period is not None and period.start is not None and parse_start(period.start) != NOW:
            period.start = f"{datetime.fromtimestamp(parse_start(period.start), UTC):%H:%M:%S.%f}"
    return _meaning_of(report)


def _meaning(body: bytes) -> Hashable:
    return _meaning_of(decode(body, WireReport, "a report"))


def _meaning_of(report: WireReport) -> Hashable:
    descriptors = Counter((each.payload_type, each.units) for each in report.payload_descriptors or ())
    resources = Counter(_entry(entry) for entry in report.resources)
    return report.event_id, report.client_name, report.report_name, _bag(descriptors), _bag(resources)


def _entry(entry: WireReportEntry) -> Hashable:
    return entry.resource_name, _period(entry.interval_period), tuple(_interval(each) for each in entry.intervals)


def _interval(interval: WireInterval) -> Hashable:
    payloads = Counter(_payload(payload) for payload in interval.payloads or ())
    return interval.id, _period(interval.interval_period), _bag(payloads)


def _payload(payload: WirePayload) -> Hashable:
    return payload.type, tuple(_value(value) for value in payload.listed)


def _period(period: WirePeriod | None) -> Hashable:
    """Without what says nothing: PT0S is the default of both durations."""
    if period is None:
        return None
    start_s = None if period.start is None else _start(period.start)
    duration = _NO_LENGTH if period.duration is None else parse_duration(period.duration)
    randomize = _NO_LENGTH if period.randomize_start is None else parse_duration(period.randomize_start)
    if start_s is None and duration == randomize == _NO_LENGTH:
        return None
    return start_s, duration.months, duration.seconds, randomize.months, randomize.seconds


def _start(text: str) -> Hashable:
    """A time without a date is not the same as any with one."""
    of_day_s = parse_time_of_day(text)
    return parse_start(text) if of_day_s is None else ("of day", of_day_s)


def _value(value: Any) -> Hashable:
    """Python holds True for 1 and 1.0 for 1; the first must not be, the second must."""
    if isinstance(value, bool):
        return "boolean", value
    if isinstance(value, dict):
        return frozenset((name, _value(inner)) for name, inner in value.items())
    if isinstance(value, list):
        return tuple(_value(inner) for inner in value)
    hashable: Hashable = value
    return hashable


def _bag(counter: Counter[Any]) -> Hashable:
    return frozenset(counter.items())
