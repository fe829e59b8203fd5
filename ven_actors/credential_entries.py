"""One VEN's credentials as a file or a template gives them, before secret files and variables are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ven_actors.config_sources import nearest
from ven_actors.config_urls import http_url
from ven_actors.errors import UsageError
from ven_actors.model import Secret

SECRET_KEYS = ("client_secret", "client_secret_file", "client_secret_env", "client_secret_credential")
KEYS = ("client_id", *SECRET_KEYS, "token_url", "token_auth")
TOKEN_AUTH = {"": None, "form": False, "basic": True}
LARGEST_FILE_BYTES = 16 * 2**20


class Entry(NamedTuple):
    """`origin` names the place for errors; exactly one of the four secrets is set. `basic` None: as is usual."""

    origin: str
    client_id: str
    secret: Secret | None
    secret_file: str
    secret_env: str
    secret_credential: str
    token_url: str
    basic: bool | None


def entry_of(origin: str, parts: Mapping[str, str]) -> tuple[Entry, list[str]]:
    """The entry of these keys and values, and what is wrong with it; no secret stands in the words."""
    problems = [] if parts.get("client_id") else ["client_id is missing"]
    places = [key for key in SECRET_KEYS if parts.get(key)]
    if len(places) != 1:
        found = " and ".join(places) or "none"
        problems.append(f"needs exactly one of {', '.join(SECRET_KEYS)}, has {found}")
    token_url, token_auth = parts.get("token_url", ""), parts.get("token_auth", "")
    try:
        token_url = http_url().read(token_url) if token_url else ""
    except ValueError as error:
        problems.append(f"token_url {error}")
    if token_auth not in TOKEN_AUTH:
        problems.append(f"token_auth must be form (the usual one) or basic, not {token_auth[:40]!r}")
    secret = Secret(parts["client_secret"]) if parts.get("client_secret") else None
    entry = Entry(
        origin,
        parts.get("client_id", ""),
        secret,
        parts.get("client_secret_file", ""),
        parts.get("client_secret_env", ""),
        parts.get("client_secret_credential", ""),
        token_url,
        TOKEN_AUTH.get(token_auth),
    )
    return entry, problems


def unknown_key(key: str, known: tuple[str, ...]) -> str:
    return f"unknown key {key[:40]!r}; the nearest is {nearest(key, known)}"


# --- templates -------------------------------------------------------------------------------------------------

_TEMPLATE_KEYS = tuple(key for key in KEYS if key != "client_secret")


def template_of(text: str, flag: str) -> Entry:
    """The template that `flag` was given. Raises `UsageError` with all that is wrong."""
    parts: dict[str, str] = {}
    problems = []
    pieces = text.split(",")
    if any(piece.partition("=")[0].strip() == "client_secret" for piece in pieces):
        raise UsageError(
            f"{flag}: a client_secret on the command line can be seen by every user of this machine; "
            "put it into a file and name that with client_secret_file=, or into a variable with client_secret_env="
        )
    for piece in pieces:
        key, equals, value = (part.strip() for part in piece.partition("="))
        if not equals or not value:
            problems.append("every part must be KEY=VALUE, the parts separated by commas")
        elif key not in _TEMPLATE_KEYS:
            problems.append(unknown_key(key, _TEMPLATE_KEYS))
        elif key in parts:
            problems.append(f"{key} stands there twice")
        parts.setdefault(key, value)
    problems += strange_placeholders(parts)
    entry, more = entry_of(flag, parts)
    if problems or more:
        raise UsageError("\n".join(f"{flag}: {problem}" for problem in problems or more))
    return entry


def strange_placeholders(parts: Mapping[str, str]) -> list[str]:
    """A secret may contain braces; all else is filled in, with the name of the VEN and nothing else."""
    return [
        f"{key}: the only placeholder is {{ven}}"
        for key, value in parts.items()
        if key in _TEMPLATE_KEYS and re.search(r"[{}]", value.replace("{ven}", ""))
    ]


def filled(template: Entry, name: str) -> Entry:
    """The template for one VEN. In names of variables `{ven}` becomes upper case, other characters `_`."""
    in_paths = template.secret_file + template.secret_credential
    if "{ven}" in in_paths and ("/" in name or name in {"", ".", ".."}):
        raise UsageError(f"{template.origin}: {name!r} cannot stand in a path; name this VEN and its secret in a file")
    variable_part = re.sub(r"[^A-Z0-9]", "_", name.upper())
    return template._replace(
        origin=f"{template.origin} for {name}",
        client_id=template.client_id.replace("{ven}", name),
        secret_file=template.secret_file.replace("{ven}", name),
        secret_env=template.secret_env.replace("{ven}", variable_part),
        secret_credential=template.secret_credential.replace("{ven}", name),
        token_url=template.token_url.replace("{ven}", name),
    )


# --- files -----------------------------------------------------------------------------------------------------


def read_text(path: Path, flag: str) -> tuple[str, int]:
    """Content and mode of a file of credentials. Raises `UsageError`."""
    try:
        with path.open("rb") as file:
            mode = path.stat().st_mode
            content = file.read(LARGEST_FILE_BYTES + 1)
        if len(content) > LARGEST_FILE_BYTES:
            raise UsageError(f"{path}: is larger than {LARGEST_FILE_BYTES} bytes, so it is no list of credentials")
        return content.decode("utf-8-sig"), mode
    except OSError as error:
        hint = "name a CSV or TOML file, or write a template that starts with client_id="
        raise UsageError(f"{flag}: {path} cannot be read ({error.strerror}); {hint}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is not UTF-8 text") from None
