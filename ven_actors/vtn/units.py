"""Option values with units: durations as `15s`, `5m`, `1h` or ISO 8601, sizes as `8MiB`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    _IntegerType = click.ParamType[int]
else:  # older releases of click cannot be subscripted
    _IntegerType = click.ParamType

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_BYTES = {"": 1, "b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": 1024, "mib": 1024**2, "gib": 1024**3}
_SHORT = re.compile(r"([0-9]{1,9})(s|m|h|d)?\Z")
_ISO = re.compile(
    r"P(?:([0-9]{1,6})D)?(?:T(?=[0-9])(?:([0-9]{1,6})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,9})S)?)?\Z", re.IGNORECASE
)
_SIZE = re.compile(r"([0-9]{1,15})\s*([a-z]*)\Z")


class Seconds(_IntegerType):
    """Whole seconds, at least 1."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        seconds = value if isinstance(value, int) else seconds_of(str(value).strip())
        if not seconds:
            self.fail(f"{value!r} is not a valid duration of at least 1 s; write 15s, 5m, 1h or PT15S", param, ctx)
        return seconds


class Bytes(_IntegerType):
    """A size in bytes, at least 1."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = _SIZE.match(str(value).strip().lower())
        factor = _BYTES.get(match[2]) if match else None
        if match is None or factor is None or int(match[1]) == 0:
            self.fail(f"{value!r} is not a valid size; write a number of bytes, or 512KiB, 8MiB, 1GiB", param, ctx)
        return int(match[1]) * factor


def seconds_of(text: str) -> int:
    """Whole seconds of a duration as above; 0 for what is none."""
    if short := _SHORT.match(text.lower()):
        return int(short[1]) * _SECONDS[short[2] or ""]
    if iso := _ISO.match(text):
        days, hours, minutes, seconds = (int(part or 0) for part in iso.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return 0
