"""The endpoints of OpenADR 3.0.1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ven_actors.vtn.access import token_route
from ven_actors.vtn.exchange import Desk, json_answer, read_json, read_query
from ven_actors.vtn.facts import Draft, Kind, Query, Viewer
from ven_actors.vtn.push.callbacks import callbacks_of
from ven_actors.vtn.rules import Rules
from ven_actors.vtn.v301.access import READ_ALL, SCOPES, viewer_of
from ven_actors.vtn.v301.answers import object_301
from ven_actors.vtn.v301.claims import claim
from ven_actors.vtn.v301.drafts import VenDraft, event_draft, placed, program_draft, subscription_draft, ven_draft
from ven_actors.vtn.v301.listing import one_of, page_of
from ven_actors.vtn.v301.queries import TargetFilter, query_of
from ven_actors.vtn.v301.reports import report_routes
from ven_actors.vtn.v301.resources import resource_routes
from ven_actors.vtn.v301.targets import Json
from ven_actors.vtn.v310.queries import checked_id

PREFIX = "/openadr3/3.0.1"


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of object on the wire: its path, its write scope, its filters, its request body."""

    kind: Kind
    path: str
    write_scope: str
    draft: Callable[[bytes, Viewer, float], VenDraft]
    name_filter: str | None = None
    parent_filter: str | None = None


def _alone(draft: Callable[[bytes, Viewer, float], Draft]) -> Callable[[bytes, Viewer, float], VenDraft]:
    return lambda body, viewer, now_s: VenDraft(draft(body, viewer, now_s))


FAMILIES = (
    Family(Kind.PROGRAM, "/programs", "write_programs", _alone(program_draft)),
    Family(Kind.EVENT, "/events", "write_events", _alone(event_draft), parent_filter="programID"),
    Family(Kind.VEN, "/vens", "write_vens", lambda body, viewer, _: ven_draft(body, viewer), name_filter="venName"),
    Family(
        Kind.SUBSCRIPTION,
        "/subscriptions",
        "write_subscriptions",
        _alone(subscription_draft),
        name_filter="clientName",
        parent_filter="programID",
    ),
)


def routes(desk: Desk) -> list[BaseRoute]:
    found: list[BaseRoute] = [token_route(desk, SCOPES)]
    for family in FAMILIES:
        found += _object_routes(desk, family)
    return found + resource_routes(desk) + report_routes(desk)


def _object_routes(desk: Desk, family: Family) -> list[BaseRoute]:
    async def many(request: Request) -> Response:
        if request.method == "POST":
            viewer = viewer_of(request, desk, family.write_scope)
            draft = family.draft(await read_json(request, desk.max_body_bytes), viewer, desk.now_s())
            await desk.callbacks.check(callbacks_of(draft.ven))
            if family.kind is Kind.VEN:  # by itself, as what follows may be refused
                await desk.worker.run(lambda rules: claim(rules, viewer, draft.ven.name))
            made = await desk.worker.run(lambda rules: _create(rules, viewer, draft))
            return json_answer(201, msgspec.json.encode(made))
        viewer = viewer_of(request, desk, READ_ALL)
        query, wanted = query_of(read_query(request), family.kind, name=family.name_filter, parent=family.parent_filter)
        found = await desk.worker.run(lambda rules: _page(rules, viewer, family.kind, query, wanted))
        return json_answer(200, msgspec.json.encode(found))

    async def one(request: Request) -> Response:
        writes = request.method in ("PUT", "DELETE")
        viewer = viewer_of(request, desk, family.write_scope if writes else READ_ALL)
        read_query(request)
        object_id = checked_id(request.path_params["id"])
        if request.method == "PUT":
            draft = family.draft(await read_json(request, desk.max_body_bytes), viewer, desk.now_s()).ven
            await desk.callbacks.check(callbacks_of(draft))
            found = await desk.worker.run(lambda rules: _replace(rules, viewer, object_id, draft))
        elif request.method == "DELETE":
            found = await desk.worker.run(lambda rules: _delete(rules, viewer, family.kind, object_id))
        else:
            found = await desk.worker.run(lambda rules: one_of(rules, viewer, family.kind, object_id))
        return json_answer(200, msgspec.json.encode(found))

    return [
        Route(family.path, many, methods=["GET", "POST"]),
        Route(f"{family.path}/{{id}}", one, methods=["GET", "PUT", "DELETE"]),
    ]


def _create(rules: Rules, viewer: Viewer, draft: VenDraft) -> Json:
    """A new ven has no resources yet, so making those that came with it cannot fail half-way."""
    made = rules.create(viewer, draft.ven).stored
    for resource in draft.resources:
        rules.create(viewer, placed(resource, made.id))
    return object_301(made, rules, viewer)


def _page(rules: Rules, viewer: Viewer, kind: Kind, query: Query, wanted: TargetFilter) -> list[Json]:
    if kind is Kind.VEN:
        claim(rules, viewer, query.name)
    return page_of(rules, viewer, kind, query, wanted)


def _replace(rules: Rules, viewer: Viewer, object_id: str, draft: Draft) -> Json:
    """Resources in a PUT of their ven are read over: they have an endpoint of their own."""
    if draft.kind is Kind.VEN:
        claim(rules, viewer, draft.name, object_id)
    return object_301(rules.replace(viewer, object_id, draft).stored, rules, viewer)


def _delete(rules: Rules, viewer: Viewer, kind: Kind, object_id: str) -> Json:
    shown = one_of(rules, viewer, kind, object_id)
    rules.delete(viewer, kind, object_id)
    return shown
