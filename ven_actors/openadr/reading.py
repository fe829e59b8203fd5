"""How strictly a VTN's objects are read: what deviates is put right or left out, or it costs the whole object."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from ven_actors.errors import VtnNonsense
from ven_actors.openadr.decoding import decode
from ven_actors.openadr.salvage import salvaged
from ven_actors.openadr.strictness import deviation_of
from ven_actors.openadr.wire import WireOfProgram, WireTargeted

T = TypeVar("T")

_MOST_REPAIRS = 50
_PLACE = re.compile(r" - at `\$(?P<path>[^`]*)`")
# What an object can do without. A target would be another matter (the event would be everybody's), and so would an
# interval (those after it would move).
_CAN_DO_WITHOUT = re.compile(
    r"^(?:.*?\.(?:payloads|reportDescriptors|payloadDescriptors)(?:\[\d+\])?|\.intervals\[\d+\]\.id"
    r"|\.(?:priority|eventName|programName|createdDateTime|modificationDateTime|attributes))(?![\w])"
)
_STEP = re.compile(r"\.(?P<name>\w+)|\[(?P<index>\d+)\]")


class Reader:
    """Reads the objects of one crawl; `notices` has one line for each part that was left out.

    `strict` refuses every object that deviates from the file of the standard, and says where.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self.strict = strict
        self.notices: list[str] = []

    def read(self, raw: bytes | msgspec.Raw, shape: type[T], what: str, strict_shape: type | None = None) -> T:
        """`raw` as `shape`. Raises `VtnNonsense` where nothing can be made of it, or for any deviation if strict."""
        if self.strict and strict_shape is not None:
            deviation = deviation_of(raw, strict_shape)
            if deviation:
                raise VtnNonsense(f"{what} is refused, as parsing is strict: {deviation}")
        try:
            return decode(raw, shape, what)
        except VtnNonsense:
            if self.strict:
                raise
            return self._repaired(raw, shape, what)

    def read_own(
        self, raw: bytes | msgspec.Raw, shape: type[T], what: str, strict_shape: type
    ) -> tuple[T, tuple[str, ...]]:
        """An object of our own as `shape`, and one line for each part that was left out, as it could not be read.

        Raises `VtnNonsense` where `shape` cannot do without what is missing, or for any deviation if strict.
        """
        if self.strict:
            return self.read(raw, shape, what, strict_shape), ()
        return salvaged(raw, shape, f"a {what}")

    def _repaired(self, raw: bytes | msgspec.Raw, shape: type[T], what: str) -> T:
        """Leave out, one by one, the parts that cannot be read, as long as there is an object of this shape."""
        value = decode(raw, dict[str, Any], what)
        for _ in range(_MOST_REPAIRS):
            try:
                read = decode(msgspec.json.encode(value), shape, what)
            except VtnNonsense as error:
                if not _leave_out(value, str(error)):
                    raise
                self.notices.append(f"{what} {value.get('id')!r} is read without a part: {_words(error)}")
            else:
                return read
        raise VtnNonsense(f"{what} {value.get('id')!r} has more than {_MOST_REPAIRS} parts that cannot be read")


def targets_borne(raw: bytes | msgspec.Raw, shape: type[WireTargeted[T]]) -> list[T]:
    """The targets of an object that may be broken otherwise."""
    try:
        return decode(raw, shape, "an object").targets or []
    except VtnNonsense:
        return []


def programs_named_in(raw_events: Iterable[bytes]) -> set[str]:
    """Ids of the programs that these events say they belong to."""
    found = set()
    for raw in raw_events:
        with contextlib.suppress(VtnNonsense):
            found.add(decode(raw, WireOfProgram, "an event").program_id)
    return found


def _words(error: VtnNonsense) -> str:
    return str(error).partition("; it begins")[0].partition("cannot be read: ")[2]


def _leave_out(value: dict[str, Any], words: str) -> bool:
    """Take out the part that `words` name; False where they name none that an object can do without."""
    place = _PLACE.search(words)
    part = _CAN_DO_WITHOUT.match(place["path"]) if place else None
    if part is None:
        return False
    *way, last = [step["name"] or int(step["index"]) for step in _STEP.finditer(part[0])]
    container: Any = value
    for step in way:
        container = container[step]
    del container[last]
    return True
