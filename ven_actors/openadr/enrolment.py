"""Registering a VEN and its resources by finding them or creating them; nothing is ever deleted (R7 to R10)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import quote

import msgspec

from ven_actors.errors import VtnNonsense
from ven_actors.model import Enrolment, Resource
from ven_actors.openadr.api import Api, created
from ven_actors.openadr.dialect import Registered, StandardDialect
from ven_actors.openadr.paging import pages
from ven_actors.openadr.reading import Reader
from ven_actors.openadr.targeting import Own


class Enroller:
    """Registers VENs over one `Api`. Every method may be repeated after a failure: it goes on where it stopped."""

    def __init__(self, api: Api, dialect: StandardDialect, reader: Reader) -> None:
        self._api = api
        self._dialect = dialect
        self._reader = reader

    def enrol(self, ven_name: str, resources: Sequence[Resource], known: Enrolment | None) -> tuple[Enrolment, Own]:
        """The VTN's ids of the VEN and of each resource, created where they are missing, and what can target them.

        `known` is what an earlier enrolment gave; it decides only when a VTN lists several vens of this name.
        Raises `VtnError`.
        """
        ven = self._find_ven(ven_name, known) or self._create_ven(ven_name, known)
        found = self._find_resources(ven.object_id, None)
        for resource in resources:
            if resource.name not in found:
                found[resource.name] = self._create_resource(resource, ven.object_id)
            else:
                self._correct_resource(resource, found[resource.name], ven.object_id)
        ours = {resource.name: found[resource.name] for resource in resources}
        enrolment = Enrolment(ven.object_id, {name: each.object_id for name, each in ours.items()})
        return enrolment, _own(ven, ours)

    def own_of(self, enrolment: Enrolment) -> Own:
        """What can target an enrolled VEN now. Raises `VtnRefused` with 404 if the VTN has lost it (R10)."""
        path = f"{self._dialect.vens_path}/{quote(enrolment.ven_id, safe='')}"
        ven = self._dialect.parse_ven(self._api.get(path), self._reader)
        found = self._find_resources(ven.object_id, None)
        return _own(ven, {name: each for name, each in found.items() if name in enrolment.resource_ids})

    def _find_ven(self, ven_name: str, known: Enrolment | None) -> Registered | None:
        query = self._dialect.ven_query(ven_name)
        listed = self._listed(self._dialect.vens_path, query, "vens", self._dialect.parse_ven)
        named = {ven.object_id: ven for ven in listed if ven.name == ven_name}
        if known is not None and known.ven_id in named:
            return named[known.ven_id]
        return next(iter(named.values()), None)

    def _create_ven(self, ven_name: str, known: Enrolment | None) -> Registered:
        path = self._dialect.vens_path
        answer = self._api.request("POST", path, body=msgspec.json.encode(self._dialect.ven_request(ven_name)))
        if answer.status == 409 and (ven := self._find_ven(ven_name, known)) is not None:
            return ven
        if not 200 <= answer.status < 300:
            raise self._api.refused(answer, "POST", path)
        return _of_name(ven_name, self._dialect.parse_ven(created(answer, f"ven {ven_name!r}"), self._reader))

    def _find_resources(self, ven_id: str, resource_name: str | None) -> dict[str, Registered]:
        """By name. A VTN that ignores the query is no trouble: others' resources are left out."""
        path, query = self._dialect.resources_path(ven_id), self._dialect.resources_query(ven_id, resource_name)
        found: dict[str, Registered] = {}
        for resource in self._listed(path, query, "resources", self._dialect.parse_resource):
            if resource.ven_id in {None, ven_id}:
                found.setdefault(resource.name, resource)
        return found

    def _create_resource(self, resource: Resource, ven_id: str) -> Registered:
        path = self._dialect.resources_path(ven_id)
        body = msgspec.json.encode(self._dialect.resource_request(resource, ven_id))
        answer = self._api.request("POST", path, body=body)
        if answer.status == 409:
            known = self._find_resources(ven_id, resource.name).get(resource.name)
            if known is not None:
                return known
        if not 200 <= answer.status < 300:
            raise self._api.refused(answer, "POST", path)
        made = self._dialect.parse_resource(created(answer, f"resource {resource.name!r}"), self._reader)
        return _of_name(resource.name, made)

    def _correct_resource(self, resource: Resource, found: Registered, ven_id: str) -> None:
        """PUT the whole resource where the VTN has another description of it, others' attributes as they are (R10).

        One that bears targets is left alone: a VEN cannot send them back. So is one that the VTN will not have
        changed.
        """
        request = self._dialect.resource_request(resource, ven_id)
        ours = {each["type"]: each for each in request.get("attributes", ())}
        theirs = {each.get("type"): each for each in found.attributes}
        if found.targets or all(theirs.get(kind, each)["values"] == each["values"] for kind, each in ours.items()):
            return
        request["attributes"] = [ours.get(kind, each) for kind, each in theirs.items()]
        path = f"{self._dialect.resources_path(ven_id)}/{quote(found.object_id, safe='')}"
        answer = self._api.request("PUT", path, body=msgspec.json.encode(request))
        if answer.status == 429 or answer.status >= 500:
            raise self._api.refused(answer, "PUT", path)

    def _listed(
        self,
        path: str,
        query: list[tuple[str, str]],
        what: str,
        parse: Callable[[bytes, Reader], Registered],
    ) -> Iterator[Registered]:
        """What can be read of a list: one broken object of somebody else is no reason to stay away."""
        limit = self._dialect.page_limit

        def get_page(skip: int) -> bytes:
            return self._api.get(path, query + self._dialect.page_query(skip, limit))

        for page in pages(get_page, what, self._dialect.page_limit):
            for raw in page:
                try:
                    yield parse(raw, self._reader)
                except VtnNonsense as error:
                    self._reader.notices.append(str(error))


def _own(ven: Registered, resources: Mapping[str, Registered]) -> Own:
    return Own(ven.name, ven.targets, {name: each.targets for name, each in resources.items()})


def _of_name(name: str, made: Registered) -> Registered:
    if made.name != name:
        raise VtnNonsense(f"the VTN was asked to create {name!r} and answers with {made.name!r}")
    return made
