"""The neutral facts that store, rules and wire interfaces share. Times are seconds since the epoch, UTC."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

Clock = Callable[[], float]


class Role(StrEnum):
    """What a client is to the VTN: an end node, or business logic, which sees and changes everything."""

    VEN = "ven"
    BL = "bl"


class Kind(StrEnum):
    """The objects beside reports; the values are the standard's objectType."""

    PROGRAM = "PROGRAM"
    EVENT = "EVENT"
    VEN = "VEN"
    RESOURCE = "RESOURCE"
    SUBSCRIPTION = "SUBSCRIPTION"


class Operation(StrEnum):
    """What happened to an object, in the words of OpenADR 3.1.0."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


class Privacy(StrEnum):
    """How much of what is not its own a VEN may see and change."""

    WHOLE = "whole"
    """Nothing of other clients, and of programs and events what is for all or for it (OpenADR 3.1.0)."""
    OWN_OBJECTS = "own objects"
    """Nothing of other clients; every program and event (the embedded VTN's OpenADR 3.0.1)."""
    NONE = "none"
    """It sees and changes everything that its scopes allow (OpenADR 3.0.1 by the letter)."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks, and how far its role as a VEN is held to what is its own."""

    client_id: str
    role: Role
    privacy: Privacy = Privacy.WHOLE

    @property
    def sees_all(self) -> bool:
        """Whether the vens, resources, reports and subscriptions of all clients are open to it."""
        return self.role is Role.BL or self.privacy is Privacy.NONE

    @property
    def sees_all_targets(self) -> bool:
        """Whether programs and events are open to it whatever their targets are, and all these targets."""
        return self.role is Role.BL or self.privacy is not Privacy.WHOLE

    @property
    def grants(self) -> bool:
        """Whether it may say whose an object is and give targets to vens and resources."""
        return self.role is Role.BL


@dataclass(frozen=True, slots=True)
class Draft:
    """An object as a client wants it.

    `body` is a JSON object without metadata, clientID and targets. `name` is what has to be unique (for a
    subscription, which has no such name, its clientName), `parent_id` the program of an event or subscription and
    the ven of a resource, `ends_s` when an event has transpired (None: never). `client_id` None means: whoever asks.
    `targets` None means that none were given. `body_301` is the object as OpenADR 3.0.1 has it, with its targets,
    where it came that way.
    """

    kind: Kind
    body: bytes
    name: str | None = None
    parent_id: str | None = None
    client_id: str | None = None
    targets: tuple[str, ...] | None = None
    ends_s: float | None = None
    body_301: bytes | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as the store has it; `claimed_by` is whose it is in OpenADR 3.0.1, where clientID cannot say it."""

    id: str
    created_s: float
    modified_s: float
    draft: Draft
    claimed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """What a list is asked for; everything given has to hold.

    `active_at_s` leaves out what ended by then; `objects` is for subscriptions: those to all of these kinds.
    """

    name: str | None = None
    parent_id: str | None = None
    targets: tuple[str, ...] = ()
    active_at_s: float | None = None
    objects: tuple[str, ...] = ()
    skip: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True)
class ReportDraft:
    """A report as a client wants it; `body` is its JSON object without metadata and clientID.

    `program_id` is what the client takes for the event's program, None where it does not say.
    """

    event_id: str
    client_name: str
    report_name: str | None
    body: bytes
    program_id: str | None = None


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report as the store has it; `body` None means that it has made room for newer ones."""

    id: str
    created_s: float
    modified_s: float
    client_id: str
    program_id: str
    event_id: str
    client_name: str
    report_name: str | None
    body: bytes | None


@dataclass(frozen=True, slots=True)
class ReportQuery:
    client_id: str | None = None
    program_id: str | None = None
    event_id: str | None = None
    client_name: str | None = None
    skip: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Change:
    """What has happened to one object or report: `before` is None for a new one, `after` for one that is gone.

    `drawn_along` is for what was deleted because it hung on something.
    """

    before: Stored | StoredReport | None
    after: Stored | StoredReport | None
    drawn_along: bool = False

    @property
    def operation(self) -> Operation:
        if self.before is None:
            return Operation.CREATE
        return Operation.DELETE if self.after is None else Operation.UPDATE
