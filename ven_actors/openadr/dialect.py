"""What differs between the ways VTNs speak: names, paths, what is sent and how answers are read.

A dialect says only what differs from its parent. This base says what all of them have in common. A new one is one
file, one line in `dialects.py` and one folder of golden JSON. One that is not paths and shapes alone, but another
order of requests, gives its own `Conversation` (registration, reading, reporting) from `converse`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple
from urllib.parse import quote

import msgspec

from ven_actors.model import Resource
from ven_actors.openadr.events import Event, Program
from ven_actors.openadr.reading import Reader
from ven_actors.openadr.targeting import Own, Target
from ven_actors.openadr.wire import WireAttribute

if TYPE_CHECKING:
    from ven_actors.openadr.api import Api
    from ven_actors.openadr.conversation import Conversation

Query = list[tuple[str, str]]
_NOBODY = Own("")


class Registered(NamedTuple):
    """A ven or a resource as the VTN lists it; `ven_id` is a resource's VEN where the VTN says it.

    `odd` has one line for each part that could not be read and was left out.
    """

    object_id: str
    name: str
    ven_id: str | None = None
    targets: frozenset[Target] = frozenset()
    attributes: tuple[WireAttribute, ...] = ()
    odd: tuple[str, ...] = ()


class Traces(NamedTuple):
    """What a VTN that has programs shows of itself; `program` is the first of them, as JSON."""

    names_token_url: bool
    program: dict[str, Any] | None
    resources_status: int


class ReadEvent(NamedTuple):
    """An event as the VTN says it, not yet judged by who reads it.

    `event` is what it is to a VEN that it concerns as a whole; None where no event can be made of it, as `problem`
    says. `asked` are the targets of its report descriptors, one by one.
    """

    event_id: str
    program_id: str
    name: str | None
    event: Event | None
    problem: str = ""
    targets: tuple[Target, ...] = ()
    asked: tuple[tuple[Target, ...], ...] = ()


class Dialect(ABC):
    """Stateless: one instance serves all VENs.

    `name` is what a user calls it, `base_urls_key` what the embedded VTN calls the URL at which it speaks it,
    `url_parts` are parts of a URL's path by which it is known.
    `report_success` are the statuses by which a report is stored; `reports_name_program` says that a report bears
    its programID; `scopes` are what a VEN's token has to allow; `token_by_basic` is how it is asked for where the
    credentials do not say.
    """

    name: ClassVar[str]
    base_urls_key: ClassVar[str]
    url_parts: ClassVar[frozenset[str]] = frozenset()
    scopes: ClassVar[tuple[str, ...]] = ()
    auth_server_path: ClassVar[str | None] = None
    token_by_basic: ClassVar[bool] = False
    report_success: ClassVar[frozenset[int]] = frozenset({201})
    reports_name_program: ClassVar[bool] = False

    @abstractmethod
    def converse(
        self,
        api: Api,
        ven_name: str,
        targets: Sequence[str],
        *,
        strict: bool,
        opted_out: bool = False,
        programs: Sequence[str] = (),
    ) -> Conversation:
        """The VEN's side of this dialect over `api`; `targets` are what its user configured.

        `strict` refuses what deviates from the dialect's own description, where there is one; `opted_out` is said where
        the dialect has words for it. `programs` are names or patterns of those to take part in; none are all.
        """

    @abstractmethod
    def recognises(self, traces: Traces) -> bool:
        """Whether a VTN that shows these speaks it. Dialects are asked in the order of the registry."""

    @abstractmethod
    def excluded_by(self, traces: Traces) -> bool:
        """Whether a VTN that shows these certainly does not speak it; in doubt it may."""


class StandardDialect(Dialect):
    """Paths and shapes of OpenADR 3. The `parse_` methods raise `VtnNonsense`; a ven or a resource needs no more than
    its id and its name, unless the reader is strict.

    `subscriptions_name_program` says that a subscription has its programID; `operation_verbs` are the words of HTTP
    that some VTNs want there for creating, updating and deleting.
    `strict_subscription` is its shape to the letter.
    `vens_have_clients` says that business logic makes a ven for an OAuth client; `usual_targets` are those that it
    grants, with `{ven}` for the VEN's name.
    """

    page_limit: ClassVar[int] = 50
    subscriptions_name_program: ClassVar[bool] = False
    operation_verbs: ClassVar[tuple[str, ...]] = ()
    strict_subscription: ClassVar[type]
    programs_path: ClassVar[str] = "/programs"
    events_path: ClassVar[str] = "/events"
    reports_path: ClassVar[str] = "/reports"
    vens_path: ClassVar[str] = "/vens"
    subscriptions_path: ClassVar[str] = "/subscriptions"
    vens_have_clients: ClassVar[bool]
    usual_targets: ClassVar[tuple[str, ...]]

    def program_path(self, program_id: str) -> str:
        return f"{self.programs_path}/{quote(program_id, safe='')}"

    def event_path(self, event_id: str) -> str:
        return f"{self.events_path}/{quote(event_id, safe='')}"

    def ven_query(self, ven_name: str) -> Query:
        return [("venName", ven_name)]

    def reports_query(self, event_id: str, ven_name: str) -> Query:
        return [("eventID", event_id), ("clientName", ven_name)]

    def page_query(self, skip: int, limit: int) -> Query:
        return [("skip", str(skip)), ("limit", str(limit))]

    @abstractmethod
    def targets_queries(self, targets: Sequence[str]) -> list[Query]:
        """What to ask besides everything, for configured targets (R13); none for none."""

    @abstractmethod
    def resources_path(self, ven_id: str) -> str: ...

    @abstractmethod
    def resources_query(self, ven_id: str, resource_name: str | None) -> Query: ...

    @abstractmethod
    def ven_request(self, ven_name: str) -> dict[str, Any]: ...

    @abstractmethod
    def resource_request(self, resource: Resource, ven_id: str) -> dict[str, Any]: ...

    @abstractmethod
    def operator_ven_request(self, ven_name: str, client_id: str, targets: Sequence[str]) -> dict[str, Any]:
        """As business logic makes a ven for the OAuth client of a VEN; targets as text."""

    @abstractmethod
    def operator_resource_request(
        self, resource: Resource, ven_id: str, client_id: str, targets: Sequence[str]
    ) -> dict[str, Any]: ...

    @abstractmethod
    def replacement(self, stored: Mapping[str, Any], targets: Sequence[str]) -> dict[str, Any]:
        """The whole of a ven or resource as business logic replaces it (R10), with these targets instead of its own."""

    @abstractmethod
    def targets_of(self, stored: Mapping[str, Any]) -> tuple[str, ...]:
        """The targets of a ven or resource, stored or asked for, as text."""

    @abstractmethod
    def parse_program(self, raw: bytes | msgspec.Raw, reader: Reader | None = None) -> Program: ...

    def parse_event(self, raw: bytes | msgspec.Raw, own: Own = _NOBODY, reader: Reader | None = None) -> Event | None:
        """The event as it concerns us, its targets as `EventBook` reads them; None where it is somebody else's."""
        reader = reader or Reader()
        return self.event_for(self.read_event(raw, reader), own, reader)

    @abstractmethod
    def read_event(self, raw: bytes | msgspec.Raw, reader: Reader | None = None) -> ReadEvent:
        """The part of `parse_event` that is the same for all VENs."""

    @abstractmethod
    def event_for(self, read: ReadEvent, own: Own, reader: Reader) -> Event | None:
        """The rest of it; where the whole VEN is concerned it is `read.event` itself."""

    @abstractmethod
    def parse_ven(self, raw: bytes | msgspec.Raw, reader: Reader | None = None) -> Registered: ...

    @abstractmethod
    def parse_resource(self, raw: bytes | msgspec.Raw, reader: Reader | None = None) -> Registered: ...

    @abstractmethod
    def targets_in(self, raw: bytes | msgspec.Raw) -> tuple[Target, ...]:
        """The targets of an event, also where the rest of it cannot be read."""

    @abstractmethod
    def puzzling(self, targets: tuple[Target, ...], own: Own) -> bool:
        """Whether an event's targets could be ours without our knowing yet, as they are granted (R14, R15)."""
