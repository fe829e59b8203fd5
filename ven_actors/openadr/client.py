"""One VEN's door to its VTN: session, token, deadlines and paging behind a handful of calls."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import quote

from ven_actors.errors import VtnError, VtnNonsense
from ven_actors.model import Credentials, Enrolment, Resource
from ven_actors.openadr.addresses import checked_url
from ven_actors.openadr.api import Api
from ven_actors.openadr.choosing import AUTH_SERVER_PATH, Choice, find_dialect
from ven_actors.openadr.conversation import Conversation
from ven_actors.openadr.dialect import Dialect, StandardDialect
from ven_actors.openadr.dialects import DIALECTS
from ven_actors.openadr.enrolment import Enroller
from ven_actors.openadr.events import Crawl
from ven_actors.openadr.exchange import Answer, Exchanger
from ven_actors.openadr.lanes import Lane, in_lane
from ven_actors.openadr.newest_reports import Newest, read_newest
from ven_actors.openadr.push_side import PushSide
from ven_actors.openadr.reading import Reader
from ven_actors.openadr.report_lookup import FindResult
from ven_actors.openadr.sent_reports import SentReports
from ven_actors.openadr.tokens import tokens_of
from ven_actors.openadr.traffic import Traffic
from ven_actors.openadr.transport import PlainSession, SharedAdapter

DEADLINE_S = 10.0
MAX_RESPONSE_BYTES = 16 * 1024 * 1024


class VtnClient:
    """May be used by its VEN and one sender at the same time.

    Every call ends within a few deadlines. `monotonic` measures deadlines and the life of tokens. `on_request` hears
    the status of every answer, and `unreachable`, `ambiguous` or `nonsense` where there was none; it is called from
    the thread that asks. `targets` are sent as a second query when events and programs are read (R13). `dialect` may
    be a choice still to be made: then it is what `known` of `enrol` says, or found out with the first call. `opted_out`
    is what the VEN answers to events where the dialect has answers. `programs` are names or patterns of the programs
    that it takes part in; none are all. `traffic` has the gates that all clients of a fleet share; each call waits
    there, in its lane, for its turn.

    All calls raise `VtnUnreachable`, `CredentialsRefused`; what only asks also raises `VtnNonsense` and, for an error
    status, `VtnRefused`; what creates raises `VtnAmbiguous`. The constructor raises `UsageError` for a bad URL.
    """

    def __init__(
        self,
        base_url: str,
        ven_name: str,
        credentials: Credentials | None,
        *,
        dialect: Dialect | Choice,
        adapter: SharedAdapter,
        monotonic: Callable[[], float],
        deadline_s: float = DEADLINE_S,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        on_request: Callable[[int | str], None] | None = None,
        allow_plain_http: bool = False,
        targets: Sequence[str] = (),
        strict: bool = False,
        opted_out: bool = False,
        traffic: Traffic | None = None,
        programs: Sequence[str] = (),
        sent: SentReports | None = None,
    ) -> None:
        base_url = checked_url(base_url, "VTN URL", allow_plain_http=allow_plain_http)
        self.ven_name = ven_name
        self._choice = dialect if isinstance(dialect, Choice) else Choice(dialect)
        self._base_url = base_url
        self._targets, self._strict, self._opted_out = tuple(targets), strict, opted_out
        self._programs = tuple(programs)
        self._spoken: tuple[Dialect, Conversation] | None = None
        traffic = traffic or Traffic(monotonic=monotonic)
        self._seats = traffic.gate(base_url).seats
        self._session = PlainSession(adapter)
        self._exchanger = Exchanger(
            self._session,
            monotonic=monotonic,
            deadline_s=deadline_s,
            max_response_bytes=max_response_bytes,
            on_request=on_request,
            traffic=traffic,
        )
        chosen = self._choice.dialect
        tokens = tokens_of(
            credentials,
            self._exchanger,
            base_url=base_url,
            auth_server_path=AUTH_SERVER_PATH if chosen is None else chosen.auth_server_path,
            by_basic=chosen is not None and chosen.token_by_basic,
            deadline_s=deadline_s,
            monotonic=monotonic,
            allow_plain_http=allow_plain_http,
        )
        self.enrolment: Enrolment | None = None
        self.has_crawled = False
        self._sent = sent or SentReports()
        self._api = Api(self._exchanger, base_url, tokens)
        self.push_side: PushSide | None = None
        if chosen is None or isinstance(chosen, StandardDialect):
            client_id = "" if credentials is None else credentials.client_id
            self.push_side = PushSide(self._api, self._standard, ven_name, client_id, tokens, strict=strict)

    @property
    def report_success(self) -> frozenset[int]:
        """The statuses by which a report is stored."""
        return self._speak()[0].report_success

    @property
    def reports_name_program(self) -> bool:
        """Whether a report has to bear its programID."""
        return self._speak()[0].reports_name_program

    def take_seat(self, tell: Callable[[], None]) -> bool:
        """Whether this VEN may enrol now: so many do at a time. If not, `tell` is called, in any thread, when it may.

        The next `crawl`, and any failure, gives the seat back.
        """
        return self._seats.take(self, tell)

    def enrol(self, ven_name: str, resources: Sequence[Resource], known: Enrolment | None) -> Enrolment:
        """Find or create the VEN and these resources; what an earlier, failed try made is found."""
        if known is not None and known.dialect in DIALECTS:
            self._choice.settle(DIALECTS[known.dialect])
        with in_lane(Lane.REGISTRATION, self._seats.number(self)), self._seat_lost_by_failure():
            dialect, conversation = self._speak()
            self.enrolment = replace(conversation.enrol(ven_name, resources, known), dialect=dialect.name)
        return self.enrolment

    def is_registered(self) -> bool:
        """Whether the VTN still has the ven that the last `enrol` gave, by one GET; its resources are not looked at."""
        return self._speak()[1].is_registered()

    def crawl(self, known_event_ids: Collection[str] = ()) -> Crawl:
        """All programs and events, complete or an error.

        A list of several pages can shift while it is read and so hide an event: those of `known_event_ids` that it
        does not show are then asked for one by one, and only a 404 makes them gone (R17). Where the VTN shows others'
        events as well (R14), what is ours is judged by the targets that the last `enrol` read. With `programs`, a
        mapping of the known events to the ids of their programs keeps it from asking for those of others.
        """
        first = (Lane.REGISTRATION, self._seats.number(self))
        with in_lane(*((Lane.POLL, 0) if self.has_crawled else first)), self._seat_lost_by_failure():
            crawl = self._speak()[1].crawl(known_event_ids)
        self._seats.stand_up(self)
        self.has_crawled = True
        self.enrolment = crawl.enrolment or self.enrolment
        return crawl

    def post_report(self, body: bytes, *, backlog: bool = False) -> Answer:
        """POST a report and give back any complete answer, whatever its status; redirects are never followed.

        One of the `backlog` lets everything else go first.
        Raises `VtnUnreachable` when certainly nothing of it was sent, `VtnAmbiguous` when it may have arrived,
        `CredentialsRefused` when there is no token for it or a 401 outlives a renewal.
        """
        with in_lane(Lane.BACKLOG if backlog else Lane.LIVE):
            conversation = self._speak()[1]
            return self._sent.post(body, lambda: conversation.post_report(body))

    def find_report(self, event_id: str, name: str, known_reports: int) -> FindResult:
        """Look a report of this VEN up by name, with at most six requests (R35); see `FindResult`."""
        with in_lane(Lane.LIVE):
            found = self._speak()[1].find_report(event_id, name, known_reports)
        self._sent.found(found.report)
        return found

    def delete_resource(self, ven_id: str, name: str, resource_id: str | None) -> bool:
        """Delete a resource of this VEN at its VTN, by its name where its id is not known; says whether it was there.

        Raises `VtnError`.
        """
        dialect = self._speak()[0]
        if not isinstance(dialect, StandardDialect):
            raise VtnNonsense(f"{dialect.name} cannot delete resources; ask the VTN's operator to do it")
        resource_id = resource_id or Enroller(self._api, dialect, Reader(strict=False)).resource_id(ven_id, name)
        if resource_id is None:
            return False
        path = f"{dialect.resources_path(ven_id)}/{quote(resource_id, safe='')}"
        answer = self._api.request("DELETE", path)
        if answer.status != 404 and not 200 <= answer.status < 300:
            raise self._api.refused(answer, "DELETE", path)
        return answer.status != 404

    def newest_reports(self, hint: int) -> Newest | None:
        """The newest reports in this VEN's name, from any sender; None where the dialect or the VTN cannot tell.

        `hint` is what the last look gave. Raises `VtnError`.
        """
        dialect = self._speak()[0]
        if not isinstance(dialect, StandardDialect):
            return None
        path, query = dialect.reports_path, [("clientName", self.ven_name)]
        with in_lane(Lane.BACKLOG):
            found = read_newest(lambda skip, limit: self._api.get(path, query + dialect.page_query(skip, limit)), hint)
        return None if found is None else found.of(self.ven_name)

    def event_exists(self, event_id: str) -> bool:
        """Whether the VTN knows the event and shows it to us. Raises `VtnRefused` for all but 200 and 404."""
        with in_lane(Lane.LIVE):
            return self._speak()[1].event_exists(event_id)

    def abort(self) -> int:
        """Break off every request in flight and refuse all later ones; for any thread, at any time.

        A request that is just connecting is bounded by its deadline instead. Returns how many were ever broken off.
        """
        broken_off = self._exchanger.abort()
        self._seats.leave(self)
        return broken_off

    def close(self) -> None:
        """Abort, and let go of the session. The shared adapter stays open."""
        self.abort()
        self._session.close()

    @contextmanager
    def _seat_lost_by_failure(self) -> Iterator[None]:
        try:
            yield
        except VtnError:
            self._seats.leave(self)
            raise

    def _speak(self) -> tuple[Dialect, Conversation]:
        """Two threads may both find it out at first; what they find is the same."""
        if self._spoken is None:
            dialect = self._choice.dialect or self._choice.settle(find_dialect(self._api, self._base_url))
            self._api.scopes = dialect.scopes
            self._spoken = (
                dialect,
                dialect.converse(
                    self._api,
                    self.ven_name,
                    self._targets,
                    strict=self._strict,
                    opted_out=self._opted_out,
                    programs=self._programs,
                ),
            )
        return self._spoken

    def _standard(self) -> StandardDialect:
        dialect = self._speak()[0]
        if not isinstance(dialect, StandardDialect):
            raise VtnNonsense(f"{dialect.name} knows no push")
        return dialect
