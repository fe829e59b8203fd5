"""What the official files say about the objects that a VEN reads, for those who want every deviation told.

Unknown properties and unknown payload types, units and so on are no deviations: the standard is open (R16).
"""

from __future__ import annotations

import threading
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

T = TypeVar("T")
_NAME_LENGTH = 128

Id = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]*$", min_length=1, max_length=_NAME_LENGTH)]
Name = Annotated[str, Meta(min_length=1, max_length=_NAME_LENGTH)]
# RFC 3339, or a start that means "now".
DateTime = Annotated[
    str,
    Meta(
        pattern=r"^(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)"
        r"|(0000-00-00|0001-01-01)(T00:00:00(Z|[+-]\d\d:\d\d)?)?)$"
    ),
]
Length = Annotated[
    str,
    Meta(pattern=r"^-?P(?=\d|T\d)(\d+Y)?(\d+M)?(\d+[DW])?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$"),
]


class _Point(Struct):
    x: float
    y: float


class ValuesMap(Struct):
    type: Name
    values: list[float | str | bool | _Point]


class Period(Struct, rename="camel"):
    start: DateTime | UnsetType = UNSET
    duration: Length | UnsetType = UNSET
    randomize_start: Length | UnsetType = UNSET


class Period301(Period, rename="camel", kw_only=True):
    start: DateTime


P = TypeVar("P")


class Interval(Struct, Generic[P], rename="camel"):
    id: int
    payloads: list[ValuesMap]
    interval_period: P | UnsetType = UNSET


class PayloadDescriptor(Struct, rename="camel"):
    payload_type: Name
    units: str | None = None
    currency: str | None = None


class ReportDescriptor(Struct, Generic[T], rename="camel"):
    payload_type: Name
    reading_type: str | None = None
    units: str | None = None
    targets: list[T] | None = None
    aggregate: bool = False
    start_interval: int = -1
    num_intervals: int = -1
    historical: bool = True
    frequency: int = -1
    repeat: int = 1


class _Stamped(Struct, rename="camel", kw_only=True):
    """The metadata that 3.1.0 requires of every answer."""

    id: Id
    created_date_time: DateTime
    modification_date_time: DateTime
    object_type: str


class Program310(_Stamped, rename="camel", kw_only=True):
    program_name: Name
    targets: list[Name] | None = None
    payload_descriptors: list[PayloadDescriptor] | None = None
    interval_period: Period | UnsetType = UNSET
    attributes: list[ValuesMap] | None = None


class Event310(_Stamped, rename="camel", kw_only=True):
    object_type: Literal["EVENT"]
    program_id: Id = msgspec.field(name="programID")
    event_name: str | None = None
    priority: Annotated[int, Meta(ge=0)] | None = None
    duration: Length | UnsetType = UNSET
    targets: list[Name] | None = None
    report_descriptors: list[ReportDescriptor[Name]] | None = None
    payload_descriptors: list[PayloadDescriptor] | None = None
    interval_period: Period | UnsetType = UNSET
    intervals: list[Interval[Period]] | UnsetType = UNSET


class Ven310(_Stamped, rename="camel", kw_only=True):
    ven_name: Name
    client_id: Name | UnsetType = msgspec.field(name="clientID", default=UNSET)
    targets: list[Name] | None = None
    attributes: list[ValuesMap] | None = None


class Resource310(_Stamped, rename="camel", kw_only=True):
    resource_name: Name
    client_id: Name | UnsetType = msgspec.field(name="clientID", default=UNSET)
    ven_id: Id = msgspec.field(name="venID")
    targets: list[Name] | None = None
    attributes: list[ValuesMap] | None = None


class _ObjectOperation(Struct, rename="camel"):
    objects: list[str]
    operations: list[str]
    callback_url: str
    bearer_token: str | None = None


class Subscription310(_Stamped, rename="camel", kw_only=True):
    client_name: Name
    program_id: Id | UnsetType = msgspec.field(name="programID", default=UNSET)
    object_operations: list[_ObjectOperation]
    targets: list[Name] | None = None


class _Marked(Struct, rename="camel", kw_only=True):
    """The metadata that 3.0.1 allows."""

    id: Id
    created_date_time: DateTime | UnsetType = UNSET
    modification_date_time: DateTime | UnsetType = UNSET
    targets: list[ValuesMap] | None = None


class Program301(_Marked, rename="camel", kw_only=True):
    program_name: Name
    payload_descriptors: list[PayloadDescriptor] | None = None
    interval_period: Period301 | UnsetType = UNSET


class Event301(_Marked, rename="camel", kw_only=True):
    object_type: Literal["EVENT"] | UnsetType = UNSET
    program_id: Id = msgspec.field(name="programID")
    event_name: str | None = None
    priority: Annotated[int, Meta(ge=0)] | None = None
    report_descriptors: list[ReportDescriptor[ValuesMap]] | None = None
    payload_descriptors: list[PayloadDescriptor] | None = None
    interval_period: Period301 | UnsetType = UNSET
    intervals: list[Interval[Period301]]


class Ven301(_Marked, rename="camel", kw_only=True):
    object_type: Literal["VEN"] | UnsetType = UNSET
    ven_name: Name
    attributes: list[ValuesMap] | None = None


class Resource301(_Marked, rename="camel", kw_only=True):
    object_type: Literal["RESOURCE"] | UnsetType = UNSET
    resource_name: Name
    ven_id: Id | UnsetType = msgspec.field(name="venID", default=UNSET)
    attributes: list[ValuesMap] | None = None


class Subscription301(_Marked, rename="camel", kw_only=True):
    object_type: Literal["SUBSCRIPTION"] | UnsetType = UNSET
    client_name: Name
    program_id: Id = msgspec.field(name="programID")
    object_operations: list[_ObjectOperation]


_decoders: dict[type, msgspec.json.Decoder[Any]] = {}
_building = threading.Lock()


def deviation_of(raw: bytes | msgspec.Raw, shape: type) -> str:
    """Where `raw` deviates first, in words; empty if it does not."""
    try:
        _decoder(shape).decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        return str(error)
    return ""


def _decoder(shape: type) -> msgspec.json.Decoder[Any]:
    """One per shape, built by one thread at a time, as in `decoding`."""
    decoder = _decoders.get(shape)
    if decoder is None:
        with _building:
            decoder = _decoders.setdefault(shape, msgspec.json.Decoder(shape))
    return decoder
