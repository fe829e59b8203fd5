"""The endpoints of energydesk, as an application of its own: errors are FastAPI's `{"detail": ...}`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ven_actors.vtn.energydesk.access import client_of, give_enrolment_token, is_ven, ven_of
from ven_actors.vtn.energydesk.bodies import Invalid, MeterReport, NewReport, ResourceBody, ResponseBody, VenBody, parse
from ven_actors.vtn.energydesk.book import Book
from ven_actors.vtn.energydesk.work import Existing, Work
from ven_actors.vtn.exchange import Desk, json_answer, read_body, read_query
from ven_actors.vtn.problems import Problem
from ven_actors.vtn.rules import Rules

PREFIX = "/energydesk"
MOST_PER_PAGE = 10_000
T = TypeVar("T")
Endpoint = Callable[[Request], Awaitable[Response]]
_encode = msgspec.json.Encoder().encode


def application(desk: Desk, book: Book) -> Starlette:
    ends = _Endpoints(desk, book)
    app = Starlette(
        routes=[
            Route("/auth/token", ends.token, methods=["POST"]),
            Route("/vens", ends.vens, methods=["GET", "POST"]),
            Route("/resources", ends.resources, methods=["GET", "POST"]),
            Route("/programs", ends.programs, methods=["GET"]),
            Route("/programs/{id}/resources", ends.enrol, methods=["POST"]),
            Route("/events", ends.events, methods=["GET"]),
            Route("/events/{id}/responses", ends.respond, methods=["POST"]),
            Route("/reports", ends.reports, methods=["GET", "POST"]),
        ],
        exception_handlers={Problem: _on_problem, HTTPException: _on_http_error, Invalid: _on_invalid},
    )
    app.router.redirect_slashes = False
    return app


class _Endpoints:
    def __init__(self, desk: Desk, book: Book) -> None:
        self._desk = desk
        self._book = book

    async def token(self, request: Request) -> Response:
        return await give_enrolment_token(request, self._desk)

    async def vens(self, request: Request) -> Response:
        viewer = client_of(request, self._desk)
        if request.method == "GET":
            name = _single(request, "ven_name")
            return _answer(200, await self._do(lambda work: work.vens(viewer, name)))
        body = parse(await self._body(request), VenBody)
        return _answer(201, await self._do(lambda work: work.register_ven(viewer, body)))

    async def resources(self, request: Request) -> Response:
        viewer = client_of(request, self._desk)
        if request.method == "GET":
            name = _single(request, "ven_name")
            return _answer(200, await self._do(lambda work: work.resources(viewer, name)))
        body = parse(await self._body(request), ResourceBody)
        return _answer(201, await self._do(lambda work: work.register_resource(viewer, body)))

    async def programs(self, request: Request) -> Response:
        viewer = client_of(request, self._desk)
        return _answer(200, await self._do(lambda work: work.programs(viewer)))

    async def enrol(self, request: Request) -> Response:
        viewer, program_id = client_of(request, self._desk), request.path_params["id"]
        resource_id = _single(request, "resource_id")
        if resource_id is None:
            raise Invalid([{"loc": ["query", "resource_id"], "msg": "Field required", "type": "missing"}])
        return _answer(201, await self._do(lambda work: work.enrol(viewer, program_id, resource_id)))

    async def events(self, request: Request) -> Response:
        ven_id = ven_of(request, self._book)
        return _answer(200, await self._do(lambda work: work.events(ven_id)))

    async def respond(self, request: Request) -> Response:
        ven_id, event_id = ven_of(request, self._book), request.path_params["id"]
        body = parse(await self._body(request), ResponseBody)
        return _answer(201, await self._do(lambda work: work.respond(ven_id, event_id, body)))

    async def reports(self, request: Request) -> Response:
        """A reading comes with the client's token, a report that is announced with the ven's."""
        if request.method == "GET":
            viewer = client_of(request, self._desk)
            skip, limit = _number(request, "skip", 0), _number(request, "limit", MOST_PER_PAGE)
            return json_answer(200, await self._do(lambda work: work.reports(viewer, skip, limit)))
        if is_ven(request, self._book):
            ven_id, announced = ven_of(request, self._book), parse(await self._body(request), NewReport)
            return json_answer(201, await self._do(lambda work: work.add_report(ven_id, announced)))
        viewer = client_of(request, self._desk)
        reading = parse(await self._body(request), MeterReport)
        return json_answer(201, await self._do(lambda work: work.add_reading(viewer, reading)))

    async def _do(self, work: Callable[[Work], T]) -> T:
        def run(rules: Rules) -> T:
            return work(Work(rules, self._book))

        return await self._desk.worker.run(run)

    async def _body(self, request: Request) -> bytes:
        return await read_body(request, self._desk.max_body_bytes)


def _answer(status: int, content: Any) -> Response:
    return json_answer(status, _encode(content))


def _single(request: Request, key: str) -> str | None:
    """The last one counts, as FastAPI has it."""
    return read_query(request).get(key, [None])[-1]


def _number(request: Request, key: str, default: int) -> int:
    text = _single(request, key)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        said = {"loc": ["query", key], "msg": "Input should be a valid integer", "type": "int_parsing"}
        raise Invalid([said])
    return int(text)


def _detail(status: int, detail: Any, headers: dict[str, str] | None = None) -> Response:
    return Response(_encode({"detail": detail}), status, headers, media_type="application/json")


async def _on_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    if isinstance(error, Existing) and error.status == 409:
        return _answer(409, {"detail": error.detail, "id": error.object_id})
    return _detail(error.status, error.detail, error.headers)


async def _on_invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Invalid)
    return _detail(422, error.detail)


async def _on_http_error(_request: Request, error: Exception) -> Response:
    """Starlette's own: no such path, no such method."""
    assert isinstance(error, HTTPException)
    return _detail(error.status_code, error.detail, dict(error.headers or {}))
