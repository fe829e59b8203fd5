"""Scopes of OpenADR 3.1.0: who may call what."""

from __future__ import annotations

import re

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ven_actors.vtn.access import grant_of, scope_missing
from ven_actors.vtn.exchange import Desk, json_answer
from ven_actors.vtn.facts import Role, Viewer

READ_ALL = "read_all"
SCOPES = {
    Role.VEN: ("read_targets", "read_ven_objects", "write_reports", "write_subscriptions", "write_vens"),
    Role.BL: (
        READ_ALL,
        "read_bl",
        "read_targets",
        "read_ven_objects",
        "write_events",
        "write_programs",
        "write_subscriptions",
        "write_vens",
    ),
}
_HOST = re.compile(r"(?:[A-Za-z0-9.-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?\Z")


def viewer_of(request: Request, desk: Desk, scope: str) -> Viewer:
    """Whose token this is; 403 if it lacks the scope. `read_all` stands for any read that the role may have.

    (A VEN has `read_all` from OpenADR 3.0.1's token endpoint; that must not let it read what is business logic's.)
    """
    grant = grant_of(request, desk)
    if scope not in grant.scopes:
        reads = scope.startswith("read_") and scope in SCOPES[grant.viewer.role]
        if not (reads and READ_ALL in grant.scopes):
            raise scope_missing(scope)
    return grant.viewer


def server_info(request: Request, path: str) -> Response:
    """Where the token endpoint is, as this client has to address it."""
    host = request.headers.get("host", "")
    if not _HOST.match(host):
        name, port = request.scope["server"]
        host = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
    return json_answer(200, msgspec.json.encode({"tokenURL": f"{request.scope['scheme']}://{host}{path}"}))
