"""Who may ask for tokens: names, secrets and roles, from options or a file."""

from __future__ import annotations

import csv
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ven_actors.vtn.facts import Role, Viewer

HEADER = ["name", "secret", "role"]
LONGEST_NAME = 128


class ClientsError(ValueError):
    """A client that cannot be used. The message never contains a secret."""


@dataclass(frozen=True, slots=True)
class Client:
    """OAuth client credentials; `name` is the client id, and the clientID that the VTN writes into objects."""

    name: str
    secret: str = field(repr=False)
    role: Role

    @property
    def viewer(self) -> Viewer:
        return Viewer(self.name, self.role)


class Clients:
    """All clients of a VTN. Raises `ClientsError` for a name given twice."""

    def __init__(self, clients: Iterable[Client]) -> None:
        self._by_name: dict[str, Client] = {}
        for client in clients:
            if client.name in self._by_name:
                raise ClientsError(f"client {client.name!r} is given twice; give each name once")
            self._by_name[client.name] = client

    def __len__(self) -> int:
        return len(self._by_name)

    def role_of(self, name: str) -> Role | None:
        client = self._by_name.get(name)
        return None if client is None else client.role

    def find(self, name: str, secret: str) -> Client | None:
        """The client, if name and secret are right; takes as long for a wrong name as for a wrong secret."""
        client = self._by_name.get(name)
        expected = client.secret if client is not None else ""
        right = hmac.compare_digest(expected.encode(), secret.encode())
        return client if right else None


def parse_client(text: str) -> Client:
    """`NAME:SECRET:ven` or `NAME:SECRET:bl`; the secret may contain colons."""
    name, first, rest = text.partition(":")
    secret, second, role = rest.rpartition(":")
    if not (first and second):
        raise ClientsError(f"client {name!r} is not written NAME:SECRET:ROLE with the role ven or bl")
    return _client(name, secret, role, where=f"client {name!r}")


def read_clients(path: Path) -> list[Client]:
    """A CSV file with the header name,secret,role."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ClientsError(f"clients file {path} cannot be read: {error}") from error
    if not rows or [cell.strip() for cell in rows[0]] != HEADER:
        raise ClientsError(f"clients file {path} does not begin with the header {','.join(HEADER)}")
    return [_from_row(row, f"clients file {path}, row {number}") for number, row in enumerate(rows[1:], 2) if row]


def others_may_read(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o077)


def _from_row(row: list[str], where: str) -> Client:
    if len(row) != len(HEADER):
        raise ClientsError(f"{where} has {len(row)} cells; it needs {len(HEADER)}: {','.join(HEADER)}")
    return _client(row[0].strip(), row[1], row[2].strip(), where)


def _client(name: str, secret: str, role: str, where: str) -> Client:
    if not 1 <= len(name) <= LONGEST_NAME:
        raise ClientsError(f"{where}: a name has 1 to {LONGEST_NAME} characters, this one has {len(name)}")
    if not secret:
        raise ClientsError(f"{where}: the secret is empty")
    try:
        return Client(name, secret, Role(role))
    except ValueError as error:
        raise ClientsError(f"{where}: the role {role!r} is neither ven nor bl") from error
