"""A ven's resources, which OpenADR 3.0.1 has under their ven."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ven_actors.vtn.exchange import Desk, json_answer, read_json, read_query
from ven_actors.vtn.facts import Draft, Kind, Query, Stored, Viewer
from ven_actors.vtn.problems import Problem
from ven_actors.vtn.rules import Rules
from ven_actors.vtn.v301.access import READ_ALL, viewer_of
from ven_actors.vtn.v301.answers import object_301
from ven_actors.vtn.v301.drafts import resource_draft
from ven_actors.vtn.v301.listing import page_of
from ven_actors.vtn.v301.queries import TargetFilter, query_of
from ven_actors.vtn.v301.targets import Json
from ven_actors.vtn.v310.queries import checked_id

_PATH = "/vens/{ven_id}/resources"


def resource_routes(desk: Desk) -> list[BaseRoute]:
    async def many(request: Request) -> Response:
        viewer = viewer_of(request, desk, "write_vens" if request.method == "POST" else READ_ALL)
        ven_id = checked_id(request.path_params["ven_id"])
        if request.method == "POST":
            draft = resource_draft(await read_json(request, desk.max_body_bytes), ven_id, viewer)
            made = await desk.worker.run(lambda rules: object_301(rules.create(viewer, draft).stored, rules, viewer))
            return json_answer(201, msgspec.json.encode(made))
        query, wanted = query_of(read_query(request), Kind.RESOURCE, name="resourceName", parent=None)
        found = await desk.worker.run(lambda rules: _page(rules, viewer, replace(query, parent_id=ven_id), wanted))
        return json_answer(200, msgspec.json.encode(found))

    async def one(request: Request) -> Response:
        viewer = viewer_of(request, desk, READ_ALL if request.method in ("GET", "HEAD") else "write_vens")
        read_query(request)
        ven_id, resource_id = (checked_id(request.path_params[name]) for name in ("ven_id", "id"))
        if request.method == "PUT":
            draft = resource_draft(await read_json(request, desk.max_body_bytes), ven_id, viewer)
            found = await desk.worker.run(lambda rules: _replace(rules, viewer, resource_id, draft))
        elif request.method == "DELETE":
            found = await desk.worker.run(lambda rules: _delete(rules, viewer, ven_id, resource_id))
        else:
            found = await desk.worker.run(
                lambda rules: object_301(_need(rules, viewer, ven_id, resource_id), rules, viewer)
            )
        return json_answer(200, msgspec.json.encode(found))

    return [
        Route(_PATH, many, methods=["GET", "POST"]),
        Route(f"{_PATH}/{{id}}", one, methods=["GET", "PUT", "DELETE"]),
    ]


def _page(rules: Rules, viewer: Viewer, query: Query, wanted: TargetFilter) -> list[Json]:
    assert query.parent_id is not None
    rules.get(viewer, Kind.VEN, query.parent_id)
    return page_of(rules, viewer, Kind.RESOURCE, query, wanted)


def _replace(rules: Rules, viewer: Viewer, resource_id: str, draft: Draft) -> Json:
    assert draft.parent_id is not None
    _need(rules, viewer, draft.parent_id, resource_id)
    return object_301(rules.replace(viewer, resource_id, draft).stored, rules, viewer)


def _delete(rules: Rules, viewer: Viewer, ven_id: str, resource_id: str) -> Json:
    stored = _need(rules, viewer, ven_id, resource_id)
    rules.delete(viewer, Kind.RESOURCE, resource_id)
    return object_301(stored, rules, viewer)


def _need(rules: Rules, viewer: Viewer, ven_id: str, resource_id: str) -> Stored:
    stored = rules.get(viewer, Kind.RESOURCE, resource_id).stored
    if stored.draft.parent_id != ven_id:
        raise Problem(404, f"ven {ven_id!r} has no resource with the id {resource_id!r}")
    return stored
