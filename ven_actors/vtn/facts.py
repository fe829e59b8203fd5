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


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks. `private` False is for interfaces that know no object privacy (OpenADR 3.0.1)."""

    client_id: str
    role: Role
    private: bool = True

    @property
    def sees_all(self) -> bool:
        return self.role is Role.BL or not self.private

    @property
    def grants(self) -> bool:
        """Whether it may say whose an object is and give targets to vens and resources."""
        return self.role is Role.BL


@dataclass(frozen=True, slots=True)
class Draft:
    """An object as a client wants it.

    `body` is a JSON object without metadata, clientID and targets. `name` is what has to be unique, `parent_id`
    the program of an event or the ven of a resource, `ends_s` when an event has transpired (None: never).
    `client_id` None means: whoever asks. `targets` None means that none were given. `body_301` is the object as
    OpenADR 3.0.1 has it, with its targets, where it came that way.
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
    """An object as the store has it."""

    id: str
    created_s: float
    modified_s: float
    draft: Draft


@dataclass(frozen=True, slots=True)
class Query:
    """What a list is asked for; everything given has to hold. `active_at_s` leaves out what ended by then."""

    name: str | None = None
    parent_id: str | None = None
    targets: tuple[str, ...] = ()
    active_at_s: float | None = None
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
