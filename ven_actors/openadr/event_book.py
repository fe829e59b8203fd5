"""What a VEN knows of its VTN's events, from crawl to crawl and from run to run."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from ven_actors.errors import DataError
from ven_actors.kept import Kept, KeptBook
from ven_actors.model import ReportDescriptor, ReportRequest
from ven_actors.openadr.alike import ALIKE
from ven_actors.openadr.events import Event, Program
from ven_actors.openadr.interval_plans import Setting, placed_of, plan_of
from ven_actors.openadr.signals import Contender, SignalPlan
from ven_actors.openadr.timelines import Timeline
from ven_actors.signals import Signal

T = TypeVar("T")

LIMITS = frozenset({"IMPORT_CAPACITY_LIMIT", "EXPORT_CAPACITY_LIMIT"})
_NO_RESTRICTION = ReportDescriptor("")


@dataclass(frozen=True, slots=True)
class Changes:
    """Ids of events, sorted. A bump of modificationDateTime alone is no change (R17)."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]


class Entry(msgspec.Struct, frozen=True, gc=False):
    """An event, when it was first seen, and what "now" means for its present content (R22)."""

    event: Event
    first_seen_s: float
    anchor_s: float


_event = msgspec.msgpack.Decoder(Event)
_program = msgspec.msgpack.Decoder(Program)


class EventBook:
    """Pure: knows no clock and no network; `kept` and `restored` keep it over a restart.

    `programs` None means that none have been read yet. Events and programs that other VENs know too are not the book's
    own: they never change.
    """

    def __init__(
        self, entries: Mapping[str, Entry] | None = None, programs: Mapping[str, Program] | None = None
    ) -> None:
        self._entries = dict(entries or {})
        self._programs = None if programs is None else dict(programs)
        self._heard = False
        self._saved = True
        self._taken: _Taken | None = None
        self._plan: tuple[str, tuple[str, ...], SignalPlan] | None = None

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def events(self) -> tuple[Event, ...]:
        return tuple(entry.event for _, entry in sorted(self._entries.items()))

    @property
    def event_ids(self) -> frozenset[str]:
        return frozenset(self._entries)

    @property
    def program_of(self) -> dict[str, str]:
        """The id of each event's program, by the event's id."""
        return {event_id: entry.event.program_id for event_id, entry in self._entries.items()}

    def update(
        self,
        events: Iterable[Event],
        as_of_s: float,
        complete: bool = True,
        unreadable_ids: Collection[str] = (),
        programs: Iterable[Program] | None = None,
    ) -> Changes:
        """Take in a crawl that began at `as_of_s`.

        Events are concluded to be gone only from a `complete` crawl; those of `unreadable_ids` are there, but could
        not be read, and stay as they were. `programs` are all that the VEN can read; None leaves them as they were.
        """
        taken = _Taken(events, complete, frozenset(unreadable_ids), programs)
        if self._taken is not None and self._taken.is_same(taken):
            return Changes((), (), ())
        self._taken = taken
        known = self._programs if programs is None else {program.program_id: program for program in programs}
        if not self._heard or known != self._programs:
            self._saved = self._saved and known == self._programs
            self._heard, self._programs, self._plan = True, known, None
        read = {event.event_id: event for event in events}
        new, changed = [], []
        for event_id, event in sorted(read.items()):
            old = self._entries.get(event_id)
            if old is not None and old.event is event:
                continue
            anchor_s = as_of_s if event.stamped_s is None else event.stamped_s
            if old is None:
                self._saved = False
                new.append(event_id)
                self._entries[event_id] = Entry(event.dated(anchor_s), as_of_s, anchor_s)
            elif old.event.same_content(same := event.dated(old.anchor_s)):
                if old.event == same:
                    self._plan = None  # it was restored; from here on other VENs have this object too
                else:
                    self._saved = False
                self._entries[event_id] = msgspec.structs.replace(old, event=same)
            else:
                self._saved = False
                changed.append(event_id)
                self._entries[event_id] = Entry(event.dated(anchor_s), old.first_seen_s, anchor_s)
        gone = sorted(self._entries.keys() - read.keys() - set(unreadable_ids)) if complete else []
        for event_id in gone:
            self._saved = False
            del self._entries[event_id]
        if new or changed or gone:
            self._plan = None
        return Changes(tuple(new), tuple(changed), tuple(gone))

    def none_stays(self, events: Iterable[Event], unreadable_ids: Collection[str] = ()) -> bool:
        """Whether no event of the book is unchanged in a crawl that shows these; False for an empty book.

        What cannot be read may be as it was.
        """
        read = {event.event_id: event for event in events}
        if not self._entries or not self._entries.keys().isdisjoint(unreadable_ids):
            return False
        kept = ((entry, read.get(event_id)) for event_id, entry in self._entries.items())
        return not any(event and entry.event.same_content(event.dated(entry.anchor_s)) for entry, event in kept)

    def report_requests(
        self, ven_name: str, resource_names: Collection[str], interval_s: int
    ) -> tuple[ReportRequest, ...]:
        """Every report descriptor of every event, as it concerns this VEN, in order of event id.

        `interval_s` is the VEN's own metering interval. Cancelled events and descriptors that concern none of
        `resource_names` ask for nothing.
        """
        requests: list[ReportRequest] = []
        for event_id, entry in sorted(self._entries.items()):
            setting = Setting(ven_name, interval_s, entry.anchor_s, entry.first_seen_s)
            plan = plan_of(entry.event, setting) if entry.event.report_descriptors else None
            if plan is None:
                continue
            for request_id, descriptor in _identified(entry.event):
                rows = _concerned(entry.event, descriptor, ven_name, resource_names)
                if rows is None or rows:
                    program_id = entry.event.program_id
                    requests.append(ReportRequest(request_id, event_id, program_id, descriptor, plan, rows))
        return tuple(requests)

    def signal_plan(self, ven_name: str, resource_names: Collection[str]) -> SignalPlan:
        """The signals of all events of programs that the VEN can read, or of none (R12); made anew after a change.

        A book that comes from its bytes knows no capacity limits before its first `update`: a device that was
        without power must not trust those it had (R42).
        """
        asked = ven_name, tuple(resource_names)
        if self._plan is None or self._plan[:2] != asked:
            self._plan = *asked, self._signal_plan(*asked)
        return self._plan[2]

    def _signal_plan(self, ven_name: str, resource_names: tuple[str, ...]) -> SignalPlan:
        contenders = []
        for entry in self._entries.values():
            program = None if self._programs is None else self._programs.get(entry.event.program_id)
            if program is None and self._programs is not None and entry.event.program_id:
                continue
            rows = _concerned(entry.event, _NO_RESTRICTION, ven_name, resource_names)
            contender = _contender(entry, ven_name, rows, program)
            if contender is not None:
                contenders.append(contender)
        return SignalPlan(contenders, resource_names, void=() if self._heard else LIMITS)

    def signals_at(self, ven_name: str, resource_names: Collection[str], instant_s: float) -> tuple[Signal, ...]:
        """The signals in force at `instant_s`; whoever asks often keeps the `signal_plan`."""
        return self.signal_plan(ven_name, resource_names).signals_at(instant_s)

    def notices(self) -> tuple[str, ...]:
        """What the VTN says in a way that had to be guessed at, in words."""
        naive = (event_id for event_id, entry in sorted(self._entries.items()) if entry.event.naive_times)
        return tuple(f"event {event_id!r} has times without a zone; they are taken as UTC" for event_id in naive)

    def kept(self) -> KeptBook:
        programs = None if self._programs is None else tuple(self._programs.values())
        return KeptBook(tuple(self._entries.values()), programs)

    def unsaved(self) -> KeptBook | None:
        """The book to be kept; None if it is as it was when this was last asked, or when it was restored."""
        if self._saved:
            return None
        self._saved = True
        return self.kept()

    @classmethod
    def restored(cls, kept: KeptBook) -> EventBook:
        """Raises `DataError` for anything that `kept` did not give."""
        try:
            programs = None if kept.programs is None else [_unpacked(_program, each) for each in kept.programs]
            entries = [Entry(_unpacked(_event, each.event), each.first_seen_s, each.anchor_s) for each in kept.events]
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise DataError(f"the stored event book cannot be read ({error}); it is read anew from the VTN") from None
        by_id = None if programs is None else {program.program_id: program for program in programs}
        return cls({entry.event.event_id: entry for entry in entries}, by_id)


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a book was updated with, so that the same again costs nothing."""

    events: Iterable[Event]
    complete: bool
    unreadable_ids: frozenset[str]
    programs: Iterable[Program] | None

    def is_same(self, other: _Taken) -> bool:
        lists = self.events is other.events and self.programs is other.programs and isinstance(self.events, tuple)
        return lists and (self.complete, self.unreadable_ids) == (other.complete, other.unreadable_ids)


def _unpacked(decoder: msgspec.msgpack.Decoder[T], kept: Kept) -> T:
    """One object for all the books that have it."""
    return ALIKE.one((decoder.type, kept.digest), lambda: decoder.decode(kept.packed()))


def _contender(entry: Entry, ven_name: str, rows: tuple[str, ...] | None, program: Program | None) -> Contender | None:
    """One for all VENs to which the event means the same; None where it lists no time at which it holds."""
    event, anchor_s = entry.event, entry.anchor_s

    def made() -> Contender | None:
        # Only reports have to fit the VEN's own intervals; signals are exact to the second.
        placed = placed_of(event, Setting(ven_name, 1, anchor_s, entry.first_seen_s))
        return None if placed is None else Contender(event, anchor_s, Timeline(placed), rows, program)

    if event.is_random:
        return made()
    return ALIKE.one((Contender, id(event), anchor_s, rows, id(program)), made)


def _identified(event: Event) -> list[tuple[str, ReportDescriptor]]:
    """Each descriptor with an id made of what it says; equal ones are numbered."""
    times: Counter[str] = Counter()
    identified = []
    for descriptor in event.report_descriptors:
        digest = hashlib.sha256(msgspec.json.encode(descriptor)).hexdigest()[:12]
        identified.append((f"{event.event_id}.{digest}.{times[digest]}", descriptor))
        times[digest] += 1
    return identified


def _concerned(
    event: Event, descriptor: ReportDescriptor, ven_name: str, resource_names: Collection[str]
) -> tuple[str, ...] | None:
    """Names of the resources that a descriptor is about, in their own order; None means all (R15).

    A target that is the VEN's name means all. The VTN shows of an event's targets only those granted to us, so a
    group's name there, or in a descriptor when the event bears it too, means all as well. A descriptor's target
    that is none of these is somebody else's.
    """
    if not descriptor.targets and not event.targets:
        return None
    ours = set(resource_names)
    asked = set(descriptor.targets)
    if asked:
        everybody = {ven_name} | (set(event.targets) - ours)
    else:
        asked = set(event.targets)
        everybody = asked - ours
    if not asked or asked & everybody:
        return None
    return tuple(name for name in resource_names if name in asked)
