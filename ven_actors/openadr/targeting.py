"""Whom the typed targets of OpenADR 3.0.1 mean: a VEN as a whole, some of its resources, or somebody else (R14)."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

_STANDARD_TYPES = frozenset(
    {"POWER_SERVICE_LOCATION", "SERVICE_AREA", "GROUP", "RESOURCE_NAME", "VEN_NAME", "EVENT_NAME", "PROGRAM_NAME"}
)


class Target(NamedTuple):
    """One value of a `valuesMap` in a list of targets; as text `GROUP=north`."""

    type: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Target:
        """`GROUP=north`; a bare `north` is a group."""
        kind, equals, value = text.partition("=")
        return cls(kind, value) if equals else cls("GROUP", text)

    def __str__(self) -> str:
        return f"{self.type}={self.value}"


@dataclass(frozen=True, slots=True)
class Own:
    """What one VEN can be targeted by.

    `targets` are the VEN's own, as the VTN lists them, `configured` those of its user as text. `resources` are each
    resource's own targets by its name, `programs` the names of programs by id.
    """

    ven_name: str
    targets: frozenset[Target] = frozenset()
    resources: Mapping[str, frozenset[Target]] = field(default_factory=dict)
    programs: Mapping[str, str] = field(default_factory=dict)
    configured: tuple[str, ...] = ()

    def in_event(self, program_id: str, event_name: str | None) -> Own:
        """The same VEN, which an event's own name and its program's name mean as well."""
        names = {Target("VEN_NAME", self.ven_name)}
        if program_id in self.programs:
            names.add(Target("PROGRAM_NAME", self.programs[program_id]))
        if event_name:
            names.add(Target("EVENT_NAME", event_name))
        return replace(self, targets=self.targets.union(names, map(Target.parse, self.configured)))

    def concerned(self, targets: Iterable[Target]) -> tuple[str, ...] | None:
        """Names of the resources that `targets` mean, in their own order; None means the whole VEN, () somebody else.

        Any value of a type will do, and every type has to be met. What means the VEN means all its resources; what
        only resources have means those (as R15 has it for 3.1). Where the VEN or a resource is named, types that are
        neither in the standard nor among ours do not count.
        """
        by_type = _by_type(targets)
        if self._is_named(by_type):
            by_type = {kind: asked for kind, asked in by_type.items() if not self._is_strange(kind)}
        partial = [asked for asked in by_type.values() if not asked & self.targets]
        if not partial:
            return None
        return tuple(name for name in self.resources if all(asked & self._borne_by(name) for asked in partial))

    def about_strange(self, targets: Sequence[Target]) -> str:
        """The notice for `targets` that match us except for unknown types; empty if there are none."""
        by_type = _by_type(targets)
        strange = [target for target in targets if self._is_strange(target.type)]
        known = [target for target in targets if target not in strange]
        if not strange or not known or self.concerned(known) == ():
            return ""
        words = ", ".join(map(str, strange))
        options = f"--targets {shlex.quote(','.join(map(str, strange)))}"
        if self._is_named(by_type):
            return f"its target {words} is unknown to this VEN; the event is obeyed, as it names the VEN or a resource"
        return f"the event is not obeyed, as its target {words} is unknown to this VEN; {options} makes it ours"

    def knows(self, target: Target) -> bool:
        """Whether this VEN or one of its resources bears the target, or is called by it."""
        known = {self.ven_name, *self.resources}
        ours = (self.targets, *self.resources.values(), map(Target.parse, self.configured))
        return (not target.type and target.value in known) or any(target in each for each in ours)

    def granted(self, targets: tuple[str, ...]) -> tuple[str, ...]:
        """Plain targets of 3.1 as names of the resources they mean; () for the whole VEN (R15).

        The VTN shows only targets that are granted to us, so one that nobody is known to bear means the VEN.
        """
        if not any(self.resources.values()):
            return targets
        names: set[str] = set()
        for target in targets:
            bearers = self._bearers(target)
            if bearers is None or not bearers:
                return ()
            names |= bearers
        return tuple(name for name in self.resources if name in names)

    def asked_of(self, asked: tuple[str, ...], event_targets: tuple[str, ...]) -> tuple[str, ...]:
        """The same for a report descriptor; a target that nobody bears, not even the event, stays and means nobody."""
        if not any(self.resources.values()):
            return asked
        names: set[str] = set()
        for target in asked:
            bearers = self._bearers(target)
            if bearers is None or (not bearers and target in event_targets):
                return ()
            names |= bearers or {target}
        return tuple(sorted(names))

    def _is_named(self, by_type: Mapping[str, set[Target]]) -> bool:
        names = {Target("RESOURCE_NAME", name) for name in self.resources} | {Target("VEN_NAME", self.ven_name)}
        return any(names & asked for asked in by_type.values())

    def _is_strange(self, kind: str) -> bool:
        ours = (self.targets, *self.resources.values(), map(Target.parse, self.configured))
        return kind not in _STANDARD_TYPES and all(target.type != kind for each in ours for target in each)

    def _bearers(self, target: str) -> set[str] | None:
        """Names of the resources that are meant by a plain target, None for the whole VEN."""
        plain = Target("", target)
        if target == self.ven_name or plain in self.targets:
            return None
        return {name for name, borne in self.resources.items() if name == target or plain in borne}

    def _borne_by(self, resource_name: str) -> frozenset[Target]:
        return self.resources[resource_name] | {Target("RESOURCE_NAME", resource_name)}


def _by_type(targets: Iterable[Target]) -> dict[str, set[Target]]:
    by_type: dict[str, set[Target]] = {}
    for target in targets:
        by_type.setdefault(target.type, set()).add(target)
    return by_type
