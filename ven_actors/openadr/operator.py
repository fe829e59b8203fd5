"""What business logic does for VENs: finding, making, replacing and deleting their vens and resources."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from ven_actors.errors import VtnNonsense
from ven_actors.openadr.api import Api, created
from ven_actors.openadr.decoding import decode
from ven_actors.openadr.dialect import StandardDialect
from ven_actors.openadr.paging import pages


class Stored(NamedTuple):
    """A ven or a resource as the VTN shows it to business logic: its path, and all its properties."""

    object_id: str
    name: str
    path: str
    properties: Mapping[str, Any]

    @property
    def client_id(self) -> str | None:
        """The OAuth client it belongs to, where the VTN says so (3.1)."""
        said = self.properties.get("clientID", self.properties.get("clientId"))
        return said if isinstance(said, str) else None


class Operator:
    """Speaks over an `Api` whose token is business logic's. All methods raise `VtnError`."""

    def __init__(self, api: Api, dialect: StandardDialect) -> None:
        self._api = api
        self._dialect = dialect

    def vens(self, ven_name: str) -> list[Stored]:
        """All vens of this name; what has no readable id or name is somebody else's."""
        path = self._dialect.vens_path
        found: list[Stored] = []
        for raw in self._listed(path, self._dialect.ven_query(ven_name), "vens"):
            with contextlib.suppress(VtnNonsense):
                found.append(self._stored(raw, path, self._dialect.parse_ven(raw).name))
        return [ven for ven in found if ven.name == ven_name]

    def resources(self, ven_id: str) -> dict[str, Stored]:
        """The resources of a ven, by name; those without a readable id or name are left out."""
        path, query = self._dialect.resources_path(ven_id), self._dialect.resources_query(ven_id, None)
        found: dict[str, Stored] = {}
        for raw in self._listed(path, query, "resources"):
            with contextlib.suppress(VtnNonsense):
                registered = self._dialect.parse_resource(raw)
                if registered.ven_id in {None, ven_id}:
                    found.setdefault(registered.name, self._stored(raw, path, registered.name))
        return found

    def create(self, path: str, request: Mapping[str, Any]) -> Stored:
        """POST a ven or a resource. Raises `VtnRefused` for an error status, `VtnAmbiguous` where it may be made."""
        answer = self._api.request("POST", path, body=msgspec.json.encode(request))
        if not 200 <= answer.status < 300:
            raise self._api.refused(answer, "POST", path)
        name = str(request["resourceName"] if "resourceName" in request else request["venName"])
        return self._stored(created(answer, repr(name)), path, name)

    def get(self, path: str) -> Stored | None:
        """The object at this path, None where there is none any more."""
        answer = self._api.request("GET", path)
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise self._api.refused(answer, "GET", path)
        return self._stored(answer.body, path.rpartition("/")[0], "")

    def retarget(self, stored: Stored, targets: Sequence[str]) -> None:
        """PUT the object as it is, with these targets. Raises `VtnRefused` for an error status."""
        body = msgspec.json.encode(self._dialect.replacement(stored.properties, targets))
        answer = self._api.request("PUT", stored.path, body=body)
        if not 200 <= answer.status < 300:
            raise self._api.refused(answer, "PUT", stored.path)

    def delete(self, path: str) -> bool:
        """DELETE; False where it was gone already. Raises `VtnRefused` for any other error status."""
        answer = self._api.request("DELETE", path)
        if answer.status == 404:
            return False
        if not 200 <= answer.status < 300:
            raise self._api.refused(answer, "DELETE", path)
        return True

    def _stored(self, raw: bytes, path: str, name: str) -> Stored:
        properties = decode(raw, dict[str, Any], "an object")
        object_id = properties.get("id")
        if not isinstance(object_id, str) or not object_id:
            raise VtnNonsense(f"an object of {path} has no id")
        return Stored(object_id, name, f"{path}/{quote(object_id, safe='')}", properties)

    def _listed(self, path: str, query: list[tuple[str, str]], what: str) -> list[bytes]:
        limit = self._dialect.page_limit

        def get_page(skip: int) -> bytes:
            return self._api.get(path, query + self._dialect.page_query(skip, limit))

        return [raw for page in pages(get_page, what) for raw in page]
