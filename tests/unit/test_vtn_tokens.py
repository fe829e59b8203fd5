"""The embedded VTN's token endpoint, scopes and discovery."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import requests

from ven_actors.testing.vtn import BL, VEN, Client, InProcessVtn, Role
from ven_actors.vtn.app import Limits
from ven_actors.vtn.tokens import MOST_PER_CLIENT, Tokens

ODD = Client("odd name", "s:e%41+ c", Role.VEN)
GOOD = {"client_id": VEN.name, "client_secret": VEN.secret}
VEN_SCOPES = "read_targets read_ven_objects write_reports write_subscriptions write_vens"


@pytest.fixture(scope="module")
def vtn() -> Iterator[InProcessVtn]:
    with InProcessVtn([VEN, BL, ODD], limits=Limits(token_life_s=1234)) as running:
        yield running


@pytest.fixture
def nobody(vtn: InProcessVtn, vtn_calls: ModuleType) -> Iterator[Any]:
    caller = vtn_calls.Caller(vtn, None)
    yield caller
    caller.close()


def test_a_token_is_given_for_credentials_in_the_form(nobody: Any) -> None:
    answer = nobody.token(GOOD)
    assert answer.status_code == 200
    given = answer.json()
    assert (given["token_type"], given["expires_in"], given["scope"]) == ("Bearer", 1234, VEN_SCOPES)
    assert answer.headers["Cache-Control"] == "no-store"
    assert nobody.get("/vens", headers={"Authorization": f"bearer {given['access_token']}"}).status_code == 200


def test_a_token_is_given_for_credentials_in_the_header(nobody: Any) -> None:
    assert nobody.token({}, basic=(VEN.name, VEN.secret)).status_code == 200


def test_odd_characters_in_the_header_are_read_as_they_stand_and_as_rfc_6749_encodes_them(nobody: Any) -> None:
    assert nobody.token({}, basic=(ODD.name, ODD.secret)).status_code == 200
    assert nobody.token({}, basic=("odd+name", "s%3Ae%2541%2B+c")).status_code == 200


def test_the_token_endpoint_is_at_the_root_too(vtn: InProcessVtn) -> None:
    form = {"grant_type": "client_credentials", **GOOD}
    assert requests.post(f"{vtn.root_url}/auth/token", data=form, timeout=20).status_code == 200


@pytest.mark.parametrize(
    ("form", "basic", "status", "error"),
    [
        ({"client_id": VEN.name, "client_secret": "wrong"}, None, 401, "invalid_client"),
        ({"client_id": "nobody", "client_secret": VEN.secret}, None, 401, "invalid_client"),
        ({}, (VEN.name, "wrong"), 401, "invalid_client"),
        ({"client_id": VEN.name}, None, 400, "invalid_request"),
        ({"client_id": "", "client_secret": ""}, None, 400, "invalid_request"),
        ({}, None, 400, "invalid_request"),
        (GOOD, (VEN.name, VEN.secret), 400, "invalid_request"),
        ({"client_id": VEN.name}, (VEN.name, VEN.secret), 400, "invalid_request"),
        ({**GOOD, "grant_type": "password"}, None, 400, "unsupported_grant_type"),
        ({**GOOD, "grant_type": ""}, None, 400, "invalid_request"),
        ({**GOOD, "scope": "read_all write_events"}, None, 400, "invalid_scope"),
    ],
)
def test_bad_token_requests_are_told_what_is_wrong(
    nobody: Any, form: dict[str, str], basic: tuple[str, str] | None, status: int, error: str
) -> None:
    answer = nobody.token(form, basic)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["detail"]
    assert VEN.secret not in answer.text
    assert ("WWW-Authenticate" in answer.headers) == (status == 401 and basic is not None)


@pytest.mark.parametrize(
    "header",
    [
        "Bearer x",
        "Basic ???",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
    ],
)
def test_an_authorization_header_that_is_not_basic_is_refused(nobody: Any, header: str) -> None:
    answer = nobody.call(
        "POST", "/auth/token", data={"grant_type": "client_credentials"}, headers={"Authorization": header}
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_form_field_given_twice_is_refused(nobody: Any) -> None:
    fields = [("grant_type", "client_credentials"), ("client_id", "a"), ("client_id", "b"), ("client_secret", "c")]
    assert nobody.call("POST", "/auth/token", data=fields).status_code == 400


def test_a_token_request_in_json_is_refused(nobody: Any) -> None:
    assert nobody.call("POST", "/auth/token", json=GOOD).status_code == 400


def test_a_token_has_the_scopes_that_were_asked_for_and_no_others(vtn: InProcessVtn, vtn_calls: ModuleType) -> None:
    reader = vtn_calls.Caller(vtn, VEN, scope="read_targets read_all")
    try:
        assert reader.get("/events").status_code == 200
        refused = reader.get("/reports")
        assert refused.status_code == 403
        assert "read_ven_objects" in refused.json()["detail"]
    finally:
        reader.close()


@pytest.mark.parametrize("header", [None, "Basic eDp5", "Bearer wrong", "Bearer", ""])
def test_without_a_good_token_nothing_is_read(nobody: Any, header: str | None) -> None:
    answer = nobody.get("/programs", headers={} if header is None else {"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_revoked_tokens_are_refused(vtn: InProcessVtn, vtn_calls: ModuleType) -> None:
    caller = vtn_calls.Caller(vtn, VEN)
    try:
        assert caller.get("/programs").status_code == 200
        vtn.revoke_tokens()
        assert caller.get("/programs").status_code == 401
    finally:
        caller.close()


def test_a_ven_may_not_write_what_is_business_logics_and_the_other_way_round(
    vtn: InProcessVtn, vtn_calls: ModuleType
) -> None:
    ven, business = vtn_calls.Caller(vtn, VEN), vtn_calls.Caller(vtn, BL)
    try:
        assert ven.post("/programs", {"programName": "p"}).status_code == 403
        assert ven.delete("/events/x").status_code == 403
        assert business.post("/reports", {"eventID": "e", "clientName": "c", "resources": []}).status_code == 403
        assert business.get("/reports").status_code == 200
    finally:
        ven.close()
        business.close()


def test_the_server_says_where_its_token_endpoint_is_as_the_client_addresses_it(vtn: InProcessVtn, nobody: Any) -> None:
    assert nobody.get("/auth/server").json() == {"tokenURL": f"{vtn.base_url}/auth/token"}
    named = nobody.get("/auth/server", headers={"Host": "vtn.example:81"}).json()["tokenURL"]
    assert named == "http://vtn.example:81/openadr3/3.1.0/auth/token"
    odd = nobody.get("/auth/server", headers={"Host": "a b<>"}).json()["tokenURL"]
    assert odd == f"{vtn.base_url}/auth/token"


def test_a_token_expires_by_the_monotonic_clock_and_is_forgotten() -> None:
    now_s = [0.0]
    tokens = Tokens(10, lambda: now_s[0])
    early = tokens.issue(VEN, frozenset({"a"}))
    now_s[0] = 9.9
    assert tokens.find(early) is not None
    late = tokens.issue(VEN, frozenset())
    now_s[0] = 10.0
    assert tokens.find(early) is None
    tokens.issue(VEN, frozenset())
    assert tokens.find(late) is not None
    assert len(tokens._grants) == 2


def test_a_client_that_asks_for_token_after_token_holds_only_the_newest() -> None:
    tokens = Tokens(10, lambda: 0.0)
    given = [tokens.issue(VEN, frozenset()) for _ in range(MOST_PER_CLIENT + 1)]
    other = tokens.issue(BL, frozenset())
    assert tokens.find(given[0]) is None
    assert all(tokens.find(token) for token in [*given[1:], other])


@pytest.mark.parametrize("form", [b"client_id=%00", b"client_id=%zz", b"client_id=%ff", b"\xff"])
def test_a_form_that_cannot_be_read_is_an_invalid_request(
    vtn: InProcessVtn, vtn_calls: ModuleType, form: bytes
) -> None:
    old = vtn_calls.Caller301(vtn, None)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = old.call("POST", "/auth/token", data=b"grant_type=client_credentials&" + form, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    old.close()
