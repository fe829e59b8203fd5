# ruff: noqa: N815 - the standard's own names
"""The bodies that clients send, as openadr3.yaml (3.1.0) has them. Unknown properties are read over."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from ven_actors.vtn.v310.formats import DURATION, OBJECT_ID, URI, check_date_time

Name = Annotated[str, Meta(min_length=1, max_length=128)]
ObjectID = Annotated[str, Meta(pattern=OBJECT_ID)]
Duration = Annotated[str, Meta(pattern=DURATION)]
Uri = Annotated[str, Meta(min_length=2, max_length=8000, pattern=URI)]
Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
Percentage = Annotated[int, Meta(ge=0, le=100)]
Priority = Annotated[int, Meta(ge=0)]
Targets = list[Name] | None | UnsetType
ObjectType = Literal["PROGRAM", "EVENT", "REPORT", "SUBSCRIPTION", "VEN", "RESOURCE"]


class Point(Struct, gc=False):
    x: float
    y: float


class ValuesMap(Struct, gc=False):
    type: Name
    values: list[int | float | str | bool | Point]


class IntervalPeriod(Struct, gc=False):
    start: str | UnsetType = UNSET
    duration: Duration | UnsetType = UNSET
    randomizeStart: Duration | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.start is not UNSET:
            check_date_time(self.start)


class Interval(Struct, gc=False):
    id: Int32
    payloads: list[ValuesMap]
    intervalPeriod: IntervalPeriod | UnsetType = UNSET


class _EventPayload(Struct):
    payloadType: Name
    units: Name | UnsetType | None = UNSET
    currency: str | UnsetType | None = UNSET


class _ReportPayload(Struct):
    payloadType: Name
    readingType: Name | UnsetType | None = UNSET
    units: Name | UnsetType | None = UNSET
    accuracy: float | UnsetType | None = UNSET
    confidence: Percentage | UnsetType | None = UNSET


class EventPayloadDescriptor(_EventPayload, kw_only=True):
    objectType: Literal["EVENT_PAYLOAD_DESCRIPTOR"]


class ReportPayloadDescriptor(_ReportPayload, kw_only=True):
    objectType: Literal["REPORT_PAYLOAD_DESCRIPTOR"]


class EitherEventPayload(_EventPayload, tag_field="objectType", tag="EVENT_PAYLOAD_DESCRIPTOR"):
    """In a program's list, where objectType tells the two apart; alone, msgspec would not insist on it."""


class EitherReportPayload(_ReportPayload, tag_field="objectType", tag="REPORT_PAYLOAD_DESCRIPTOR"):
    """The other of the two."""


class ReportDescriptor(Struct):
    payloadType: Name
    readingType: Name | UnsetType | None = UNSET
    units: Name | UnsetType | None = UNSET
    targets: Targets = UNSET
    aggregate: bool | UnsetType = UNSET
    startInterval: Int32 | UnsetType = UNSET
    numIntervals: Int32 | UnsetType = UNSET
    historical: bool | UnsetType = UNSET
    frequency: Int32 | UnsetType = UNSET
    repeat: Int32 | UnsetType = UNSET
    reportIntervals: Literal["INTERVALS", "SUB_INTERVALS", "OPEN_INTERVALS"] | UnsetType = UNSET


class ProgramDescription(Struct):
    URL: Uri


class ProgramRequest(Struct):
    programName: Name
    intervalPeriod: IntervalPeriod | UnsetType = UNSET
    programDescriptions: list[ProgramDescription] | UnsetType | None = UNSET
    payloadDescriptors: list[EitherEventPayload | EitherReportPayload] | UnsetType | None = UNSET
    attributes: list[ValuesMap] | UnsetType | None = UNSET
    targets: Targets = UNSET


class EventRequest(Struct):
    programID: ObjectID
    eventName: str | UnsetType | None = UNSET
    duration: Duration | UnsetType = UNSET
    priority: Priority | UnsetType | None = UNSET
    targets: Targets = UNSET
    reportDescriptors: list[ReportDescriptor] | UnsetType | None = UNSET
    payloadDescriptors: list[EventPayloadDescriptor] | UnsetType | None = UNSET
    intervalPeriod: IntervalPeriod | UnsetType = UNSET
    intervals: list[Interval] | UnsetType = UNSET


class ReportResource(Struct, gc=False):
    resourceName: Name
    intervals: list[Interval]
    intervalPeriod: IntervalPeriod | UnsetType = UNSET


class ReportRequest(Struct):
    eventID: ObjectID
    clientName: Name
    resources: list[ReportResource]
    reportName: str | UnsetType | None = UNSET
    payloadDescriptors: list[ReportPayloadDescriptor] | UnsetType | None = UNSET


class ObjectOperation(Struct):
    objects: list[ObjectType]
    operations: list[Literal["READ", "CREATE", "UPDATE", "DELETE"]]
    callbackUrl: Uri
    bearerToken: str | UnsetType | None = UNSET


class SubscriptionRequest(Struct):
    clientName: Name
    objectOperations: list[ObjectOperation]
    programID: ObjectID | UnsetType = UNSET
    targets: Targets = UNSET


class VenVenRequest(Struct, tag_field="objectType", tag="VEN_VEN_REQUEST"):
    venName: Name
    attributes: list[ValuesMap] | UnsetType | None = UNSET


class BlVenRequest(Struct, tag_field="objectType", tag="BL_VEN_REQUEST"):
    clientID: Name
    venName: Name
    targets: Targets = UNSET
    attributes: list[ValuesMap] | UnsetType | None = UNSET


class VenResourceRequest(Struct, tag_field="objectType", tag="VEN_RESOURCE_REQUEST"):
    resourceName: Name
    venID: ObjectID
    attributes: list[ValuesMap] | UnsetType | None = UNSET


class BlResourceRequest(Struct, tag_field="objectType", tag="BL_RESOURCE_REQUEST"):
    clientID: Name
    resourceName: Name
    venID: ObjectID
    targets: Targets = UNSET
    attributes: list[ValuesMap] | UnsetType | None = UNSET


class VenBody(Struct):
    """What is kept of either ven request."""

    venName: str
    attributes: list[ValuesMap] | UnsetType | None = UNSET


class ResourceBody(Struct):
    """What is kept of either resource request."""

    resourceName: str
    venID: str
    attributes: list[ValuesMap] | UnsetType | None = UNSET
