"""Reports, which name their program in OpenADR 3.0.1."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ven_actors.vtn.exchange import Desk, json_answer, read_json, read_query
from ven_actors.vtn.v301.access import READ_ALL, viewer_of
from ven_actors.vtn.v301.answers import report_json, sent_report_json
from ven_actors.vtn.v301.drafts import report_draft
from ven_actors.vtn.v310.drafts import list_json
from ven_actors.vtn.v310.queries import checked_id, report_query


def report_routes(desk: Desk) -> list[BaseRoute]:
    async def many(request: Request) -> Response:
        if request.method == "POST":
            viewer = viewer_of(request, desk, "write_reports")
            draft = report_draft(await read_json(request, desk.max_body_bytes))
            report = await desk.worker.run(lambda rules: rules.create_report(viewer, draft))
            return json_answer(201, sent_report_json(report))
        viewer = viewer_of(request, desk, READ_ALL)
        query = report_query(read_query(request))
        found = await desk.worker.run(lambda rules: rules.find_reports(viewer, query))
        return json_answer(200, list_json(map(report_json, found)))

    async def one(request: Request) -> Response:
        viewer = viewer_of(request, desk, READ_ALL if request.method in ("GET", "HEAD") else "write_reports")
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

    return [
        Route("/reports", many, methods=["GET", "POST"]),
        Route("/reports/{id}", one, methods=["GET", "PUT", "DELETE"]),
    ]
