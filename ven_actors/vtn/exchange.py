"""HTTP as every interface needs it: bodies with a limit, strict queries, JSON answers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from ven_actors.vtn.clients import Clients
from ven_actors.vtn.facts import Clock, Privacy
from ven_actors.vtn.problems import Problem, problem_json
from ven_actors.vtn.push.broker import MqttPlan
from ven_actors.vtn.push.callbacks import Callbacks
from ven_actors.vtn.rules import Rules
from ven_actors.vtn.store.worker import Worker
from ven_actors.vtn.tokens import Tokens

FORM = "application/x-www-form-urlencoded"
_READ_AWAY_BYTES = 64 * 1024 * 1024
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Desk:
    """What every interface works with."""

    worker: Worker[Rules]
    clients: Clients
    tokens: Tokens
    now_s: Clock
    max_body_bytes: int
    callbacks: Callbacks
    mqtt: MqttPlan | None = None
    privacy_301: Privacy = Privacy.OWN_OBJECTS


def json_answer(status: int, content: bytes) -> Response:
    return Response(content, status, media_type="application/json")


def problem_answer(problem: Problem) -> Response:
    return Response(problem_json(problem), problem.status, problem.headers, media_type="application/json")


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """The whole body; 413 beyond the limit, after what the client still sends has been read away.

    (Closing in its face would reset the connection, and the client would never see the answer.)
    """
    _refuse_encoding(request)
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size <= limit_bytes:
                chunks.append(chunk)
            elif size > limit_bytes + _READ_AWAY_BYTES:
                break
    except ClientDisconnect as error:
        raise Problem(400, "the request was cut off") from error
    if size > limit_bytes:
        raise Problem(413, f"the body is larger than {limit_bytes} bytes; send less at once")
    return b"".join(chunks)


async def read_json(request: Request, limit_bytes: int) -> bytes:
    media_type = _media_type(request)
    if media_type not in ("", "application/json") and not media_type.endswith("+json"):
        raise Problem(415, f"the content type is {media_type!r}; it has to be application/json")
    return await read_body(request, limit_bytes)


async def read_form(request: Request, limit_bytes: int) -> dict[str, list[str]]:
    media_type = _media_type(request)
    if media_type not in ("", FORM):
        raise Problem(400, f"the content type is {media_type!r}; it has to be {FORM}", error="invalid_request")
    try:
        return parse_pairs(await read_body(request, limit_bytes), "the form")
    except Problem as problem:
        problem.error = "invalid_request"  # RFC 6749, 5.2
        raise


def read_query(request: Request) -> dict[str, list[str]]:
    """Name to values, in order. 400 for what is not percent-encoded UTF-8 or contains NUL."""
    return parse_pairs(request.scope["query_string"], "the query")


def parse_pairs(raw: bytes, what: str) -> dict[str, list[str]]:
    pairs: dict[str, list[str]] = {}
    for pair in raw.split(b"&"):
        if pair:
            name, _, value = pair.partition(b"=")
            pairs.setdefault(_text(name, what), []).append(_text(value, what))
    return pairs


def _text(raw: bytes, what: str) -> str:
    try:
        escaped = raw.decode("ascii").replace("+", " ")
        if _BAD_ESCAPE.search(escaped):
            raise Problem(400, f"{what} contains a % that is not followed by two hexadecimal digits")
        text = unquote_to_bytes(escaped).decode()
    except UnicodeDecodeError as error:
        raise Problem(400, f"{what} is not percent-encoded UTF-8") from error
    if "\0" in text:
        raise Problem(400, f"{what} contains a NUL character")
    return text


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _refuse_encoding(request: Request) -> None:
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise Problem(415, f"the content encoding {encoding!r} is not supported; send the body as it is")
