"""The bodies that clients send, and FastAPI's way of saying what is wrong with one (422)."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar, get_args, get_type_hints

import msgspec
from msgspec import Meta, Struct

from ven_actors.vtn.leniency import leniency, with_integers

Text = Annotated[str, Meta(max_length=512)]
Name = Annotated[str, Meta(min_length=1, max_length=128)]
ReportType = Literal["usage", "demand", "baseline", "deviation"]
ReadingType = Literal["energy", "power", "state_of_charge", "voltage", "frequency"]
ResponseType = Literal["optIn", "optOut", "notParticipating"]

T = TypeVar("T", bound=Struct)
_NO_START = "Input should be a valid datetime, within the years 1 to 9999 of UTC"
_PLACE = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]")


class Invalid(Exception):  # noqa: N818 - named after what the body is
    """A body that is not what it should be; `detail` is FastAPI's list of errors."""

    def __init__(self, detail: list[dict[str, Any]]) -> None:
        super().__init__(str(detail))
        self.detail = detail


class VenBody(Struct):
    ven_name: Name
    client_name: Name


class Attribute(Struct):
    attribute_name: Name
    attribute_type: Text
    attribute_values: list[Text]
    resource_id: Text | None = None


class ServiceLocation(Struct):
    meterpoint_id: Text | None = None
    latitude: float | None = None
    longitude: float | None = None
    address: Text | None = None


class ResourceBody(Struct):
    resource_name: Name
    resource_type: Text
    ven_name: Name
    id: Text | None = None
    attributes: list[Attribute] = []
    external_resource_id: Text | None = None
    service_location: ServiceLocation | None = None


class ResponseBody(Struct):
    response_type: ResponseType
    event_id: Text | None = None


class Payload(Struct, gc=False):
    type: Name
    values: list[float]


class Interval(Struct, gc=False):
    id: int
    payloads: list[Payload]


class ReportResource(Struct, gc=False):
    resource_name: Name


class MeterReport(Struct, gc=False, omit_defaults=True):
    """One reading."""

    ven_id: Name
    report_type: ReportType
    reading_type: ReadingType
    report_name: Text | None = None
    resource_id: Text | None = None
    client_name: Text | None = None
    start: Text | None = None
    duration: Text | None = None
    intervals: list[Interval] = []
    resources: list[ReportResource] = []
    load_component: Text | None = None
    program_id: Text | None = None

    def __post_init__(self) -> None:
        if self.start is not None:
            _check_start(self.start)


def _check_start(text: str) -> None:
    """Any ISO 8601 that Python reads, with a zone or without; raises `ValueError`."""
    moment = datetime.fromisoformat(text)
    try:
        moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(_NO_START) from error


class NewReport(Struct, omit_defaults=True):
    """A report that a VEN announces, without readings."""

    ven_id: Name
    report_type: ReportType
    reading_type: ReadingType
    report_name: Text | None = None
    program_id: Text | None = None
    interval_period: Text | None = None


_DECODERS: dict[type[Struct], msgspec.json.Decoder[Any]] = {
    shape: msgspec.json.Decoder(shape) for shape in (VenBody, ResourceBody, ResponseBody, MeterReport, NewReport)
}


def parse(body: bytes, shape: type[T]) -> T:
    """Raises `Invalid`, naming every field that is wrong."""
    decoder: msgspec.json.Decoder[T] = _DECODERS[shape]
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        if leniency() is not None:
            with contextlib.suppress(msgspec.MsgspecError, ValueError, RecursionError):
                return msgspec.convert(with_integers(msgspec.json.decode(body)), shape)
        raise Invalid(_errors(body, shape)) from None


def _errors(body: bytes, shape: type[T]) -> list[dict[str, Any]]:
    try:
        content = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return [{"loc": ["body"], "msg": "JSON decode error", "type": "json_invalid"}]
    if not isinstance(content, dict):
        return [{"loc": ["body"], "msg": "Input should be a valid dictionary", "type": "model_attributes_type"}]
    kinds = get_type_hints(shape, include_extras=True)
    errors = []
    for field in msgspec.structs.fields(shape):
        if field.name not in content:
            if field.required:
                errors.append({"loc": ["body", field.name], "msg": "Field required", "type": "missing"})
            continue
        try:
            msgspec.convert(content[field.name], type=kinds[field.name])
        except (msgspec.MsgspecError, ValueError) as error:
            errors.append(_error(field.name, kinds[field.name], str(error)))
    # Each field is right by itself: what is left is the one check that a shape makes of its own.
    return errors or [{"loc": ["body", "start"], "msg": _NO_START, "type": "datetime_parsing"}]


def _error(name: str, kind: Any, said: str) -> dict[str, Any]:
    msg, _, place = said.partition(" - at `$")
    within = [int(index) if index else key for key, index in _PLACE.findall(place)]
    if "Invalid enum value" in msg:
        *most, last = (repr(value) for value in get_args(kind))
        return {"loc": ["body", name], "msg": f"Input should be {', '.join(most)} or {last}", "type": "enum"}
    if "missing required field" in msg:
        missing = msg.rpartition("field ")[2].strip("`")
        return {"loc": ["body", name, *within, missing], "msg": "Field required", "type": "missing"}
    return {"loc": ["body", name, *within], "msg": msg, "type": "value_error"}
