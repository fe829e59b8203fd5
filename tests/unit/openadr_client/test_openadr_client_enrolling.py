"""Enrolling: what is missing is created, what is there is adopted and kept up."""

import time
from typing import Any

import pytest
from openadr_client_vtn import Vtn, once, resources, shown
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ven_actors.errors import UsageError, VtnNonsense, VtnRefused
from ven_actors.model import Enrolment
from ven_actors.openadr.client import VtnClient
from ven_actors.openadr.transport import SharedAdapter
from ven_actors.openadr.v310 import V310


def test_r7_what_is_missing_is_created(vtn: Vtn, client: VtnClient) -> None:
    enrolment = client.enrol("Herning", resources("a", "b"), None)
    assert enrolment == Enrolment("vens-0", {"a": "resources-0", "b": "resources-1"}, "openadr-3.1")
    assert [body["objectType"] for body in vtn.bodies] == ["VEN_VEN_REQUEST"] + ["VEN_RESOURCE_REQUEST"] * 2
    assert vtn.bodies[1]["venID"] == "vens-0"


def test_r7_a_second_start_creates_nothing_and_costs_few_requests(vtn: Vtn, client: VtnClient) -> None:
    names = [f"r{i}" for i in range(120)]
    first = client.enrol("Herning", resources(*names), None)
    vtn.asked.clear()
    assert client.enrol("Herning", resources(*names), first) == first
    assert vtn.count("POST") == 0
    assert vtn.count("GET") == 6


def test_r9_only_missing_resources_are_created_and_none_deleted(vtn: Vtn, client: VtnClient) -> None:
    client.enrol("Herning", resources("a", "b"), None)
    vtn.bodies.clear()
    assert client.enrol("Herning", resources("b", "c"), None).resource_ids == {"b": "resources-1", "c": "resources-2"}
    assert [body["resourceName"] for body in vtn.bodies] == ["c"]
    assert len(vtn.lists["resources"]) == 3


def test_r9_a_vtn_that_ignores_the_query_shows_others_resources_in_vain(vtn: Vtn, client: VtnClient) -> None:
    vtn.lists["vens"] = [{"id": "v1", "venName": "Aalborg"}, {"id": "v2", "venName": "Herning"}]
    vtn.lists["resources"] = [
        {"id": "r1", "resourceName": "a", "venID": "v1"},
        {"id": "r2", "resourceName": "b", "venID": "v2"},
        {"id": "r3", "resourceName": "c"},
    ]
    vtn.hook = lambda request: (
        shown(vtn.lists[request.path[1:]] if request.args["skip"] == "0" else [])
        if request.method == "GET" and request.path in {"/vens", "/resources"}
        else None
    )
    assert client.enrol("Herning", resources("a", "b", "c"), None) == Enrolment(
        "v2", {"a": "resources-3", "b": "r2", "c": "r3"}, "openadr-3.1"
    )


def test_r7_of_several_vens_of_our_name_the_known_one_is_ours(vtn: Vtn, client: VtnClient) -> None:
    vtn.lists["vens"] = [{"id": each, "venName": "Herning"} for each in ("v1", "v2")]
    assert client.enrol("Herning", [], None).ven_id == "v1"
    assert client.enrol("Herning", [], Enrolment("v2")).ven_id == "v2"
    assert client.enrol("Herning", [], Enrolment("v9")).ven_id == "v1"


def test_r10_a_ven_that_is_gone_is_registered_again(vtn: Vtn, client: VtnClient) -> None:
    assert client.enrol("Herning", resources("a"), Enrolment("v9", {"a": "r9"})) == Enrolment(
        "vens-0", {"a": "resources-0"}, "openadr-3.1"
    )


def test_r10_whether_the_ven_is_still_there_is_one_get(vtn: Vtn, client: VtnClient) -> None:
    assert not client.is_registered()
    client.enrol("Herning", resources("a"), None)
    vtn.asked.clear()
    assert client.is_registered()
    assert vtn.asked == ["GET /vens?venName=Herning&skip=0&limit=50"]
    vtn.lists["vens"][0]["targets"] = ["Herning", []]
    assert client.is_registered(), "whatever else is odd in it"


@pytest.mark.parametrize("there", [[], [{"id": "v9", "venName": "Herning"}], [{"id": "vens-0", "venName": "Other"}]])
def test_r10_a_ven_under_another_id_or_an_id_of_another_ven_is_not_ours(
    vtn: Vtn, client: VtnClient, there: list[dict[str, Any]]
) -> None:
    client.enrol("Herning", resources("a"), None)
    vtn.lists["vens"] = there
    assert not client.is_registered()


def test_r7_a_409_is_looked_up_and_adopted(vtn: Vtn, client: VtnClient) -> None:
    def hook(request: Request) -> Response | None:
        if request.method != "POST" or "auth" in request.path:
            return None
        vtn.create(request.path[1:], request.get_json())
        return shown({"title": "conflict"}, 409)

    vtn.hook = hook
    assert client.enrol("Herning", resources("a"), None) == Enrolment("vens-0", {"a": "resources-0"}, "openadr-3.1")
    assert "GET /resources?venID=vens-0&resourceName=a&skip=0&limit=50" in vtn.asked


@pytest.mark.parametrize("path", ["/vens", "/resources"])
def test_r7_a_409_that_cannot_be_adopted_is_said(vtn: Vtn, client: VtnClient, path: str) -> None:
    vtn.hook = once(shown({"title": "taken"}, 409), path=path)
    with pytest.raises(VtnRefused, match=r"POST .*409.*taken.*shows none of that name.*another client"):
        client.enrol("Herning", resources("a"), None)


@pytest.mark.parametrize("path", ["/vens", "/resources"])
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Response('{"id":"x","venName":"Other","resourceName":"Other"}', 201), "'Other'"),
        (Response("thanks", 201), "cannot be read"),
        (Response("{}", 202), "202"),
    ],
)
def test_an_answer_to_another_question_is_nonsense(
    vtn: Vtn, client: VtnClient, path: str, answer: Response, words: str
) -> None:
    vtn.hook = once(answer, path=path)
    with pytest.raises(VtnNonsense, match=words):
        client.enrol("Herning", resources("a"), None)


def test_enrolling_goes_on_where_it_failed(vtn: Vtn, client: VtnClient) -> None:
    def fails_at_b(request: Request) -> Response | None:
        return shown({}, 503) if request.path == "/resources" and b'"b"' in request.get_data() else None

    vtn.hook = fails_at_b
    with pytest.raises(VtnRefused):
        client.enrol("Herning", resources("a", "b", "c"), None)
    vtn.hook, vtn.bodies = (lambda _: None), []
    client.enrol("Herning", resources("a", "b", "c"), None)
    assert [body["resourceName"] for body in vtn.bodies] == ["b", "c"]


def test_r1_the_url_is_checked_before_anything_is_sent(adapter: SharedAdapter) -> None:
    with pytest.raises(UsageError, match="VTN URL"):
        VtnClient("http://vtn.example", "v", None, dialect=V310(), adapter=adapter, monotonic=time.monotonic)


def test_r4_without_credentials_no_token_is_fetched(vtn: Vtn, httpserver: HTTPServer, adapter: SharedAdapter) -> None:
    url = httpserver.url_for("").rstrip("/")
    client = VtnClient(url, "Herning", None, dialect=V310(), adapter=adapter, monotonic=time.monotonic)
    client.crawl()
    assert vtn.count("POST") == 0
    client.close()


def stored_resource(vtn: Vtn, **parts: Any) -> dict[str, Any]:
    vtn.lists["vens"] = [{"id": "v", "venName": "Herning"}]
    vtn.lists["resources"] = [{"id": "r", "resourceName": "a", "venID": "v", **parts}]
    return vtn.lists["resources"][0]


def takes_puts(vtn: Vtn, status: int = 200) -> list[dict[str, Any]]:
    """Answers every PUT with this status; returns what was put."""
    put: list[dict[str, Any]] = []

    def hook(request: Request) -> Response | None:
        if request.method != "PUT":
            return None
        put.append(request.get_json())
        if status == 200:
            vtn.lists["resources"][0].update(request.get_json())
        return shown({}, status)

    vtn.hook = hook
    return put


def description(words: str) -> dict[str, Any]:
    return {"type": "DESCRIPTION", "values": [words]}


def test_r10_a_resource_that_is_described_otherwise_is_put_whole_and_once(vtn: Vtn, client: VtnClient) -> None:
    area = {"type": "AREA", "values": [7]}
    stored_resource(vtn, attributes=[area, description("shop")])
    put = takes_puts(vtn)
    client.enrol("Herning", resources("a"), None)
    client.enrol("Herning", resources("a"), None)
    assert put == [
        {
            "objectType": "VEN_RESOURCE_REQUEST", "resourceName": "a", "venID": "v",
            "attributes": [area, description("pub")],
        }
    ]  # fmt: skip
    assert "PUT /resources/r" in vtn.asked


@pytest.mark.parametrize(
    "parts",
    [{}, {"attributes": None}, {"attributes": [description("pub")]}, {"attributes": [{"type": "AREA"}]},
     {"attributes": [description("shop")], "targets": ["north"]}],
)  # fmt: skip
def test_r9_what_is_not_otherwise_or_bears_targets_is_left_alone(
    vtn: Vtn, client: VtnClient, parts: dict[str, Any]
) -> None:
    stored_resource(vtn, **parts)
    put = takes_puts(vtn)
    assert client.enrol("Herning", resources("a"), None).resource_ids == {"a": "r"}
    assert put == []


def test_r9_a_vtn_that_will_not_have_it_changed_is_no_reason_to_stay_away(vtn: Vtn, client: VtnClient) -> None:
    stored_resource(vtn, attributes=[description("shop")])
    takes_puts(vtn, 403)
    assert client.enrol("Herning", resources("a"), None).resource_ids == {"a": "r"}
    takes_puts(vtn, 503)
    with pytest.raises(VtnRefused, match=r"PUT .*503"):
        client.enrol("Herning", resources("a"), None)


def test_r16_a_broken_ven_of_somebody_else_is_no_reason_to_stay_away(vtn: Vtn, client: VtnClient) -> None:
    vtn.lists["vens"] = [{"id": "x", "venName": 7.5}, {"id": "v", "venName": "Herning"}]
    vtn.hook = lambda request: (
        shown(vtn.lists["vens"] if request.args["skip"] == "0" else []) if request.path == "/vens" else None
    )
    assert client.enrol("Herning", [], None).ven_id == "v"
