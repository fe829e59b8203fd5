"""The client against a small VTN over real HTTP: enrolling, reading, reporting, looking up."""

import gzip
import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ven_actors.errors import CredentialsRefused, UsageError, VtnNonsense, VtnRefused, VtnUnreachable
from ven_actors.model import Credentials, Enrolment, RegistrationStatus, Resource, Secret
from ven_actors.openadr.client import VtnClient
from ven_actors.openadr.event_book import Changes, EventBook
from ven_actors.openadr.paging import pages
from ven_actors.openadr.report_lookup import MOST_REQUESTS, FindResult
from ven_actors.openadr.transport import SharedAdapter
from ven_actors.openadr.v310 import V310

Hook = Callable[[Request], Response | None]


class Vtn:
    """Lists, filters, pages and creates; `hook` may answer instead."""

    def __init__(self) -> None:
        self.lists: dict[str, list[dict[str, Any]]] = {
            name: [] for name in ("programs", "events", "reports", "vens", "resources")
        }
        self.asked: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.hook: Hook = lambda _: None

    def handle(self, request: Request) -> Response:
        query = request.query_string.decode()
        self.asked.append(f"{request.method} {request.path}" + (f"?{query}" if query else ""))
        early = self.hook(request)
        if early is not None:
            return early
        if request.path == "/auth/token":
            return shown({"access_token": "t", "token_type": "Bearer"})
        if request.path == "/auth/server":
            return shown({"title": "none"}, 404)
        _, name, *rest = request.path.split("/")
        if request.method == "POST":
            return self.create(name, request.get_json())
        if rest:
            found = [each for each in self.lists[name] if each["id"] == rest[0]]
            return shown(found[0]) if found else shown({"title": "gone"}, 404)
        arguments = request.args
        listed = [
            each
            for each in self.lists[name]
            if all(each.get(key, value) == value for key, value in arguments.items() if key not in PAGING)
        ]
        skip, limit = int(arguments["skip"]), int(arguments["limit"])
        return shown(listed[skip : skip + limit])

    def create(self, name: str, body: dict[str, Any]) -> Response:
        self.bodies.append(body)
        stored = {"id": f"{name}-{len(self.lists[name])}"} | body
        self.lists[name].append(stored)
        return shown(stored, 201)

    def count(self, start: str) -> int:
        return sum(each.startswith(start) for each in self.asked)


PAGING = {"skip", "limit", "targets"}


def shown(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status, mimetype="application/json")


def once(*answers: Response, method: str = "POST", path: str = "") -> Hook:
    """Give these answers to the first matching requests."""
    left = list(answers)

    def hook(request: Request) -> Response | None:
        if left and request.method == method and request.path.startswith(path) and "auth" not in request.path:
            return left.pop(0)
        return None

    return hook


@pytest.fixture
def vtn(httpserver: HTTPServer) -> Vtn:
    vtn = Vtn()
    httpserver.expect_request(re.compile(".*")).respond_with_handler(vtn.handle)
    return vtn


@pytest.fixture(scope="module")
def adapter() -> Iterator[SharedAdapter]:
    adapter = SharedAdapter()
    yield adapter
    adapter.close()


def client_of(httpserver: HTTPServer, adapter: SharedAdapter, **settings: Any) -> VtnClient:
    return VtnClient(
        httpserver.url_for("").rstrip("/"),
        "Herning",
        Credentials("c", Secret("s")),
        dialect=V310(),
        adapter=adapter,
        monotonic=time.monotonic,
        **settings,
    )


@pytest.fixture
def client(httpserver: HTTPServer, adapter: SharedAdapter) -> Iterator[VtnClient]:
    client = client_of(httpserver, adapter)
    yield client
    client.close()


def resources(*names: str) -> list[Resource]:
    return [Resource(name, "Herning", name, "pub", "m", "", RegistrationStatus.APPROVED, ()) for name in names]


# --- R1 to R10: enrolling --------------------------------------------------------------------------------------


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
    with pytest.raises(VtnRefused, match=r"POST .*409.*taken"):
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


# --- R11 to R18: reading ---------------------------------------------------------------------------------------


def fill_events(vtn: Vtn, count: int) -> None:
    vtn.lists["events"] = [{"id": f"e{i}", "programID": "p"} for i in range(count)]


def test_r11_edge_case_1_all_pages_are_read_until_an_empty_one(vtn: Vtn, client: VtnClient) -> None:
    fill_events(vtn, 120)
    vtn.lists["programs"] = [{"id": "p", "programName": "demo"}]
    crawl = client.crawl()
    assert [event.event_id for event in crawl.events] == [f"e{i}" for i in range(120)]
    assert [program.name for program in crawl.programs] == ["demo"]
    assert [each for each in vtn.asked if "events" in each] == [
        f"GET /events?skip={skip}&limit=50" for skip in (0, 50, 100, 120)
    ]
    assert crawl.complete
    assert crawl.problems == ()


def test_r12_programs_and_events_can_be_read_on_their_own(vtn: Vtn, client: VtnClient) -> None:
    fill_events(vtn, 1)
    vtn.lists["programs"] = [{"id": "p", "programName": "demo"}]
    assert [program.program_id for program in client.crawl().programs] == ["p"]
    assert [event.event_id for event in client.crawl().events] == ["e0"]


def test_r11_edge_case_2_an_insert_between_pages_is_read_once(vtn: Vtn, client: VtnClient) -> None:
    fill_events(vtn, 60)

    def insert(request: Request) -> None:
        if request.path == "/events" and request.args["skip"] == "50":
            vtn.lists["events"].insert(0, {"id": "new", "programID": "p"})
            vtn.hook = lambda _: None

    vtn.hook = insert
    ids = [event.event_id for event in client.crawl().events]
    assert sorted(ids) == sorted(f"e{i}" for i in range(60))


def test_r17_a_delete_between_pages_hides_nothing_that_is_known(vtn: Vtn, client: VtnClient) -> None:
    fill_events(vtn, 60)
    known = [f"e{i}" for i in range(60)]

    def delete(request: Request) -> None:
        if request.path == "/events" and request.args["skip"] == "50":
            del vtn.lists["events"][3]
            vtn.hook = lambda _: None

    vtn.hook = delete
    assert "e50" not in {event.event_id for event in client.crawl().events}
    vtn.hook = delete
    fill_events(vtn, 60)
    crawl = client.crawl([*known, "gone"])
    assert {event.event_id for event in crawl.events} == set(known)
    assert [each for each in vtn.asked if each.startswith("GET /events/")] == ["GET /events/e50", "GET /events/gone"]


def test_r11_pages_of_which_each_object_is_shown_twice_are_read_whole(vtn: Vtn, client: VtnClient) -> None:
    fill_events(vtn, 120)

    def twice(request: Request) -> Response | None:
        if request.path != "/events":
            return None
        skip = int(request.args["skip"])
        return shown([each for each in vtn.lists["events"][skip : skip + 50] for _ in range(2)])

    vtn.hook = twice
    assert len(client.crawl().events) == 120


def test_r17_edge_case_3_pages_that_shift_and_fail_make_the_book_that_one_page_makes(
    vtn: Vtn, client: VtnClient
) -> None:
    def events(count: int) -> list[dict[str, Any]]:
        return [{"id": f"e{i}", "programID": "p", "priority": i} for i in range(count)]

    def poll(book: EventBook) -> Changes:
        crawl = client.crawl(book.event_ids)
        return book.update(crawl.events, 0.0, crawl.complete, crawl.unreadable_ids)

    paged, whole = EventBook(), EventBook()
    vtn.lists["events"] = events(120)
    poll(paged)

    def disturb(request: Request) -> Response | None:
        if request.path == "/events" and request.args["skip"] == "50" and len(vtn.lists["events"]) == 120:
            vtn.lists["events"] = [{"id": "new", "programID": "p"}, *events(120)]
        return shown({}, 500) if request.path == "/events" and request.args["skip"] == "100" else None

    vtn.hook = disturb
    with pytest.raises(VtnRefused):
        poll(paged)
    assert len(paged.events) == 120
    vtn.hook = lambda _: None
    assert poll(paged) == Changes(("new",), (), ())
    vtn.hook = lambda request: (
        shown(vtn.lists["events"] if request.args["skip"] == "0" else []) if request.path == "/events" else None
    )
    poll(whole)
    assert paged.events == whole.events


@pytest.mark.parametrize("answer", [shown({}, 404), shown({"title": "not yours"}, 403)])
def test_r17_what_is_not_listed_is_gone_when_asking_for_it_confirms_it(
    vtn: Vtn, client: VtnClient, answer: Response
) -> None:
    fill_events(vtn, 2)
    vtn.hook = lambda request: answer if request.path == "/events/gone" else None
    assert len(client.crawl(["gone"]).events) == 2
    assert vtn.asked.count("GET /events/gone") == (1 if answer.status_code == 404 else 2)


def test_r18_an_event_that_is_over_and_listed_no_more_is_still_there(vtn: Vtn, client: VtnClient) -> None:
    fill_events(vtn, 2)
    vtn.hook = lambda request: (
        shown(vtn.lists["events"][1:] if request.args["skip"] == "0" else []) if request.path == "/events" else None
    )
    assert {event.event_id for event in client.crawl(["e0", "e1"]).events} == {"e0", "e1"}


def test_r12_a_program_that_its_list_does_not_show_is_asked_for(vtn: Vtn, client: VtnClient) -> None:
    fill_events(vtn, 1)
    vtn.lists["programs"] = [{"id": "p", "programName": "demo"}]
    vtn.hook = lambda request: shown([]) if request.path == "/programs" else None
    assert [program.name for program in client.crawl().programs] == ["demo"]
    vtn.lists["programs"] = []
    assert client.crawl().programs == ()


def test_r17_edge_case_3_a_failing_page_two_is_no_crawl_at_all(vtn: Vtn, client: VtnClient) -> None:
    fill_events(vtn, 60)
    vtn.hook = lambda request: shown({}, 500) if request.args.get("skip") == "50" else None
    with pytest.raises(VtnRefused, match="500"):
        client.crawl()


def test_r17_an_event_that_fails_when_asked_for_by_id_fails_the_crawl(vtn: Vtn, client: VtnClient) -> None:
    fill_events(vtn, 60)
    vtn.hook = lambda request: shown({}, 500) if request.path == "/events/x" else None
    with pytest.raises(VtnRefused, match="500"):
        client.crawl(["x"])


def test_r18_edge_case_4_active_is_never_asked_for(vtn: Vtn, client: VtnClient) -> None:
    """A finished event stays in the list, so absence always means gone."""
    client.crawl()
    assert not any("active" in each for each in vtn.asked)


def test_r16_one_bad_object_does_not_cost_the_page(vtn: Vtn, client: VtnClient) -> None:
    vtn.lists["events"] = [
        {"id": "good", "programID": "p"},
        {"id": "bad", "programID": "p", "duration": "long"},
        {"id": "good2", "programID": "p"},
    ]
    vtn.lists["programs"] = [{"id": "p"}]
    crawl = client.crawl()
    assert [event.event_id for event in crawl.events] == ["good", "good2"]
    assert crawl.unreadable_ids == {"bad"}
    assert crawl.complete
    assert len(crawl.problems) == 1
    assert "'bad'" in crawl.problems[0]


def test_r17_an_object_without_an_id_makes_the_crawl_incomplete(vtn: Vtn, client: VtnClient) -> None:
    vtn.lists["events"] = [{"id": "good", "programID": "p"}, {"programID": "p"}]
    vtn.hook = lambda request: shown([]) if request.args.get("skip") == "2" else None
    crawl = client.crawl()
    assert [event.event_id for event in crawl.events] == ["good"]
    assert not crawl.complete


def test_r13_configured_targets_are_a_second_query_and_both_are_united(
    vtn: Vtn, httpserver: HTTPServer, adapter: SharedAdapter
) -> None:
    def hook(request: Request) -> Response | None:
        if request.path != "/events":
            return None
        if request.args["skip"] != "0":
            return shown([])
        ids = ["a", "b"] if "targets" in request.args else ["b", "c"]
        return shown([{"id": each, "programID": "p"} for each in ids])

    vtn.hook = hook
    client = client_of(httpserver, adapter, targets=["x", "y"])
    assert [event.event_id for event in client.crawl().events] == ["b", "c", "a"]
    assert "GET /events?targets=x&targets=y&skip=0&limit=50" in vtn.asked
    client.close()


@pytest.mark.parametrize("body", ["<html>", "{}", "[" * 100_000, "", "[NaN]", "null"])
def test_an_answer_that_is_no_list_is_nonsense(vtn: Vtn, client: VtnClient, body: str) -> None:
    vtn.hook = once(Response(body), method="GET")
    with pytest.raises(VtnNonsense):
        client.crawl()


def test_r11_a_list_that_repeats_itself_ends_and_one_without_end_is_nonsense() -> None:
    assert list(pages(lambda _: b'[{"id":"a"}]', "events")) == [[b'{"id":"a"}']]
    with pytest.raises(VtnNonsense, match="no end"):
        list(pages(lambda skip: json.dumps([{"id": str(skip)}]).encode(), "events"))


# --- reports ---------------------------------------------------------------------------------------------------


def test_r35_any_complete_answer_to_a_report_is_handed_back(
    vtn: Vtn, httpserver: HTTPServer, adapter: SharedAdapter
) -> None:
    counted: list[int | str] = []
    client = client_of(httpserver, adapter, on_request=counted.append)
    assert client.post_report(b'{"reportName":"n"}').status == 201
    assert vtn.bodies == [{"reportName": "n"}]
    vtn.hook = once(*(shown({"title": "no"}, status) for status in (400, 404, 409, 413, 422, 429, 500, 501)))
    statuses = [client.post_report(b"{}").status for _ in range(8)]
    assert statuses == [400, 404, 409, 413, 422, 429, 500, 501]
    assert counted == [404, 200, 201, *statuses]
    client.close()


def test_what_the_dialect_calls_success_is_known(client: VtnClient) -> None:
    assert client.report_success == {201}
    assert not client.reports_name_program


def test_r35_a_report_whose_token_cannot_be_had_was_certainly_not_sent(vtn: Vtn, client: VtnClient) -> None:
    vtn.hook = lambda request: shown({}, 503) if request.path == "/auth/token" else None
    with pytest.raises(VtnUnreachable, match=r"no token.*503"):
        client.post_report(b"{}")
    vtn.hook = lambda request: shown({}, 401) if request.path == "/auth/token" else None
    with pytest.raises(CredentialsRefused):
        client.post_report(b"{}")
    assert vtn.bodies == []


def test_r17_an_event_exists_or_not_or_nobody_knows(vtn: Vtn, client: VtnClient) -> None:
    fill_events(vtn, 1)
    assert client.event_exists("e0")
    assert not client.event_exists("e1")
    vtn.hook = lambda request: shown({}, 503) if "events" in request.path else None
    with pytest.raises(VtnRefused):
        client.event_exists("e0")


def report(number: int, created: str | None = "") -> dict[str, Any]:
    at = f"2026-01-16T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z" if created == "" else created
    return {
        "id": f"r{number}", "eventID": "e", "clientName": "Herning", "reportName": f"n{number}", "createdDateTime": at,
    }  # fmt: skip


def fill_reports(vtn: Vtn, numbers: range, created: str | None = "") -> None:
    vtn.lists["reports"] = [report(number, created) for number in numbers]


def looked_up(vtn: Vtn, client: VtnClient, name: str, known: int) -> tuple[FindResult, list[str]]:
    vtn.asked.clear()
    result = client.find_report("e", name, known)
    return result, [each.split("skip=")[1] for each in vtn.asked if each.startswith("GET /reports")]


NOT_THERE = FindResult(None, settled=True)
WHO_KNOWS = FindResult(None, settled=False)


def test_r35_a_report_near_the_known_end_is_found_with_one_request(vtn: Vtn, client: VtnClient) -> None:
    fill_reports(vtn, range(1000))
    result, asked = looked_up(vtn, client, "n999", 998)
    assert json.loads(result.report or b"") == report(999)
    assert result.settled
    assert asked == ["973&limit=50"]
    assert "eventID=e&clientName=Herning&" in vtn.asked[-1]


def test_r35_more_reports_than_known_are_read_to_the_end(vtn: Vtn, client: VtnClient) -> None:
    fill_reports(vtn, range(120))
    assert looked_up(vtn, client, "n119", 0)[0].report is not None
    result, asked = looked_up(vtn, client, "n120", 0)
    assert result == NOT_THERE
    assert asked == [f"{skip}&limit=50" for skip in (0, 50, 100, 120)]


def test_r35_an_empty_list_settles_it(vtn: Vtn, client: VtnClient) -> None:
    assert looked_up(vtn, client, "n0", 0)[0] == NOT_THERE
    assert looked_up(vtn, client, "n0", 400) == (NOT_THERE, ["375&limit=50", "0&limit=50"])


def test_r35_a_proven_order_and_the_newest_end_settle_it(vtn: Vtn, client: VtnClient) -> None:
    fill_reports(vtn, range(1000))
    result, asked = looked_up(vtn, client, "n1000", 1000)
    assert result == NOT_THERE
    assert asked[:3] == ["975&limit=50", "1000&limit=50", "0&limit=50"]
    assert len(asked) == MOST_REQUESTS


def test_r35_newest_first_is_an_order_too(vtn: Vtn, client: VtnClient) -> None:
    fill_reports(vtn, range(999, -1, -1))
    assert looked_up(vtn, client, "n1000", 1000)[0] == NOT_THERE
    assert looked_up(vtn, client, "n999", 1000)[0].report is not None


@pytest.mark.parametrize("created", [None, "2026-01-16T00:00:00Z", "then"])
def test_r35_without_a_proven_order_a_long_list_settles_nothing(
    vtn: Vtn, client: VtnClient, created: str | None
) -> None:
    fill_reports(vtn, range(1000), created)
    assert looked_up(vtn, client, "n1000", 1000)[0] == WHO_KNOWS


def test_r35_one_report_without_a_time_proves_no_order(vtn: Vtn, client: VtnClient) -> None:
    fill_reports(vtn, range(1000))
    vtn.lists["reports"][990]["createdDateTime"] = None
    assert looked_up(vtn, client, "n1000", 1000)[0] == WHO_KNOWS


def test_r35_disorder_settles_nothing(vtn: Vtn, client: VtnClient) -> None:
    fill_reports(vtn, range(1000))
    vtn.lists["reports"][990], vtn.lists["reports"][10] = vtn.lists["reports"][10], vtn.lists["reports"][990]
    assert looked_up(vtn, client, "n1000", 1000)[0] == WHO_KNOWS


def test_r35_an_end_that_was_not_reached_settles_nothing(vtn: Vtn, client: VtnClient) -> None:
    fill_reports(vtn, range(1000))
    result, asked = looked_up(vtn, client, "n2000", 0)
    assert result == WHO_KNOWS
    assert len(asked) == MOST_REQUESTS


def test_r35_a_list_that_lost_its_oldest_settles_nothing_by_its_head(vtn: Vtn, client: VtnClient) -> None:
    """The tail begins beyond the end: the empty page there proves nothing about the reports before it."""
    fill_reports(vtn, range(700))
    assert looked_up(vtn, client, "n699", 1000)[0] == WHO_KNOWS
    fill_reports(vtn, range(60))
    assert looked_up(vtn, client, "n99", 1000)[0] == NOT_THERE


def test_r35_others_reports_and_unreadable_ones_are_not_ours(vtn: Vtn, client: VtnClient) -> None:
    vtn.lists["reports"] = [report(1) | {"clientName": 7}, report(1) | {"reportName": None}, report(2)]
    vtn.hook = lambda request: (
        shown(vtn.lists["reports"] if request.args["skip"] == "0" else []) if request.path == "/reports" else None
    )
    assert looked_up(vtn, client, "n1", 0)[0] == NOT_THERE


def test_r35_reports_too_large_for_a_page_are_looked_up_a_few_at_a_time(
    vtn: Vtn, httpserver: HTTPServer, adapter: SharedAdapter
) -> None:
    fill_reports(vtn, range(100))
    client = client_of(httpserver, adapter, max_response_bytes=2_000)
    result, asked = looked_up(vtn, client, "n99", 99)
    assert result.report is not None
    assert asked == ["74&limit=50", "97&limit=5"]
    client.close()


# --- the end ---------------------------------------------------------------------------------------------------


def test_a_closed_client_sends_nothing_more_and_its_neighbour_does(
    vtn: Vtn, httpserver: HTTPServer, adapter: SharedAdapter
) -> None:
    one, other = client_of(httpserver, adapter), client_of(httpserver, adapter)
    one.crawl()
    one.close()
    asked = len(vtn.asked)
    with pytest.raises(VtnUnreachable, match="closed"):
        one.crawl()
    assert len(vtn.asked) == asked
    other.crawl()
    other.close()


# --- R14 and R15: whom an event means ---------------------------------------------------------------------------


def granted(vtn: Vtn, ven: list[str], **of_resources: list[str]) -> None:
    vtn.lists["vens"] = [{"id": "v", "venName": "Herning", "targets": ven}]
    vtn.lists["resources"] = [
        {"id": f"r-{name}", "resourceName": name, "venID": "v", "targets": targets}
        for name, targets in of_resources.items()
    ]


def meant(client: VtnClient) -> dict[str, tuple[str, ...]]:
    """Names of resources by event; () for all."""
    return {event.event_id: event.targets for event in client.crawl().events}


def targeted(**targets: list[str] | None) -> list[dict[str, Any]]:
    return [{"id": name, "programID": "p", "targets": each} for name, each in targets.items()]


def test_r15_a_target_of_the_ven_means_all_its_resources_and_one_of_resources_those(
    vtn: Vtn, client: VtnClient
) -> None:
    granted(vtn, ["town"], a=["north"], b=["north", "east"], c=[])
    vtn.lists["events"] = targeted(
        all=["town", "north"], named=["Herning"], north=["north"], east=["east"], one=["c"], none=None, other=["?"],
        both=["north", "?"],
    )  # fmt: skip
    client.enrol("Herning", resources("a", "b", "c"), None)
    assert meant(client) == {
        "all": (), "named": (), "north": ("a", "b"), "east": ("b",), "one": ("c",), "none": (), "other": (),
        "both": (),
    }  # fmt: skip


def test_r15_a_descriptor_is_about_those_that_bear_its_target(vtn: Vtn, client: VtnClient) -> None:
    granted(vtn, ["town"], a=["north"], b=[])
    asked = [{"payloadType": "USAGE", "targets": each} for each in (["north"], ["town"], ["b"], ["x"], ["y"], None)]
    vtn.lists["events"] = [{"id": "e", "programID": "p", "targets": ["x"], "reportDescriptors": asked}]
    client.enrol("Herning", resources("a", "b"), None)
    (event,) = client.crawl().events
    assert [each.targets for each in event.report_descriptors] == [("a",), (), ("b",), (), ("y",), ()]


def test_r15_a_target_that_was_granted_since_is_looked_up_when_an_event_bears_it(vtn: Vtn, client: VtnClient) -> None:
    granted(vtn, [], a=["old"], b=[])
    client.enrol("Herning", resources("a", "b"), None)
    vtn.lists["events"] = targeted(e=["new"])
    granted(vtn, [], a=["old"], b=["new"])
    assert meant(client) == {"e": ("b",)}
    vtn.asked.clear()
    meant(client)
    assert vtn.count("GET /vens") == vtn.count("GET /resources") == 0


def test_r14_a_puzzle_that_stays_is_looked_up_now_and_then(vtn: Vtn, client: VtnClient) -> None:
    granted(vtn, [], a=[])
    client.enrol("Herning", resources("a"), None)
    vtn.lists["events"] = targeted(e=["elsewhere"])
    vtn.asked.clear()
    for _ in range(21):
        meant(client)
    assert vtn.count("GET /vens/v") == 3


def test_r10_a_ven_that_was_lost_is_noticed_when_its_targets_are_looked_up(vtn: Vtn, client: VtnClient) -> None:
    granted(vtn, [], a=[])
    client.enrol("Herning", resources("a"), None)
    vtn.lists["events"], vtn.lists["vens"] = targeted(e=["elsewhere"]), []
    with pytest.raises(VtnRefused) as caught:
        client.crawl()
    assert caught.value.status == 404


def test_r19_edge_case_6_a_target_that_is_revoked_ends_the_event_as_its_deletion_would(
    vtn: Vtn, client: VtnClient
) -> None:
    vtn.lists["programs"] = [{"id": "p", "programName": "demo"}]
    vtn.lists["events"] = [
        {"id": "e", "programID": "p", "targets": ["north"], "reportDescriptors": [{"payloadType": "USAGE"}],
         "intervalPeriod": {"start": "2026-01-16T17:00:00Z", "duration": "PT1H"},
         "intervals": [{"id": 0, "payloads": [{"type": "SIMPLE", "values": [2]}]}]},
    ]  # fmt: skip
    at_s, book = 1_768_584_600.0, EventBook()

    def poll() -> Changes:
        crawl = client.crawl(book.event_ids)
        return book.update(crawl.events, at_s, crawl.complete, crawl.unreadable_ids, crawl.programs)

    assert poll().new == ("e",)
    assert [signal.payload_type for signal in book.signals_at("Herning", ["a"], at_s)] == ["SIMPLE"]
    assert len(book.report_requests("Herning", ["a"], 15)) == 1
    vtn.hook = lambda request: (
        shown([]) if request.path == "/events" else shown({}, 403) if request.path == "/events/e" else None
    )
    assert poll().gone == ("e",)
    assert book.signals_at("Herning", ["a"], at_s) == ()
    assert book.report_requests("Herning", ["a"], 15) == ()


def test_r43_gzip_is_offered_and_may_be_used_or_not(vtn: Vtn, client: VtnClient) -> None:
    fill_events(vtn, 2)
    offered = []

    def pack(request: Request) -> Response | None:
        offered.append(request.headers["Accept-Encoding"])
        if request.path != "/events" or request.args["skip"] != "0":
            return None
        body = gzip.compress(json.dumps(vtn.lists["events"]).encode())
        return Response(body, 200, {"Content-Encoding": "gzip"}, mimetype="application/json")

    plain = client.crawl()
    vtn.hook = pack
    assert client.crawl() == plain
    assert {each for each in offered if each != "identity"} == {"gzip"}


def test_r16_a_strict_client_refuses_what_deviates_and_names_it(
    vtn: Vtn, httpserver: HTTPServer, adapter: SharedAdapter
) -> None:
    vtn.lists["events"] = [{"id": "e", "programID": "p", "priority": -1}]
    client = client_of(httpserver, adapter, strict=True)
    crawl = client.crawl()
    assert (crawl.events, crawl.unreadable_ids) == ((), {"e"})
    assert crawl.problems[-1].startswith("event is refused, as parsing is strict")
    client.close()
