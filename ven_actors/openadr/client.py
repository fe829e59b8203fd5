"""One VEN's door to its VTN: session, token, deadlines and paging behind a handful of calls."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from ven_actors.model import Credentials, Enrolment, Resource
from ven_actors.openadr.addresses import checked_url
from ven_actors.openadr.api import Api
from ven_actors.openadr.auth import TokenEndpoint, TokenSource
from ven_actors.openadr.dialect import Dialect, StandardDialect
from ven_actors.openadr.events import Crawl
from ven_actors.openadr.exchange import Answer, Exchanger
from ven_actors.openadr.push_side import PushSide
from ven_actors.openadr.report_lookup import FindResult
from ven_actors.openadr.transport import PlainSession, SharedAdapter

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
        api = Api(self._exchanger, base_url, tokens, dialect.scopes)
        self._conversation = dialect.converse(api, ven_name, targets)
        self.push_side: PushSide | None = None
        if isinstance(dialect, StandardDialect):
            client_id = "" if credentials is None else credentials.client_id
            self.push_side = PushSide(api, dialect, ven_name, client_id, tokens)

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
        return self._conversation.enrol(ven_name, resources, known)

    def crawl(self, known_event_ids: Collection[str] = ()) -> Crawl:
        """All programs and events, complete or an error.

        A list of several pages can shift while it is read and so hide an event: those of `known_event_ids` that it
        does not show are then asked for one by one, and only a 404 makes them gone (R17). Where the VTN shows others'
        events as well (R14), what is ours is judged by the targets that the last `enrol` read.
        """
        return self._conversation.crawl(known_event_ids)

    def post_report(self, body: bytes) -> Answer:
        """POST a report and give back any complete answer, whatever its status; redirects are never followed.

        Raises `VtnUnreachable` when certainly nothing of it was sent, `VtnAmbiguous` when it may have arrived,
        `CredentialsRefused` when there is no token for it or a 401 outlives a renewal.
        """
        return self._conversation.post_report(body)

    def find_report(self, event_id: str, name: str, known_reports: int) -> FindResult:
        """Look a report of this VEN up by name, with at most six requests (R35); see `FindResult`."""
        return self._conversation.find_report(event_id, name, known_reports)

    def event_exists(self, event_id: str) -> bool:
        """Whether the VTN knows the event and shows it to us. Raises `VtnRefused` for all but 200 and 404."""
        return self._conversation.event_exists(event_id)

    def abort(self) -> None:
        """Break off every request in flight and refuse all that follow; for any thread, at any time.

        A request that is just connecting is bounded by its deadline instead.
        """
        self._exchanger.abort()

    def close(self) -> None:
        """Abort, and let go of the session. The shared adapter stays open."""
        self.abort()
        self._session.close()
