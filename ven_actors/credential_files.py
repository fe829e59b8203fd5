"""Files of credentials: CSV with a row per VEN, TOML with a template, a table per VEN, or both."""

from __future__ import annotations

import csv
import io
import tomllib
from pathlib import Path
from typing import Any

from ven_actors.config_sources import nearest
from ven_actors.credential_entries import (
    FORM,
    KEYS,
    PLACES,
    TOKEN_KEYS,
    Entry,
    entry_of,
    filled,
    is_known,
    of_request,
    strange_placeholders,
    unknown_key,
)
from ven_actors.errors import UsageError

COLUMNS = ("ven", *KEYS)
TABLE = "vens"
_STAND_IN = "x"  # for what is missing or malformed, where that is told elsewhere


# --- CSV -------------------------------------------------------------------------------------------------------


def entries_of_csv(path: Path, content: str) -> dict[str, Entry]:
    """Entries by VEN. Raises `UsageError` with all that is wrong."""
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    entries: dict[str, Entry] = {}
    problems: list[str] = []
    header: list[str] | None = None
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if header is None:
                header = [cell.strip() for cell in row]
                _check_header(path, header)
            else:
                _take_row(f"{path}: line {reader.line_num}", header, row, entries, problems)
    except csv.Error as error:
        problems.append(f"{path}: line {reader.line_num}: is not CSV ({error})")
    if header is None:
        problems.append(f"{path}: is empty; its first line must be like ven,client_id,client_secret")
    if problems:
        raise UsageError("\n".join(problems))
    return entries


def _check_header(path: Path, header: list[str]) -> None:
    if "ven" not in header:
        # Its cells are not shown: without a header the first line holds a secret.
        raise UsageError(f"{path}: the first line must name the columns, like ven,client_id,client_secret")
    problems = [
        f"{path}: unknown column {name[:40]!r}; the nearest is {nearest(name, COLUMNS)}"
        for name in header
        if not is_known(name, COLUMNS)
    ]
    if "client_id" not in header and not set(TOKEN_KEYS) & set(header):
        problems.append(f"{path}: the column client_id is missing")
    if not set(PLACES) & set(header):
        problems.append(f"{path}: needs one of the columns {', '.join(PLACES)}")
    if len(set(header)) < len(header):
        problems.append(f"{path}: names a column twice")
    if problems:
        raise UsageError("\n".join(problems))


def _take_row(origin: str, header: list[str], row: list[str], entries: dict[str, Entry], problems: list[str]) -> None:
    if len(row) != len(header):
        problems.append(f"{origin}: has {len(row)} cells, the header has {len(header)}")
        return
    cells = {name: cell.strip() for name, cell in zip(header, row, strict=True)}
    name = cells.pop("ven")
    entry, wrong = entry_of(origin, cells)
    if not name:
        wrong = ["ven is missing"]
    if name in entries:
        wrong.append(f"VEN {name!r} stands there already")
    problems += [f"{origin}: {problem}" for problem in wrong]
    entries.setdefault(name, entry)


# --- TOML ------------------------------------------------------------------------------------------------------


def entries_of_toml(path: Path, content: str) -> tuple[dict[str, Entry], Entry | None]:
    """Entries by VEN, each completed by the keys at the top; and the template that these are for all other VENs.

    At the top there is a template if it names a client id and a secret, else only what the tables have in common.
    Raises `UsageError` with all that is wrong.
    """
    try:
        document: dict[str, Any] = tomllib.loads(content)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: is not TOML: {error}") from None
    problems: list[str] = []
    tables = document.pop(TABLE, {})
    top = _texts(str(path), document, (*KEYS, TABLE), problems)
    if not isinstance(tables, dict):
        problems.append(f"{path}: {TABLE} is no table; write [{TABLE}.NAME] and the keys of that VEN below it")
        tables = {}
    top |= {key: _STAND_IN for key in ("client_id", *PLACES) if key in document and key not in top}
    at_top = _wrong_values(str(path), top)
    problems += [f"{path}: {problem}" for problem in at_top]
    entries: dict[str, Entry] = {}
    for name, table in tables.items():
        if isinstance(table, dict):
            entries[name] = _of_table(f"{path}: {TABLE}.{name}", name, table, top, at_top, problems)
        else:
            problems.append(f"{path}: {TABLE}.{name}: is no table; write [{TABLE}.{name}] and its keys below it")
    template, wrong = entry_of(str(path), top)
    has_token = any(top.get(key) for key in TOKEN_KEYS)
    is_template = has_token or (bool(top.get("client_id")) and any(top.get(key) for key in PLACES))
    if is_template or not tables:
        problems += [f"{path}: {problem}" for problem in wrong if problem not in at_top]
    if problems:
        raise UsageError("\n".join(problems))
    return entries, template if is_template else None


def _wrong_values(origin: str, top: dict[str, str]) -> list[str]:
    """What is wrong with what stands at the top, told there and not in every table that has it from there.

    What is missing there, the tables may have.
    """
    missing = [] if top.get("client_id") else ["client_id"]
    missing += [] if any(top.get(key) for key in PLACES) else ["client_secret"]
    return entry_of(origin, top | dict.fromkeys(missing, _STAND_IN))[1]


def _of_table(
    origin: str, name: str, table: dict[str, Any], top: dict[str, str], at_top: list[str], problems: list[str]
) -> Entry:
    own = _texts(origin, table, KEYS, problems)
    if any(own.get(key) for key in PLACES):
        top = {key: value for key, value in top.items() if key not in PLACES}
    if any(own.get(key) for key in TOKEN_KEYS):
        top = {key: value for key, value in top.items() if not of_request(key)}
    entry, wrong = entry_of(origin, top | own)
    problems += [f"{origin}: {problem}" for problem in wrong if problem not in at_top]
    try:
        return filled(entry, name)._replace(origin=origin)
    except UsageError as error:
        problems.append(str(error))
        return entry


def _texts(origin: str, table: dict[str, Any], known: tuple[str, ...], problems: list[str]) -> dict[str, str]:
    """The keys that are known and have text; what is wrong with the others, without their values."""
    table = _with_flat_form(table)
    for key, value in table.items():
        if not is_known(key, known):
            problems.append(f"{origin}: {unknown_key(key, known)}")
        elif not isinstance(value, str):
            problems.append(f"{origin}: {key} must be text in quotes")
    texts = {key: value for key, value in table.items() if is_known(key, known) and isinstance(value, str)}
    problems += [f"{origin}: {problem}" for problem in strange_placeholders(texts)]
    return texts


def _with_flat_form(table: dict[str, Any]) -> dict[str, Any]:
    """`form.resource = "x"` as the key `form.resource`, as it is in the other forms."""
    fields = table.get(FORM)
    if not isinstance(fields, dict):
        return table
    rest = {key: value for key, value in table.items() if key != FORM}
    return rest | {f"{FORM}.{name}": value for name, value in fields.items()}
