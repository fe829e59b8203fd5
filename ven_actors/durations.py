"""Durations and sizes as people write them: `15s`, `1h30m`, `PT15M`; `64 KiB`, `1GiB`. All functions are pure."""

from __future__ import annotations

import re
from datetime import timedelta

import isodate

_UNIT_S = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_SHORT = re.compile(
    r"(?:(?P<d>\d+(?:\.\d+)?)d)?(?:(?P<h>\d+(?:\.\d+)?)h)?(?:(?P<m>\d+(?:\.\d+)?)m(?!s))?"
    r"(?:(?P<s>\d+(?:\.\d+)?)s)?(?:(?P<ms>\d+(?:\.\d+)?)ms)?",
    re.ASCII,
)
_UNIT_BYTES = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12} | {
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-zA-Z]+)", re.ASCII)
_LONGEST_TEXT = 40
DURATION_HOW = "write it like 15s, 5m, 1h30m or PT15M"
SIZE_HOW = "write it like 64KiB, 500MB or 1GiB (B, kB, MB, GB, TB by 1000, KiB, MiB, GiB, TiB by 1024)"


def duration_s(text: str) -> float:
    """Seconds of `15s`, `1h30m`, `200ms` or an ISO 8601 duration without years and months.

    Raises ValueError, whose words say what to write, on anything else: a number without unit, too, is refused.
    """
    stripped = text.strip()
    shown = repr(stripped[:_LONGEST_TEXT])
    if len(stripped) > _LONGEST_TEXT:
        raise ValueError(f"{shown}... is not a valid duration; {DURATION_HOW}")
    if stripped[:1] in "Pp+-" and stripped:
        return _iso_duration_s(stripped, shown)
    match = _SHORT.fullmatch(stripped.lower())
    if match is None or not stripped:
        raise ValueError(f"{shown} is not a valid duration; {DURATION_HOW}")
    return sum(float(number) * _UNIT_S[unit] for unit, number in match.groupdict().items() if number is not None)


def _iso_duration_s(text: str, shown: str) -> float:
    try:
        duration = isodate.parse_duration(text.upper())
    except (ValueError, OverflowError):
        duration = None
    # isodate reads PT and P1DT, which the standard does not allow
    if duration is None or text[-1] in "Tt":
        raise ValueError(f"{shown} is not a valid duration; {DURATION_HOW}")
    if isinstance(duration, timedelta) and duration >= timedelta(0):
        return duration.total_seconds()
    raise ValueError(f"{shown} is negative, or has years or months, whose length varies; {DURATION_HOW}")


def duration_text(seconds: float) -> str:
    """The shortest text that `duration_s` reads as `seconds`: 90 is `1m30s`, 0.2 is `0.2s`."""
    whole, fraction = divmod(round(seconds * 1000), 1000)
    parts = []
    for unit in ("d", "h", "m"):
        count, whole = divmod(whole, int(_UNIT_S[unit]))
        parts += [f"{count}{unit}"] if count else []
    if fraction or whole or not parts:
        parts.append(f"{whole + fraction / 1000:g}s")
    return "".join(parts)


def size_bytes(text: str) -> int:
    """Bytes of `1GiB` (powers of 1024) or `1GB` (powers of 1000); ValueError says what to write."""
    stripped = text.strip()
    match = _SIZE.fullmatch(stripped) if len(stripped) <= _LONGEST_TEXT else None
    factor = _UNIT_BYTES.get(match[2].lower()) if match else None
    if match is None or factor is None:
        raise ValueError(f"{stripped[:_LONGEST_TEXT]!r} is not a valid size; {SIZE_HOW}")
    return round(float(match[1]) * factor)


def size_text(size: int) -> str:
    """The shortest text that `size_bytes` reads as `size`."""
    for unit in ("TiB", "GiB", "MiB", "KiB"):
        count, rest = divmod(size, _UNIT_BYTES[unit.lower()])
        if count and not rest:
            return f"{count}{unit}"
    return f"{size}B"
