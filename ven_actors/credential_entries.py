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
TOKEN_KEYS = ("token", "token_file", "token_env", "token_credential")
PLACES = (*SECRET_KEYS, *TOKEN_KEYS)
FORM_KEYS = ("scope", "audience")
FORM = "form"
OF_REQUEST = ("token_url", "token_auth", *FORM_KEYS)
KEYS = ("client_id", *PLACES, *OF_REQUEST)
_FORM_PREFIX = f"{FORM}."
_OWN_FIELDS = ("grant_type", "client_id", "client_secret", *FORM_KEYS)
TOKEN_AUTH = {"": None, "form": False, "basic": True}
LARGEST_FILE_BYTES = 16 * 2**20


class Entry(NamedTuple):
    """`origin` names the place for errors; exactly one of the four secrets is set. `basic` None: as is usual.

    With `is_token` the secret is a bearer token; else it is a client's, and `form` has further fields of its request.
    """

    origin: str
    client_id: str
    secret: Secret | None
    secret_file: str
    secret_env: str
    secret_credential: str
    token_url: str
    basic: bool | None
    form: tuple[tuple[str, str], ...] = ()
    is_token: bool = False


def entry_of(origin: str, parts: Mapping[str, str]) -> tuple[Entry, list[str]]:
    """The entry of these keys and values, and what is wrong with it; no secret stands in the words."""
    places = [key for key in PLACES if parts.get(key)]
    is_token = any(key in TOKEN_KEYS for key in places)
    problems = [] if parts.get("client_id") or is_token else ["client_id is missing"]
    if len(places) != 1:
        found = " and ".join(places) or "none"
        problems.append(
            f"needs exactly one of {', '.join(SECRET_KEYS)}, has {found}; a given bearer token goes "
            f"into {', '.join(TOKEN_KEYS[:-1])} or {TOKEN_KEYS[-1]} instead"
        )
    problems += _field_problems(parts, is_token=is_token)
    token_url, token_auth = parts.get("token_url", ""), parts.get("token_auth", "")
    try:
        token_url = http_url().read(token_url) if token_url else ""
    except ValueError as error:
        problems.append(f"token_url {error}")
    if token_auth not in TOKEN_AUTH:
        problems.append(f"token_auth must be form (the usual one) or basic, not {token_auth[:40]!r}")
    here, file, env, credential = (parts.get(key, "") for key in (TOKEN_KEYS if is_token else SECRET_KEYS))
    entry = Entry(
        origin,
        parts.get("client_id", ""),
        Secret(here) if here else None,
        file,
        env,
        credential,
        token_url,
        TOKEN_AUTH.get(token_auth),
        tuple((key.removeprefix(_FORM_PREFIX), value) for key, value in parts.items() if is_field(key) and value),
        is_token,
    )
    return entry, problems


def is_field(key: str) -> bool:
    """Whether the key is a field of the token request: scope, audience, or form.NAME."""
    return key in FORM_KEYS or (key.startswith(_FORM_PREFIX) and len(key) > len(_FORM_PREFIX))


def of_request(key: str) -> bool:
    """Whether the key says something of a token request, so that beside a given token it means nothing."""
    return key in OF_REQUEST or is_field(key)


def is_known(key: str, known: tuple[str, ...]) -> bool:
    return key in known or is_field(key)


def unknown_key(key: str, known: tuple[str, ...]) -> str:
    if key.startswith(_FORM_PREFIX):
        return f"{key[:40]!r} does not name a field; write form.NAME"
    return f"unknown key {key[:40]!r}; the nearest is {nearest(key, known)}"


def _field_problems(parts: Mapping[str, str], *, is_token: bool) -> list[str]:
    own = [key for key in parts if key.startswith(_FORM_PREFIX) and key.removeprefix(_FORM_PREFIX) in _OWN_FIELDS]
    problems = [f"{key} has a key of its own, or is always the same; leave {_FORM_PREFIX} out" for key in own]
    asked = [key for key, value in parts.items() if value and of_request(key)]
    if is_token and asked:
        problems.append(f"{' and '.join(asked)} cannot apply: a given token needs no request; leave one of the two out")
    return problems


# --- templates -------------------------------------------------------------------------------------------------

_HIDDEN = ("client_secret", "token")
_TEMPLATE_KEYS = tuple(key for key in KEYS if key not in _HIDDEN)


def template_of(text: str, flag: str) -> Entry:
    """The template that `flag` was given. Raises `UsageError` with all that is wrong."""
    parts: dict[str, str] = {}
    problems = []
    pieces = text.split(",")
    keys = [piece.partition("=")[0].strip() for piece in pieces]
    for key in _HIDDEN:
        if key in keys:
            raise UsageError(
                f"{flag}: a {key} on the command line can be seen by every user of this machine; "
                f"put it into a file and name that with {key}_file=, or into a variable with {key}_env="
            )
    for piece in pieces:
        key, equals, value = (part.strip() for part in piece.partition("="))
        if not equals or not value:
            problems.append("every part must be KEY=VALUE, the parts separated by commas")
        elif not is_known(key, _TEMPLATE_KEYS):
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
        if is_known(key, _TEMPLATE_KEYS) and re.search(r"[{}]", value.replace("{ven}", ""))
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
        form=tuple((field, value.replace("{ven}", name)) for field, value in template.form),
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
