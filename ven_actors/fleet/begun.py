"""How a state folder was begun: from which seed, and with how many resources approved, outside of any registry.

Seed and approvals are kept with the state folder, so that a later run, or `provision`, without them has the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ven_actors.meters import DEMO_METERS
from ven_actors.model import RegistrationStatus, Resource
from ven_actors.storage.population import DEMO_APPROVED, FLEET_RESOURCES, Approve, fleet_index, fleet_ven
from ven_actors.storage.population import resource_ids as ids_of
from ven_actors.storage.registry import Registry
from ven_actors.storage.store import read_dialects, read_meta

APPROVE_KEY, SEED_KEY = "approve", "seed"


class Begun(NamedTuple):
    """How a folder's resources are made that are in no registry: from which seed, and how many of a VEN approved."""

    seed: int
    approve: Approve = DEMO_APPROVED

    @classmethod
    def of(cls, folder: Path, seed: int | None, approve: Approve) -> Begun:
        """As the state folder keeps it; of a new one as it is given. `seed` None: the folder's, else 1."""
        kept: Mapping[str, str] = read_meta(folder) or {}
        begun = kept.get(APPROVE_KEY, str(approve))
        return cls(int(kept.get(SEED_KEY, 1)) if seed is None else seed, "all" if begun == "all" else int(begun))

    @property
    def facts(self) -> dict[str, str]:
        """What the state folder keeps of it."""
        return {SEED_KEY: str(self.seed), APPROVE_KEY: str(self.approve)}

    @property
    def approved(self) -> int:
        """Of a VEN that `--count` makes."""
        return FLEET_RESOURCES if self.approve == "all" else min(self.approve, FLEET_RESOURCES)

    def resources(self, name: str, meters: tuple[str, ...] = DEMO_METERS) -> tuple[Resource, ...]:
        """All 120 of a VEN whose name `fleet_index` knows."""
        return fleet_ven(fleet_index(name) or 0, self.seed, meters, self.approved)[1]

    def count_in(self, statistics: dict[str, Any], name: str) -> None:
        """Add a VEN to a registry's statistics."""
        pending = FLEET_RESOURCES - self.approved
        statistics["total_vens"] += 1
        statistics["total_resources"] += FLEET_RESOURCES
        statistics["total_by_status"]["APPROVED"] += self.approved
        statistics["total_by_status"]["PENDING"] += pending
        statistics["by_ven"][name] = {
            "approved": self.approved, "pending": pending, "suspended": 0, "total": FLEET_RESOURCES,
        }  # fmt: skip

    def enter_those_with(self, registry: Registry, resource_ids: Collection[str], folder: Path) -> None:
        """Enter those that ran on this folder and have one of these resources."""
        if not resource_ids:
            return
        ran = made_by_count(read_dialects(folder), registry.ven_names())
        self.enter(registry, (name for name in ran if not set(resource_ids).isdisjoint(ids_of(name, self.seed))))

    def enter(self, registry: Registry, names: Iterable[str]) -> None:
        """Enter into the registry those that it has not yet, so that their resources can be changed there."""
        for name in made_by_count(names, registry.ven_names()):
            registry.add(name, self.resources(name))


def made_by_count(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """Those of these VENs that no registry has and that `--count` makes."""
    stored = set(known)
    return [name for name in names if name not in stored and fleet_index(name) is not None]


def only_approved(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    return tuple(each for each in resources if each.status is RegistrationStatus.APPROVED)
