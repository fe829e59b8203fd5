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
from ven_actors.openadr.events import Crawl, Event, Program
from ven_actors.openadr.exchange import Answer
from ven_actors.openadr.paging import pages
from ven_actors.openadr.report_lookup import FindResult, ReportLookup
from ven_actors.openadr.targeting import Own

T = TypeVar("T")


class Conversation(Protocol):
    """One VEN's side of one dialect. Its methods mean what `VtnClient`'s of the same names do."""

    def enrol(self, ven_name: str, resources: Sequence[Resource], known: Enrolment | None) -> Enrolment: ...
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
    ) -> None:
        self._api = api
        self._dialect = dialect
        self._ven_name = ven_name
        self._own = replace(own or Own(ven_name), configured=tuple(targets))

    def enrol(self, ven_name: str, resources: Sequence[Resource], known: Enrolment | None) -> Enrolment:
        enrolment, own = Enroller(self._api, self._dialect).enrol(ven_name, resources, known)
        self._own = replace(own, configured=self._own.configured)
        return enrolment

    def crawl(self, known_event_ids: Collection[str] = ()) -> Crawl:
        programs, program_problems, _ = self._read_programs()
        own = replace(self._own, programs={program.program_id: program.name for program in programs})
        events, event_problems, broken = self._read_events(known_event_ids, own)
        ids = [id_of(raw) for raw in broken]
        return Crawl(
            programs=programs,
            events=events,
            problems=program_problems + event_problems,
            unreadable_ids=frozenset(event_id for event_id in ids if event_id is not None),
            complete=None not in ids,
        )

    def post_report(self, body: bytes) -> Answer:
        return self._api.request("POST", self._dialect.reports_path, body=body)

    def find_report(self, event_id: str, name: str, known_reports: int) -> FindResult:
        return ReportLookup(self._api, self._dialect).find(event_id, self._ven_name, name, known_reports)

    def event_exists(self, event_id: str) -> bool:
        return self._event(event_id) is not None

    def _event(self, event_id: str) -> bytes | None:
        path = self._dialect.event_path(event_id)
        answer = self._api.request("GET", path)
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise self._api.refused(answer, "GET", path)
        return answer.body

    def _read_programs(self) -> tuple[tuple[Program, ...], tuple[str, ...], list[bytes]]:
        raws = [raw for page in self._pages(self._dialect.programs_path, "programs") for raw in page]
        return _parsed(raws, self._dialect.parse_program)

    def _read_events(
        self, known_ids: Collection[str], own: Own
    ) -> tuple[tuple[Event, ...], tuple[str, ...], list[bytes]]:
        read = list(self._pages(self._dialect.events_path, "events"))
        raws = [raw for page in read for raw in page]
        if len(read) > 1:
            missing = sorted(set(known_ids) - {id_of(raw) for raw in raws})
            raws += [raw for raw in map(self._event, missing) if raw is not None]
        return _parsed(raws, lambda raw: self._dialect.parse_event(raw, own))

    def _pages(self, path: str, what: str) -> Iterator[list[bytes]]:
        seen: set[str | bytes] = set()
        for query in ([], *self._dialect.targets_queries(self._own.configured)):

            def get_page(skip: int, query: Query = query) -> bytes:
                return self._api.get(path, query + self._dialect.page_query(skip, self._dialect.page_limit))

            for page in pages(get_page, what):
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
