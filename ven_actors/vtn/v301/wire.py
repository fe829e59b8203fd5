# ruff: noqa: N815 - the standard's own names
"""The bodies that clients send, as openadr3.yaml (3.0.1) has them. Unknown properties are read over."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from ven_actors.vtn.v310.formats import check_date_time
from ven_actors.vtn.v310.wire import (
    Duration,
    Int32,
    Name,
    ObjectID,
    ObjectType,
    Percentage,
    Priority,
    Uri,
    ValuesMap,
)

Text = str | UnsetType | None
Flag = bool | UnsetType | None
Targets = list[ValuesMap] | None | UnsetType
_Operation = Literal["READ", "CREATE", "UPDATE", "DELETE", "GET", "POST", "PUT"]
_OF_VERBS: dict[str, _Operation] = {"GET": "READ", "POST": "CREATE", "PUT": "UPDATE"}
NOW_310 = "0001-01-01T00:00:00Z"
_NOW_301 = re.compile(r"0000-00-00(?:[Tt]00:00:00(?:\.0+)?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?)?\Z")


class IntervalPeriod(Struct, gc=False):
    """3.0.1's sentinel for "now" is no date-time in its own file; it is kept as 3.1.0's, which is one."""

    start: str
    duration: Duration | UnsetType = UNSET
    randomizeStart: Duration | UnsetType = UNSET

    def __post_init__(self) -> None:
        if _NOW_301.match(self.start):
            self.start = NOW_310
        check_date_time(self.start)


class Interval(Struct, gc=False):
    id: Int32
    payloads: list[ValuesMap]
    intervalPeriod: IntervalPeriod | UnsetType = UNSET


class EventPayloadDescriptor(Struct):
    payloadType: Name
    objectType: Literal["EVENT_PAYLOAD_DESCRIPTOR"] | UnsetType = UNSET
    units: Text = UNSET
    currency: Text = UNSET


class ReportPayloadDescriptor(Struct):
    payloadType: Name
    objectType: Literal["REPORT_PAYLOAD_DESCRIPTOR"] | UnsetType = UNSET
    readingType: Text = UNSET
    units: Text = UNSET
    accuracy: float | UnsetType | None = UNSET
    confidence: Percentage | UnsetType | None = UNSET


class EitherDescriptor(Struct):
    """In a program's list: both kinds' properties, as objectType may be absent."""

    payloadType: Name
    objectType: Literal["EVENT_PAYLOAD_DESCRIPTOR", "REPORT_PAYLOAD_DESCRIPTOR"] | UnsetType = UNSET
    units: Text = UNSET
    currency: Text = UNSET
    readingType: Text = UNSET
    accuracy: float | UnsetType | None = UNSET
    confidence: Percentage | UnsetType | None = UNSET


class ReportDescriptor(Struct):
    payloadType: Name
    readingType: Text = UNSET
    units: Text = UNSET
    targets: Targets = UNSET
    aggregate: bool | UnsetType = UNSET
    startInterval: Int32 | UnsetType = UNSET
    numIntervals: Int32 | UnsetType = UNSET
    historical: bool | UnsetType = UNSET
    frequency: Int32 | UnsetType = UNSET
    repeat: Int32 | UnsetType = UNSET


class ProgramDescription(Struct):
    URL: Uri


class Program(Struct):
    programName: Name
    programLongName: Text = UNSET
    retailerName: Text = UNSET
    retailerLongName: Text = UNSET
    programType: Text = UNSET
    country: Text = UNSET
    principalSubdivision: Text = UNSET
    timeZoneOffset: Duration | UnsetType = UNSET
    intervalPeriod: IntervalPeriod | UnsetType = UNSET
    programDescriptions: list[ProgramDescription] | UnsetType | None = UNSET
    bindingEvents: Flag = UNSET
    localPrice: Flag = UNSET
    payloadDescriptors: list[EitherDescriptor] | UnsetType | None = UNSET
    targets: Targets = UNSET


class Event(Struct):
    programID: ObjectID
    intervals: list[Interval]
    eventName: Text = UNSET
    priority: Priority | UnsetType | None = UNSET
    targets: Targets = UNSET
    reportDescriptors: list[ReportDescriptor] | UnsetType | None = UNSET
    payloadDescriptors: list[EventPayloadDescriptor] | UnsetType | None = UNSET
    intervalPeriod: IntervalPeriod | UnsetType = UNSET


class Resource(Struct):
    resourceName: Name
    attributes: list[ValuesMap] | UnsetType | None = UNSET
    targets: Targets = UNSET


class Ven(Struct):
    venName: Name
    attributes: list[ValuesMap] | UnsetType | None = UNSET
    targets: Targets = UNSET
    resources: list[Resource] | UnsetType | None = UNSET


class ObjectOperation(Struct):
    """Clients also say operations as this version's notifications do, in HTTP's verbs; kept is what the file has."""

    objects: list[ObjectType]
    operations: list[_Operation]
    callbackUrl: Uri
    bearerToken: Text = UNSET

    def __post_init__(self) -> None:
        self.operations = [_OF_VERBS.get(operation, operation) for operation in self.operations]


class Subscription(Struct):
    clientName: Name
    programID: ObjectID
    objectOperations: list[ObjectOperation]
    targets: Targets = UNSET


class ReportResource(Struct, gc=False):
    resourceName: Name
    intervals: list[Interval]
    intervalPeriod: IntervalPeriod | UnsetType = UNSET


class Report(Struct):
    programID: ObjectID | UnsetType
    eventID: ObjectID
    clientName: Name
    resources: list[ReportResource]
    reportName: Text = UNSET
    payloadDescriptors: list[ReportPayloadDescriptor] | UnsetType | None = UNSET
