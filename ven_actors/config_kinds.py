"""How a configuration value is read: one `Kind` per sort of value.

A kind reads what TOML gives (numbers, strings, lists, booleans) as well as the plain text of flags and the
environment; what it refuses raises ValueError with words that follow the key's name and say what to write instead.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Generic, Literal, TypeVar

from cronsim import CronSim, CronSimError

from ven_actors.durations import DURATION_HOW, SIZE_HOW, duration_s, duration_text, size_bytes, size_text

T = TypeVar("T")
_CRON_CHECK_FROM = datetime(2026, 1, 1, tzinfo=UTC)
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}
_LONGEST_SHOWN = 60
_LONGEST_NAME = 128
_LEAST_RATE = 0.001


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """`metavar` is what help shows for a value; `is_switch` makes the flag a `--x/--no-x` pair."""

    metavar: str
    read: Callable[[object], T]
    is_switch: bool = False


def shown(value: object) -> str:
    """A value as it stands in an error: bounded, and without control characters."""
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _as_text(value: object, how: str) -> str:
    if isinstance(value, str):
        return value.strip()
    raise ValueError(f"{shown(value)} is not text; {how}")


def switch() -> Kind[bool]:
    def read(value: object) -> bool:
        if isinstance(value, bool):
            return value
        word = value.strip().lower() if isinstance(value, str) else ""
        if word in _TRUE | _FALSE:
            return word in _TRUE
        raise ValueError(f"{shown(value)} is neither true nor false")

    return Kind("true|false", read, is_switch=True)


def integer(low: int, high: int) -> Kind[int]:
    def read(value: object) -> int:
        number = value
        if isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,30}", value.strip(), re.ASCII):
            number = int(value)
        if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
            raise ValueError(f"must be a whole number from {low} to {high}, not {shown(value)}")
        return number

    return Kind("N", read)


def number(low: float, high: float) -> Kind[float]:
    def read(value: object) -> float:
        try:
            result = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
        except (ValueError, OverflowError):
            result = math.nan
        if not low <= result <= high:
            raise ValueError(f"must be a number from {low:g} to {high:g}, not {shown(value)}")
        return result

    return Kind("X", read)


def positive_or_unlimited(high: float) -> Kind[float | None]:
    """A rate from 0.001 on; 0 means that there is no limit."""

    def read(value: object) -> float | None:
        rate = number(0, high).read(value)
        if 0 < rate < _LEAST_RATE:
            raise ValueError(f"must be at least {_LEAST_RATE}, or 0 for no limit, not {shown(value)}")
        return rate or None

    return Kind("R", read)


def duration(low_s: float, high_s: float) -> Kind[float]:
    def read(value: object) -> float:
        seconds = duration_s(_as_text(value, DURATION_HOW))
        if not low_s <= seconds <= high_s:
            raise ValueError(f"must be from {duration_text(low_s)} to {duration_text(high_s)}, not {shown(value)}")
        return seconds

    return Kind("DURATION", read)


def whole_seconds(low_s: int, high_s: int) -> Kind[int]:
    bounded = duration(low_s, high_s)

    def read(value: object) -> int:
        seconds = bounded.read(value)
        if seconds != int(seconds):
            raise ValueError(f"must be whole seconds, not {shown(value)}")
        return int(seconds)

    return Kind("DURATION", read)


def size(low: int, high: int) -> Kind[int]:
    limits = f"from {size_text(low)} to {size_text(high)}"

    def read(value: object) -> int:
        try:
            count = size_bytes(_as_text(value, SIZE_HOW))
        except ValueError as error:
            raise ValueError(f"{error}, {limits}") from None
        if not low <= count <= high:
            raise ValueError(f"must be {limits}, not {shown(value)}, which is {count} B; {SIZE_HOW}")
        return count

    return Kind("SIZE", read)


def choice(*words: str) -> Kind[str]:
    def read(value: object) -> str:
        word = value.strip().lower() if isinstance(value, str) else ""
        if word not in words:
            raise ValueError(f"must be one of {', '.join(words)}, not {shown(value)}")
        return word

    return Kind("|".join(words), read)


def some_of(*words: str) -> Kind[tuple[str, ...]]:
    """Any of these words, in the order given here: a list, or text with commas."""

    def read(value: object) -> tuple[str, ...]:
        if isinstance(value, str):
            value = [part for part in value.split(",") if part.strip()]
        given = [str(word).strip().lower() for word in value] if isinstance(value, list | tuple) else [shown(value)]
        unknown = [word for word in given if word not in words]
        if unknown:
            raise ValueError(f"must be some of {', '.join(words)}, not {shown(unknown[0])}")
        return tuple(word for word in words if word in given)

    return Kind(",".join(words), read)


def push_ways() -> Kind[tuple[str, ...]]:
    """`webhook` and `mqtt`, one or both; or `auto` or `none` alone; `none` gives an empty tuple."""
    kind = some_of("auto", "none", "webhook", "mqtt")

    def read(value: object) -> tuple[str, ...]:
        ways = kind.read(value)
        if len(ways) > 1 and ways[0] in {"auto", "none"}:
            raise ValueError(f"{ways[0]} cannot be combined with others; write {ways[0]} or {','.join(ways[1:])}")
        return () if ways == ("none",) else ways

    return Kind(kind.metavar, read)


def text(metavar: str) -> Kind[str]:
    return Kind(metavar, lambda value: _as_text(value, "write it in quotes"))


def lower_text(metavar: str) -> Kind[str]:
    """A name whose case does not count."""

    def read(value: object) -> str:
        word = _as_text(value, "write it in quotes").lower()
        if not word:
            raise ValueError("must not be empty")
        return word

    return Kind(metavar, read)


def path(metavar: str) -> Kind[Path]:
    def read(value: object) -> Path:
        written = _as_text(value, "write the path in quotes")
        if not written or "\0" in written:
            raise ValueError(f"{shown(value)} is no path")
        try:
            return Path(written).expanduser()
        except RuntimeError:
            raise ValueError(f"{shown(value)} begins with a user who is not known here") from None

    return Kind(metavar, read)


def optional(kind: Kind[T]) -> Kind[T | None]:
    """The same, where empty text means "not set"."""

    def read(value: object) -> T | None:
        return None if isinstance(value, str) and not value.strip() else kind.read(value)

    return Kind(kind.metavar, read)


def names(what: str = "VEN name", *, slashes: bool = False) -> Kind[tuple[str, ...]]:
    """Names: a list, or text with commas; each once, 1 to 128 printable characters, without slashes unless allowed."""
    rule = f"1 to {_LONGEST_NAME} printable characters" + ("" if slashes else ", no slash")

    def is_good(name: str) -> bool:
        return 0 < len(name) <= _LONGEST_NAME and name.isprintable() and (slashes or "/" not in name)

    def read(value: object) -> tuple[str, ...]:
        if isinstance(value, str):
            value = [part for part in value.split(",") if part.strip()]
        if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
            raise ValueError(f"must be a list of names, not {shown(value)}")
        stripped = [str(name).strip() for name in value]
        bad = [name for name in stripped if not is_good(name)]
        if bad:
            raise ValueError(f"{shown(bad[0])} is not a valid {what} ({rule})")
        twice = [name for name, times in Counter(stripped).items() if times > 1]
        if twice:
            raise ValueError(f"names {', '.join(map(shown, twice[:3]))} more than once")
        return tuple(stripped)

    return Kind("A,B", read)


def labels() -> Kind[tuple[str, ...]]:
    """The same of programs, whose names may have slashes."""
    return names("program name", slashes=True)


def all_or_count(high: int) -> Kind[int | Literal["all"]]:
    def read(value: object) -> int | Literal["all"]:
        if isinstance(value, str) and value.strip().lower() == "all":
            return "all"
        try:
            return integer(0, high).read(value)
        except ValueError as error:
            raise ValueError(f"{error}; or write all") from None

    return Kind("N|all", read)


def interval_or_cron() -> Kind[float | str]:
    """A job's cadence: seconds between runs, or the cron line (five fields, UTC) as it was written."""

    def read(value: object) -> float | str:
        how = "write an interval like 5m or a cron line like '0 3 * * *'"
        line = _as_text(value, how)
        if len(line.split()) == 1:
            return duration(1, 366 * 86400).read(line)
        try:
            CronSim(line, _CRON_CHECK_FROM)
        except CronSimError as error:
            raise ValueError(f"{shown(value)} is no cron line ({error}); {how}") from None
        return line

    return Kind("DURATION|CRON", read)
