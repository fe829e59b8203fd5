"""What a VEN and an energydesk server say to each other: registration, approval, programs, events, readings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
import structlog

from ven_actors.errors import VtnAmbiguous, VtnError, VtnNonsense, VtnRefused
from ven_actors.model import Enrolment, RegistrationStatus, Resource
from ven_actors.openadr.api import Api
from ven_actors.openadr.chosen_programs import ChosenPrograms
from ven_actors.openadr.decoding import id_of, words_of
from ven_actors.openadr.energydesk_lists import DeskEventLister, DeskProgramLister
from ven_actors.openadr.energydesk_registration import DeskRegistration
from ven_actors.openadr.energydesk_shapes import WireDeskResource, read_resources
from ven_actors.openadr.events import Crawl, Event, Program
from ven_actors.openadr.exchange import Answer
from ven_actors.openadr.lanes import Lane, in_lane
from ven_actors.openadr.paging import split_page
from ven_actors.openadr.report_lookup import FindResult
from ven_actors.openadr.salvage import said

if TYPE_CHECKING:
    from ven_actors.openadr.energydesk import Energydesk

log = structlog.get_logger()

_EXISTING = "existing resource"
_GOOD = frozenset({200, 201})
_FORBIDDEN = 403
# So many POSTs in one reading, at most: the rest has its turn in the next.
_ENROLMENTS_PER_CRAWL = 240
# By these a server says that it has no such look-up.
_NO_LOOK_UP = frozenset({400, 403, 404, 405, 422, 501})


class EnergydeskConversation:
    """One VEN's side. All that the server gave is in one `Enrolment`, which grows as it is told more.

    What is refused with 422 is said once, and not asked again.
    """

    def __init__(
        self,
        api: Api,
        dialect: Energydesk,
        ven_name: str,
        *,
        opted_out: bool = False,
        programs: Sequence[str] = (),
    ) -> None:
        self._api = api
        self._dialect = dialect
        self._ven_name = ven_name
        self._willing = "optOut" if opted_out else "optIn"
        self._known: Enrolment | None = None
        self._names: tuple[str, ...] = ()
        self._registration = DeskRegistration(api, dialect)
        self._token_refused = False
        self._refused: dict[str, str] = {}
        self._odd: list[str] = []
        self._shows_resources = True
        self._chosen_programs = ChosenPrograms(programs)
        self._programs = DeskProgramLister()
        self._events = DeskEventLister(dialect)

    # --- registration

    def enrol(self, ven_name: str, resources: Sequence[Resource], known: Enrolment | None) -> Enrolment:
        """Register what is not registered yet. What an earlier, failed try achieved is not asked for again.

        The VEN comes alone, so that its auth_token can be kept before anything else is done with it. One whose token
        the server has refused is looked up and, if need be, registered again; if that fails, the token is tried again
        before the next time.
        """
        if self._known is None and known is not None and known.auth_token is not None:
            self._known = replace(known, complete=True)
        self._names = tuple(resource.name for resource in resources)
        if self._known is None or self._token_refused:
            refused, self._token_refused = self._token_refused, False
            before = self._known if refused else None
            made = self._registration.register(ven_name, None if before is None else before.auth_token)
            is_same = before is not None and before.ven_id == made.ven_id
            self._known = replace(before if before and is_same else made, auth_token=made.auth_token, complete=False)
            return self._known
        self._shows_resources = True
        for resource in resources:
            if resource.name not in self._known.resource_ids and resource.name not in self._refused:
                self._register_resource(resource)
        self._known = replace(self._known, complete=True)
        return self._known

    def is_registered(self) -> bool:
        """By one reading of the events with the VEN's own token."""
        try:
            answer = self._as_ven("GET", "/events")
        except VtnRefused as error:
            if error.status == 401:
                return False
            raise
        if answer.status == _FORBIDDEN:
            return False
        if answer.status != 200:
            raise self._api.refused(answer, "GET", "/events")
        return True

    def _register_resource(self, resource: Resource) -> None:
        """409, and a 500 that says so: it is there; its id is then told, looked up, or stays unknown (empty)."""
        answer = self._post("/resources", self._dialect.resource_request(resource))
        there = answer.status == 409 or (answer.status == 500 and _EXISTING in words_of(answer.body).lower())
        if answer.status == 422:
            self._refuse(resource.name, answer)
            return
        if answer.status not in _GOOD and not there:
            raise self._api.refused(answer, "POST", "/resources")
        resource_id = id_of(answer.body) or ""
        if there and not resource_id:
            resource_id = next((each.id or "" for each in self._listed() if each.resource_name == resource.name), "")
        self._learn(resource_ids=self._enrolment.resource_ids | {resource.name: resource_id})

    # --- reading

    def crawl(self, known_event_ids: Collection[str] = ()) -> Crawl:
        """Approval, programs, enrolments, events and our responses to them, in this order; lists are never paged."""
        del known_event_ids
        self._follow_approval()
        programs, problems = self._read_programs()
        self._enrol_in_programs()
        events, unreadable, more = self._read_events()
        return Crawl(
            programs=programs,
            events=events,
            problems=(*problems, *more, *self._left_out(), *sorted(self._refused.values())),
            unmet=(*self._programs.unmet, *self._events.unmet),
            unreadable_ids=frozenset(each for each in unreadable if each is not None),
            complete=None not in unreadable,
            enrolment=self._known,
            reported=self._approved() + self._left_behind(),
        )

    def _follow_approval(self) -> None:
        """A server that does not show resources is taken to have approved those that it registered."""
        statuses = {}
        by_id = {resource_id: name for name, resource_id in self._enrolment.resource_ids.items() if resource_id}
        for each in self._listed():
            name = by_id.get(each.id or "", each.resource_name or "")
            if each.status is not None and name in self._enrolment.resource_ids:
                statuses[name] = each.status.value
        if statuses != self._enrolment.statuses:
            changed = sum(self._enrolment.statuses.get(name) != status for name, status in statuses.items())
            log.info("approval_changed", ven=self._ven_name, resources=changed)
            self._learn(statuses=statuses)

    def _approved(self) -> tuple[str, ...]:
        statuses, approved = self._enrolment.statuses, RegistrationStatus.APPROVED
        registered = (name for name in self._names if name in self._enrolment.resource_ids)
        return tuple(name for name in registered if statuses.get(name, approved) == approved)

    def _left_behind(self) -> tuple[str, ...]:
        """Approved there, and ours no longer: readings that were made before may still wait."""
        statuses, approved = self._enrolment.statuses, RegistrationStatus.APPROVED
        others = (name for name in self._enrolment.resource_ids if name not in self._names)
        return tuple(name for name in others if statuses.get(name, approved) == approved)

    def _listed(self) -> list[WireDeskResource]:
        if not self._shows_resources:
            return []
        answer = self._api.request("GET", "/resources", query=[("ven_name", self._ven_name)])
        if answer.status in _NO_LOOK_UP:
            self._shows_resources = False
            return []
        if answer.status != 200:
            raise self._api.refused(answer, "GET", "/resources")
        listed, self._odd = read_resources(split_page(answer.body, "resources"), self._names)
        return listed

    def _left_out(self) -> tuple[str, ...]:
        """What could not be read of our own objects, as one notice."""
        of_ven = [f"ven: {said(self._registration.odd)}"] if self._registration.odd else []
        lines = [*of_ven, *self._odd]
        return (f"parts of our own objects at the VTN cannot be read and are left out: {said(lines)}",) if lines else ()

    def _read_programs(self) -> tuple[tuple[Program, ...], list[str]]:
        programs, problems = self._programs.chosen(self._api.get("/programs"), self._chosen_programs)
        kept = {program.program_id: program.digest.hex() for program in programs}
        if kept != self._enrolment.programs:
            log.info("programs_changed", ven=self._ven_name, programs=len(kept))
            self._learn(programs=kept)
        return programs, problems

    def _enrol_in_programs(self) -> None:
        left = _ENROLMENTS_PER_CRAWL
        for program_id in self._enrolment.programs:
            done = self._enrolment.enrolled.get(program_id, ())
            wanted = [name for name in self._approved() if name not in done and self._enrolment.resource_ids[name]]
            for name in wanted[:left]:
                left -= 1
                if self._enrol_one(program_id, name):
                    done = (*done, name)
            if done != self._enrolment.enrolled.get(program_id, ()):
                self._learn(enrolled=self._enrolment.enrolled | {program_id: done})

    def _enrol_one(self, program_id: str, name: str) -> bool:
        """409 is as good as 201. A refusal (422) is said once; trouble is met again at the next reading."""
        key = f"{name} in program {program_id}"
        if key in self._refused:
            return False
        path = f"/programs/{quote(program_id, safe='')}/resources"
        try:
            query = [("resource_id", self._enrolment.resource_ids[name])]
            with in_lane(Lane.REGISTRATION):
                answer = self._api.request("POST", path, query=query)
        except VtnAmbiguous:
            return False
        if answer.status == 422:
            self._refuse(key, answer)
        return answer.status in _GOOD | {409}

    # --- events

    def _read_events(self) -> tuple[tuple[Event, ...], list[str | None], list[str]]:
        answer = self._as_ven("GET", "/events")
        if answer.status != 200:
            raise self._api.refused(answer, "GET", "/events")
        of_programs = self._enrolment.programs if self._chosen_programs else None
        events, unreadable, problems = self._events.chosen(answer.body, of_programs)
        for event, number in events:
            self._respond(event, number)
        return tuple(event for event, _ in events), unreadable, problems

    def _respond(self, event: Event, number: int) -> None:
        """Each modification of an event is answered once; trouble is met again at the next reading."""
        if self._enrolment.answered.get(event.event_id, -1) >= number:
            return
        response_type = self._willing if self._approved() else "notParticipating"
        path = f"/events/{quote(event.event_id, safe='')}/responses"
        body = msgspec.json.encode(self._dialect.response_request(event.event_id, response_type))
        try:
            with in_lane(Lane.ANSWER):
                answer = self._as_ven("POST", path, body)
        except VtnError as error:
            if self._token_refused:
                raise
            log.warning("response_failed", ven=self._ven_name, event_id=event.event_id, reason=str(error))
            return
        if answer.status == 422:
            self._refuse(f"response to event {event.event_id}", answer)
        if answer.status in _GOOD | {409, 422}:
            self._learn(answered=self._enrolment.answered | {event.event_id: number})

    # --- reports

    def post_report(self, body: bytes) -> Answer:
        return self._api.request("POST", "/reports", body=body)

    def find_report(self, event_id: str, name: str, known_reports: int) -> FindResult:
        """No look-up is known: nothing can be settled."""
        del event_id, name, known_reports
        return FindResult(None, settled=False)

    def event_exists(self, event_id: str) -> bool:
        """Readings belong to no event, so none can be gone."""
        del event_id
        return True

    # --- what they stand on

    @property
    def _enrolment(self) -> Enrolment:
        if self._known is None:
            raise VtnNonsense(f"VEN {self._ven_name!r} is not registered yet")
        return self._known

    def _learn(self, **facts: Any) -> None:
        self._known = replace(self._enrolment, **facts)

    def _refuse(self, what: str, answer: Answer) -> None:
        self._refused[what] = f"{what} is refused with 422: {words_of(answer.body)}"
        log.error("refused_for_good", ven=self._ven_name, what=what, words=words_of(answer.body))

    def _post(self, path: str, body: dict[str, Any]) -> Answer:
        return self._api.request("POST", path, body=msgspec.json.encode(body))

    def _as_ven(self, method: str, path: str, body: bytes | None = None) -> Answer:
        token = self._enrolment.auth_token
        assert token is not None
        try:
            answer = self._api.request_as(token, method, path, body=body)
        except VtnRefused as error:
            self._token_refused = error.status == 401
            raise
        self._token_refused = answer.status == _FORBIDDEN  # some say so of a token that they do not know
        return answer
