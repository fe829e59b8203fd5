"""Lists of programs and events: read by each VEN for itself, parsed once for all VENs that were shown the same."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from ven_actors.errors import VtnNonsense
from ven_actors.kept import digest_of
from ven_actors.openadr.alike import ALIKE
from ven_actors.openadr.api import Api
from ven_actors.openadr.decoding import id_of
from ven_actors.openadr.dialect import Query, ReadEvent, StandardDialect
from ven_actors.openadr.events import Event, Program
from ven_actors.openadr.paging import paged, split_page
from ven_actors.openadr.reading import Reader, programs_named_in
from ven_actors.openadr.targeting import Target

T = TypeVar("T")
U = TypeVar("U")

_HOUR_S = 3_600.0


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Listed(Generic[T]):
    """One object as it was listed; `read` None means that it cannot be read, as `problem` says.

    `program_id` and `targets` are an event's, also where it cannot be read otherwise.
    """

    object_id: str | None
    digest: bytes
    read: T | None
    problem: str
    notices: tuple[str, ...]
    program_id: str | None = None
    targets: tuple[Target, ...] = ()

    @property
    def key(self) -> str | bytes:
        return self.object_id or self.digest

    def judged(self, judge: Callable[[T], U]) -> U:
        """What `judge` makes of it. Raises `VtnNonsense` where it cannot be read."""
        if self.read is None:
            raise VtnNonsense(self.problem)
        return judge(self.read)


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Page(Generic[T]):
    digest: bytes
    objects: tuple[Listed[T], ...]


class Listing(Generic[T]):
    """All objects of a list, each once, in the order in which its pages showed them."""

    def __init__(self, pages: Sequence[Page[T]]) -> None:
        self.pages = tuple(pages)
        by_key: dict[str | bytes, Listed[T]] = {}
        for page in pages:
            for each in page.objects:
                by_key.setdefault(each.key, each)
        self.objects = tuple(by_key.values())

    @cached_property
    def ids(self) -> frozenset[str]:
        return frozenset(each.object_id for each in self.objects if each.object_id is not None)

    @cached_property
    def program_ids(self) -> frozenset[str]:
        """Of events: the programs that they say they belong to."""
        return frozenset(each.program_id for each in self.objects if each.program_id is not None)

    @cached_property
    def targeted(self) -> tuple[Listed[T], ...]:
        return tuple(each for each in self.objects if each.targets)

    @cached_property
    def read(self) -> tuple[T, ...]:
        return tuple(each.read for each in self.objects if each.read is not None)

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """As they are to a VEN that all of them concern as a whole."""
        return tuple(each.event for each in self.read if isinstance(each, ReadEvent) and each.event is not None)

    @cached_property
    def notices(self) -> tuple[str, ...]:
        return tuple(notice for each in self.objects for notice in each.notices)

    @cached_property
    def broken(self) -> tuple[Listed[T], ...]:
        return tuple(each for each in self.objects if each.read is None)


class Lister(ABC, Generic[T]):
    """Parses one of a VTN's lists. `alike` separates readings of the same bytes with different results."""

    def __init__(self, what: str, *alike: Hashable, strict: bool = False) -> None:
        self.what = what
        self._strict = strict
        self._alike = (what, *alike, strict)

    @abstractmethod
    def _read_object(self, raw: bytes, reader: Reader) -> T:
        """An object of its JSON. Raises `VtnNonsense`."""

    def _known_of(self, raw: bytes) -> tuple[str | None, tuple[Target, ...]]:
        """What an object that may be broken says of its program and its targets."""
        del raw
        return None, ()

    def page(self, body: bytes) -> Page[T]:
        """Raises `VtnNonsense` if it is not a list."""
        digest = digest_of(body)

        def taken_apart() -> Page[T]:
            return Page(digest, tuple(self._object(bytes(raw)) for raw in split_page(body, self.what)))

        return ALIKE.one((self._alike, "page", digest), taken_apart)

    def single(self, body: bytes) -> Page[T]:
        """One object, as if it were a page of its own."""
        digest = digest_of(body)
        return ALIKE.one((self._alike, "single", digest), lambda: Page(digest, (self._object(body),)))

    def _object(self, raw: bytes) -> Listed[T]:
        digest = digest_of(raw)
        return ALIKE.one((self._alike, "object", digest), lambda: self._listed(raw, digest))

    def _listed(self, raw: bytes, digest: bytes) -> Listed[T]:
        object_id = id_of(raw)
        reader = Reader(strict=self._strict)
        read, problem = None, ""
        try:
            read = self._read_object(raw, reader)
        except VtnNonsense as error:
            problem = str(error)
        return Listed(object_id, digest, read, problem, tuple(reader.notices), *self._known_of(raw))


class PagedLister(Lister[T]):
    """Reads a list of the standard for one VEN, page by page."""

    def __init__(self, api: Api, dialect: StandardDialect, what: str, path: str, *, strict: bool) -> None:
        super().__init__(what, dialect.name, strict=strict)
        self._api = api
        self._dialect = dialect
        self._path = path
        self._ended_s: dict[tuple[tuple[str, str], ...], float] = {}
        self._found: dict[tuple[tuple[str, str], ...], list[Page[T]]] = {}

    def listing(self, queries: Iterable[Query], *, to_the_end: bool = False) -> Listing[T]:
        """What these queries show. Raises what asking raises, and `VtnNonsense` where there is no end.

        A short page is taken for the last one where the page behind one was empty within the last hour (R11);
        `to_the_end` reads on where the last listing ended.
        """
        found: list[Page[T]] = []
        for query in queries:
            found += self._pages(query, to_the_end=to_the_end)
        return self._of_pages(found)

    def _pages(self, query: Query, *, to_the_end: bool) -> list[Page[T]]:
        found: list[Page[T]] = []
        limit, key, now_s = self._dialect.page_limit, tuple(query), self._api.now_s()
        is_known = not to_the_end and now_s - self._ended_s.get(key, -math.inf) < _HOUR_S
        begun = iter(self._found.get(key, ()) if to_the_end else ())

        def get_objects(skip: int) -> Sequence[tuple[str | bytes, Listed[T]]]:
            page = next(begun, None)
            if page is None:
                page = self.page(self._api.get(self._path, query + self._dialect.page_query(skip, limit)))
            found.append(page)
            return [(each.key, each) for each in page.objects]

        for _ in paged(get_objects, self.what, limit, lambda: is_known):
            pass
        if not is_known and len(found) > 1 and not found[-1].objects and len(found[-2].objects) < limit:
            self._ended_s[key] = now_s
        self._found[key] = found
        return found

    def with_more(self, listing: Listing[T], bodies: Iterable[bytes]) -> Listing[T]:
        """The same listing, and objects that were got one by one."""
        more = [self.single(body) for body in bodies]
        return self._of_pages([*listing.pages, *more]) if more else listing

    def only(self, listing: Listing[T], program_ids: frozenset[str]) -> Listing[T]:
        """Of a listing what belongs to these programs, or does not say to which it belongs."""

        def left() -> Listing[T]:
            kept = tuple(each for each in listing.objects if self._program_of(each) in {None, *program_ids})
            return Listing([Page(b"", kept)])

        digests = tuple(page.digest for page in listing.pages)
        return ALIKE.one((self._alike, "only", digests, program_ids), left)

    def _program_of(self, listed: Listed[T]) -> str | None:
        return listed.program_id

    def _of_pages(self, pages: Sequence[Page[T]]) -> Listing[T]:
        pages = [page for page in pages if page.objects]
        return ALIKE.one((self._alike, tuple(page.digest for page in pages)), lambda: Listing(pages))


class ProgramLister(PagedLister[Program]):
    def __init__(self, api: Api, dialect: StandardDialect, *, strict: bool) -> None:
        super().__init__(api, dialect, "programs", dialect.programs_path, strict=strict)

    def _read_object(self, raw: bytes, reader: Reader) -> Program:
        return self._dialect.parse_program(raw, reader)

    def _program_of(self, listed: Listed[Program]) -> str | None:
        return listed.object_id


class EventLister(PagedLister[ReadEvent]):
    def __init__(self, api: Api, dialect: StandardDialect, *, strict: bool) -> None:
        super().__init__(api, dialect, "events", dialect.events_path, strict=strict)

    def _read_object(self, raw: bytes, reader: Reader) -> ReadEvent:
        return self._dialect.read_event(raw, reader)

    def _known_of(self, raw: bytes) -> tuple[str | None, tuple[Target, ...]]:
        return next(iter(programs_named_in([raw])), None), self._dialect.targets_in(raw)


def shared(whole: tuple[Event, ...], found: list[Event]) -> tuple[Event, ...]:
    """`found`, or `whole`, which others have too, if it is the same."""
    same = len(whole) == len(found) and all(ours is theirs for ours, theirs in zip(found, whole, strict=True))
    return whole if same else tuple(found)
