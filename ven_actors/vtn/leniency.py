"""What the VTN accepts beyond the standard where the meaning is clear; `--strict` refuses it.

An integer may be written `1.0`; a filter without a value is ignored; a missing objectType is filled in where only one
is possible, which a header of the answer tells; a `scope` in a token request takes nothing away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Json = dict[str, Any]
Fill = Callable[[Json], Iterable[str]]
"""Fills in what is missing in a body, and gives what: `payloadDescriptors[0].objectType=EVENT_PAYLOAD_DESCRIPTOR`."""

HEADER = "VTN-Filled-In"
_MOST_TOLD = 20
_INTEGERS = frozenset({"id", "priority", "confidence", "startInterval", "numIntervals", "frequency", "repeat"})
_WHOLE_NUMBER = re.compile(rb"((?:skip|limit)=-?[0-9]+)\.0+\Z")
_EVENT, _REPORT = "EVENT_PAYLOAD_DESCRIPTOR", "REPORT_PAYLOAD_DESCRIPTOR"
_ONLY_OF_EVENTS = frozenset({"currency"})
_ONLY_OF_REPORTS = frozenset({"readingType", "accuracy", "confidence"})


@dataclass(slots=True)
class Leniency:
    """That of one request, and what was filled in for it."""

    filled: list[str] = field(default_factory=list)

    def eased(self, body: Any, fill: Fill) -> Any:
        """The body with whole numbers as integers and with what `fill` fills in."""
        body = with_integers(body)
        if isinstance(body, dict):
            self.filled += fill(body)
        return body


_current: ContextVar[Leniency | None] = ContextVar("leniency", default=None)


def leniency() -> Leniency | None:
    """That of the request which is being served; None where the VTN is strict."""
    return _current.get()


class Lenient:
    """`app` with leniency, in bodies by those who read them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        allowed = Leniency()

        async def tell(message: Message) -> None:
            if allowed.filled and message["type"] == "http.response.start":
                told = ", ".join(allowed.filled[:_MOST_TOLD])
                header = (HEADER.lower().encode(), told.encode("ascii", "replace"))
                message = {**message, "headers": [*message["headers"], header]}
            await send(message)

        reset = _current.set(allowed)
        try:
            await self._app({**scope, "query_string": given(scope["query_string"])}, receive, tell)
        finally:
            _current.reset(reset)


def given(query: bytes) -> bytes:
    """A query without the parameters that have no value, and with `skip` and `limit` as integers."""
    pairs = (pair for pair in query.split(b"&") if pair.partition(b"=")[2])
    return b"&".join(_WHOLE_NUMBER.sub(rb"\1", pair) for pair in pairs)


def with_integers(value: Any) -> Any:
    """The standard's integers as such, in place: `"priority": 1.0` is 1."""
    if isinstance(value, list):
        for each in value:
            with_integers(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            if isinstance(each, float) and each.is_integer() and name in _INTEGERS:
                value[name] = int(each)
            else:
                with_integers(each)
    return value


def fill_nothing(_body: Json) -> Iterable[str]:
    return ()


def fill_event(body: Json) -> Iterable[str]:
    return _filled(body, lambda _descriptor: _EVENT)


def fill_report(body: Json) -> Iterable[str]:
    return _filled(body, lambda _descriptor: _REPORT)


def fill_program(body: Json) -> Iterable[str]:
    """A program has descriptors of both kinds; what only one of the two has tells it."""
    return _filled(body, _kind_of)


def fill_object_type(kind: str) -> Fill:
    """For a request whose objectType follows from who sends it."""

    def fill(body: Json) -> Iterable[str]:
        if "objectType" in body:
            return ()
        body["objectType"] = kind
        return (f"objectType={kind}",)

    return fill


def _kind_of(descriptor: Json) -> str | None:
    is_event, is_report = _ONLY_OF_EVENTS & descriptor.keys(), _ONLY_OF_REPORTS & descriptor.keys()
    if bool(is_event) == bool(is_report):
        return None
    return _EVENT if is_event else _REPORT


def _filled(body: Json, kind_of: Callable[[Json], str | None]) -> list[str]:
    descriptors = body.get("payloadDescriptors")
    told = []
    for number, descriptor in enumerate(descriptors if isinstance(descriptors, list) else ()):
        if isinstance(descriptor, dict) and "objectType" not in descriptor:
            kind = kind_of(descriptor)
            if kind is not None:
                descriptor["objectType"] = kind
                told.append(f"payloadDescriptors[{number}].objectType={kind}")
    return told
