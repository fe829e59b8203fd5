"""Posting reports, and looking up whether one has arrived."""

import json
from typing import Any

import pytest
from openadr_client_vtn import Vtn, client_of, fill_events, once, shown
from pytest_httpserver import HTTPServer

from ven_actors.errors import CredentialsRefused, VtnRefused, VtnUnreachable
from ven_actors.openadr.client import VtnClient
from ven_actors.openadr.report_lookup import MOST_REQUESTS, FindResult
from ven_actors.openadr.transport import SharedAdapter


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


@pytest.mark.parametrize("broken", [{"reportName": ["n1"]}, {"id": 7, "reportName": {}}])
def test_r35_a_report_whose_name_cannot_be_read_may_be_ours_and_settles_nothing(
    vtn: Vtn, client: VtnClient, broken: dict[str, object]
) -> None:
    vtn.lists["reports"] = [report(1) | broken, report(2)]
    vtn.hook = lambda request: (
        shown(vtn.lists["reports"] if request.args["skip"] == "0" else []) if request.path == "/reports" else None
    )
    result = looked_up(vtn, client, "n1", 0)[0]
    assert (result.report, result.settled) == (None, False)
    assert "a report cannot be read" in result.unreadable


def test_r35_a_report_of_ours_that_is_broken_otherwise_is_found_by_its_name(vtn: Vtn, client: VtnClient) -> None:
    vtn.lists["reports"] = [report(1) | {"id": 7, "createdDateTime": []}, report(2)]
    vtn.hook = lambda request: (
        shown(vtn.lists["reports"] if request.args["skip"] == "0" else []) if request.path == "/reports" else None
    )
    assert looked_up(vtn, client, "n1", 0)[0].report is not None


def test_r35_reports_too_large_for_a_page_are_looked_up_a_few_at_a_time(
    vtn: Vtn, httpserver: HTTPServer, adapter: SharedAdapter
) -> None:
    fill_reports(vtn, range(100))
    client = client_of(httpserver, adapter, max_response_bytes=2_000)
    result, asked = looked_up(vtn, client, "n99", 99)
    assert result.report is not None
    assert asked == ["74&limit=50", "97&limit=5"]
    client.close()
