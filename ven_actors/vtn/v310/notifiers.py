"""How clients may be notified, and the topics of MQTT. Scopes as in openadr3.yaml, but see `_whoever`."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ven_actors.vtn.access import grant_of
from ven_actors.vtn.exchange import Desk, json_answer, read_query
from ven_actors.vtn.facts import Kind, Role, Viewer
from ven_actors.vtn.problems import Problem
from ven_actors.vtn.push.broker import MqttPlan
from ven_actors.vtn.push.topics import Topics
from ven_actors.vtn.v310.access import viewer_of
from ven_actors.vtn.v310.queries import checked_id

_TOPICS = "/notifiers/mqtt/topics"
_BL_ONLY = ("events", "reports", "subscriptions", "vens", "resources")
_OF_A_VEN = ("events", "programs", "resources")
WhoAsks = Callable[[Request, Desk], Viewer]


def notifier_routes(desk: Desk) -> list[BaseRoute]:
    found: list[BaseRoute] = [
        _notifiers(desk),
        _topics(desk, "/programs", _whoever),
        _topics(desk, "/programs/{id}", _whoever, Kind.PROGRAM, with_create=False),
        _topics(desk, "/programs/{id}/events", _whoever, Kind.PROGRAM),
        _topics(desk, "/vens/{id}", _owner, Kind.VEN, with_create=False),
    ]
    found += [_topics(desk, f"/{plural}", _business) for plural in _BL_ONLY]
    return found + [_topics(desk, f"/vens/{{id}}/{plural}", _owner, Kind.VEN) for plural in _OF_A_VEN]


def _notifiers(desk: Desk) -> Route:
    async def notifiers(request: Request) -> Response:
        _whoever(request, desk)
        read_query(request)
        bindings: dict[str, object] = {"WEBHOOK": True}
        if desk.mqtt is not None:
            bindings["MQTT"] = {
                "URIS": desk.mqtt.announced,
                "serialization": "JSON",
                "authentication": desk.mqtt.authentication,
            }
        return json_answer(200, msgspec.json.encode(bindings))

    return Route("/notifiers", notifiers, methods=["GET"])


def _topics(desk: Desk, path: str, who: WhoAsks, kind: Kind | None = None, *, with_create: bool = True) -> Route:
    async def topics(request: Request) -> Response:
        viewer = who(request, desk)
        read_query(request)
        topics = Topics(_plan(desk).prefix)
        steps = tuple(path.strip("/").split("/"))
        if kind is not None:
            object_id = checked_id(request.path_params["id"])
            await desk.worker.run(lambda rules: rules.get(viewer, kind, object_id))
            steps = tuple(object_id if step == "{id}" else step for step in steps)
        everything = viewer.role is Role.BL and kind is not Kind.VEN
        root = topics.named(*steps, everything=everything)
        return json_answer(200, msgspec.json.encode({"topics": topics.operations(root, with_create=with_create)}))

    return Route(_TOPICS + path, topics, methods=["GET"])


def _whoever(request: Request, desk: Desk) -> Viewer:
    """Any valid token: by the letter it takes `read_all`, which no VEN has, and the file lists no 403 here."""
    return grant_of(request, desk).viewer


def _business(request: Request, desk: Desk) -> Viewer:
    return viewer_of(request, desk, "read_bl")


def _owner(request: Request, desk: Desk) -> Viewer:
    return viewer_of(request, desk, "read_ven_objects")


def _plan(desk: Desk) -> MqttPlan:
    if desk.mqtt is None:
        raise Problem(404, "this VTN has no MQTT broker; GET /notifiers says what it has")
    return desk.mqtt
