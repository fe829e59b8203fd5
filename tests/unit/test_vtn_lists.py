"""Paging and filters of the embedded VTN's lists."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from ven_actors.testing.vtn import BL, VEN, InProcessVtn

NOON_S = 1_768_564_800.0  # 2026-01-16T12:00:00Z


@pytest.fixture(scope="module")
def vtn() -> Iterator[InProcessVtn]:
    """120 events in the second of two programs, two vens with resources, three reports."""
    with InProcessVtn(now_s=lambda: NOON_S) as running:
        empty = running.create_program(programName="empty")
        full = running.create_program(programName="full")
        for number in range(120):
            running.create_event(programID=full["id"], eventName=f"e{number}")
        for name in ("one", "two"):
            ven = running.create_ven(clientID=VEN.name, venName=name, targets=[name, "both"])
            for resource in ("r", "s"):
                running.create_resource(clientID=VEN.name, venID=ven["id"], resourceName=resource)
        running.create_event(programID=empty["id"], eventName="lone")
        yield running


@pytest.fixture(scope="module")
def ven(vtn: InProcessVtn, vtn_calls: ModuleType) -> Iterator[Any]:
    caller = vtn_calls.Caller(vtn, VEN)
    for event, client_name in ((0, "a"), (0, "b"), (1, "a"), (120, "a")):
        report = {"eventID": vtn.events()[event]["id"], "clientName": client_name, "resources": []}
        assert caller.post("/reports", report).status_code == 201
    yield caller
    caller.close()


def page(ven: Any, path: str) -> list[Any]:
    answer = ven.get(path)
    assert answer.status_code == 200, answer.text
    return list(answer.json())


def test_all_120_events_are_found_page_by_page_in_the_order_of_creation(vtn: InProcessVtn, ven: Any) -> None:
    found: list[Any] = []
    while more := page(ven, f"/events?skip={len(found)}&limit=50"):
        found += more
    assert [event["eventName"] for event in found] == [*(f"e{number}" for number in range(120)), "lone"]


@pytest.mark.parametrize(
    ("query", "count"), [("", 50), ("limit=0", 0), ("limit=1", 1), ("limit=50", 50), ("skip=100", 21), ("skip=999", 0)]
)
def test_a_page_has_at_most_as_many_as_asked_for_and_never_more_than_50(ven: Any, query: str, count: int) -> None:
    assert len(page(ven, f"/events?{query}")) == count


BAD_QUERIES = [
    "limit=51",
    "limit=-1",
    "limit=",
    "limit=1.0",
    "limit=%2B1",
    "limit=1&limit=2",
    "limit=%D9%A1",
    "skip=-1",
    "skip=2147483648",
    "skip=99999999999999999999999",
    "skip=abc",
    "a=%ff",
    "a=%00",
    "%00=a",
    "targets=",
    "targets=" + "x" * 129,
]


@pytest.mark.parametrize("query", BAD_QUERIES)
@pytest.mark.parametrize("path", ["/programs", "/events", "/vens", "/resources"])
def test_a_query_that_breaks_the_limits_is_a_bad_request(ven: Any, path: str, query: str) -> None:
    assert ven.get(f"{path}?{query}").status_code == 400


@pytest.mark.parametrize("query", ["a=%", "a=%zz", "%=a", "targets=%f"])
def test_a_percent_without_two_digits_is_a_bad_request(
    vtn: InProcessVtn, ven: Any, vtn_calls: ModuleType, query: str
) -> None:
    token = ven.session.headers["Authorization"]
    head = (
        f"GET /openadr3/3.1.0/events?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {token}\r\n\r\n"
    )
    assert vtn_calls.raw_exchange(vtn, head.encode()).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "path",
    [
        "/events?active=maybe",
        "/events?programID=a%20b",
        "/events?programID=",
        "/vens?venName=",
        "/resources?venID=/",
        "/reports?limit=51",
        "/reports?eventID=%25",
        "/reports?clientName=" + "x" * 129,
        "/reports/x?a=%00",
        "/events/x?a=%00",
    ],
)
def test_a_filter_that_can_match_nothing_by_its_form_is_a_bad_request(ven: Any, path: str) -> None:
    assert ven.get(path).status_code == 400


def test_unknown_query_parameters_are_ignored(ven: Any) -> None:
    assert len(page(ven, "/programs?limit=1&colour=red&limits=99&active=maybe&=&&")) == 1


def test_thousands_of_targets_in_a_query_are_no_trouble(ven: Any) -> None:
    many = "&".join(f"targets={number:x}" for number in range(3000))
    assert page(ven, f"/programs?{many}") == []


def test_events_are_filtered_by_program(vtn: InProcessVtn, ven: Any) -> None:
    empty, full = (program["id"] for program in vtn.programs())
    assert [event["eventName"] for event in page(ven, f"/events?programID={empty}")] == ["lone"]
    assert len(page(ven, f"/events?programID={full}&skip=100")) == 20
    assert page(ven, "/events?programID=unknown") == []


def test_vens_and_resources_are_filtered_by_name_ven_and_targets_together(vtn: InProcessVtn, ven: Any) -> None:
    one, two = (found["id"] for found in vtn.vens())
    assert [found["id"] for found in page(ven, "/vens?venName=two")] == [two]
    assert [found["id"] for found in page(ven, "/vens?targets=both&targets=one")] == [one]
    assert page(ven, "/vens?venName=two&targets=one") == []
    assert len(page(ven, "/resources?resourceName=r")) == 2
    (found,) = page(ven, f"/resources?resourceName=s&venID={two}")
    assert (found["resourceName"], found["venID"]) == ("s", two)


def test_reports_are_filtered_by_program_event_and_client_name_together(vtn: InProcessVtn, ven: Any) -> None:
    empty, full = (program["id"] for program in vtn.programs())
    first = vtn.events()[0]["id"]
    assert [found["clientName"] for found in page(ven, f"/reports?programID={full}")] == ["a", "b", "a"]
    assert [found["clientName"] for found in page(ven, f"/reports?eventID={first}")] == ["a", "b"]
    assert len(page(ven, "/reports?clientName=a")) == 3
    assert len(page(ven, f"/reports?clientName=a&eventID={first}&programID={full}")) == 1
    assert page(ven, f"/reports?eventID={first}&programID={empty}") == []


def test_the_newest_report_is_the_last_when_skipping(vtn: InProcessVtn, ven: Any) -> None:
    (newest,) = page(ven, "/reports?skip=3")
    assert newest["eventID"] == vtn.events()[120]["id"]


def test_active_leaves_out_events_that_have_transpired(vtn_calls: ModuleType) -> None:
    with InProcessVtn([BL], now_s=lambda: NOON_S) as vtn:
        program = vtn.create_program(programName="p")["id"]
        before, after = "2026-01-16T10:00:00Z", "2026-01-16T12:30:00+01:00"
        for name, properties in (
            ("over", {"intervalPeriod": {"start": before}, "duration": "PT1H"}),
            ("ends now", {"intervalPeriod": {"start": before}, "duration": "PT2H"}),
            ("runs", {"intervalPeriod": {"start": after}, "duration": "PT1H"}),
            ("to come", {"intervalPeriod": {"start": "2027-01-01T00:00:00Z"}, "duration": "P1D"}),
            ("endless", {}),
        ):
            vtn.create_event(programID=program, eventName=name, **properties)
        caller = vtn_calls.Caller(vtn, BL)
        names = {
            query: [event["eventName"] for event in page(caller, f"/events{query}")]
            for query in ("?active=true", "?active=false", "")
        }
        caller.close()
    assert names["?active=true"] == ["runs", "to come", "endless"]
    assert len(names["?active=false"]) == len(names[""]) == 5
