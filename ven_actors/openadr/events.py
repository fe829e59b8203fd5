"""What a VTN says, free of the dialect it says it in: programs and events with times as numbers."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import msgspec

from ven_actors.errors import VtnNonsense
from ven_actors.kept import digest_of
from ven_actors.model import Enrolment, ReportDescriptor
from ven_actors.openadr.durations import NOW, Duration, parse_start

_DAY_S = 86_400.0


class Period(msgspec.Struct, frozen=True):
    """An `intervalPeriod`. `start_s` is `durations.NOW` for the sentinel; None means absent, everywhere.

    `no_date` says that the VTN gave a time without a date: `start_s` is of the first day there was.
    """

    start_s: float | None = None
    duration: Duration | None = None
    randomize: Duration | None = None
    no_date: bool = False


class Payload(msgspec.Struct, frozen=True):
    """A `valuesMap`: values are numbers, strings, booleans or points (dicts), in the VTN's order."""

    type: str
    values: tuple[Any, ...]


class Interval(msgspec.Struct, frozen=True):
    interval_id: int
    period: Period | None
    payloads: tuple[Payload, ...]


class PayloadDescriptor(msgspec.Struct, frozen=True):
    payload_type: str
    units: str | None = None
    currency: str | None = None


class Kept(msgspec.Struct, frozen=True, weakref=True, dict=True):
    """Kept once however many VENs know it, with what is derived from it alone."""

    @cached_property
    def digest(self) -> bytes:
        return digest_of(self.packed())

    def packed(self) -> bytes:
        return msgspec.msgpack.encode(self)


class Program(Kept, frozen=True):
    """`said` is what the VTN says of it, as JSON, in dialects of which too little is known to leave a part out."""

    program_id: str
    name: str
    targets: tuple[str, ...] = ()
    payload_descriptors: tuple[PayloadDescriptor, ...] = ()
    said: str = ""


class Event(Kept, frozen=True):
    """One event. `intervals` None means the property was absent (the VEN's own, or implied ones, R29).

    `created` and `modified` are the VTN's words; `extra` keeps the JSON of properties we do not know.
    `naive_times` says that some time bore no zone and was taken as UTC.
    """

    event_id: str
    program_id: str
    name: str = ""
    priority: int | None = None
    targets: tuple[str, ...] = ()
    period: Period | None = None
    duration: Duration | None = None
    intervals: tuple[Interval, ...] | None = None
    report_descriptors: tuple[ReportDescriptor, ...] = ()
    payload_descriptors: tuple[PayloadDescriptor, ...] = ()
    created: str = ""
    modified: str = ""
    naive_times: bool = False
    extra: dict[str, bytes] = {}

    def same_content(self, other: Event) -> bool:
        """Whether the two differ in nothing but metadata and what we do not know (R17)."""
        return self is other or _content(self) == _content(other)

    @cached_property
    def stamped_s(self) -> float | None:
        """The VTN's time of this version, or else of the event; None if it says neither."""
        for text in (self.modified, self.created):
            try:
                instant_s = parse_start(text)
            except VtnNonsense:
                continue
            if instant_s != NOW:
                return instant_s
        return None

    def dated(self, day_of_s: float) -> Event:
        """The same event, its times without a date being of the UTC day of `day_of_s`."""
        if not any(period.no_date for period in self._periods()):
            return self
        day_s = day_of_s // _DAY_S * _DAY_S
        intervals = self.intervals and tuple(
            msgspec.structs.replace(interval, period=_dated(interval.period, day_s)) for interval in self.intervals
        )
        return msgspec.structs.replace(self, period=_dated(self.period, day_s), intervals=intervals)

    @cached_property
    def is_random(self) -> bool:
        """Whether its times are drawn for each VEN by itself."""
        return any(period.randomize is not None for period in self._periods())

    def _periods(self) -> list[Period]:
        periods = [self.period, *(interval.period for interval in self.intervals or ())]
        return [period for period in periods if period is not None]


def _dated(period: Period | None, day_s: float) -> Period | None:
    if period is None or period.start_s is None or not period.no_date:
        return period
    return msgspec.structs.replace(period, start_s=period.start_s + day_s, no_date=False)


def _content(event: Event) -> Event:
    return msgspec.structs.replace(event, created="", modified="", extra={})


class Crawl(msgspec.Struct, frozen=True):
    """One complete reading of a VTN's programs and events.

    `problems` has one line per object that was skipped as unreadable. `unreadable_ids` are the ids of such events:
    they exist, so they must not be taken for gone; `complete` is False when one had not even an id.
    `unmet` has one line for each wish of the user that the VTN does not meet, the same for all VENs.
    `unregistered` says why the VEN, or resources of it, could not be registered, where the VTN has none for us.
    `enrolment` is what is known of the VEN's registration by now, where reading tells more of it. `reported` names the
    resources whose every reading is wanted, where the dialect has no report descriptors that would say so.
    """

    programs: tuple[Program, ...]
    events: tuple[Event, ...]
    problems: tuple[str, ...] = ()
    unreadable_ids: frozenset[str] = frozenset()
    complete: bool = True
    enrolment: Enrolment | None = None
    reported: tuple[str, ...] | None = None
    unregistered: str = ""
    unmet: tuple[str, ...] = ()

    @property
    def program_ids(self) -> tuple[str, ...]:
        return tuple(sorted(program.program_id for program in self.programs))
