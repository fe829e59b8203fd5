"""The endpoints of OpenADR 3.1.0."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ven_actors.vtn.access import token_route
from ven_actors.vtn.exchange import Desk, json_answer, read_json, read_query
from ven_actors.vtn.facts import Draft, Kind, Viewer
from ven_actors.vtn.push.callbacks import callbacks_of
from ven_actors.vtn.v310.access import SCOPES, server_info, viewer_of
from ven_actors.vtn.v310.drafts import (
    event_draft,
    list_json,
    object_json,
    program_draft,
    report_draft,
    report_json,
    resource_draft,
    subscription_draft,
    ven_draft,
)
from ven_actors.vtn.v310.notifiers import notifier_routes
from ven_actors.vtn.v310.queries import checked_id, object_query, report_query

PREFIX = "/openadr3/3.1.0"
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of object on the wire: its path, its scopes, its filters, its request body."""

    kind: Kind
    path: str
    read_scope: str
    write_scope: str
    draft: Callable[[bytes, Viewer, float], Draft]
    name_filter: str | None = None
    parent_filter: str | None = None


FAMILIES = (
    Family(Kind.PROGRAM, "/programs", "read_targets", "write_programs", program_draft),
    Family(Kind.EVENT, "/events", "read_targets", "write_events", event_draft, parent_filter="programID"),
    Family(Kind.VEN, "/vens", "read_ven_objects", "write_vens", ven_draft, name_filter="venName"),
    Family(
        Kind.RESOURCE,
        "/resources",
        "read_ven_objects",
        "write_vens",
        resource_draft,
        name_filter="resourceName",
        parent_filter="venID",
    ),
    Family(
        Kind.SUBSCRIPTION,
        "/subscriptions",
        "read_ven_objects",
        "write_subscriptions",
        subscription_draft,
        name_filter="clientName",
        parent_filter="programID",
    ),
)


def routes(desk: Desk) -> list[BaseRoute]:
    found: list[BaseRoute] = [token_route(desk, SCOPES), _server_route()]
    for path, many, one in (*(_object_endpoints(desk, family) for family in FAMILIES), _report_endpoints(desk)):
        found.append(Route(path, many, methods=["GET", "POST"]))
        found.append(Route(f"{path}/{{id}}", one, methods=["GET", "PUT", "DELETE"]))
    return found + notifier_routes(desk)


def _server_route() -> Route:
    async def server(request: Request) -> Response:
        return server_info(request, f"{PREFIX}/auth/token")

    return Route("/auth/server", server, methods=["GET"])


def _object_endpoints(desk: Desk, family: Family) -> tuple[str, Endpoint, Endpoint]:
    async def draft_of(request: Request, viewer: Viewer) -> Draft:
        draft = family.draft(await read_json(request, desk.max_body_bytes), viewer, desk.now_s())
        await desk.callbacks.check(callbacks_of(draft))
        return draft

    async def many(request: Request) -> Response:
        if request.method == "POST":
            viewer = viewer_of(request, desk, family.write_scope)
            draft = await draft_of(request, viewer)
            made = await desk.worker.run(lambda rules: rules.create(viewer, draft))
            return json_answer(201, object_json(made, viewer.client_id))
        viewer = viewer_of(request, desk, family.read_scope)
        query = object_query(
            read_query(request),
            desk.now_s(),
            name=family.name_filter,
            parent=family.parent_filter,
            kind=family.kind,
        )
        found = await desk.worker.run(lambda rules: rules.find(viewer, family.kind, query))
        return json_answer(200, list_json(object_json(shown, viewer.client_id) for shown in found))

    async def one(request: Request) -> Response:
        writes = request.method in ("PUT", "DELETE")
        viewer = viewer_of(request, desk, family.write_scope if writes else family.read_scope)
        read_query(request)
        object_id = checked_id(request.path_params["id"])
        if request.method == "PUT":
            draft = await draft_of(request, viewer)
            shown = await desk.worker.run(lambda rules: rules.replace(viewer, object_id, draft))
        elif request.method == "DELETE":
            shown = await desk.worker.run(lambda rules: rules.delete(viewer, family.kind, object_id))
        else:
            shown = await desk.worker.run(lambda rules: rules.get(viewer, family.kind, object_id))
        return json_answer(200, object_json(shown, viewer.client_id))

    return family.path, many, one


def _report_endpoints(desk: Desk) -> tuple[str, Endpoint, Endpoint]:
    async def many(request: Request) -> Response:
        if request.method == "POST":
            viewer = viewer_of(request, desk, "write_reports")
            draft = report_draft(await read_json(request, desk.max_body_bytes))
            report = await desk.worker.run(lambda rules: rules.create_report(viewer, draft))
            return json_answer(201, report_json(report))
        viewer = viewer_of(request, desk, "read_ven_objects")
        query = report_query(read_query(request))
        found = await desk.worker.run(lambda rules: rules.find_reports(viewer, query))
        return json_answer(200, list_json(map(report_json, found)))

    async def one(request: Request) -> Response:
        writes = request.method in ("PUT", "DELETE")
        viewer = viewer_of(request, desk, "write_reports" if writes else "read_ven_objects")
        read_query(request)
        report_id = checked_id(request.path_params["id"])
        if request.method == "PUT":
            draft = report_draft(await read_json(request, desk.max_body_bytes))
            report = await desk.worker.run(lambda rules: rules.replace_report(viewer, report_id, draft))
        elif request.method == "DELETE":
            report = await desk.worker.run(lambda rules: rules.delete_report(viewer, report_id))
        else:
            report = await desk.worker.run(lambda rules: rules.get_report(viewer, report_id))
        return json_answer(200, report_json(report))

    return "/reports", many, one
