"""ISO 8601 durations and RFC 3339 times of the wire, turned into numbers in one place.

Sentinels ("now", "for ever") are recognised before any arithmetic: Python's dates would overflow on them.
"""

from __future__ import annotations

import math
import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta

import msgspec

from ven_actors.errors import VtnNonsense

NOW = -math.inf
"""The start that means "now" (R22)."""

FOREVER_YEARS = 9999
LONGEST_MONTH_S = 31 * 86_400.0

# OpenADR 3.1.0, openadr3.yaml, components/schemas/duration; liberally, as VTNs rewrite it: a fraction in any unit,
# weeks beside days, a plus sign, small letters.
_NUMBER = r"(\d+(?:[.,]\d+)?)"
_PATTERN = re.compile(
    rf"(?P<sign>[+-]?)P(?=\d|T\d)(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}W)?(?:{_NUMBER}D)?"
    rf"(?:T(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?",
    re.ASCII | re.IGNORECASE,
)
_TIME_ONLY = re.compile(r"T?(\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s*(?:[Zz]|[+-]\d\d:?\d\d)?)", re.ASCII)
_SENTINEL_START = re.compile(
    r"(?:0001-01-01|0000-00-00)(?:[Tt ]00:00:00(?:\.0+)?)?\s*(?:[Zz]|[+-]\d\d:?\d\d)?", re.ASCII
)
_LONGEST_TEXT = 64


class Duration(msgspec.Struct, frozen=True):
    """A duration as it must be added to a date: calendar months first, then seconds; `seconds` may be infinite."""

    months: int
    seconds: float

    @property
    def is_zero(self) -> bool:
        return self.months == 0 and self.seconds == 0

    @property
    def is_infinite(self) -> bool:
        return math.isinf(self.seconds)

    @property
    def rough_s(self) -> float:
        """Seconds with months of 30 days; only for what needs no calendar (a randomised start)."""
        return self.months * 30 * 86_400.0 + self.seconds


FOREVER = Duration(0, math.inf)


def parse_duration(text: str) -> Duration:
    """`PT15M`, `P1Y2M`, `P9999Y` (for ever). Raises `VtnNonsense` for what the standard's pattern refuses."""
    match = _PATTERN.fullmatch(text) if len(text) <= _LONGEST_TEXT else None
    if match is None:
        raise VtnNonsense(f"duration {text[:_LONGEST_TEXT]!r} is not ISO 8601 as OpenADR writes it, such as PT15M")
    years, months, weeks, days, hours, minutes, seconds = (
        float((part or "0").replace(",", ".")) for part in match.groups()[1:]
    )
    if years * 12 + months >= FOREVER_YEARS * 12:
        return FOREVER
    whole_months = math.floor(years * 12 + months)
    days += weeks * 7 + (years * 12 + months - whole_months) * 30
    seconds += days * 86_400.0 + hours * 3_600.0 + minutes * 60.0
    if math.isinf(seconds):
        return FOREVER
    sign = -1 if match["sign"] == "-" else 1
    return Duration(sign * whole_months, sign * seconds)


def parse_length(text: str) -> Duration:
    """A duration that has to be a length of time. Raises `VtnNonsense` for a negative one."""
    duration = parse_duration(text)
    if duration.months < 0 or duration.seconds < 0:
        raise VtnNonsense(f"duration {text!r} is negative; only randomizeStart may be")
    return duration


def parse_start(text: str) -> float:
    """Seconds since the epoch, `NOW` for the sentinels. A time without a zone is UTC (R28)."""
    if len(text) <= _LONGEST_TEXT and _SENTINEL_START.fullmatch(text):
        return NOW
    return parse_instant(text)[0]


def parse_time_of_day(text: str) -> float | None:
    """Seconds since midnight UTC of a time without a date, None for anything else."""
    match = _TIME_ONLY.fullmatch(text) if len(text) <= _LONGEST_TEXT else None
    return None if match is None else parse_instant(f"1970-01-01T{match[1].replace(' ', '')}")[0]


def parse_instant(text: str) -> tuple[float, bool]:
    """Seconds since the epoch, and whether the text bore no zone (then taken as UTC). Raises `VtnNonsense`."""
    try:
        moment = datetime.fromisoformat(text)
        naive = moment.tzinfo is None
        return (moment.replace(tzinfo=UTC) if naive else moment).timestamp(), naive
    except (ValueError, OverflowError):
        raise VtnNonsense(f"time {text[:_LONGEST_TEXT]!r} is not RFC 3339, such as 2026-01-16T10:00:00Z") from None


def add(start_s: float, duration: Duration, times: int = 1) -> float:
    """`start_s` plus `times` durations, months by the calendar in UTC (31 January + P1M = 28 or 29 February).

    Infinity where the sum lies beyond what a calendar can say.
    """
    if math.isinf(start_s):
        return start_s
    if duration.months:
        start_s = _add_months(start_s, duration.months * times)
    return start_s + duration.seconds * times if duration.seconds else start_s


def _add_months(start_s: float, months: int) -> float:
    try:
        whole_s = math.floor(start_s)
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=whole_s)
        year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
        day = min(moment.day, monthrange(year, month + 1)[1])
        return moment.replace(year=year, month=month + 1, day=day).timestamp() + (start_s - whole_s)
    except (ValueError, OverflowError):
        return math.inf if months > 0 else -math.inf
