"""The string formats of OpenADR 3.1.0, as openadr3.yaml has them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

OBJECT_ID = r"^[a-zA-Z0-9_-]{1,128}\Z"
DURATION = (
    r"^(-?)P(?=[0-9]|T[0-9])(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)([DW]))?"
    r"(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+(?:\.[0-9]+)?)S)?)?\Z"
)
URI = r"^[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*\Z"

_DATE_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60)(?:\.[0-9]+)?"
    r"(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))\Z"
)
_NOW = re.compile(r"0001-01-01(?:[Tt]00:00:00(?:\.0+)?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?)?\Z")
_DURATION = re.compile(DURATION)
_FIRST_S, _END_S = -62_135_596_800, 253_402_300_800  # the years 1 to 9999 of UTC, which `datetime` has


def is_now(text: str) -> bool:
    """The sentinel that stands for "now" (intervalPeriod), with any zone or none."""
    return _NOW.match(text) is not None


def check_date_time(text: str) -> None:
    """RFC 3339 with a zone and within the years 1 to 9999 of UTC, or the sentinel; raises `ValueError`."""
    if is_now(text):
        return
    match = _DATE_TIME.match(text)
    if match is None:
        raise ValueError("Expected an RFC 3339 date-time with a zone")
    date.fromisoformat(match[1])
    if not is_expressible(epoch_s(text)):
        raise ValueError(f"start {text[:40]!r} is beyond the years 1 to 9999 of UTC")


def is_expressible(at_s: float) -> bool:
    """Whether `date_time` can say it."""
    return _FIRST_S <= at_s < _END_S


def epoch_s(text: str) -> float:
    """Seconds since the epoch of a date-time that `check_date_time` lets pass and that is not the sentinel."""
    match = _DATE_TIME.match(text)
    assert match is not None
    day, hour, minute, second, sign, zone_hours, zone_minutes = match.groups()
    zone_s = (int(zone_hours or 0) * 60 + int(zone_minutes or 0)) * (-60 if sign == "-" else 60)
    days = date.fromisoformat(day).toordinal() - date(1970, 1, 1).toordinal()
    return float(days * 86400 + int(hour) * 3600 + int(minute) * 60 + int(second) - zone_s)


def date_time(at_s: float) -> str:
    """RFC 3339 in UTC, to the microsecond."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at_s)).isoformat(timespec="microseconds")[:26] + "Z"


def add_duration(at_s: float, text: str) -> float | None:
    """The time that lies `text` after `at_s`; None where that is beyond the calendar, which means never."""
    match = _DURATION.match(text)
    assert match is not None
    sign, years, months, number, unit, hours, minutes, seconds = match.groups()
    factor = -1 if sign else 1
    try:
        days = int(number or 0) * (7 if unit == "W" else 1)
        clock_s = int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds or 0)
        moved = _add_months(
            datetime.fromtimestamp(at_s, UTC), factor * (int(years or 0) * 12 + int(months or 0))
        ) + factor * timedelta(days=days, seconds=clock_s)
    except (OverflowError, ValueError, OSError):
        return None
    moved_s = moved.timestamp()
    return moved_s if is_expressible(moved_s) else None  # a float may round up to the year 10000


def _add_months(at: datetime, months: int) -> datetime:
    """The same day of another month, or its last day where it is shorter."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last_day = (following - timedelta(days=1)).day
    return at.replace(year=year, month=month + 1, day=min(at.day, last_day))
