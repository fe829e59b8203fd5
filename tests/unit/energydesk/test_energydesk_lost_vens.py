"""A server that has lost a VEN, or its token: looked up by name, then registered again, once per back-off."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from energydesk_server import HERNING, NAME, Vtn, resource

from ven_actors.errors import CredentialsRefused, VtnError, VtnRefused
from ven_actors.model import Enrolment, Secret
from ven_actors.openadr.client import VtnClient

STALE = Enrolment("v-old", {NAME: "r-old"}, dialect="energydesk", auth_token=Secret("old"), answered={"e": 1})


def polled(client: VtnClient, known: Enrolment | None) -> tuple[Enrolment | None, VtnError | None]:
    """One poll of a VEN that is not enrolled: what it was given, and of what it failed."""
    try:
        given = client.enrol("Herning", [resource()], known)
        client.crawl()
    except VtnError as error:
        return client.enrolment, error
    return given, None


def test_r10_a_token_that_a_server_come_back_empty_refuses_gets_the_ven_registered_again(
    server: Callable[..., Vtn],
) -> None:
    vtn = server()
    client = vtn.client()
    kept, trouble = polled(client, STALE)
    assert isinstance(trouble, VtnRefused)
    assert (trouble.status, "own token" in str(trouble)) == (401, True)
    anew, trouble = polled(client, kept)
    assert trouble is None
    assert anew is not None
    assert (anew.complete, anew.resource_ids, anew.answered) == (False, {}, {})
    assert anew.ven_id != "v-old"
    assert len(client.enrol("Herning", [resource()], anew).resource_ids) == 1
    assert len(vtn.vtn.vens()) == len(vtn.vtn.resources()) == 1
    asked = [f"{sent.method} {sent.path.rpartition('/')[2]}" for sent in vtn.vtn.requests if "vens" in sent.path]
    assert asked == ["GET vens", "POST vens"], "looked up by name before it is registered"


def test_a_token_that_a_server_refuses_with_403_gets_the_ven_registered_again_too(
    server: Callable[..., Vtn],
) -> None:
    vtn = server()
    vtn.refuse("GET", "/events", 403)
    client = vtn.client()
    kept, trouble = polled(client, STALE)
    assert isinstance(trouble, VtnRefused)
    assert trouble.status == 403
    vtn.vtn.fault = None
    anew, trouble = polled(client, kept)
    assert trouble is None
    assert anew is not None
    assert [anew.ven_id] == [ven["id"] for ven in vtn.vtn.vens()]


def test_a_ven_that_has_another_token_now_is_adopted_with_it_and_keeps_its_resources(
    server: Callable[..., Vtn],
) -> None:
    vtn = server()
    known = vtn.enrol(vtn.client(), resource())
    client = vtn.client()
    stale = Enrolment(known.ven_id, known.resource_ids, dialect="energydesk", auth_token=Secret("old"))
    polled(client, stale)
    anew, trouble = polled(client, stale)
    assert trouble is None
    assert anew is not None
    assert (anew.auth_token, anew.resource_ids) == (known.auth_token, known.resource_ids)
    assert vtn.posts("/vens") == 1


def test_a_ven_that_is_there_without_a_token_for_us_is_said_and_asked_for_once_per_back_off(
    server: Callable[..., Vtn],
) -> None:
    vtn = server()
    vtn.enrol(vtn.client(), resource())
    vtn.refuse("GET", "/vens", 404)
    client = vtn.client()
    vtn.vtn.requests.clear()
    troubles = [polled(client, STALE)[1] for _ in range(6)]
    assert vtn.posts("/vens") == 3, "in between, the token is tried again"
    assert [trouble.status for trouble in troubles if isinstance(trouble, VtnRefused)] == [401, 409] * 3
    assert "refuses the one that was kept (401): have the VEN deleted there" in str(troubles[1])
    assert "credentials" not in str(troubles)


def test_a_token_that_is_refused_for_a_while_is_used_again_and_nothing_is_registered(
    server: Callable[..., Vtn],
) -> None:
    vtn = server()
    client = vtn.client()
    known = vtn.enrol(client, resource())
    assert known.auth_token is not None
    vtn.refuse("GET", "/events", 401)
    assert polled(client, known)[1] is not None
    listed = [{"id": known.ven_id, "ven_name": "Herning", "auth_token": known.auth_token.reveal()}]
    vtn.refuse("GET", "/vens", 200, json.dumps(listed).encode())
    trouble = polled(client, known)[1]
    assert isinstance(trouble, VtnRefused)
    assert (trouble.status, vtn.posts("/vens")) == (401, 1)
    vtn.vtn.fault = None
    given, trouble = polled(client, known)
    assert given is not None
    assert (given.ven_id, given.auth_token, given.resource_ids, trouble) == (
        known.ven_id, known.auth_token, known.resource_ids, None,
    )  # fmt: skip
    assert len(vtn.vtn.vens()) == 1


def test_where_the_clients_own_credentials_are_refused_that_is_what_is_said(server: Callable[..., Vtn]) -> None:
    vtn = server()
    client = vtn.client()
    vtn.refuse("POST", "/auth/token", 401)
    trouble = polled(client, STALE)[1]
    assert isinstance(trouble, CredentialsRefused)
    assert HERNING.name in str(trouble)
    assert vtn.posts("/vens") == 0


def test_whether_the_ven_is_still_there_is_one_reading_with_its_own_token(server: Callable[..., Vtn]) -> None:
    vtn = server()
    client = vtn.client()
    vtn.enrol(client, resource())
    vtn.vtn.requests.clear()
    assert client.is_registered()
    assert [f"{sent.method} {sent.path}" for sent in vtn.vtn.requests] == ["GET /energydesk/events"]
    vtn.refuse("GET", "/events", 401)
    assert not client.is_registered()
    vtn.refuse("GET", "/events", 503)
    with pytest.raises(VtnRefused, match="503"):
        client.is_registered()
