"""A VTN that has no vens for us: it is read all the same, and says why reports cannot be tied to a ven."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from openadr_client_vtn import Hook, Vtn, client_of, resources, shown
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ven_actors.errors import CredentialsRefused, VtnRefused
from ven_actors.model import Enrolment
from ven_actors.openadr.client import VtnClient
from ven_actors.openadr.transport import SharedAdapter
from ven_actors.openadr.v301 import V301
from ven_actors.openadr.v310 import V310


def answers(status: int, *paths: str, method: str = "") -> Hook:
    """This status for all below these paths."""

    def hook(request: Request) -> Response | None:
        if request.path.startswith(paths) and request.method.startswith(method):
            return shown({"title": "not here"}, status)
        return None

    return hook


def anonymous(httpserver: HTTPServer, adapter: SharedAdapter, dialect: Any) -> VtnClient:
    url = httpserver.url_for("").rstrip("/")
    return VtnClient(url, "Herning", None, dialect=dialect, adapter=adapter, monotonic=time.monotonic)


@pytest.fixture(params=[V310(), V301()], ids=["3.1", "3.0.1"])
def open_client(httpserver: HTTPServer, adapter: SharedAdapter, request: Any) -> Iterator[VtnClient]:
    client = anonymous(httpserver, adapter, request.param)
    yield client
    client.close()


@pytest.mark.parametrize("status", [404, 405, 501])
@pytest.mark.parametrize("method", ["", "POST"])
def test_a_vtn_without_vens_for_us_is_read(vtn: Vtn, client: VtnClient, status: int, method: str) -> None:
    vtn.lists["events"] = [{"id": "e", "programID": "p"}]
    vtn.hook = answers(status, "/vens", "/resources", method=method)
    assert client.enrol("Herning", resources("a"), None) == Enrolment("", {}, "openadr-3.1")
    crawl = client.crawl()
    assert [event.event_id for event in crawl.events] == ["e"]
    assert f"/vens answers {status}" in crawl.unregistered
    assert not client.is_registered()
    vtn.hook = lambda _: None
    assert client.enrol("Herning", resources("a"), None).ven_id == "vens-0"
    assert client.crawl().unregistered == ""


def test_one_without_resources_for_us_has_the_ven_and_says_so(vtn: Vtn, client: VtnClient) -> None:
    vtn.hook = answers(404, "/resources")
    assert client.enrol("Herning", resources("a"), None) == Enrolment("vens-0", {}, "openadr-3.1")
    assert "/resources answers 404" in client.crawl().unregistered
    assert client.is_registered()


@pytest.mark.parametrize("status", [401, 403])
def test_one_that_serves_events_to_anyone_is_read_without_credentials(
    vtn: Vtn, open_client: VtnClient, status: int
) -> None:
    vtn.lists["events"] = [{"id": "e", "programID": "p", "intervals": []}]
    vtn.hook = answers(status, "/vens", "/resources")
    assert open_client.enrol("Herning", resources("a"), None).ven_id == ""
    crawl = open_client.crawl()
    assert [event.event_id for event in crawl.events] == ["e"]
    assert crawl.unregistered


def test_one_that_serves_nothing_without_credentials_wants_them(vtn: Vtn, open_client: VtnClient) -> None:
    vtn.hook = answers(401, "/")
    open_client.enrol("Herning", resources("a"), None)
    with pytest.raises(CredentialsRefused, match="wants credentials and none are configured"):
        open_client.crawl()


@pytest.mark.parametrize("status", [403, 409, 422, 500, 503])
def test_any_other_refusal_of_one_that_knows_who_we_are_is_trouble(vtn: Vtn, client: VtnClient, status: int) -> None:
    vtn.hook = answers(status, "/vens")
    with pytest.raises(VtnRefused, match=str(status)):
        client.enrol("Herning", resources("a"), None)


@pytest.mark.parametrize(
    ("target", "names"),
    [({"type": "VEN_NAME", "values": ["Herning"]}, [()]), ({"type": "RESOURCE_NAME", "values": ["b"]}, [("b",)]),
     ({"type": "VEN_NAME", "values": ["Aalborg"]}, []), (None, [()])],
)  # fmt: skip
def test_r14_what_is_ours_is_judged_by_our_names_though_nobody_is_registered(
    vtn: Vtn, httpserver: HTTPServer, adapter: SharedAdapter, target: Any, names: list[tuple[str, ...]]
) -> None:
    vtn.lists["events"] = [{"id": "e", "programID": "p", "intervals": []}]
    vtn.lists["events"][0] |= {"targets": [target]} if target else {}
    vtn.hook = answers(404, "/vens", "/resources")
    client = client_of(httpserver, adapter, dialect=V301())
    client.enrol("Herning", resources("a", "b"), None)
    assert [event.targets for event in client.crawl().events] == names
    assert vtn.count("GET /vens/") == 0, "nobody's targets are looked at again"
    client.close()
