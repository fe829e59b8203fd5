"""Registering a VEN and its resources by finding them or creating them; nothing is ever deleted (R7 to R10)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from ven_actors.errors import CredentialsRefused, VtnNonsense, VtnRefused
from ven_actors.model import Enrolment, Resource
from ven_actors.openadr.api import Api, created
from ven_actors.openadr.dialect import Registered, StandardDialect
from ven_actors.openadr.exchange import Answer
from ven_actors.openadr.paging import pages
from ven_actors.openadr.reading import Reader
from ven_actors.openadr.salvage import said
from ven_actors.openadr.targeting import Own
from ven_actors.openadr.wire import WireAttribute

_NONE_FOR_US = frozenset({404, 405, 501})
_Parse = Callable[[bytes, Reader], Registered]


class Enroller:
    """Registers VENs over one `Api`. Every method may be repeated after a failure: it goes on where it stopped.

    `odd` has one line for each part of the VEN's own objects that could not be read and was left out. With a strict
    `reader` any deviation of such an object is `VtnNonsense` instead. `unregistered` says why not all is registered,
    where the VTN has no vens or no resources for us.
    """

    def __init__(self, api: Api, dialect: StandardDialect, reader: Reader) -> None:
        self._api = api
        self._dialect = dialect
        self._reader = reader
        self.unreadable: list[str] = []
        self.odd: list[str] = []
        self.unregistered = ""

    def enrol(self, ven_name: str, resources: Sequence[Resource], known: Enrolment | None) -> tuple[Enrolment, Own]:
        """The VTN's ids of the VEN and of each resource, created where they are missing, and what can target them.

        `known` is what an earlier enrolment gave; it decides only when a VTN lists several vens of this name. A VTN
        that has no vens for us gives an empty id. Raises `VtnError`.
        """
        names = {resource.name: resource for resource in resources}
        ven, ours = Registered("", ven_name), dict[str, Registered]()
        try:
            ven = self._find_ven(ven_name, known) or self._create_ven(ven_name, known)
            ours = self._find_resources(ven.object_id, names)
            for name, resource in names.items():
                if name not in ours:
                    ours[name] = self._create_resource(resource, ven.object_id)
                else:
                    self._correct_resource(resource, ours[name], ven.object_id)
        except (VtnRefused, CredentialsRefused) as error:
            if not self._has_none_for_us(error):
                raise
            self.unregistered = str(error)
        enrolment = Enrolment(ven.object_id, {name: ours[name].object_id for name in names if name in ours})
        return enrolment, _own(ven, {name: ours.get(name, Registered("", name)) for name in names})

    def find(self, ven_name: str, resource_names: Collection[str]) -> Own | None:
        """The VEN and these of its resources as they stand there, None where it does not; nothing is changed.

        `unregistered` says why, where the VTN has none for us, and `unreadable` what nobody can read of the vens that
        it lists. Raises `VtnError`.
        """
        try:
            ven = self._find_ven(ven_name, None)
            if ven is None:
                return None
            return _own(ven, self._find_resources(ven.object_id, resource_names))
        except (VtnRefused, CredentialsRefused) as error:
            if not self._has_none_for_us(error):
                raise
            self.unregistered = str(error)
            return None

    def resource_id(self, ven_id: str, name: str) -> str | None:
        """The id of this ven's resource of that name; None where the VTN has none. Raises `VtnError`."""
        found = self._find_resources(ven_id, {name}, name).get(name)
        return None if found is None else found.object_id

    def still_has(self, ven_name: str, ven_id: str) -> bool:
        """Whether the VTN has the ven of this name under this id: one GET, more only where it is far down the list."""
        path, parse = self._dialect.vens_path, self._dialect.parse_ven
        listed = self._listed(path, self._dialect.ven_query(ven_name), "vens", parse)
        return any(ven.name == ven_name and ven.object_id == ven_id for ven, _ in listed)

    def own_of(self, enrolment: Enrolment) -> Own:
        """What can target an enrolled VEN now. Raises `VtnRefused` with 404 if the VTN has lost it (R10)."""
        path = f"{self._dialect.vens_path}/{quote(enrolment.ven_id, safe='')}"
        ven = self._dialect.parse_ven(self._api.get(path), self._reader)
        self._note(ven, "ven")
        return _own(ven, self._find_resources(ven.object_id, enrolment.resource_ids.keys()))

    def _has_none_for_us(self, error: VtnRefused | CredentialsRefused) -> bool:
        """Whether a VTN has no vens or resources for us; a client without credentials may read, but not register."""
        if isinstance(error, CredentialsRefused) or error.status == 403:
            return self._api.is_anonymous
        return error.status in _NONE_FOR_US

    def _find_ven(self, ven_name: str, known: Enrolment | None) -> Registered | None:
        query = self._dialect.ven_query(ven_name)
        parse = self._dialect.parse_ven
        named = {
            ven.object_id: (ven, raw)
            for ven, raw in self._listed(self._dialect.vens_path, query, "vens", parse)
            if ven.name == ven_name
        }
        ours = named.get("" if known is None else known.ven_id) or next(iter(named.values()), None)
        return None if ours is None else self._adopted(*ours, "ven", parse)

    def _create_ven(self, ven_name: str, known: Enrolment | None) -> Registered:
        path = self._dialect.vens_path
        answer = self._api.request("POST", path, body=msgspec.json.encode(self._dialect.ven_request(ven_name)))
        if answer.status == 409 and (ven := self._find_ven(ven_name, known)) is not None:
            return ven
        if not 200 <= answer.status < 300:
            raise self._refused(answer, path)
        made = self._dialect.parse_ven(created(answer, f"ven {ven_name!r}"), self._reader)
        return self._made(ven_name, made, "ven")

    def _find_resources(
        self, ven_id: str, names: Collection[str], resource_name: str | None = None
    ) -> dict[str, Registered]:
        """Those of these names. Others' resources, of a VTN that ignores the query, are left out."""
        path, query = self._dialect.resources_path(ven_id), self._dialect.resources_query(ven_id, resource_name)
        parse, found = self._dialect.parse_resource, dict[str, Registered]()
        for resource, raw in self._listed(path, query, "resources", parse):
            if resource.name in names and resource.name not in found and resource.ven_id in {None, ven_id}:
                found[resource.name] = self._adopted(resource, raw, "resource", parse)
        return found

    def _create_resource(self, resource: Resource, ven_id: str) -> Registered:
        path = self._dialect.resources_path(ven_id)
        body = msgspec.json.encode(self._dialect.resource_request(resource, ven_id))
        answer = self._api.request("POST", path, body=body)
        if answer.status == 409:
            known = self._find_resources(ven_id, {resource.name}, resource.name).get(resource.name)
            if known is not None:
                return known
        if not 200 <= answer.status < 300:
            raise self._refused(answer, path)
        made = self._dialect.parse_resource(created(answer, f"resource {resource.name!r}"), self._reader)
        return self._made(resource.name, made, "resource")

    def _correct_resource(self, resource: Resource, found: Registered, ven_id: str) -> None:
        """PUT the whole resource where the VTN has another description of it, others' attributes as they are (R10).

        One with targets is left alone: a VEN cannot send them back. So is one of which something cannot be read,
        and one that the VTN will not have changed.
        """
        request = self._dialect.resource_request(resource, ven_id)
        ours = {each["type"]: each for each in request.get("attributes", ())}
        is_otherwise = any(each.type in ours and each.values != ours[each.type]["values"] for each in found.attributes)
        if found.targets or found.odd or not is_otherwise:
            return
        request["attributes"] = [ours.get(each.type) or _as_read(each) for each in found.attributes]
        path = f"{self._dialect.resources_path(ven_id)}/{quote(found.object_id, safe='')}"
        answer = self._api.request("PUT", path, body=msgspec.json.encode(request))
        if answer.status == 429 or answer.status >= 500:
            raise self._api.refused(answer, "PUT", path)

    def _adopted(self, found: Registered, raw: bytes, what: str, parse: _Parse) -> Registered:
        """What was found, noted if something of it is odd. Raises `VtnNonsense` for that if parsing is strict."""
        if self._reader.strict:
            return parse(raw, self._reader)
        self._note(found, what)
        return found

    def _made(self, name: str, made: Registered, what: str) -> Registered:
        if made.name != name:
            raise VtnNonsense(f"the VTN was asked to create {name!r} and answers with {made.name!r}")
        self._note(made, what)
        return made

    def _note(self, found: Registered, what: str) -> None:
        if found.odd:
            self.odd.append(f"{what} {found.name!r}: {said(found.odd)}")

    def _refused(self, answer: Answer, path: str) -> VtnRefused:
        """What refuses a POST; a 409 comes of an object that cannot be read, or that the VTN does not show us."""
        refused = self._api.refused(answer, "POST", path)
        if answer.status != 409:
            return refused
        seen = "the look-up shows none of that name; it may belong to another client of the VTN: see the credentials"
        if self.unreadable:
            seen = f"the look-up shows objects that cannot be read: {said(self.unreadable)}"
        return VtnRefused(f"{refused}; {seen}", status=answer.status, retry_after_s=answer.retry_after_s)

    def _listed(
        self, path: str, query: list[tuple[str, str]], what: str, parse: _Parse
    ) -> Iterator[tuple[Registered, bytes]]:
        """What can be read of a list: one broken object of somebody else is no reason to stay away."""
        limit, lenient = self._dialect.page_limit, Reader()
        self.unreadable.clear()

        def get_page(skip: int) -> bytes:
            return self._api.get(path, query + self._dialect.page_query(skip, limit))

        for page in pages(get_page, what, limit):
            for raw in page:
                try:
                    yield parse(raw, lenient), raw
                except VtnNonsense as error:
                    self.unreadable.append(str(error))


def _as_read(attribute: WireAttribute) -> dict[str, Any]:
    said_values = {} if attribute.values is None else {"values": attribute.values}
    return {"type": attribute.type} | said_values


def _own(ven: Registered, resources: Mapping[str, Registered]) -> Own:
    return Own(ven.name, ven.targets, {name: each.targets for name, each in resources.items()})
