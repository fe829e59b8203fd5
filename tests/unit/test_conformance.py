"""The conformance page: true to the names of the tests, and silent about no duty."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_conformance", DOCS / "build_conformance.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["build_conformance"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tables(builder: ModuleType) -> Any:
    """What the page says of the tests that there are; reading them all takes a while."""
    return builder.read_rows()


def test_the_page_is_up_to_date(builder: ModuleType, tables: Any) -> None:
    page = builder.PAGE.read_text(encoding="utf-8")
    assert page == builder.page_of(tables), f"docs/conformance.md is out of date: {builder.COMMAND}"


def test_every_duty_has_tests_or_says_why_not(tables: Any) -> None:
    silent = [f"{table} {row.key}" for table, rows in tables.items() for row in rows
              if not row.tests and not row.reason]  # fmt: skip
    assert silent == [], "state the reason as `open` in docs/conformance.toml"


def test_no_test_shows_a_duty_that_there_is_not(builder: ModuleType, tables: Any) -> None:
    known = {row.key for row in tables["duties"] + tables["vtn"]}
    known |= {f"edge case {row.key}" for row in tables["edge cases"]}
    assert builder.found_tests(DOCS.parent / "tests").keys() - known == set()


def test_the_tables_are_complete(tables: Any) -> None:
    assert [row.key for row in tables["duties"]] == [f"R{number}" for number in range(1, 44)]
    assert [row.key for row in tables["vtn"]] == [f"V{number}" for number in range(1, 12)]
    assert [row.key for row in tables["edge cases"]] == [f"{number}" for number in range(1, 26)]


def test_tests_are_found_by_name_wherever_they_stand(builder: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "tests" / "unit"
    folder.mkdir(parents=True)
    (folder / "test_some.py").write_text(
        "import nothing_that_exists\n"
        "def test_r12_programs_are_read(): ...\n"
        "def test_r20_edge_case_17_the_beaten_one_resumes(): ...\n"
        "class TestVtn:\n    async def test_v4_pages(self): ...\n"
        "def test_room_for_r5(): ...\n"
        "def helper_test_r6_no(): ...\n"
    )
    found = builder.found_tests(tmp_path / "tests")
    path = "tests/unit/test_some.py"
    assert found == {
        "R12": [builder.Shown(path, "programs are read")],
        "R20": [builder.Shown(path, "the beaten one resumes")],
        "edge case 17": [builder.Shown(path, "the beaten one resumes")],
        "V4": [builder.Shown(path, "pages")],
    }


def test_a_row_without_tests_shows_its_reason_and_one_with_tests_its_limits(builder: ModuleType) -> None:
    written = {
        "duties": {
            "R1": {"versions": "3.1", "what": "It does", "open": "why not", "limits": "But not all"},
            "R2": {"versions": "3.1", "what": "It would", "open": "why not"},
        },
        "vtn": {},
        "edge_cases": {"1": "A case"},
        "open_edge_cases": {"1": "because"},
    }
    page = builder.page_of(builder.rows_of(written, {"R1": [builder.Shown("tests/t.py", "it does")]}))
    assert "Of 2 duties of a VEN 1 are shown by tests; open: R2." in page
    assert "| R1 | 3.1 | It does. But not all. | [1](#r1) |" in page
    assert "| R2 | 3.1 | It would | open: why not |" in page
    assert "| 1 | A case | open: because |" in page
    assert "### R1\n\n- [tests/t.py](../tests/t.py)\n  - it does\n" in page
