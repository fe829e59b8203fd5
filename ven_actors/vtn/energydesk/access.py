"""The two credentials of energydesk: the enrolment bearer of a client, and the auth_token of one ven."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ven_actors.vtn.access import token_route
from ven_actors.vtn.energydesk.book import Book
from ven_actors.vtn.exchange import Desk, json_answer
from ven_actors.vtn.facts import Viewer
from ven_actors.vtn.problems import Problem
from ven_actors.vtn.v310.access import SCOPES


async def give_enrolment_token(request: Request, desk: Desk) -> Response:
    """The token under both of the names that clients of this dialect look for."""
    given = await token_route(desk, SCOPES).endpoint(request)
    answer = msgspec.json.decode(given.body)
    answer["access_token_jwt"] = answer["access_token"]
    response = json_answer(200, msgspec.json.encode(answer))
    response.headers["Cache-Control"] = "no-store"
    return response


def client_of(request: Request, desk: Desk) -> Viewer:
    """Whose enrolment token this is; 401 for any other."""
    grant = desk.tokens.find(_bearer(request))
    if grant is None:
        raise _not_authenticated("this needs the token of a client, got from the token endpoint")
    return grant.viewer


def ven_of(request: Request, book: Book) -> str:
    """The id of the ven whose auth_token this is; 401 for any other."""
    ven_id = book.ven_of(_bearer(request))
    if ven_id is None:
        raise _not_authenticated("this needs the auth_token of a ven, got when it was registered")
    return ven_id


def is_ven(request: Request, book: Book) -> bool:
    return book.ven_of(_bearer(request)) is not None


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _not_authenticated("Not authenticated")
    return token.strip()


def _not_authenticated(detail: str) -> Problem:
    return Problem(401, detail, headers={"WWW-Authenticate": "Bearer"})
