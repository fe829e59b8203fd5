"""The embedded VTN's quirks: each deviates where it says, and nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from vtn_reader import Reader, vtn_with, with_an_event

from ven_actors.testing.vtn import VEN
from ven_actors.vtn.command import vtn as command
from ven_actors.vtn.quirks import ALL, Quirk, quirks_of
from ven_actors.vtn.quirks.documents import altered


def test_naive_times_bear_no_zone() -> None:
    with vtn_with(Quirk.NAIVE_TIMES) as vtn:
        with_an_event(vtn)
        (event,) = Reader(vtn).get("/events")
    assert event["intervalPeriod"]["start"] == "2026-01-16T10:00:00"
    assert event["createdDateTime"] == "2026-01-16T12:00:00.000000"


def test_time_only_cuts_the_date_of_metadata_alone() -> None:
    with vtn_with(Quirk.TIME_ONLY) as vtn:
        with_an_event(vtn)
        (event,) = Reader(vtn).get("/events")
    assert event["intervalPeriod"]["start"] == "2026-01-16T10:00:00Z"
    assert event["modificationDateTime"] == "12:00:00.000000Z"


@pytest.mark.parametrize("limit", [1, 3, 50])
def test_doubled_lists_have_every_object_twice_over_all_pages(limit: int) -> None:
    with vtn_with(Quirk.DOUBLED) as vtn:
        names = [vtn.create_program(programName=f"p{number}")["programName"] for number in range(7)]
        reader = Reader(vtn)
        found: list[str] = []
        while page := reader.get("/programs", skip=len(found), limit=limit):
            assert len(page) <= limit
            found += [program["programName"] for program in page]
    assert found == [name for name in names for _ in range(2)]


def test_shifting_pages_repeat_the_last_of_the_page_before() -> None:
    with vtn_with(Quirk.SHIFTING_PAGES) as vtn:
        for number in range(5):
            vtn.create_program(programName=f"p{number}")
        reader = Reader(vtn)
        pages = [[each["programName"] for each in reader.get("/programs", skip=skip, limit=2)] for skip in (0, 2, 4)]
    assert pages == [["p0", "p1"], ["p1", "p2"], ["p3", "p4"]]


def test_nulls_stand_for_all_that_is_not_set() -> None:
    with vtn_with(Quirk.NULLS) as vtn:
        with_an_event(vtn)
        (event,) = Reader(vtn).get("/events")
        (program,) = Reader(vtn).get("/programs")
        (old_program,) = Reader(vtn, version="3.0.1").get("/programs")
    for name in ("eventName", "priority", "targets", "reportDescriptors", "payloadDescriptors", "duration"):
        assert event[name] is None
    assert event["intervals"][0]["intervalPeriod"] is None
    assert event["intervalPeriod"]["randomizeStart"] is None
    assert program["intervalPeriod"] is None
    assert "retailerName" not in program
    assert old_program["retailerName"] is None


def test_nulls_of_a_ven_with_resources_are_those_of_the_standard() -> None:
    ven = {"objectType": "VEN", "venName": "v", "resources": [{"objectType": "RESOURCE", "resourceName": "r"}]}
    (resource,) = altered(ven, frozenset({Quirk.NULLS}), is_301=True)["resources"]
    assert resource == {"objectType": "RESOURCE", "resourceName": "r", "attributes": None, "targets": None}


@pytest.mark.parametrize(("quirks", "status"), [((Quirk.FORBIDDEN_TOKEN,), 403), ((), 401)])
def test_a_bad_token_is_answered_403(quirks: tuple[Quirk, ...], status: int) -> None:
    with vtn_with(*quirks) as vtn:
        reader = Reader(vtn)
        vtn.revoke_tokens()
        assert reader.call("GET", "/events").status_code == status


def test_report_names_can_be_used_once_whoever_uses_them() -> None:
    with vtn_with(Quirk.UNIQUE_REPORT_NAMES) as vtn:
        report = {"eventID": with_an_event(vtn)["id"], "clientName": "x", "resources": []}
        ven = Reader(vtn, VEN)
        named = [ven.call("POST", "/reports", json={**report, "reportName": name}) for name in ("a", "a", "b")]
        nameless = [ven.call("POST", "/reports", json=report) for _ in range(2)]
    assert [answer.status_code for answer in named + nameless] == [201, 409, 201, 201, 201]


def test_what_others_refer_to_cannot_be_deleted() -> None:
    with vtn_with(Quirk.FOREIGN_KEYS) as vtn:
        event = with_an_event(vtn)
        report = {"eventID": event["id"], "clientName": "x", "resources": []}
        stored = Reader(vtn, VEN).call("POST", "/reports", json=report).json()
        bl = Reader(vtn)
        paths = [f"/programs/{event['programID']}", f"/events/{event['id']}"]
        assert [bl.call("DELETE", path).status_code for path in paths] == [409, 409]
        assert Reader(vtn, VEN).call("DELETE", f"/reports/{stored['id']}").status_code == 200
        assert [bl.call("DELETE", path).status_code for path in reversed(paths)] == [200, 200]


def test_tokens_without_expires_in_and_with_a_scope_array() -> None:
    with vtn_with() as vtn:
        plain = Reader(vtn).token_answer
    with vtn_with(Quirk.NO_EXPIRES_IN, Quirk.SCOPE_ARRAY) as vtn:
        odd = Reader(vtn).token_answer
    assert "expires_in" not in odd
    assert odd["scope"] == plain["scope"].split()
    assert plain["expires_in"] > 0


def test_errors_are_lists() -> None:
    with vtn_with(Quirk.LIST_ERRORS) as vtn:
        (problem,) = Reader(vtn).get("/events/unknown")
    assert problem["status"] == 404


def test_filters_are_read_over_but_not_the_pages() -> None:
    with vtn_with(Quirk.IGNORED_FILTERS) as vtn:
        event = with_an_event(vtn)
        vtn.create_event(programID=event["programID"], intervals=[])
        reader = Reader(vtn)
        assert len(reader.get("/events", programID="another", targets="x")) == 2
        assert len(reader.get("/events", programID="another", skip=1)) == 1


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("PT1H", "P0Y0M0DT1H0M0S"), ("P1W", "P0Y0M7DT0H0M0S"), ("-PT2M0.5S", "-P0Y0M0DT0H2M0.5S"),
        ("P9999Y", "P9999Y0M0DT0H0M0S"), ("nonsense", "nonsense"),
    ],
)  # fmt: skip
def test_durations_are_rewritten(written: str, read: str) -> None:
    document = {"intervalPeriod": {"duration": written, "start": "PT1H"}, "eventName": "PT1H"}
    rewritten = altered(document, frozenset({Quirk.REWRITTEN_DURATIONS}), is_301=False)
    assert rewritten == {"intervalPeriod": {"duration": read, "start": "PT1H"}, "eventName": "PT1H"}


def test_without_quirks_nothing_is_in_the_way() -> None:
    with vtn_with() as vtn:
        with_an_event(vtn)
        assert Reader(vtn).get("/events") == vtn.events()


def test_names_are_read_alone_and_in_lists() -> None:
    assert quirks_of(["all"]) == ALL
    assert quirks_of(["nulls", "doubled"]) == {Quirk.NULLS, Quirk.DOUBLED}


def test_all_are_those_that_show_in_every_answer_and_the_page_names_the_others() -> None:
    assert {Quirk.STORED_THEN_500, Quirk.COMES_BACK_EMPTY, Quirk.SLOW_AND_SERIAL} == {*Quirk} - ALL


def test_an_unknown_name_is_answered_with_all_there_are() -> None:
    done = CliRunner().invoke(command, ["--client", "a:b:ven", "--quirk", "nulls,double"])
    assert done.exit_code == 2
    assert "'nulls,double'" in done.output
    assert all(quirk in done.output for quirk in Quirk)


def test_the_page_names_every_quirk() -> None:
    page = (Path(__file__).parents[2] / "docs" / "quirks.md").read_text()
    assert set(re.findall(r"^\| `([a-z0-9.-]+)` \|", page, re.MULTILINE)) == {*Quirk, "all"}
