"""Objects of our own with something odd in them: id and name suffice, the rest is left out with one notice."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from openadr_client_vtn import Vtn, client_of, once, resources, shown
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ven_actors.errors import VtnNonsense, VtnRefused
from ven_actors.model import Enrolment
from ven_actors.openadr.client import VtnClient
from ven_actors.openadr.targeting import Target
from ven_actors.openadr.transport import SharedAdapter
from ven_actors.openadr.v301 import V301
from ven_actors.openadr.v310 import V310

STAMPS = {"createdDateTime": "2026-01-16T08:00:00Z", "modificationDateTime": "2026-01-16T09:00:00Z"}
VEN = {"id": "v", "venName": "Herning", "objectType": "VEN", "clientID": "c"} | STAMPS
RESOURCE = {"id": "r", "resourceName": "a", "venID": "v", "objectType": "RESOURCE", "clientID": "c"} | STAMPS

ODD = [
    {"targets": ["Herning", []]},
    {"targets": "Herning"},
    {"targets": {"type": "GROUP"}},
    {"targets": [None, 7, {"type": "GROUP", "values": ["x"]}, True]},
    {"attributes": "none"},
    {"attributes": [7, {"type": ["x"], "values": []}, {"values": []}, {"type": "X", "values": "y"}]},
    {"attributes": [{"type": "DESCRIPTION", "values": 7}]},
    {"createdDateTime": 1_768_550_400},
    {"modificationDateTime": {"at": 7}},
    {"objectType": ["VEN"]},
    {"clientID": 7},
]
FINE = [
    {"colour": ["red"], "x-more": {"deep": [1]}},
    {"targets": None, "attributes": None, "clientID": None, "createdDateTime": None},
    {"objectType": "ven"},
]


def of_dialect(name: str) -> Any:
    return V301() if name == "3.0.1" else V310()


@pytest.mark.parametrize("dialect", ["3.0.1", "3.1"])
@pytest.mark.parametrize("parts", ODD, ids=str)
def test_an_id_and_a_name_suffice_and_what_is_odd_is_named(dialect: str, parts: dict[str, Any]) -> None:
    (place,) = parts
    for read, whole in ((of_dialect(dialect).parse_ven, VEN), (of_dialect(dialect).parse_resource, RESOURCE)):
        found = read(json.dumps(whole | parts).encode())
        assert (found.object_id, found.name) in {("v", "Herning"), ("r", "a")}
        assert found.odd
        assert all(line.startswith(place) for line in found.odd)


@pytest.mark.parametrize("dialect", ["3.0.1", "3.1"])
@pytest.mark.parametrize("parts", FINE, ids=str)
def test_r16_what_is_unknown_or_null_is_not_odd(dialect: str, parts: dict[str, Any]) -> None:
    assert of_dialect(dialect).parse_ven(json.dumps(VEN | parts).encode()).odd == ()
    assert of_dialect(dialect).parse_resource(json.dumps(RESOURCE | parts).encode()).odd == ()


@pytest.mark.parametrize("parts", [{"id": 7}, {"id": None}, {"id": ""}, {"venName": ["Herning"]}, {"venName": None}])
def test_without_an_id_or_a_name_it_is_nonsense_and_no_part_is_quoted(parts: dict[str, Any]) -> None:
    with pytest.raises(VtnNonsense, match=r"a ven cannot be read: (id|venName)( is missing|: Expected)") as caught:
        V310().parse_ven(json.dumps({"id": "v", "venName": "Herning", "secret": "hush"} | parts).encode())
    assert "hush" not in str(caught.value)


def test_targets_that_can_be_read_are_kept() -> None:
    plain = V310().parse_ven(json.dumps(VEN | {"targets": ["north", [], "south"]}).encode())
    assert plain.targets == {Target("", "north"), Target("", "south")}
    values = [{"type": "GROUP", "values": ["north", [], 7]}, {"type": 7}, "south", {"type": "AREA", "values": "x"}]
    typed = V301().parse_ven(json.dumps(VEN | {"targets": values}).encode())
    assert typed.targets == {Target("GROUP", "north"), Target("GROUP", "7")}
    assert len(typed.odd) == 4


def test_odd_objects_of_ours_are_adopted_at_every_start_and_told_in_one_notice(vtn: Vtn, client: VtnClient) -> None:
    vtn.lists["vens"] = [VEN | {"targets": ["Herning", []]}]
    vtn.lists["resources"] = [
        RESOURCE | {"createdDateTime": 7, "id": name, "resourceName": name} for name in "abcdefgh"
    ]
    for _ in range(2):
        enrolment = client.enrol("Herning", resources(*"abcdefgh"), None)
        assert enrolment == Enrolment("v", {name: name for name in "abcdefgh"}, "openadr-3.1")
        (notice,) = client.crawl().problems
    assert "ven 'Herning': targets[1]: Expected `str`, got `array`" in notice
    assert notice.endswith("resource 'd': createdDateTime: Expected `str | null`, got `int`; and 4 more")
    assert vtn.count("POST") == 1, "the token alone"
    vtn.lists["vens"], vtn.lists["resources"] = [VEN], []
    client.enrol("Herning", resources("a"), None)
    assert client.crawl().problems == ()


def test_a_notice_stays_the_same_when_our_own_targets_are_read_again(vtn: Vtn, client: VtnClient) -> None:
    vtn.lists["vens"] = [VEN | {"targets": ["Herning", []]}]
    client.enrol("Herning", [], None)
    before = client.crawl().problems
    vtn.lists["events"] = [{"id": "e", "programID": "p", "targets": ["feeder-7"]}]
    assert client.crawl().problems == before
    assert vtn.asked[-2].startswith("GET /vens/v")


@pytest.mark.parametrize("odd_ven", [True, False])
def test_with_strict_parsing_the_ven_fails_with_that_reason(
    vtn: Vtn, httpserver: HTTPServer, adapter: SharedAdapter, *, odd_ven: bool
) -> None:
    vtn.lists["vens"] = [{"id": "x", "venName": "Other", "targets": 7}, VEN]
    vtn.lists["resources"] = [{"id": "y", "resourceName": "other", "targets": 7, "venID": "v"}, RESOURCE]
    client = client_of(httpserver, adapter, strict=True)
    assert client.enrol("Herning", resources("a"), None).resource_ids == {"a": "r"}, "others may be odd"
    vtn.lists["vens" if odd_ven else "resources"][1] = (VEN if odd_ven else RESOURCE) | {"targets": ["north", []]}
    with pytest.raises(VtnNonsense, match=r"as parsing is strict: .*\$\.targets\[1\]"):
        client.enrol("Herning", resources("a"), None)
    client.close()


def shows_unreadable(vtn: Vtn, path: str) -> Callable[[Request], Response | None]:
    """A POST is a conflict, and its look-up shows an object without a readable name."""
    conflict = once(shown({"title": "taken"}, 409), path=path)

    def hook(request: Request) -> Response | None:
        if request.method == "GET" and request.path == path:
            broken = [{"id": "v", "venName": 7, "resourceName": 7}]
            return shown(broken if request.args["skip"] == "0" else [])
        return conflict(request)

    return hook


@pytest.mark.parametrize("path", ["/vens", "/resources"])
def test_a_409_whose_look_up_shows_an_unreadable_object_says_so(vtn: Vtn, client: VtnClient, path: str) -> None:
    vtn.hook = shows_unreadable(vtn, path)
    with pytest.raises(VtnRefused, match=r"409.*taken.*; the look-up shows .* (ven|resource)Name: Exp"):
        client.enrol("Herning", resources("a"), None)


@pytest.mark.parametrize(
    "attributes",
    [[{"type": "DESCRIPTION"}], [{"type": "DESCRIPTION", "values": ["shop"]}, 7], [{"type": [], "values": ["x"]}]],
)
def test_r10_a_resource_of_which_something_is_odd_is_never_put(vtn: Vtn, client: VtnClient, attributes: Any) -> None:
    vtn.lists["vens"], vtn.lists["resources"] = [VEN], [RESOURCE | {"attributes": attributes, "clientID": 7}]
    assert client.enrol("Herning", resources("a"), None).resource_ids == {"a": "r"}
    assert vtn.count("PUT") == 0


def test_r10_of_two_attributes_of_one_type_none_is_lost_by_a_put(vtn: Vtn, client: VtnClient) -> None:
    area = [{"type": "AREA", "values": [number]} for number in (1, 2)]
    vtn.lists["vens"] = [VEN]
    vtn.lists["resources"] = [RESOURCE | {"attributes": [*area, {"type": "DESCRIPTION", "values": ["shop"]}]}]
    put: list[Any] = []

    def hook(request: Request) -> Response | None:
        if request.method == "PUT":
            put.append(request.get_json()["attributes"])
            return shown({})
        return None

    vtn.hook = hook
    client.enrol("Herning", resources("a"), None)
    assert put == [[*area, {"type": "DESCRIPTION", "values": ["pub"]}]]
