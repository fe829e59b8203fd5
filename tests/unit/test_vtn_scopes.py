"""V7, for every operation of the official files: 401 without a good token, 403 without the scope, else neither."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from ven_actors.testing.vtn import BL, VEN, InProcessVtn


@pytest.mark.parametrize("version", ["3.0.1", "3.1"])
def test_v7_each_endpoint_takes_the_scope_that_the_official_file_says(
    vtn_calls: ModuleType, spec31: Any, spec301: Any, version: str
) -> None:
    with InProcessVtn() as vtn:
        _try_each(vtn, vtn_calls, spec31 if version == "3.1" else spec301, version)


def _try_each(vtn: InProcessVtn, vtn_calls: ModuleType, official: Any, version: str) -> None:
    caller_of = vtn_calls.Caller if version == "3.1" else vtn_calls.Caller301
    scopes = official.scopes()
    assert len(scopes) == (43 if version == "3.1" else 30)
    declared = {scope for _, _, scope in scopes}
    roles = {VEN: {"read_bl", "write_programs", "write_events"}, BL: {"write_reports"}}
    if version == "3.1":
        roles[VEN] = roles[VEN] | {"read_all"}
    nobody = caller_of(vtn, None)
    nobody.session.headers["Authorization"] = "Bearer expired"
    made = {}
    for client, never in roles.items():
        for scope in declared - never:
            others = declared - never - {scope, *(["read_all"] if scope.startswith("read_") else [])}
            made[client, scope] = (caller_of(vtn, client, scope), caller_of(vtn, client, " ".join(others)))
        for scope in declared & never:
            made[client, scope] = (None, caller_of(vtn, client))
    for method, path, scope in scopes:
        concrete = path.replace("{", "").replace("}", "")
        body = {"json": {}} if method in ("POST", "PUT") else {}
        assert nobody.call(method, concrete, **body).status_code == 401
        for client in roles:
            having, lacking = made[client, scope]
            if having is not None:
                assert having.call(method, concrete, **body).status_code in (200, 400, 404), (method, path, client.name)
            open_to_all = path.startswith("/notifiers") and scope == "read_all"
            expected = (200, 404) if open_to_all else (403,)
            assert lacking.call(method, concrete, **body).status_code in expected, (method, path, client.name)
    for caller in (nobody, *(each for pair in made.values() for each in pair if each is not None)):
        caller.close()
