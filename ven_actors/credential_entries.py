"""One VEN's credentials as a CSV row or a template gives them, before secret files and variables are read."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ven_actors.config_sources import nearest
from ven_actors.config_urls import http_url
from ven_actors.errors import UsageError
from ven_actors.model import Secret

SECRET_KEYS = ("client_secret", "client_secret_file", "client_secret_env")
COLUMNS = ("ven", "client_id", *SECRET_KEYS, "token_url")
TEMPLATE_KEYS = ("client_id", "client_secret_file", "client_secret_env", "token_url")
LARGEST_CSV_BYTES = 16 * 2**20


class Entry(NamedTuple):
    """`origin` names the row for errors; exactly one of the three secrets is set."""

    origin: str
    client_id: str
    secret: Secret | None
    secret_file: str
    secret_env: str
    token_url: str


# --- templates -------------------------------------------------------------------------------------------------


def template_of(text: str) -> Entry:
    parts: dict[str, str] = {}
    problems = []
    pieces = text.split(",")
    if any(piece.partition("=")[0].strip() == "client_secret" for piece in pieces):
        raise UsageError(
            "--credentials: a client_secret on the command line can be seen by every user of this machine; "
            "put it into a file and name that with client_secret_file=, or into a variable with client_secret_env="
        )
    for piece in pieces:
        key, equals, value = (part.strip() for part in piece.partition("="))
        if not equals or not value:
            problems.append("every part must be KEY=VALUE, the parts separated by commas")
        elif key not in TEMPLATE_KEYS:
            problems.append(f"unknown key {key!r}; the nearest is {nearest(key, TEMPLATE_KEYS)}")
        elif key in parts:
            problems.append(f"{key} stands there twice")
        elif re.search(r"[{}]", value.replace("{ven}", "")):
            problems.append(f"{key}: the only placeholder is {{ven}}")
        parts.setdefault(key, value)
    if not problems:
        problems = _missing(parts)
    try:
        token_url = http_url().read(parts["token_url"]) if "token_url" in parts else ""
    except ValueError as error:
        problems.append(f"token_url {error}")
    if problems:
        raise UsageError("\n".join(f"--credentials: {problem}" for problem in problems))
    return Entry(
        "--credentials",
        parts["client_id"],
        None,
        parts.get("client_secret_file", ""),
        parts.get("client_secret_env", ""),
        token_url,
    )


def _missing(parts: Mapping[str, str]) -> list[str]:
    """What an entry lacks: an id, and the secret from exactly one place."""
    problems = [] if parts.get("client_id") else ["client_id is missing"]
    places = [key for key in SECRET_KEYS if parts.get(key)]
    if len(places) != 1:
        found = " and ".join(places) or "none"
        problems.append(f"needs exactly one of {', '.join(SECRET_KEYS)}, has {found}")
    return problems


def filled(template: Entry, name: str) -> Entry:
    """The template for one VEN. In names of variables `{ven}` becomes upper case, other characters `_`."""
    if "/" in name or name in {"", ".", ".."}:
        raise UsageError(f"--credentials: {name!r} cannot stand in a path; name this VEN in a CSV file")
    variable_part = re.sub(r"[^A-Z0-9]", "_", name.upper())
    return template._replace(
        origin=f"--credentials for {name}",
        client_id=template.client_id.replace("{ven}", name),
        secret_file=template.secret_file.replace("{ven}", name),
        secret_env=template.secret_env.replace("{ven}", variable_part),
        token_url=template.token_url.replace("{ven}", name),
    )


# --- CSV files -------------------------------------------------------------------------------------------------


def read_csv(path: Path) -> tuple[str, int]:
    try:
        with path.open("rb") as file:
            mode = path.stat().st_mode
            content = file.read(LARGEST_CSV_BYTES + 1)
        if len(content) > LARGEST_CSV_BYTES:
            raise UsageError(f"{path}: is larger than {LARGEST_CSV_BYTES} bytes, so it is no list of credentials")
        return content.decode("utf-8-sig"), mode
    except OSError as error:
        hint = "name a CSV file, or write a template that starts with client_id="
        raise UsageError(f"--credentials: {path} cannot be read ({error.strerror}); {hint}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is not UTF-8 text") from None


def entries_of_csv(path: Path, content: str) -> dict[str, Entry]:
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
        if name not in COLUMNS
    ]
    if "client_id" not in header:
        problems.append(f"{path}: the column client_id is missing")
    if not set(SECRET_KEYS) & set(header):
        problems.append(f"{path}: needs one of the columns {', '.join(SECRET_KEYS)}")
    if len(set(header)) < len(header):
        problems.append(f"{path}: names a column twice")
    if problems:
        raise UsageError("\n".join(problems))


def _take_row(origin: str, header: list[str], row: list[str], entries: dict[str, Entry], problems: list[str]) -> None:
    if len(row) != len(header):
        problems.append(f"{origin}: has {len(row)} cells, the header has {len(header)}")
        return
    cells = {name: cell.strip() for name, cell in zip(header, row, strict=True)}
    name = cells["ven"]
    wrong = _missing(cells) if name else ["ven is missing"]
    if name in entries:
        wrong.append(f"VEN {name!r} stands there already")
    token_url = cells.get("token_url", "")
    try:
        token_url = http_url().read(token_url) if token_url else ""
    except ValueError as error:
        wrong.append(f"token_url {error}")
    problems += [f"{origin}: {problem}" for problem in wrong]
    secret = Secret(cells["client_secret"]) if cells.get("client_secret") else None
    places = cells.get("client_secret_file", ""), cells.get("client_secret_env", "")
    entries.setdefault(name, Entry(origin, cells["client_id"], secret, *places, token_url))
