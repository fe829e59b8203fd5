"""Objects of our own at an energydesk server with something odd in them: left out and told, never an obstacle."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from energydesk_server import NAME, Vtn, resource

from ven_actors.errors import VtnRefused
from ven_actors.model import Enrolment


@pytest.mark.parametrize(
    "parts", [{"ven_name": 7}, {"client_name": ["x"]}, {"ven_name": None}, {"resources": 7, "created": 1}], ids=str
)
def test_a_registration_is_kept_whatever_else_it_says_as_its_token_is_told_once(
    server: Callable[..., Vtn], parts: dict[str, Any]
) -> None:
    vtn = server()
    vtn.refuse("POST", "/vens", 201, json.dumps({"id": "v", "ven_name": "Herning", "auth_token": "t"} | parts).encode())
    made = vtn.client().enrol("Herning", [resource()], None)
    assert made.ven_id == "v"
    assert made.auth_token is not None
    assert made.auth_token.reveal() == "t"


def test_an_odd_ven_is_adopted_and_a_broken_one_of_somebody_else_is_no_obstacle(server: Callable[..., Vtn]) -> None:
    vtn = server()
    vtn.enrol(vtn.client(), resource())
    listed = [7, {"id": 7}, {"id": "v", "ven_name": "Herning", "auth_token": "t", "client_name": 7}]
    vtn.refuse("GET", "/vens", 200, json.dumps(listed).encode())
    client = vtn.client()
    assert client.enrol("Herning", [resource()], None).ven_id == "v"


def test_a_409_whose_look_up_shows_an_unreadable_ven_says_so_and_quotes_no_token(server: Callable[..., Vtn]) -> None:
    vtn = server()
    vtn.enrol(vtn.client(), resource())
    vtn.refuse("GET", "/vens", 200, b'[{"id": 7, "ven_name": "Herning", "auth_token": "hush"}]')
    with pytest.raises(VtnRefused, match=r"409.*the look-up shows objects that cannot be read: .*id: Expected") as said:
        vtn.client().enrol("Herning", [resource()], None)
    assert "hush" not in str(said.value)


STATUS = {"attribute_name": "status", "attribute_type": "prequalification", "attribute_values": ["PENDING"]}


@pytest.mark.parametrize(
    ("attributes", "reported"),
    [
        ([7, {"attribute_name": 7}, STATUS], ()),
        ([{**STATUS, "attribute_values": "PENDING"}], (NAME,)),
        ([{**STATUS, "attribute_values": [["PENDING"], 7, None]}], (NAME,)),
        ("none", (NAME,)),
    ],
    ids=str,
)
def test_an_odd_resource_stops_no_reading_and_is_told(
    server: Callable[..., Vtn], attributes: Any, reported: tuple[str, ...]
) -> None:
    vtn = server()
    client = vtn.client()
    vtn.enrol(client, resource())
    listed = [{"id": "r", "resource_name": NAME, "attributes": attributes}, 7, {"id": 7, "resource_name": "other"}]
    vtn.refuse("GET", "/resources", 200, json.dumps(listed).encode())
    crawl = client.crawl()
    assert crawl.reported == reported
    assert crawl.problems == client.crawl().problems
    (notice,) = crawl.problems
    assert "resource number 1 of the list: a resource cannot be read" in notice
    assert "other" not in notice


def test_a_resource_is_found_beside_odd_ones(server: Callable[..., Vtn]) -> None:
    vtn = server()
    known = vtn.enrol(vtn.client(), resource())
    vtn.refuse("GET", "/resources", 200, json.dumps([[], {"id": "r", "resource_name": NAME, "attributes": 7}]).encode())
    vtn.refuse("GET", "/resources", 200, json.dumps([[], {"id": "r", "resource_name": NAME, "attributes": 7}]).encode())
    bare = Enrolment(known.ven_id, {}, auth_token=known.auth_token)
    assert set(vtn.client().enrol("Herning", [resource()], bare).resource_ids) == {NAME}
