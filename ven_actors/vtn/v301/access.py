"""Scopes of OpenADR 3.0.1: who may call what."""

from __future__ import annotations

from starlette.requests import Request

from ven_actors.vtn.access import grant_of, scope_missing
from ven_actors.vtn.exchange import Desk
from ven_actors.vtn.facts import Role, Viewer

READ_ALL = "read_all"
SCOPES = {
    Role.VEN: (READ_ALL, "write_reports", "write_subscriptions", "write_vens"),
    Role.BL: (READ_ALL, "write_events", "write_programs", "write_subscriptions", "write_vens"),
}
_READS_310 = frozenset({"read_targets", "read_ven_objects"})


def viewer_of(request: Request, desk: Desk, scope: str) -> Viewer:
    """Whose token this is; 403 if it lacks the scope. Both read scopes of 3.1.0 together are as good as `read_all`."""
    grant = grant_of(request, desk)
    if scope not in grant.scopes and not (scope == READ_ALL and grant.scopes >= _READS_310):
        raise scope_missing(scope)
    return Viewer(grant.viewer.client_id, grant.viewer.role, desk.privacy_301)
