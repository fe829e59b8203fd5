"""What a VEN and its VTN say to each other, and in which order: the flow that all versions of the standard share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import msgspec

from ven_actors.errors import VtnNonsense
from ven_actors.model import Enrolment, Resource
from ven_actors.openadr.api import Api
from ven_actors.openadr.chosen_programs import Chosen, ChosenPrograms
from ven_actors.openadr.dialect import ReadEvent, StandardDialect
from ven_actors.openadr.enrolment import Enroller
from ven_actors.openadr.events import Crawl, Event, Program
from ven_actors.openadr.exchange import Answer
from ven_actors.openadr.listings import EventLister, Listing, ProgramLister, shared
from ven_actors.openadr.reading import Reader
from ven_actors.openadr.report_lookup import FindResult, ReportLookup
from ven_actors.openadr.salvage import said
from ven_actors.openadr.targeting import Own

_CRAWLS_BETWEEN = 10


class Conversation(Protocol):
    """One VEN's side of one dialect. Its methods mean what `VtnClient`'s of the same names do."""

    def enrol(self, ven_name: str, resources: Sequence[Resource], known: Enrolment | None) -> Enrolment: ...
    def is_registered(self) -> bool: ...
    def crawl(self, known_event_ids: Collection[str]) -> Crawl: ...
    def post_report(self, body: bytes) -> Answer: ...
    def find_report(self, event_id: str, name: str, known_reports: int) -> FindResult: ...
    def event_exists(self, event_id: str) -> bool: ...


class StandardConversation:
    """OpenADR 3 as 3.0.1 and 3.1 have it; the dialect says where they differ.

    `targets` are sent as further queries when events and programs are read (R13). `own` is what the VEN can be
    targeted by, as far as that is known before `enrol` reads it. `programs` are names or patterns of those that it
    takes part in; none are all.
    """

    def __init__(
        self,
        api: Api,
        dialect: StandardDialect,
        ven_name: str,
        targets: Sequence[str] = (),
        own: Own | None = None,
        *,
        strict: bool = False,
        programs: Sequence[str] = (),
    ) -> None:
        self._api = api
        self._dialect = dialect
        self._ven_name = ven_name
        self._strict = strict
        self._own = replace(own or Own(ven_name), configured=tuple(targets))
        self._enrolment: Enrolment | None = None
        self._odd: tuple[str, ...] = ()
        self._unregistered = ""
        self._puzzles: frozenset[str] = frozenset()
        self._crawls_since = 0
        self._chosen = ChosenPrograms(programs)
        self._programs = ProgramLister(api, dialect, strict=strict)
        self._events = EventLister(api, dialect, strict=strict)
        self._last: tuple[tuple[Listing[Program], Listing[ReadEvent], Own], Crawl] | None = None

    def enrol(self, ven_name: str, resources: Sequence[Resource], known: Enrolment | None) -> Enrolment:
        enroller = Enroller(self._api, self._dialect, Reader(strict=self._strict))
        self._enrolment, own = enroller.enrol(ven_name, resources, known)
        self._unregistered = enroller.unregistered
        self._take_own(own, enroller)
        return self._enrolment

    def is_registered(self) -> bool:
        enroller = Enroller(self._api, self._dialect, Reader(strict=self._strict))
        ven_id = "" if self._enrolment is None else self._enrolment.ven_id
        return bool(ven_id) and enroller.still_has(self._ven_name, ven_id)

    def crawl(self, known_event_ids: Collection[str] = ()) -> Crawl:
        reader = Reader(strict=self._strict)
        own_queries = [[], *self._dialect.targets_queries(self._own.configured)]
        programs = self._programs.listing(own_queries)
        chosen = self._chosen.among(programs.read)
        queries = [of + own for of in chosen.queries() for own in own_queries]
        events, known = self._events.listing(queries), chosen.ids_of(known_event_ids)
        if not known <= events.ids:
            events = self._events.listing(queries, to_the_end=True)
        gone = known - events.ids
        events = self._events.with_more(events, self._still_there(self._dialect.event_path, gone))
        if chosen.everything:
            hidden = events.program_ids - programs.ids
            programs = self._programs.with_more(programs, self._still_there(self._dialect.program_path, hidden))
        self._look_at_targets(events, reader)
        crawl = self._judged(programs, events, chosen)
        more = (*reader.notices, *self._odd)
        if not more and not self._unregistered and not chosen.notices:
            return crawl
        return msgspec.structs.replace(
            crawl, problems=crawl.problems + more, unregistered=self._unregistered, unmet=chosen.notices
        )

    def _judged(self, programs: Listing[Program], events: Listing[ReadEvent], chosen: Chosen) -> Crawl:
        """What was read as it concerns us; nothing is judged again as long as nothing is different."""
        asked = (programs, events, self._own)
        if self._last is None or self._last[0] != asked:
            ours, theirs = programs, events
            if not chosen.everything:
                ours, theirs = self._programs.only(programs, chosen.ids), self._events.only(events, chosen.ids)
            self._last = asked, self._crawl_of(ours, theirs)
        return self._last[1]

    def _crawl_of(self, programs: Listing[Program], events: Listing[ReadEvent]) -> Crawl:
        own = replace(self._own, programs={program.program_id: program.name for program in programs.read})
        reader = Reader(strict=self._strict)
        found: list[Event] = []
        problems = [each.problem for each in programs.broken]
        broken: list[str | None] = []
        for each in events.objects:
            try:
                event = each.judged(lambda read: self._dialect.event_for(read, own, reader))
            except VtnNonsense as error:
                problems.append(str(error))
                broken.append(each.object_id)
            else:
                if event is not None:
                    found.append(event)
        return Crawl(
            programs=programs.read,
            events=shared(events.events, found),
            problems=(*problems, *programs.notices, *events.notices, *reader.notices),
            unreadable_ids=frozenset(event_id for event_id in broken if event_id is not None),
            complete=None not in broken,
        )

    def post_report(self, body: bytes) -> Answer:
        return self._api.request("POST", self._dialect.reports_path, body=body)

    def find_report(self, event_id: str, name: str, known_reports: int) -> FindResult:
        return ReportLookup(self._api, self._dialect).find(event_id, self._ven_name, name, known_reports)

    def event_exists(self, event_id: str) -> bool:
        return self._one(self._dialect.event_path(event_id), hidden=False) is not None

    def _one(self, path: str, *, hidden: bool) -> bytes | None:
        """An object, None where it is gone (404), and with `hidden` also where it is shown to us no more (403)."""
        answer = self._api.request("GET", path)
        if answer.status == 404 or (hidden and answer.status == 403):
            return None
        if answer.status != 200:
            raise self._api.refused(answer, "GET", path)
        return answer.body

    def _still_there(self, path_of: Callable[[str], str], ids: Collection[str]) -> Iterator[bytes]:
        """Those that are there though they were not listed: lists shift, or leave out what is over (R17, R18)."""
        for each in sorted(ids):
            found = self._one(path_of(each), hidden=True)
            if found is not None:
                yield found

    def _look_at_targets(self, events: Listing[ReadEvent], reader: Reader) -> None:
        """Read our own targets again where events bear some that may have been granted to us since.

        They may as well be somebody else's for good, so it is done for new puzzles, and now and then.
        """
        puzzling = (each for each in events.targeted if self._dialect.puzzling(each.targets, self._own))
        puzzles = frozenset(each.object_id or "" for each in puzzling)
        self._crawls_since += 1
        if self._enrolment is None or not self._enrolment.ven_id or not puzzles:
            return
        if puzzles <= self._puzzles and self._crawls_since < _CRAWLS_BETWEEN:
            return
        enroller = Enroller(self._api, self._dialect, reader)
        self._take_own(enroller.own_of(self._enrolment), enroller)
        self._puzzles, self._crawls_since = puzzles, 0

    def _take_own(self, own: Own, enroller: Enroller) -> None:
        """What can target us now; what was odd in our own objects is one notice, the same with each reading."""
        self._own = replace(own, configured=self._own.configured)
        left_out = f"parts of our own objects at the VTN cannot be read and are left out: {said(enroller.odd)}"
        self._odd = (left_out,) if enroller.odd else ()
