"""Which dialect a VTN speaks: told, remembered from an earlier run, or found out without changing anything there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ven_actors.errors import CredentialsRefused, VtnNonsense
from ven_actors.openadr.api import Api
from ven_actors.openadr.decoding import decode
from ven_actors.openadr.dialect import Dialect, Traces
from ven_actors.openadr.dialects import DIALECTS
from ven_actors.openadr.wire import WireAuthServer

AUTH_SERVER_PATH = "/auth/server"
_NOT_IMPLEMENTED = 501
_FIRST = (("skip", "0"), ("limit", "1"))


class Choice:
    """The dialect of one VTN, shared by its clients: whoever finds it out first settles it. For any thread."""

    def __init__(self, dialect: Dialect | None = None) -> None:
        self._dialect = dialect

    @property
    def dialect(self) -> Dialect | None:
        return self._dialect

    def settle(self, dialect: Dialect) -> Dialect:
        """The dialect from now on: this one, unless another was settled before."""
        if self._dialect is None:
            self._dialect = dialect
        return self._dialect


def dialect_by_url(base_url: str, dialects: Iterable[Dialect] = DIALECTS.values()) -> Dialect | None:
    """The dialect that the URL's path names by itself, as in `/openadr3/3.0.1`."""
    parts = urlsplit(base_url).path.lower().split("/")
    return next((each for each in dialects if any(part in each.url_parts for part in parts)), None)


def find_dialect(api: Api, base_url: str) -> Dialect:
    """Find out which dialect the VTN speaks, with at most three GETs.

    Raises `VtnNonsense` where it speaks none that is known, and what asking raises.
    """
    by_url = dialect_by_url(base_url)
    if by_url is not None:
        return by_url
    found = _recognised(_traces(api))
    if found is not None:
        return found
    known = ", ".join(DIALECTS)
    raise VtnNonsense(
        f"{base_url}: no dialect that is known here is spoken there; "
        f"check --vtn-url, or say --dialect with one of {known}"
    )


class Mismatch(NamedTuple):
    """`instead` is what the VTN speaks as far as can be seen, None where nobody knows."""

    instead: Dialect | None


def mismatch(api: Api, told: Dialect) -> Mismatch | None:
    """Whether the VTN certainly does not speak the dialect that was told; None where it does, or may. Three GETs.

    Raises what asking raises.
    """
    traces = _traces(api)
    return Mismatch(_recognised(traces)) if told.excluded_by(traces) else None


def _recognised(traces: Traces) -> Dialect | None:
    return next((dialect for dialect in DIALECTS.values() if dialect.recognises(traces)), None)


def _traces(api: Api) -> Traces:
    auth_server = api.get_unauthorised(AUTH_SERVER_PATH)
    programs = api.request("GET", "/programs", query=_FIRST)
    if programs.status not in {200, 403}:
        raise api.refused(programs, "GET", "/programs")
    resources = _resources(api)
    return Traces(
        names_token_url=auth_server.status == 200 and _names_token_url(auth_server.body),
        program=_first(programs.body) if programs.status == 200 else None,
        resources_status=resources,
    )


def _resources(api: Api) -> int:
    """The status of the list of resources; to nobody in particular it is forbidden, where programs are not."""
    try:
        answer = api.request("GET", "/resources", query=_FIRST)
    except CredentialsRefused:
        if not api.is_anonymous:
            raise
        return 403
    if answer.status != _NOT_IMPLEMENTED and (answer.status == 429 or answer.status >= 500):
        raise api.refused(answer, "GET", "/resources")
    return answer.status


def _names_token_url(body: bytes) -> bool:
    try:
        return bool(decode(body, WireAuthServer, "the answer").token_url)
    except VtnNonsense:
        return False


def _first(body: bytes) -> dict[str, Any] | None:
    try:
        listed = decode(body, list[dict[str, Any]], "the list of programs")
    except VtnNonsense:
        return None
    return listed[0] if listed else None
