"""A state folder has one seed, and the summary tells no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ven_actors.config import FleetConfig
from ven_actors.errors import StateError
from ven_actors.fleet.folder import check_store, load_population
from ven_actors.fleet.running import run_fleet
from ven_actors.fleet.seeds import SEED_KEY, check_seed
from ven_actors.meters import DEMO_METERS
from ven_actors.storage.population import resource_ids, town_ven
from ven_actors.storage.registry import Registry, make_demo
from ven_actors.storage.store import read_meta

VENS = ("Lemvig",)


@pytest.fixture(scope="module")
def registries(tmp_path_factory: pytest.TempPathFactory) -> dict[int, bytes]:
    """The demo's registries of two seeds."""
    made = {}
    for seed in (1, 3):
        path = tmp_path_factory.mktemp("seed") / "resources.db"
        make_demo(path, seed)
        made[seed] = path.read_bytes()
    return made


def folder_with(registry: bytes, folder: Path) -> Path:
    (folder / "resources.db").write_bytes(registry)
    return folder


def checked(config: FleetConfig) -> list[str]:
    return check_seed(config, load_population(config, DEMO_METERS))


def test_another_seed_on_a_folder_in_use_is_refused_with_the_one_it_has(
    tmp_path: Path, registries: dict[int, bytes]
) -> None:
    folder = folder_with(registries[1], tmp_path)
    check_store(folder, {SEED_KEY: "1"})
    assert checked(FleetConfig(state=folder, vens=VENS, seed=1)) == []
    with pytest.raises(StateError) as caught:
        checked(FleetConfig(state=folder, vens=VENS, seed=7))
    assert str(caught.value) == (
        f"--seed 7: state folder {folder} was begun with seed 1, from which its readings follow; run with --seed 1, or "
        "give another --state"
    )


def test_a_run_is_refused_before_anything_starts_and_leaves_the_seed_as_it_was(
    tmp_path: Path, registries: dict[int, bytes]
) -> None:
    folder = folder_with(registries[1], tmp_path)
    check_store(folder, {SEED_KEY: "1"})
    with pytest.raises(StateError, match="was begun with seed 1"):
        run_fleet(FleetConfig(state=folder, vens=VENS, seed=7, duration_s=0.0))
    assert (read_meta(folder) or {})[SEED_KEY] == "1"
    assert not (folder / "vtn").exists()


def test_a_new_folder_whose_resources_are_of_another_seed_is_refused_with_that_seed(
    tmp_path: Path, registries: dict[int, bytes]
) -> None:
    folder = folder_with(registries[3], tmp_path)
    assert checked(FleetConfig(state=folder, vens=VENS, seed=3)) == []
    with pytest.raises(StateError, match=r"are of seed 3, and this run has --seed 1; run with --seed 3, or"):
        checked(FleetConfig(state=folder, vens=VENS))


def test_a_folder_of_an_earlier_version_takes_the_first_seed_it_is_given(
    tmp_path: Path, registries: dict[int, bytes]
) -> None:
    folder = folder_with(registries[1], tmp_path)
    check_store(folder, {"interval": "15s"})
    with capture_logs() as logs:
        (warning,) = checked(FleetConfig(state=folder, vens=VENS, seed=7))
    assert "are of seed 1, and this run has --seed 7" in warning
    assert [entry["event"] for entry in logs] == ["resources_of_another_seed"]
    check_store(folder, {SEED_KEY: "7"})
    with pytest.raises(StateError, match="--seed 7"):
        checked(FleetConfig(state=folder, vens=VENS, seed=1))


def test_a_registry_from_elsewhere_may_be_of_any_seed_and_that_is_told(
    tmp_path: Path, registries: dict[int, bytes]
) -> None:
    registry = folder_with(registries[3], tmp_path) / "resources.db"
    state = tmp_path / "state"
    state.mkdir()
    (warning,) = checked(FleetConfig(state=state, registry=registry, vens=VENS))
    assert "are of seed 3, and this run has --seed 1: their readings follow from the latter" in warning


def test_resources_of_somebody_are_of_no_seed(tmp_path: Path) -> None:
    with Registry.create(tmp_path / "resources.db") as registry:
        registry.add("Lemvig", town_ven("Lemvig", 5, approve="all")[:3])
    assert checked(FleetConfig(state=tmp_path, vens=VENS)) == []


def test_the_ids_of_a_town_follow_from_its_seed() -> None:
    assert list(resource_ids("Aars", 9)) == [each.resource_id for each in town_ven("Aars", 9)]
