"""A small VTN over real HTTP, and clients of it."""

import json
import time
from collections.abc import Callable
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ven_actors.model import Credentials, RegistrationStatus, Resource, Secret
from ven_actors.openadr.client import VtnClient
from ven_actors.openadr.transport import SharedAdapter
from ven_actors.openadr.v310 import V310

Hook = Callable[[Request], Response | None]


class Vtn:
    """Lists, filters, pages and creates; `hook` may answer instead."""

    def __init__(self) -> None:
        self.lists: dict[str, list[dict[str, Any]]] = {
            name: [] for name in ("programs", "events", "reports", "vens", "resources")
        }
        self.asked: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.hook: Hook = lambda _: None

    def handle(self, request: Request) -> Response:
        query = request.query_string.decode()
        self.asked.append(f"{request.method} {request.path}" + (f"?{query}" if query else ""))
        early = self.hook(request)
        if early is not None:
            return early
        if request.path == "/auth/token":
            return shown({"access_token": "t", "token_type": "Bearer"})
        if request.path == "/auth/server":
            return shown({"title": "none"}, 404)
        _, name, *rest = request.path.split("/")
        if request.method == "POST":
            return self.create(name, request.get_json())
        if rest:
            found = [each for each in self.lists[name] if each["id"] == rest[0]]
            return shown(found[0]) if found else shown({"title": "gone"}, 404)
        arguments = request.args
        listed = [
            each
            for each in self.lists[name]
            if all(each.get(key, value) == value for key, value in arguments.items() if key not in PAGING)
        ]
        skip, limit = int(arguments["skip"]), int(arguments["limit"])
        return shown(listed[skip : skip + limit])

    def create(self, name: str, body: dict[str, Any]) -> Response:
        self.bodies.append(body)
        stored = {"id": f"{name}-{len(self.lists[name])}"} | body
        self.lists[name].append(stored)
        return shown(stored, 201)

    def count(self, start: str) -> int:
        return sum(each.startswith(start) for each in self.asked)


PAGING = {"skip", "limit", "targets"}


def shown(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status, mimetype="application/json")


def once(*answers: Response, method: str = "POST", path: str = "") -> Hook:
    """Give these answers to the first matching requests."""
    left = list(answers)

    def hook(request: Request) -> Response | None:
        if left and request.method == method and request.path.startswith(path) and "auth" not in request.path:
            return left.pop(0)
        return None

    return hook


def client_of(httpserver: HTTPServer, adapter: SharedAdapter, **settings: Any) -> VtnClient:
    return VtnClient(
        httpserver.url_for("").rstrip("/"),
        "Herning",
        Credentials("c", Secret("s")),
        adapter=adapter,
        **({"dialect": V310(), "monotonic": time.monotonic} | settings),
    )


def resources(*names: str) -> list[Resource]:
    return [Resource(name, "Herning", name, "pub", "m", "", RegistrationStatus.APPROVED, ()) for name in names]


def fill_events(vtn: Vtn, count: int) -> None:
    vtn.lists["events"] = [{"id": f"e{i}", "programID": "p"} for i in range(count)]
