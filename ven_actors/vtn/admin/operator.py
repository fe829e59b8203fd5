"""An operator's session with a VTN: where it is, who we are, and requests whose refusals become words."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from ven_actors.vtn.clients import Client, ClientsError, read_clients
from ven_actors.vtn.facts import Role
from ven_actors.vtn.server import READY_NAME

CLIENTS_NAME = "clients.csv"
_WITHIN_S = 30
_LIMIT = 50

Json = dict[str, Any]


class AdminError(Exception):
    """What could not be done, in one line for the operator."""


@dataclass(frozen=True, slots=True)
class Access:
    """A VTN's OpenADR 3.1 base URL, and the business-logic client to speak with."""

    base_url: str
    client: Client


def access_of(state: Path, base_url: str | None, client: Client | None, clients_file: Path | None) -> Access:
    """What was given, else what a VTN left in its state folder, or in `vtn` within it. Raises `AdminError`."""
    folder = next((each for each in (state, state / "vtn") if (each / READY_NAME).is_file()), None)
    if base_url is None:
        if folder is None:
            raise AdminError(f"no VTN has left its address in {state}; give --vtn-url, or --state of one that runs")
        base_url = str(json.loads((folder / READY_NAME).read_text())["base_urls"]["3.1"])
    if client is None:
        file = clients_file or (folder or state) / CLIENTS_NAME
        if folder is not None and clients_file is None and not file.exists():
            raise AdminError(
                f"{folder} is of a VTN that was not started by a fleet: the clients it was given are not kept there; "
                "give one with the role bl by --clients-file or --client NAME:SECRET:bl"
            )
        try:
            client = next(each for each in read_clients(file) if each.role is Role.BL)
        except (ClientsError, StopIteration) as error:
            what = str(error) or f"{file} names no client with the role bl"
            raise AdminError(f"{what}; give --client NAME:SECRET:bl or --clients-file") from None
    return Access(base_url.rstrip("/"), client)


class Operator:
    """Calls of business logic. Each raises `AdminError` for whatever is not a success."""

    def __init__(self, access: Access) -> None:
        self._base_url = access.base_url
        self._session = requests.Session()
        self._session.trust_env = False
        form = {
            "grant_type": "client_credentials", "client_id": access.client.name, "client_secret": access.client.secret,
        }  # fmt: skip
        token = self._ask("POST", "/auth/token", data=form)["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"

    def close(self) -> None:
        self._session.close()

    def all(self, path: str, **query: str) -> list[Json]:
        """Every object of a list, over all its pages."""
        found: list[Json] = []
        while page := self._ask("GET", path, params=query | {"skip": len(found), "limit": _LIMIT}):
            found += page
        return found

    def get(self, path: str) -> Json:
        return dict(self._ask("GET", path))

    def post(self, path: str, body: Json) -> Json:
        return dict(self._ask("POST", path, json=body))

    def put(self, path: str, body: Json) -> Json:
        return dict(self._ask("PUT", path, json=body))

    def delete(self, path: str) -> Json:
        return dict(self._ask("DELETE", path))

    def program_id(self, name: str) -> str:
        """The id of the program of this name; it is made if there is none."""
        ids = [str(program["id"]) for program in self.all("/programs") if program["programName"] == name]
        return ids[0] if ids else str(self.post("/programs", {"programName": name})["id"])

    def program_names(self) -> dict[str, str]:
        """The names of all programs, by id."""
        return {str(program["id"]): str(program["programName"]) for program in self.all("/programs")}

    def known_targets(self, wanted: Collection[str]) -> set[str]:
        """All targets of vens, and those of `wanted` that some resource has: resources may be very many."""
        known = {target for ven in self.all("/vens") for target in ven.get("targets") or ()}
        for target in set(wanted) - known:
            if self._ask("GET", "/resources", params={"targets": target, "limit": 1}):
                known.add(target)
        return known

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        url = self._base_url + path
        try:
            answer = self._session.request(method, url, timeout=_WITHIN_S, allow_redirects=False, **options)
        except requests.RequestException as error:
            raise AdminError(f"{method} {url}: no answer ({type(error).__name__}); is the VTN running?") from error
        try:
            content = answer.json()
        except ValueError:
            content = {}
        if answer.status_code not in (200, 201):
            said = content.get("detail") if isinstance(content, dict) else None
            raise AdminError(f"{method} {url}: {answer.status_code}: {said or answer.reason}")
        return content
