"""What a VEN and its VTN say to each other, and in which order: the flow that all versions of the standard share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from ven_actors.errors import VtnNonsense
from ven_actors.model import Enrolment, Resource
from ven_actors.openadr.api import Api
from ven_actors.openadr.decoding import id_of
from ven_actors.openadr.dialect import Query, StandardDialect
from ven_actors.openadr.enrolment import Enroller
from ven_actors.openadr.events import Crawl
from ven_actors.openadr.exchange import Answer
from ven_actors.openadr.paging import pages
from ven_actors.openadr.reading import Reader, programs_named_in
from ven_actors.openadr.report_lookup import FindResult, ReportLookup
from ven_actors.openadr.salvage import said
from ven_actors.openadr.targeting import Own

T = TypeVar("T")

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
    targeted by, as far as that is known before `enrol` reads it.
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
    ) -> None:
        self._api = api
        self._dialect = dialect
        self._ven_name = ven_name
        self._strict = strict
        self._own = replace(own or Own(ven_name), configured=tuple(targets))
        self._enrolment: Enrolment | None = None
        self._odd: tuple[str, ...] = ()
        self._puzzles: frozenset[str] = frozenset()
        self._crawls_since = 0

    def enrol(self, ven_name: str, resources: Sequence[Resource], known: Enrolment | None) -> Enrolment:
        enroller = Enroller(self._api, self._dialect, Reader(strict=self._strict))
        self._enrolment, own = enroller.enrol(ven_name, resources, known)
        self._take_own(own, enroller)
        return self._enrolment

    def is_registered(self) -> bool:
        enroller = Enroller(self._api, self._dialect, Reader(strict=self._strict))
        return self._enrolment is not None and enroller.still_has(self._ven_name, self._enrolment.ven_id)

    def crawl(self, known_event_ids: Collection[str] = ()) -> Crawl:
        reader = Reader(strict=self._strict)
        raw_programs = self._read(self._dialect.programs_path, "programs")
        raw_events = self._read(self._dialect.events_path, "events")
        raw_events += self._missing(self._dialect.event_path, set(known_event_ids), raw_events)
        raw_programs += self._missing(self._dialect.program_path, programs_named_in(raw_events), raw_programs)
        self._look_at_targets(raw_events, reader)
        programs, program_problems, _ = _parsed(raw_programs, lambda raw: self._dialect.parse_program(raw, reader))
        own = replace(self._own, programs={program.program_id: program.name for program in programs})
        events, event_problems, broken = _parsed(raw_events, lambda raw: self._dialect.parse_event(raw, own, reader))
        ids = [id_of(raw) for raw in broken]
        return Crawl(
            programs=programs,
            events=events,
            problems=program_problems + event_problems + tuple(reader.notices) + self._odd,
            unreadable_ids=frozenset(event_id for event_id in ids if event_id is not None),
            complete=None not in ids,
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

    def _missing(self, path_of: Callable[[str], str], wanted: set[str], listed: Sequence[bytes]) -> list[bytes]:
        """Those of `wanted` that are there though not `listed`: lists shift, or leave out what is over (R17, R18)."""
        ids = sorted(wanted - {id_of(raw) for raw in listed})
        found = (self._one(path_of(each), hidden=True) for each in ids)
        return [raw for raw in found if raw is not None]

    def _look_at_targets(self, raw_events: Sequence[bytes], reader: Reader) -> None:
        """Read our own targets again where events bear some that may have been granted to us since.

        They may as well be somebody else's for good, so it is done for new puzzles, and now and then.
        """
        puzzles = frozenset(id_of(raw) or "" for raw in raw_events if self._dialect.puzzling(raw, self._own))
        self._crawls_since += 1
        if self._enrolment is None or not puzzles:
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

    def _read(self, path: str, what: str) -> list[bytes]:
        return [raw for page in self._pages(path, what) for raw in page]

    def _pages(self, path: str, what: str) -> Iterator[list[bytes]]:
        seen: set[str | bytes] = set()
        for query in ([], *self._dialect.targets_queries(self._own.configured)):

            def get_page(skip: int, query: Query = query) -> bytes:
                return self._api.get(path, query + self._dialect.page_query(skip, self._dialect.page_limit))

            for page in pages(get_page, what, self._dialect.page_limit):
                fresh = [raw for raw in page if (id_of(raw) or raw) not in seen]
                seen.update(id_of(raw) or raw for raw in fresh)
                yield fresh


def _parsed(
    raws: list[bytes], parse: Callable[[bytes], T | None]
) -> tuple[tuple[T, ...], tuple[str, ...], list[bytes]]:
    """What could be read and is for us, one line per object that could not, and those objects."""
    read: list[T] = []
    problems: list[str] = []
    broken: list[bytes] = []
    for raw in raws:
        try:
            parsed = parse(raw)
        except VtnNonsense as error:
            problems.append(str(error))
            broken.append(raw)
        else:
            if parsed is not None:
                read.append(parsed)
    return tuple(read), tuple(problems), broken
