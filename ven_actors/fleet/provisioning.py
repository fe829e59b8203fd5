"""Making VENs known at a VTN as its business logic, and taking exactly that back.

Before something is made it is written down; so whatever breaks in between, the next run goes on where it stopped and
knows what is its own. What somebody else made is used as it is, but for targets that it lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple

from ven_actors.errors import CredentialsRefused, UsageError, VtnAmbiguous, VtnError, VtnRefused, VtnUnreachable
from ven_actors.model import Resource
from ven_actors.openadr.dialect import StandardDialect
from ven_actors.openadr.operator import Operator, Stored
from ven_actors.storage.provision_record import RESOURCE, VEN, Granted, Made, ProvisionRecord


class Did(StrEnum):
    CREATED = "created"
    FOUND = "found"
    TARGETED = "targeted"
    DELETED = "deleted"
    GONE = "gone"
    UNTARGETED = "untargeted"
    KEPT = "kept"
    FAILED = "failed"


class Outcome(NamedTuple):
    did: Did
    kind: str
    ven: str
    name: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One VEN as it shall be; `client_id` None where vens know no client. Targets as text."""

    name: str
    client_id: str | None
    resources: Sequence[Resource]
    targets: tuple[str, ...]
    resource_targets: Callable[[str], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Provisioner:
    """With `dry_run` it only looks, and tells what it would do.

    What concerns one object, or one VEN, becomes an outcome that failed; `CredentialsRefused`, `VtnUnreachable` and
    trouble with the record are raised.
    """

    operator: Operator
    dialect: StandardDialect
    record: ProvisionRecord
    dry_run: bool = False

    def provision(self, wanted: Wanted) -> Iterator[Outcome]:
        """Make the VEN, its resources and their targets, as far as they are not there."""
        try:
            yield from self._provision(wanted)
        except (CredentialsRefused, VtnUnreachable):
            raise
        except (VtnError, UsageError) as error:
            yield Outcome(Did.FAILED, VEN, wanted.name, wanted.name, str(error))

    def deprovision(self) -> Iterator[Outcome]:
        """Delete what the record has, resources first, and take back targets that were granted."""
        for made in self.record.all_made():
            yield self._guarded(made, self._delete)
        for granted in self.record.all_granted():
            yield self._guarded(granted, self._take_back)

    # --- making ---

    def _provision(self, wanted: Wanted) -> Iterator[Outcome]:
        name, path = wanted.name, self.dialect.vens_path
        request = self.dialect.operator_ven_request(name, wanted.client_id or "", wanted.targets)
        place = _Place(VEN, name, name, path, request, self.dialect.targets_of(request))
        known = self.record.made(VEN, name)
        outcome, ven = self._brought_about(place, self._ven(wanted), known, lambda: self._ven(wanted))
        yield outcome
        if ven is None:
            yield from (Outcome(Did.CREATED, RESOURCE, name, resource.name) for resource in wanted.resources)
            return
        found, known = self.operator.resources(ven.object_id), self.record.made(RESOURCE, name)
        for resource in wanted.resources:
            try:
                yield self._resource(wanted, resource, ven.object_id, found, known)
            except (CredentialsRefused, VtnUnreachable):
                raise
            except VtnError as error:
                yield Outcome(Did.FAILED, RESOURCE, name, resource.name, str(error))

    def _resource(
        self, wanted: Wanted, resource: Resource, ven_id: str, found: Mapping[str, Stored], known: Mapping[str, Made]
    ) -> Outcome:
        name, path = resource.name, self.dialect.resources_path(ven_id)
        granted = wanted.resource_targets(name)
        request = self.dialect.operator_resource_request(resource, ven_id, wanted.client_id or "", granted)
        place = _Place(RESOURCE, wanted.name, name, path, request, self.dialect.targets_of(request))
        again = partial(self._listed_anew, ven_id, name)
        return self._brought_about(place, found.get(name), known, again)[0]

    def _listed_anew(self, ven_id: str, name: str) -> Stored | None:
        return self.operator.resources(ven_id).get(name)

    def _ven(self, wanted: Wanted) -> Stored | None:
        vens = self.operator.vens(wanted.name)
        own = [ven for ven in vens if wanted.client_id is None or ven.client_id in {None, wanted.client_id}]
        if vens and not own:
            raise UsageError(
                f"the VTN's ven {wanted.name!r} belongs to client {vens[0].client_id!r}, not to {wanted.client_id!r}, "
                "which --credentials has; correct one of the two"
            )
        return own[0] if own else None

    def _brought_about(
        self, place: _Place, found: Stored | None, known: Mapping[str, Made], again: Callable[[], Stored | None]
    ) -> tuple[Outcome, Stored | None]:
        """The object, found or made; None where it is only said that it would be. `again` looks for it anew."""
        if found is not None:
            return self._adopt(place, found, known.get(place.name)), found
        if self.dry_run:
            return place.outcome(Did.CREATED), None
        self.record.intend(place.kind, place.ven, place.name, place.list, place.request)
        try:
            made = self.operator.create(place.list, place.request)
        except VtnRefused as error:
            self.record.forget(place.kind, place.ven, place.name)
            others = again() if error.status == 409 else None
            if others is None:
                raise
            return self._adopt(place, others, None), others
        except VtnAmbiguous:
            unheard = again()
            if unheard is None or not self._is_as_asked(unheard, place.request):
                raise
            made = unheard
        self.record.confirm(place.kind, place.ven, place.name, made.path)
        return place.outcome(Did.CREATED), made

    def _adopt(self, place: _Place, stored: Stored, known: Made | None) -> Outcome:
        """Use what is there. It is ours if we made it: this very object, or what we asked for and never heard of."""
        is_ours = known is not None and (
            known.path == stored.path or (known.path is None and self._is_as_asked(stored, known.request))
        )
        if known is not None and not self.dry_run:
            if not is_ours:
                self.record.forget(place.kind, place.ven, place.name)
            elif known.path is None:
                self.record.confirm(place.kind, place.ven, place.name, stored.path)
        present = self.dialect.targets_of(stored.properties)
        missing = [target for target in place.targets if target not in present]
        if not missing:
            return place.outcome(Did.FOUND)
        if not self.dry_run:
            self._grant(place, stored, missing, is_ours=is_ours)
        return place.outcome(Did.TARGETED, ", ".join(missing))

    def _grant(self, place: _Place, stored: Stored, missing: list[str], *, is_ours: bool) -> None:
        grants = [Granted(stored.path, target, place.kind, place.ven, place.name) for target in missing]
        if not is_ours:
            for granted in grants:
                self.record.grant(granted)
        try:
            self.operator.retarget(stored, [*self.dialect.targets_of(stored.properties), *missing])
        except VtnRefused:
            for granted in grants:
                self.record.ungrant(granted)
            raise

    def _is_as_asked(self, stored: Stored, request: Mapping[str, Any]) -> bool:
        said = dict(stored.properties) | {"clientID": stored.client_id}
        plain = {key: value for key, value in request.items() if key not in {"objectType", "targets"}}
        targets = set(self.dialect.targets_of(request)) == set(self.dialect.targets_of(said))
        return targets and all(said.get(key) == value for key, value in plain.items())

    # --- taking back ---

    def _guarded(self, row: Any, work: Callable[[Any], Outcome]) -> Outcome:
        try:
            return work(row)
        except (CredentialsRefused, VtnUnreachable):
            raise
        except VtnError as error:
            return Outcome(Did.FAILED, row.kind, row.ven, row.name, str(error))

    def _delete(self, made: Made) -> Outcome:
        path = made.path or self._path_of_unheard(made)
        if path is None:
            return self._forgotten(made, Did.GONE)
        if self.dry_run:
            return Outcome(Did.DELETED, made.kind, made.ven, made.name)
        if made.kind == VEN:
            others = self._resources_left(path)
            if others:
                words = f"has resources that were not provisioned, or could not be deleted: {', '.join(others[:3])}"
                return Outcome(Did.KEPT, VEN, made.ven, made.name, words)
        return self._forgotten(made, Did.DELETED if self.operator.delete(path) else Did.GONE)

    def _resources_left(self, ven_path: str) -> list[str]:
        """A VTN may delete them together with their ven."""
        ven = self.operator.get(ven_path)
        return [] if ven is None else list(self.operator.resources(ven.object_id))

    def _forgotten(self, made: Made, did: Did) -> Outcome:
        if not self.dry_run:
            self.record.forget(made.kind, made.ven, made.name)
        return Outcome(did, made.kind, made.ven, made.name)

    def _path_of_unheard(self, made: Made) -> str | None:
        """Where the object is that was asked for and never heard of, if it was made at all."""
        vens = self.operator.vens(made.ven)
        if made.kind == VEN:
            found = vens
        else:
            listed = (self.operator.resources(ven.object_id).get(made.name) for ven in vens)
            found = [resource for resource in listed if resource is not None]
        return next((each.path for each in found if self._is_as_asked(each, made.request)), None)

    def _take_back(self, granted: Granted) -> Outcome:
        stored = self.operator.get(granted.path)
        present = () if stored is None else self.dialect.targets_of(stored.properties)
        left = [target for target in present if target != granted.target]
        did = Did.UNTARGETED if len(left) < len(present) else Did.GONE
        if not self.dry_run:
            if stored is not None and did is Did.UNTARGETED:
                self.operator.retarget(stored, left)
            self.record.ungrant(granted)
        return Outcome(did, granted.kind, granted.ven, granted.name, granted.target)


class _Place(NamedTuple):
    """One object as it shall be: which, in which list, made how, with which targets."""

    kind: str
    ven: str
    name: str
    list: str
    request: dict[str, Any]
    targets: tuple[str, ...]

    def outcome(self, did: Did, words: str = "") -> Outcome:
        return Outcome(did, self.kind, self.ven, self.name, words)
