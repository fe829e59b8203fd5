"""What differs between the ways VTNs speak: names, paths, what is sent and how answers are read.

A dialect says only what differs from its parent. This base says what all of them have in common; `V310` is the
first that can be spoken.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import quote

import msgspec

from ven_actors.model import Resource
from ven_actors.openadr.events import Event, Program

Query = list[tuple[str, str]]


class Dialect(ABC):
    """Stateless: one instance serves all VENs. The `parse_` methods raise `VtnNonsense`.

    `report_success` are the statuses by which a report is stored; `reports_name_program` says that a report bears
    its programID.
    """

    name: ClassVar[str]
    page_limit: ClassVar[int] = 50
    report_success: ClassVar[frozenset[int]] = frozenset({201})
    reports_name_program: ClassVar[bool] = False
    auth_server_path: ClassVar[str | None] = None
    programs_path: ClassVar[str] = "/programs"
    events_path: ClassVar[str] = "/events"
    reports_path: ClassVar[str] = "/reports"
    vens_path: ClassVar[str] = "/vens"

    def event_path(self, event_id: str) -> str:
        return f"{self.events_path}/{quote(event_id, safe='')}"

    def ven_query(self, ven_name: str) -> Query:
        return [("venName", ven_name)]

    def reports_query(self, event_id: str, ven_name: str) -> Query:
        return [("eventID", event_id), ("clientName", ven_name)]

    def page_query(self, skip: int, limit: int) -> Query:
        return [("skip", str(skip)), ("limit", str(limit))]

    @abstractmethod
    def targets_query(self, targets: Sequence[str]) -> Query: ...

    @abstractmethod
    def resources_path(self, ven_id: str) -> str: ...

    @abstractmethod
    def resources_query(self, ven_id: str, resource_name: str | None) -> Query: ...

    @abstractmethod
    def ven_request(self, ven_name: str) -> dict[str, Any]: ...

    @abstractmethod
    def resource_request(self, resource: Resource, ven_id: str) -> dict[str, Any]: ...

    @abstractmethod
    def parse_program(self, raw: bytes | msgspec.Raw) -> Program: ...

    @abstractmethod
    def parse_event(self, raw: bytes | msgspec.Raw) -> Event: ...

    @abstractmethod
    def parse_ven(self, raw: bytes | msgspec.Raw) -> tuple[str, str]:
        """Its id and its name."""

    @abstractmethod
    def parse_resource(self, raw: bytes | msgspec.Raw) -> tuple[str, str, str | None]:
        """Its id, its name, and the id of its VEN where the VTN says it."""
