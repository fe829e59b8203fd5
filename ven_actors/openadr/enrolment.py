"""Registering a VEN and its resources by finding them or creating them; nothing is ever deleted (R7 to R10)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ven_actors.errors import VtnNonsense
from ven_actors.model import Enrolment, Resource
from ven_actors.openadr.api import Api, created
from ven_actors.openadr.dialect import Dialect
from ven_actors.openadr.paging import pages


class Enroller:
    """Registers VENs over one `Api`. Every method may be repeated after a failure: it goes on where it stopped."""

    def __init__(self, api: Api, dialect: Dialect) -> None:
        self._api = api
        self._dialect = dialect

    def enrol(self, ven_name: str, resources: Sequence[Resource], known: Enrolment | None) -> Enrolment:
        """The VTN's ids of the VEN and of each resource, created where they are missing.

        `known` is what an earlier enrolment gave; it decides only when a VTN lists several vens of this name.
        Raises `VtnError`.
        """
        ven_id = self._find_ven(ven_name, known) or self._create_ven(ven_name, known)
        found = self._find_resources(ven_id, None)
        for resource in resources:
            if resource.name not in found:
                found[resource.name] = self._create_resource(resource, ven_id)
        return Enrolment(ven_id, {resource.name: found[resource.name] for resource in resources})

    def _find_ven(self, ven_name: str, known: Enrolment | None) -> str | None:
        query = self._dialect.ven_query(ven_name)
        ids = [
            ven_id
            for ven_id, name in map(self._dialect.parse_ven, self._listed(self._dialect.vens_path, query, "vens"))
            if name == ven_name
        ]
        if known is not None and known.ven_id in ids:
            return known.ven_id
        return ids[0] if ids else None

    def _create_ven(self, ven_name: str, known: Enrolment | None) -> str:
        path = self._dialect.vens_path
        answer = self._api.request("POST", path, body=msgspec.json.encode(self._dialect.ven_request(ven_name)))
        if answer.status == 409 and (ven_id := self._find_ven(ven_name, known)) is not None:
            return ven_id
        if not 200 <= answer.status < 300:
            raise self._api.refused(answer, "POST", path)
        return self._own(self._dialect.parse_ven(created(answer, f"ven {ven_name!r}")), ven_name)

    def _find_resources(self, ven_id: str, resource_name: str | None) -> dict[str, str]:
        """Ids by name. A VTN that ignores the query is no trouble: others' resources are left out."""
        path, query = self._dialect.resources_path(ven_id), self._dialect.resources_query(ven_id, resource_name)
        ids: dict[str, str] = {}
        for raw in self._listed(path, query, "resources"):
            resource_id, name, owner = self._dialect.parse_resource(raw)
            if owner in {None, ven_id}:
                ids.setdefault(name, resource_id)
        return ids

    def _create_resource(self, resource: Resource, ven_id: str) -> str:
        path = self._dialect.resources_path(ven_id)
        body = msgspec.json.encode(self._dialect.resource_request(resource, ven_id))
        answer = self._api.request("POST", path, body=body)
        if answer.status == 409:
            resource_id = self._find_resources(ven_id, resource.name).get(resource.name)
            if resource_id is not None:
                return resource_id
        if not 200 <= answer.status < 300:
            raise self._api.refused(answer, "POST", path)
        resource_id, name, _ = self._dialect.parse_resource(created(answer, f"resource {resource.name!r}"))
        return self._own((resource_id, name), resource.name)

    def _own(self, identity: tuple[str, str], name: str) -> str:
        if identity[1] != name:
            raise VtnNonsense(f"the VTN was asked to create {name!r} and answers with {identity[1]!r}")
        return identity[0]

    def _listed(self, path: str, query: list[tuple[str, str]], what: str) -> list[bytes]:
        limit = self._dialect.page_limit

        def get_page(skip: int) -> bytes:
            return self._api.get(path, query + self._dialect.page_query(skip, limit))

        return [raw for page in pages(get_page, what) for raw in page]
