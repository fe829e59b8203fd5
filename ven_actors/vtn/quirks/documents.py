"""What quirks do to the JSON of an answer. All works on decoded JSON, in place where it can."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ven_actors.vtn.quirks import Quirk

Json = dict[str, Any]

_METADATA = frozenset({"createdDateTime", "modificationDateTime", "created_date", "modification_date_time"})
_TIMES = _METADATA | {"start", "start_date", "end_date", "effective_start_date", "effective_end_date"}
_DURATIONS = frozenset({"duration", "randomizeStart", "timeZoneOffset", "interval_period_duration"})
_DURATION = re.compile(
    r"(?P<sign>[-+]?)P(?=.)(?:(?P<Y>\d+)Y)?(?:(?P<M>\d+)M)?(?:(?P<W>\d+)W)?(?:(?P<D>\d+)D)?"
    r"(?:T(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+(?:\.\d+)?)S)?)?"
)
_DESCRIPTOR = ("readingType", "units")
_REPORT_DESCRIPTOR = (
    *_DESCRIPTOR, "targets", "aggregate", "startInterval", "numIntervals", "historical", "frequency", "repeat",
)  # fmt: skip
_PROGRAM_301 = (
    "programLongName", "retailerName", "retailerLongName", "programType", "country", "principalSubdivision",
    "timeZoneOffset", "bindingEvents", "localPrice",
)  # fmt: skip
_OPTIONAL = {
    "PROGRAM": ("intervalPeriod", "programDescriptions", "payloadDescriptors", "targets"),
    "EVENT": ("eventName", "priority", "targets", "reportDescriptors", "payloadDescriptors", "intervalPeriod"),
    "REPORT": ("reportName", "payloadDescriptors"),
    "VEN": ("attributes", "targets"),
    "RESOURCE": ("attributes", "targets"),
    "SUBSCRIPTION": ("targets",),
    "EVENT_PAYLOAD_DESCRIPTOR": ("units", "currency"),
    "REPORT_PAYLOAD_DESCRIPTOR": (*_DESCRIPTOR, "accuracy", "confidence"),
}
_OPTIONAL_301 = {"PROGRAM": _PROGRAM_301, "VEN": ("resources",)}
_OPTIONAL_310 = {"PROGRAM": ("attributes",), "EVENT": ("duration", "intervals"), "SUBSCRIPTION": ("programID",)}
_OPTIONAL_OF_KEY = {
    "reportDescriptors": _REPORT_DESCRIPTOR,
    "intervals": ("intervalPeriod",),
    "intervalPeriod": ("start", "duration", "randomizeStart"),
    "resources": ("intervalPeriod",),
    "objectOperations": ("bearerToken",),
}


def altered(document: Any, quirks: frozenset[Quirk], *, is_301: bool) -> Any:
    """The document as a VTN with these quirks writes it."""
    for quirk, alter in _STRINGS.items():
        if quirk in quirks:
            _walk(document, alter)
    if Quirk.NULLS in quirks:
        _fill(document, "", _OPTIONAL_301 if is_301 else _OPTIONAL_310)
    return document


def nested(document: Any) -> Any:
    """The vens of an answer, one or a list of them, with an empty list at the end of their targets."""
    for each in document if isinstance(document, list) else [document]:
        if each.get("objectType") == "VEN":
            each["targets"] = [*(each.get("targets") or ()), []]
    return document


def token_altered(answer: Json, quirks: frozenset[Quirk]) -> Json:
    if Quirk.NO_EXPIRES_IN in quirks:
        answer.pop("expires_in", None)
    if Quirk.SCOPE_ARRAY in quirks and isinstance(answer.get("scope"), str):
        answer["scope"] = answer["scope"].split()
    return answer


def _walk(node: Any, alter: Callable[[str, str], str]) -> None:
    if isinstance(node, list):
        for each in node:
            _walk(each, alter)
    elif isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, str):
                node[key] = alter(key, value)
            else:
                _walk(value, alter)


def _without_zone(key: str, text: str) -> str:
    if key not in _TIMES:
        return text
    return text.removesuffix("Z").removesuffix("+00:00")


def _without_date(key: str, text: str) -> str:
    return text.partition("T")[2] if key in _METADATA and "T" in text else text


def _rewritten(key: str, text: str) -> str:
    match = _DURATION.fullmatch(text) if key in _DURATIONS else None
    if match is None:
        return text
    said = match.groupdict("0")
    days = int(said["D"]) + 7 * int(said["W"])
    return f"{said['sign']}P{said['Y']}Y{said['M']}M{days}DT{said['h']}H{said['m']}M{said['s']}S"


_STRINGS: dict[Quirk, Callable[[str, str], str]] = {
    Quirk.TIME_ONLY: _without_date,
    Quirk.NAIVE_TIMES: _without_zone,
    Quirk.REWRITTEN_DURATIONS: _rewritten,
}


def _fill(node: Any, key: str, of_version: dict[str, tuple[str, ...]]) -> None:
    """Say null for what could stand here and does not; `key` is where it stands in its parent."""
    if isinstance(node, list):
        for each in node:
            _fill(each, key, of_version)
        return
    if not isinstance(node, dict):
        return
    kind = node.get("objectType", "")
    key = "" if kind == "RESOURCE" else key  # those of a ven, not of a report
    for name in (*_OPTIONAL.get(kind, ()), *of_version.get(kind, ()), *_OPTIONAL_OF_KEY.get(key, ())):
        node.setdefault(name, None)
    for name, value in node.items():
        _fill(value, name, of_version)
