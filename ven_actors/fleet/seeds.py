"""A state folder has one seed: its resources, their power, and every random choice follow from it."""

from __future__ import annotations

import structlog

from ven_actors.config import FleetConfig
from ven_actors.errors import StateError
from ven_actors.fleet.begun import SEED_KEY as SEED_KEY  # noqa: PLC0414 - others import it from here
from ven_actors.fleet.folder import Population
from ven_actors.storage.population import TOWNS, resource_ids
from ven_actors.storage.store import read_meta

log = structlog.get_logger()

_SEEDS_TRIED = 10_000


def check_seed(config: FleetConfig, population: Population) -> list[str]:
    """Raise `StateError` where the folder was begun with another seed than this run's; returns what to warn of.

    A folder without a seed takes this run's, unless it is new and its own resources are of another. A registry from
    elsewhere (--registry) may be of any seed, and a folder of an earlier version may have been run with any: that is
    only a warning.
    """
    meta = read_meta(config.state)
    stored = (meta or {}).get(SEED_KEY)
    if stored not in {None, str(config.seed)}:
        raise StateError(
            f"--seed {config.seed}: state folder {config.state} was begun with seed {stored}, from which its readings "
            f"follow; run with --seed {stored}, or give another --state"
        )
    other = None if stored is not None and config.registry is None else _ven_of_another_seed(config, population)
    if other is None:
        return []
    seed = _seed_of(other, population)
    of = "of another seed" if seed is None else f"of seed {seed}"
    what = f"the resources of {other} in {config.registry_path} are {of}, and this run has --seed {config.seed}"
    if config.registry is None and meta is None:
        again = "the seed they were made with" if seed is None else f"--seed {seed}"
        raise StateError(f"{what}; run with {again}, or give another --state")
    log.warning("resources_of_another_seed", ven=other, registry=str(config.registry_path), seed=config.seed)
    return [f"{what}: their readings follow from the latter"]


def _ven_of_another_seed(config: FleetConfig, population: Population) -> str | None:
    """A town with as many resources as the demo makes, none of which this seed makes."""
    for name, resources in population.resources.items():
        if not resources or population.statistics["by_ven"][name]["total"] != TOWNS.get(name):
            continue
        if resources[0].resource_id not in set(resource_ids(name, config.seed)):
            return name
    return None


def _seed_of(name: str, population: Population) -> int | None:
    """The seed that makes one of the VEN's first approved resources the town's first, among the lowest ones."""
    known = {each.resource_id for each in population.resources[name]}
    firsts = ((seed, next(resource_ids(name, seed))) for seed in range(_SEEDS_TRIED))
    return next((seed for seed, first in firsts if first in known), None)
