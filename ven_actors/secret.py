"""A string that must not be shown, and a VEN's credentials."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LARGEST_SECRET_BYTES = 64 * 2**10
LONGEST_TOKEN = 16_384


class Secret:
    """A string that never shows itself in logs or tracebacks; `reveal()` is the only way to its value."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def reveal(self) -> str:
        return self._value


@dataclass(frozen=True, slots=True)
class GivenToken:
    """A bearer token that nobody can renew. `origin` says where it stands; a `file` can be read again."""

    value: Secret
    origin: str
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """One VEN's credentials: an OAuth client, or the given `token`, with which only `client_id` counts.

    `token_url` empty: discover it; `basic` None: as the dialect has it; `form`: further fields of the token request.
    """

    client_id: str
    client_secret: Secret
    token_url: str = ""
    basic: bool | None = None
    form: tuple[tuple[str, str], ...] = ()
    token: GivenToken | None = None


def secret_of_file(path: Path) -> Secret:
    """What the file holds, without line ends behind it.

    Raises `OSError`, or `ValueError` with words that go behind the path.
    """
    with path.open("rb") as file:
        content = file.read(LARGEST_SECRET_BYTES + 1)
    try:
        value = content.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
    if not value or len(content) > LARGEST_SECRET_BYTES:
        raise ValueError(f"is empty or larger than {LARGEST_SECRET_BYTES} bytes")
    return Secret(value)


def token_problem(token: Secret) -> str:
    """Why no header can carry it as a bearer token, in words that show nothing of it; empty where one can."""
    value = token.reveal()
    if not value or len(value) > LONGEST_TOKEN:
        return f"is empty or longer than {LONGEST_TOKEN} characters"
    if value.lower().startswith("bearer "):
        return "begins with the word Bearer; leave that word out"
    if not (value.isascii() and value.isprintable() and " " not in value):
        return "has characters that no header can carry"
    return ""
