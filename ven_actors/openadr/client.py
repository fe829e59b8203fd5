"""One VEN's door to its VTN: session, token, deadlines and paging behind a handful of calls."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TypeVar

from ven_actors.errors import VtnNonsense
from ven_actors.model import Credentials, Enrolment, Resource
from ven_actors.openadr.addresses import checked_url
from ven_actors.openadr.api import Api
from ven_actors.openadr.auth import TokenEndpoint, TokenSource
from ven_actors.openadr.decoding import id_of
from ven_actors.openadr.dialect import Dialect
from ven_actors.openadr.enrolment import Enroller
from ven_actors.openadr.events import Crawl, Event, Program
from ven_actors.openadr.exchange import Answer, Exchanger
from ven_actors.openadr.paging import pages
from ven_actors.openadr.report_lookup import FindResult, ReportLookup
from ven_actors.openadr.transport import PlainSession, SharedAdapter

T = TypeVar("T")

DEADLINE_S = 10.0
MAX_RESPONSE_BYTES = 16 * 1024 * 1024


class VtnClient:
    """May be used by its VEN and one sender at the same time.

    Every call ends within a few deadlines. `monotonic` measures deadlines and the life of tokens. `on_request` hears
    the status of every answer, and `unreachable`, `ambiguous` or `nonsense` where there was none; it is called from
    the thread that asks. `targets` are sent as a second query when events and programs are read (R13).

    All calls raise `VtnUnreachable`, `CredentialsRefused`; what only asks also raises `VtnNonsense` and, for an error
    status, `VtnRefused`; what creates raises `VtnAmbiguous`. The constructor raises `UsageError` for a bad URL.
    """

    def __init__(
        self,
        base_url: str,
        ven_name: str,
        credentials: Credentials | None,
        *,
        dialect: Dialect,
        adapter: SharedAdapter,
        monotonic: Callable[[], float],
        deadline_s: float = DEADLINE_S,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        on_request: Callable[[int | str], None] | None = None,
        allow_plain_http: bool = False,
        targets: Sequence[str] = (),
    ) -> None:
        base_url = checked_url(base_url, "VTN URL", allow_plain_http=allow_plain_http)
        self.ven_name = ven_name
        self._dialect = dialect
        self._targets = tuple(targets)
        self._session = PlainSession(adapter)
        self._exchanger = Exchanger(
            self._session,
            monotonic=monotonic,
            deadline_s=deadline_s,
            max_response_bytes=max_response_bytes,
            on_request=on_request,
        )
        tokens = None
        if credentials is not None:
            endpoint = TokenEndpoint(
                self._exchanger,
                credentials,
                base_url=base_url,
                auth_server_path=dialect.auth_server_path,
                monotonic=monotonic,
                allow_plain_http=allow_plain_http,
            )
            tokens = TokenSource(endpoint.fetch, monotonic, wait_s=2 * deadline_s)
        self._api = Api(self._exchanger, base_url, tokens)

    @property
    def report_success(self) -> frozenset[int]:
        """The statuses by which a report is stored."""
        return self._dialect.report_success

    @property
    def reports_name_program(self) -> bool:
        """Whether a report has to bear its programID."""
        return self._dialect.reports_name_program

    def enrol(self, ven_name: str, resources: Sequence[Resource], known: Enrolment | None) -> Enrolment:
        """Find or create the VEN and these resources; what an earlier, failed try made is found."""
        return Enroller(self._api, self._dialect).enrol(ven_name, resources, known)

    def programs(self) -> tuple[Program, ...]:
        """All programs that can be read."""
        return self._read_programs()[0]

    def events(self) -> tuple[Event, ...]:
        """All events that can be read."""
        return self._read_events(())[0]

    def crawl(self, known_event_ids: Collection[str] = ()) -> Crawl:
        """All programs and events, complete or an error.

        A list of several pages can shift while it is read and so hide an event: those of `known_event_ids` that it
        does not show are then asked for one by one, and only a 404 makes them gone (R17).
        """
        programs, program_problems, _ = self._read_programs()
        events, event_problems, broken = self._read_events(known_event_ids)
        ids = [id_of(raw) for raw in broken]
        return Crawl(
            programs=programs,
            events=events,
            problems=program_problems + event_problems,
            unreadable_ids=frozenset(event_id for event_id in ids if event_id is not None),
            complete=None not in ids,
        )

    def post_report(self, body: bytes) -> Answer:
        """POST a report and give back any complete answer, whatever its status; redirects are never followed.

        Raises `VtnUnreachable` when certainly nothing of it was sent, `VtnAmbiguous` when it may have arrived,
        `CredentialsRefused` when there is no token for it or a 401 outlives a renewal.
        """
        return self._api.request("POST", self._dialect.reports_path, body=body)

    def find_report(self, event_id: str, name: str, known_reports: int) -> FindResult:
        """Look a report of this VEN up by name, with at most six requests (R35); see `FindResult`."""
        return ReportLookup(self._api, self._dialect).find(event_id, self.ven_name, name, known_reports)

    def event_exists(self, event_id: str) -> bool:
        """Whether the VTN knows the event and shows it to us. Raises `VtnRefused` for all but 200 and 404."""
        return self._event(event_id) is not None

    def abort(self) -> None:
        """Break off every request in flight and refuse all that follow; for any thread, at any time.

        A request that is just connecting is bounded by its deadline instead.
        """
        self._exchanger.abort()

    def close(self) -> None:
        """Abort, and let go of the session. The shared adapter stays open."""
        self.abort()
        self._session.close()

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

    def _read_events(self, known_ids: Collection[str]) -> tuple[tuple[Event, ...], tuple[str, ...], list[bytes]]:
        read = list(self._pages(self._dialect.events_path, "events"))
        raws = [raw for page in read for raw in page]
        if len(read) > 1:
            missing = sorted(set(known_ids) - {id_of(raw) for raw in raws})
            raws += [raw for raw in map(self._event, missing) if raw is not None]
        return _parsed(raws, self._dialect.parse_event)

    def _pages(self, path: str, what: str) -> Iterator[list[bytes]]:
        seen: set[str | bytes] = set()
        queries = [self._dialect.targets_query(targets) for targets in {(): 0, self._targets: 0}]
        for query in queries:

            def get_page(skip: int, query: list[tuple[str, str]] = query) -> bytes:
                return self._api.get(path, query + self._dialect.page_query(skip, self._dialect.page_limit))

            for page in pages(get_page, what):
                fresh = [raw for raw in page if (id_of(raw) or raw) not in seen]
                seen.update(id_of(raw) or raw for raw in fresh)
                yield fresh


def _parsed(raws: list[bytes], parse: Callable[[bytes], T]) -> tuple[tuple[T, ...], tuple[str, ...], list[bytes]]:
    """What could be read, one line per object that could not, and those objects."""
    read: list[T] = []
    problems: list[str] = []
    broken: list[bytes] = []
    for raw in raws:
        try:
            read.append(parse(raw))
        except VtnNonsense as error:
            problems.append(str(error))
            broken.append(raw)
    return tuple(read), tuple(problems), broken
