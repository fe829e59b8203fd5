"""`SenderActor`: one blocking POST at a time, through the VEN's own client; every try ends in one verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, assert_never

import structlog

from ven_actors.actors.answers import doubt_about, is_said, is_stored, words_of
from ven_actors.actors.base import FleetActor
from ven_actors.delivery.reading_body import has_resource, render_reading
from ven_actors.delivery.rendering import render
from ven_actors.delivery.verdicts import Verdict as Meaning
from ven_actors.delivery.verdicts import is_passing, judge
from ven_actors.errors import CredentialsRefused, VtnAmbiguous, VtnBusy, VtnError, VtnRefused
from ven_actors.messages import (
    Accepted,
    Ambiguous,
    Down,
    EventGone,
    Held,
    Peer,
    Refused,
    Send,
    SenderReady,
    Verdict,
)
from ven_actors.model import Enrolment, EventSight
from ven_actors.openadr.comparison import same_report, why_unreadable

log = structlog.get_logger()

_ASK_EVERYBODY = frozenset({429, 503})
_MAY_MEAN_NO_EVENT = frozenset({400, 404, 422})
_NOT_TO_BE_FOUND = "a look-up cannot tell whether it has the report"


class Answer(Protocol):
    """A complete answer to a POST."""

    @property
    def status(self) -> int: ...
    @property
    def body(self) -> bytes: ...
    @property
    def retry_after_s(self) -> float | None: ...


class Found(Protocol):
    """What a look-up found: the report as the VTN has it, or None; `settled` if that is certain.

    `unreadable` says why an object that may be the report cannot be read; empty if there is none.
    """

    @property
    def report(self) -> bytes | None: ...
    @property
    def settled(self) -> bool: ...
    @property
    def unreadable(self) -> str: ...


class ReportClient(Protocol):
    """What a sender needs of a VEN's client; raises `VtnError` of any kind, also where the dialect is not known yet."""

    @property
    def report_success(self) -> frozenset[int]: ...
    @property
    def reports_name_program(self) -> bool: ...
    @property
    def enrolment(self) -> Enrolment | None: ...
    def post_report(self, body: bytes, /, *, backlog: bool = False) -> Answer: ...
    def find_report(self, event_id: str, name: str, known_reports: int, /) -> Found: ...
    def event_exists(self, event_id: str, /) -> bool: ...
    def abort(self) -> object: ...


@dataclass(frozen=True, slots=True)
class _NotSeen:
    """What a look-up has found that the VTN does not serve."""

    report: bytes | None = None
    settled: bool = False
    unreadable: str = ""


class SenderActor(FleetActor):
    """Owns nothing but the POST in its hands. `clients` is by VEN name; it gets reports for VTNs of `origin` only."""

    def __init__(
        self,
        name: str,
        run: int,
        supervisor: Peer[Down],
        monotonic: Callable[[], float],
        *,
        reporter: Peer[SenderReady | Verdict],
        clients: Mapping[str, ReportClient],
        origin: str = "",
    ) -> None:
        super().__init__(name, run, supervisor, monotonic)
        self._reporter = reporter
        self._clients = clients
        self._origin = origin
        self._client: ReportClient | None = None
        self._posts = 0
        self._unsettled = False

    def on_start(self) -> None:
        self.send(self._reporter, SenderReady(self.name, self.run, self.actor_ref, self._origin))

    def abort(self) -> None:
        client = self._client
        if client is not None:
            client.abort()

    def receive(self, message: Send) -> None:
        match message:
            case Send():
                self.send(self._reporter, self._deliver(message))
            case _:
                assert_never(message)

    def _deliver(self, send: Send) -> Verdict:
        self._posts, self._unsettled = 0, False
        self._client = client = self._clients.get(send.report.ven_name)
        if client is None:
            return self._held(send, "its VEN has no client yet")
        try:
            return self._render_and_post(send, client)
        except VtnAmbiguous as error:
            return self._ambiguous(send, str(error))
        except VtnError as error:
            retry_after_s = error.retry_after_s if isinstance(error, VtnRefused | VtnBusy) else None
            slow, status = isinstance(error, CredentialsRefused), error.status if isinstance(error, VtnRefused) else 0
            return self._held(send, str(error), retry_after_s=retry_after_s, slow=slow, status=status)
        finally:
            self._client = None

    def _render_and_post(self, send: Send, client: ReportClient) -> Verdict:
        with_program = client.reports_name_program
        try:
            if send.report.component is None:
                body = render(send.report, send.layout, send.blocks, with_program=with_program)
            elif (enrolment := client.enrolment) is None:
                return self._held(send, "its VEN is not registered yet")
            elif not has_resource(send.report, send.layout, enrolment):
                return self._held(send, "its resource is not registered yet")
            else:
                body = render_reading(send.report, send.layout, send.blocks, enrolment)
        except (ValueError, LookupError) as error:
            # A fault of ours, the same at every try: it must hold up this VEN, not take the whole fleet down with it.
            log.exception("report_unrenderable", ven=send.report.ven_name, report=send.report.name)
            return self._held(send, f"report {send.report.name} cannot be rendered: {error!r}", slow=True)
        return self._look_and_post(send, client, body)

    def _look_and_post(self, send: Send, client: ReportClient, body: bytes) -> Verdict:
        if send.report.in_doubt:
            found = self._find(send, client)
            if found.report is not None:
                return self._compare(send, body, found.report)
            self._unsettled = not found.settled
        answer = self._post(client, body, backlog=send.backlog)
        is_complete = is_stored if send.report.component is None else is_said
        meaning = judge(
            answer.status, success=client.report_success, complete=is_complete(answer.body),
            asks_for_time=answer.retry_after_s is not None,
        )  # fmt: skip
        return self._verdict(send, client, body, answer, meaning)

    def _post(self, client: ReportClient, body: bytes, *, backlog: bool) -> Answer:
        """POST, and count it if anything of it may have gone out."""
        try:
            answer = client.post_report(body, backlog=backlog)
        except VtnAmbiguous:
            self._posts += 1
            raise
        self._posts += 1
        return answer

    def _verdict(self, send: Send, client: ReportClient, body: bytes, answer: Answer, meaning: Meaning) -> Verdict:
        reason = f"the VTN answers {answer.status}: {words_of(answer.body)}"
        match meaning:
            case Meaning.ACCEPTED:
                return self._accepted(send)
            case Meaning.AMBIGUOUS if (
                answer.status == 200 and is_stored(answer.body) and same_report(body, answer.body)
            ):
                return self._accepted(send, by_200=True)
            case Meaning.AMBIGUOUS:
                return self._doubtful(send, answer)
            case Meaning.REFUSED | Meaning.ASK_FOR_EVENT:
                return self._settle_refusal(send, client, body, answer)
            case Meaning.LOOK_UP:
                return self._settle_conflict(send, client, body, answer)
            case Meaning.HOLD | Meaning.HOLD_SLOWLY:
                slow = meaning is Meaning.HOLD_SLOWLY
                after_s, status = answer.retry_after_s, answer.status
                return self._held(send, reason, retry_after_s=after_s, slow=slow, status=status)
            case _:
                assert_never(meaning)

    def _accepted(self, send: Send, *, by_200: bool = False) -> Accepted:
        return Accepted(
            self.name, self.run, send.report.report_id, self._posts, possibly_doubled=self._unsettled, by_200=by_200
        )

    def _settle_refusal(self, send: Send, client: ReportClient, body: bytes, answer: Answer) -> Verdict:
        """400, 404 and 422 may mean that the VTN no longer knows the report's event, so that is asked first.

        Where the event cannot be read, nothing is certain: the report is held.
        """
        reason = f"the VTN answers {answer.status}: {words_of(answer.body)}"
        event, asked = send.event, EventSight.UNASKED
        if answer.status in _MAY_MEAN_NO_EVENT and send.report.component is None and event is EventSight.UNASKED:
            try:
                if not client.event_exists(send.report.event_id):
                    return self._gone(send)
            except VtnRefused as error:
                reason = f"{reason}; its event cannot be read: {error}"
                slow, after_s, status = not is_passing(error.status), error.retry_after_s, error.status
                sight = EventSight.UNREADABLE
                return self._held(send, reason, retry_after_s=after_s, slow=slow, event=sight, status=status)
            event = asked = EventSight.THERE
        if answer.status == 404 or event is EventSight.UNREADABLE:
            return self._held(send, reason, slow=True, event=asked)
        return Refused(
            self.name, self.run, send.report.report_id, answer.status, words_of(answer.body), self._posts, len(body),
            self._unsettled, asked,
        )  # fmt: skip

    def _doubtful(self, send: Send, answer: Answer) -> Ambiguous:
        """An answer, good or bad, that does not prove whether the VTN has the report."""
        success = answer.status if 200 <= answer.status < 300 else 0
        return self._ambiguous(send, doubt_about(answer.status, answer.body), success=success)

    def _ambiguous(self, send: Send, reason: str, *, success: int = 0) -> Ambiguous:
        return Ambiguous(self.name, self.run, send.report.report_id, reason, self._posts, self._unsettled, success)

    def _settle_conflict(self, send: Send, client: ReportClient, body: bytes, answer: Answer) -> Verdict:
        """A 409 may mean that the report is there already, that its event is gone, or what it says.

        A single reading belongs to no event, and cannot be looked up: one that may have arrived is there.
        """
        if send.report.component is not None:
            if send.report.in_doubt:
                return Accepted(self.name, self.run, send.report.report_id, self._posts)
            return Refused(
                self.name, self.run, send.report.report_id, answer.status, words_of(answer.body), self._posts
            )
        found = self._find(send, client)
        if found.report is not None:
            return self._compare(send, body, found.report)
        if not client.event_exists(send.report.event_id):
            return self._gone(send)
        words = words_of(answer.body)
        if not found.settled:
            found_out = (
                f"one of its objects may be the report: {found.unreadable}" if found.unreadable else _NOT_TO_BE_FOUND
            )
            return self._held(send, f"the VTN answers 409 ({words}), and {found_out}", slow=True)
        return Refused(self.name, self.run, send.report.report_id, answer.status, words, self._posts, unexplained=True)

    def _gone(self, send: Send) -> EventGone:
        return EventGone(self.name, self.run, send.report.report_id, self._posts)

    def _find(self, send: Send, client: ReportClient) -> Found:
        """Look a report up. A VTN that lets nobody look leaves it unsettled; one in trouble is asked again later."""
        try:
            return client.find_report(send.report.event_id, send.report.name, send.known_reports)
        except VtnRefused as error:
            if is_passing(error.status):
                raise
            return _NotSeen()

    def _compare(self, send: Send, ours: bytes, theirs: bytes) -> Verdict:
        """The VTN's copy is ours only if it is equal; a copy that cannot be read leaves the report in doubt."""
        if same_report(ours, theirs):
            return Accepted(self.name, self.run, send.report.report_id, self._posts)
        what = f"the VTN has a report named {send.report.name}"
        if why := why_unreadable(theirs):
            return self._ambiguous(send, f"{what} that cannot be read: {why}")
        return Refused(self.name, self.run, send.report.report_id, 409, f"{what} with different content", self._posts)

    def _held(
        self,
        send: Send,
        reason: str,
        *,
        retry_after_s: float | None = None,
        slow: bool = False,
        event: EventSight = EventSight.UNASKED,
        status: int = 0,
    ) -> Held:
        """`status` is that of the answer with this `retry_after_s`; 0 if the VTN did not answer."""
        alone = retry_after_s is not None and status not in _ASK_EVERYBODY
        return Held(self.name, self.run, send.report.report_id, reason, retry_after_s, slow, self._posts, event, alone)
