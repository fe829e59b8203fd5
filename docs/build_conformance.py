"""Writes docs/conformance.md: each duty of an OpenADR VEN or VTN, and the tests that show it.

Tests are found by their names, without importing them: `test_r12_...` shows R12, `test_v4_...` V4,
`test_edge_case_7_...` edge case 7, and `test_r20_edge_case_17_...` both.

    python docs/build_conformance.py
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "conformance.md"
COMMAND = "python docs/build_conformance.py"
_SHOWN = re.compile(r"test((?:_(?:[rv]\d+|edge_case_\d+))+)_(.+)")
_KEYS = re.compile(r"([rv]|edge_case_)(\d+)")


class Shown(NamedTuple):
    """A test of one duty: where it is, and what it says."""

    path: str
    sentence: str


class Row(NamedTuple):
    """One duty or edge case. `reason` says why it has no test, `limits` what is left out of one that has."""

    key: str
    versions: str
    what: str
    reason: str
    limits: str
    tests: tuple[Shown, ...]


def rows_of(written: dict[str, Any], found: dict[str, list[Shown]]) -> dict[str, list[Row]]:
    """The rows of the three tables, in their order."""

    def duties(part: str) -> list[Row]:
        return [
            Row(key, each["versions"], each["what"], each.get("open", ""), each.get("limits", ""), tests_of(key))
            for key, each in written[part].items()
        ]

    def tests_of(key: str) -> tuple[Shown, ...]:
        return tuple(found.get(key, ()))

    reasons = written.get("open_edge_cases", {})
    cases = [
        Row(number, "", what, reasons.get(number, ""), "", tests_of(f"edge case {number}"))
        for number, what in written["edge_cases"].items()
    ]
    return {"duties": duties("duties"), "vtn": duties("vtn"), "edge cases": cases}


def found_tests(folder: Path) -> dict[str, list[Shown]]:
    """The tests below `folder` by what they show: `R12`, `V4`, `edge case 7`."""
    found: dict[str, list[Shown]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        for name in _functions(ast.parse(path.read_text(encoding="utf-8"))):
            match = _SHOWN.fullmatch(name)
            for kind, number in _KEYS.findall(match[1]) if match else ():
                key = f"edge case {number}" if kind == "edge_case_" else f"{kind.upper()}{number}"
                shown = Shown(path.relative_to(folder.parent).as_posix(), match[2].replace("_", " "))
                found.setdefault(key, []).append(shown)
    return found


def _functions(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def read_rows() -> dict[str, list[Row]]:
    written = tomllib.loads((ROOT / "docs" / "conformance.toml").read_text(encoding="utf-8"))
    return rows_of(written, found_tests(ROOT / "tests"))


def page_of(tables: dict[str, list[Row]]) -> str:
    """The whole page, as Markdown."""
    return "\n".join(
        [
            "# Conformance",
            "",
            "What OpenADR 3.0.1 and 3.1 ask of a VEN and of a VTN, in our own words and numbering, and the tests that",
            f"show each. This page is made from the names of the tests: after adding one, run `{COMMAND}`.",
            "",
            *_summary(tables["duties"]),
            "",
            "## Duties of a VEN",
            "",
            *_table("Duty", tables["duties"]),
            "",
            "## Duties of the embedded VTN",
            "",
            *_table("Duty", tables["vtn"]),
            "",
            "## Twenty-five edge cases",
            "",
            *_table("Case", tables["edge cases"]),
            "",
            "## The tests",
            *(line for rows in tables.values() for row in rows for line in _tests(row)),
            "",
        ]
    )


def _summary(rows: list[Row]) -> list[str]:
    missing = [row.key for row in rows if not row.tests]
    shown = len(rows) - len(missing)
    return [f"Of {len(rows)} duties of a VEN {shown} are shown by tests; open: {', '.join(missing) or 'none'}."]


def _table(head: str, rows: list[Row]) -> list[str]:
    versions = any(row.versions for row in rows)
    first = f"| {head} | {'Versions | ' if versions else ''}What | Tests |"
    lines = [first, "|---" * (first.count("|") - 1) + "|"]
    for row in rows:
        tests = f"[{len(row.tests)}](#{_anchor(row)})" if row.tests else f"open: {row.reason}"
        what = f"{row.what}. {row.limits}." if row.limits else row.what
        lines.append(f"| {row.key} | {row.versions + ' | ' if versions else ''}{what} | {tests} |")
    return lines


def _title(row: Row) -> str:
    return f"Edge case {row.key}" if row.key.isdigit() else row.key


def _anchor(row: Row) -> str:
    return _title(row).lower().replace(" ", "-")


def _tests(row: Row) -> list[str]:
    if not row.tests:
        return []
    lines = ["", f"### {_title(row)}", ""]
    for path in dict.fromkeys(shown.path for shown in row.tests):
        lines.append(f"- [{path}](../{path})")
        lines += [f"  - {shown.sentence}" for shown in row.tests if shown.path == path]
    return lines


def main() -> None:
    tables = read_rows()
    PAGE.write_text(page_of(tables), encoding="utf-8")
    for row in (row for rows in tables.values() for row in rows):
        if not row.tests:
            print(f"{_title(row)} has no test: {row.reason or 'and no reason is stated in docs/conformance.toml'}")
        elif row.reason:
            print(f"{_title(row)} has tests; its reason in docs/conformance.toml can go")


if __name__ == "__main__":
    main()
