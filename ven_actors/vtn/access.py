"""OAuth tokens, as every interface gives and wants them; which scopes there are is its own business."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import unquote_plus

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ven_actors.vtn.clients import Client
from ven_actors.vtn.exchange import Desk, json_answer, read_form
from ven_actors.vtn.facts import Role
from ven_actors.vtn.leniency import leniency
from ven_actors.vtn.problems import Problem
from ven_actors.vtn.tokens import Grant

_LONGEST_FORM_BYTES = 64 * 1024
Scopes = Mapping[Role, tuple[str, ...]]


def grant_of(request: Request, desk: Desk) -> Grant:
    """What the request's token stands for; 401 without a valid one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Problem(401, "a bearer token is needed; get one at /auth/token", headers={"WWW-Authenticate": "Bearer"})
    grant = desk.tokens.find(token.strip())
    if grant is None:
        raise Problem(
            401,
            "the token is unknown or has expired; get a new one at /auth/token",
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
    return grant


def token_route(desk: Desk, offered: Scopes) -> Route:
    async def token(request: Request) -> Response:
        return await _give_token(request, desk, offered)

    return Route("/auth/token", token, methods=["POST"])


def scope_missing(scope: str) -> Problem:
    return Problem(403, f"this needs the scope {scope}, which the token does not have")


async def _give_token(request: Request, desk: Desk, offered: Scopes) -> Response:
    """OAuth 2 client credentials: in the form or by HTTP Basic, never both (RFC 6749, 2.3).

    A token has the scopes `offered` to the role; from a strict VTN those of them that were asked for, if any was.
    """
    form = await read_form(request, min(_LONGEST_FORM_BYTES, desk.max_body_bytes))
    repeated = [name for name, values in form.items() if len(values) > 1]
    if repeated:
        raise _bad_request(f"{repeated[0]!r} is given more than once")
    fields = {name: values[0] for name, values in form.items()}
    client = _client(request, fields, desk)
    if fields.get("grant_type") != "client_credentials":
        error = "unsupported_grant_type" if fields.get("grant_type") else "invalid_request"
        raise Problem(400, "grant_type has to be client_credentials", error=error)
    scopes = _scopes(offered[client.role], fields.get("scope", ""))
    answer = {
        "access_token": desk.tokens.issue(client, frozenset(scopes)),
        "token_type": "Bearer",
        "expires_in": desk.tokens.life_s,
        "scope": " ".join(scopes),
    }
    response = json_answer(200, msgspec.json.encode(answer))
    response.headers["Cache-Control"] = "no-store"
    return response


def _client(request: Request, fields: dict[str, str], desk: Desk) -> Client:
    authorization = request.headers.get("authorization")
    in_form = "client_id" in fields or "client_secret" in fields
    if authorization is not None and in_form:
        raise _bad_request("the credentials are given twice: use the form or the Authorization header, not both")
    if authorization is not None:
        candidates = _basic(authorization)
    elif in_form:
        candidates = [(fields.get("client_id", ""), fields.get("client_secret", ""))]
    else:
        raise _bad_request("client_id and client_secret are missing")
    if not all(candidates[0]):
        raise _bad_request("client_id and client_secret are both needed")
    for name, secret in candidates:
        client = desk.clients.find(name, secret)
        if client is not None:
            return client
    headers = {"WWW-Authenticate": "Basic"} if authorization is not None else None
    raise Problem(401, "client_id or client_secret is wrong", headers=headers, error="invalid_client")


def _basic(authorization: str) -> list[tuple[str, str]]:
    """Name and secret as they stand, and form-decoded as RFC 6749 wants them and few clients send them."""
    scheme, _, coded = authorization.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise _bad_request("the Authorization header of a token request has to be Basic")
        name, colon, secret = base64.b64decode(coded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise _bad_request("the Authorization header cannot be decoded") from error
    if not colon:
        raise _bad_request("the Authorization header has no colon between client_id and client_secret")
    return [(name, secret), (unquote_plus(name), unquote_plus(secret))]


def _scopes(allowed: tuple[str, ...], asked: str) -> list[str]:
    wanted = asked.split() if leniency() is None else []
    granted = [scope for scope in allowed if scope in wanted or not wanted]
    if not granted:
        raise Problem(400, f"none of the scopes asked for is one of {' '.join(allowed)}", error="invalid_scope")
    return granted


def _bad_request(detail: str) -> Problem:
    return Problem(400, detail, error="invalid_request")
