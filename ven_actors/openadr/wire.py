"""Inbound JSON of OpenADR 3: lenient shapes, in which unknown properties, enumerations and units are no error.

Null, absent and default are the same thing (R16). Times and durations stay text here. `T` is what one target is: a
string in 3.1, a `WireTarget` in 3.0.1.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

import msgspec

T = TypeVar("T")

# JSON's integers have no end, but those that can be stored have; one beyond that is read as any other broken part is.
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
# An id or a name by which something is known again.
Named = Annotated[str, msgspec.Meta(min_length=1)]


class Identified(msgspec.Struct):
    """The least that any object of a list has."""

    id: str


class WireTarget(msgspec.Struct):
    """One target of 3.0.1."""

    type: str
    values: list[Any] | None = None


class WireTargeted(msgspec.Struct, Generic[T]):
    """The targets that any object may bear."""

    targets: list[T] | None = None


class WireOfProgram(msgspec.Struct):
    """The program that an event belongs to."""

    program_id: str = msgspec.field(name="programID")


class WirePeriod(msgspec.Struct, rename="camel"):
    start: str | None = None
    duration: str | None = None
    randomize_start: str | None = None


class WirePayload(msgspec.Struct):
    type: str
    values: Any = None

    @property
    def listed(self) -> list[Any]:
        """The values; one alone may be written without its list."""
        if self.values is None:
            return []
        return self.values if isinstance(self.values, list) else [self.values]


class WireInterval(msgspec.Struct, rename="camel"):
    id: Int64 | None = None
    interval_period: WirePeriod | None = None
    payloads: list[WirePayload] | None = None


class WirePayloadDescriptor(msgspec.Struct, rename="camel"):
    payload_type: str
    units: str | None = None
    currency: str | None = None


class WireReportDescriptor(msgspec.Struct, Generic[T], rename="camel"):
    payload_type: str
    reading_type: str | None = None
    units: str | None = None
    targets: list[T] | None = None
    aggregate: bool | None = None
    start_interval: Int64 | None = None
    num_intervals: Int64 | None = None
    historical: bool | None = None
    frequency: Int64 | None = None
    repeat: Int64 | None = None
    report_intervals: str | None = None


class WireProgram(msgspec.Struct, Generic[T], rename="camel"):
    id: str
    program_name: str | None = None
    targets: list[T] | None = None
    payload_descriptors: list[WirePayloadDescriptor] | None = None


class WireEvent(msgspec.Struct, Generic[T], rename="camel"):
    id: str
    program_id: str = msgspec.field(name="programID")
    event_name: str | None = None
    created_date_time: str | None = None
    modification_date_time: str | None = None
    object_type: Any = None
    priority: Int64 | None = None
    duration: str | None = None
    targets: list[T] | None = None
    interval_period: WirePeriod | None = None
    intervals: list[WireInterval] | None = None
    report_descriptors: list[WireReportDescriptor[T]] | None = None
    payload_descriptors: list[WirePayloadDescriptor] | None = None


class WireOwnTarget(msgspec.Struct):
    """One target of a ven or a resource in 3.0.1."""

    type: Named
    values: list[str | int | float | bool] | None = None


class WireAttribute(msgspec.Struct):
    """One attribute of a ven or a resource."""

    type: str
    values: list[Any] | None = None


class _WireOwn(msgspec.Struct, Generic[T], rename="camel", kw_only=True):
    """What a ven and a resource have in common; nothing but the id is needed."""

    id: Named
    targets: list[T] | None = None
    attributes: list[WireAttribute] | None = None
    created_date_time: str | None = None
    modification_date_time: str | None = None
    object_type: str | None = None
    client_id: str | None = msgspec.field(name="clientID", default=None)


class WireVen(_WireOwn[T], Generic[T], rename="camel", kw_only=True):
    ven_name: Named


class WireResource(_WireOwn[T], Generic[T], rename="camel", kw_only=True):
    resource_name: Named
    ven_id: str | None = msgspec.field(name="venID", default=None)


class WireReportName(msgspec.Struct, rename="camel"):
    """The part of a report that a look-up reads."""

    id: str | None = None
    event_id: str | None = msgspec.field(name="eventID", default=None)
    client_name: str | None = None
    report_name: str | None = None
    created_date_time: str | None = None


class WireReportPayloadDescriptor(msgspec.Struct, rename="camel"):
    payload_type: str
    units: str | None = None


class WireReportEntry(msgspec.Struct, rename="camel"):
    resource_name: str
    intervals: list[WireInterval]
    interval_period: WirePeriod | None = None


class WireReport(msgspec.Struct, rename="camel"):
    event_id: str = msgspec.field(name="eventID")
    client_name: str
    resources: list[WireReportEntry]
    report_name: str | None = None
    payload_descriptors: list[WireReportPayloadDescriptor] | None = None


class WireAuthServer(msgspec.Struct):
    token_url: str = msgspec.field(name="tokenURL")


class WireToken(msgspec.Struct):
    """Some servers call it `access_token_jwt`, and mean something else by the other name, or nothing."""

    access_token: str = ""
    access_token_jwt: str = ""
    token_type: str | None = None
    expires_in: Any = None
