"""The newest reports of a long list are read with few requests, at whichever end they stand."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from ven_actors.openadr.newest_reports import PAGE, read_newest


class Reports:
    """A VTN's list; counts what is asked of it."""

    def __init__(self, count: int, created: Callable[[int], str | None], *, pages: bool = True) -> None:
        self.all = [{"id": f"r{n}", "reportName": f"n{n}", "createdDateTime": created(n)} for n in range(count)]
        self.pages = pages
        self.requests = 0

    def read(self, skip: int, limit: int) -> bytes:
        self.requests += 1
        return json.dumps(self.all[skip : skip + limit] if self.pages else self.all).encode()


def at(second: int) -> str:
    return f"2026-01-{1 + second // 86_400:02}T{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}Z"


def newest_of(reports: Reports, hint: int = 0) -> list[str] | None:
    found = read_newest(reports.read, hint)
    return None if found is None else [each.report_id for each in found.reports]


@pytest.mark.parametrize("count", [0, 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE, 100, 4_321])
def test_where_the_oldest_stand_first_the_tail_is_found(count: int) -> None:
    reports = Reports(count, at)
    assert newest_of(reports) == [f"r{n}" for n in range(max(0, count - PAGE), count)]
    assert reports.requests <= 40


@pytest.mark.parametrize("count", [2, PAGE, 500])
def test_where_the_newest_stand_first_one_page_says_it(count: int) -> None:
    reports = Reports(count, lambda n: at(count - n))
    assert newest_of(reports) == [f"r{n}" for n in reversed(range(min(PAGE, count)))]
    assert reports.requests == 1


def test_the_next_look_begins_where_the_last_one_found_the_end() -> None:
    reports = Reports(1_000, at)
    first = read_newest(reports.read)
    assert first is not None
    before, reports.requests = reports.requests, 0
    assert newest_of(reports, first.hint) == [f"r{n}" for n in range(1_000 - PAGE, 1_000)]
    assert reports.requests < before / 1.5


def test_a_list_that_has_become_shorter_is_read_again() -> None:
    assert newest_of(Reports(50, at), 900) == [f"r{n}" for n in range(50 - PAGE, 50)]


@pytest.mark.parametrize("order", [at, lambda n: at(100 - n)])
def test_a_vtn_without_pages_is_asked_once(order: Callable[[int], str]) -> None:
    reports = Reports(60, order, pages=False)
    found = read_newest(reports.read)
    assert found is not None
    assert len(found.reports) == PAGE
    assert max(each.created_s for each in found.reports) == found.reports[-1].created_s
    assert reports.requests == 1


@pytest.mark.parametrize("created", [lambda n: at(n * 7 % 11), lambda _: None, lambda _: "soon"])
def test_where_times_show_no_order_nothing_is_known(created: Callable[[int], str | None]) -> None:
    assert newest_of(Reports(20, created)) is None


def test_of_a_vtn_that_knows_no_filter_only_what_is_in_our_name_is_taken() -> None:
    reports = Reports(4, at)
    for number, each in enumerate(reports.all):
        each["clientName"] = "Herning" if number % 2 else "Aalborg"
    found = read_newest(reports.read)
    assert found is not None
    assert [each.report_id for each in found.of("Herning").reports] == ["r1", "r3"]
