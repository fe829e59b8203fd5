import re
from hashlib import sha256

import pytest

from ven_actors.errors import UsageError
from ven_actors.meters import DEMO_METERS
from ven_actors.model import RegistrationStatus, Resource
from ven_actors.storage import population
from ven_actors.storage.customers import ADDRESSES, LOAD_KINDS, address, guess_kind, loads, menu

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def demo() -> dict[str, tuple[Resource, ...]]:
    return dict(population.make(7))


def test_the_demo_has_the_originals_size(demo: dict[str, tuple[Resource, ...]]) -> None:
    sizes = {town: len(resources) for town, resources in demo.items()}
    assert sum(sizes.values()) == 10_562
    assert (sizes["Herning"], sizes["Aalborg"], sizes["Lemvig"]) == (1_014, 1_254, 266)
    assert {"Aabenraa", "Aars"} < sizes.keys()
    assert min(sizes.values()) >= population.DEMO_APPROVED


def test_the_same_seed_makes_the_same_population_for_ever() -> None:
    digest = sha256("".join(repr(ven) for ven in population.make(1)).encode()).hexdigest()
    assert digest == "9e160fc9bf74cd9d5c260394a548593551d5957eecd7569b1dd0f2d9ce124dac", (
        "existing registries and states would no longer fit: is that wanted?"
    )


def test_a_town_does_not_depend_on_the_others(demo: dict[str, tuple[Resource, ...]]) -> None:
    assert population.town_ven("Lemvig", 7) == demo["Lemvig"]
    assert population.town_ven("Lemvig", 8) != demo["Lemvig"]


def test_ids_names_and_metering_points_are_unique_also_with_the_fleet(demo: dict[str, tuple[Resource, ...]]) -> None:
    vens = dict(demo)
    for index in (1, 2, 3, 9_999, 10_000, population.FLEET_MAX):
        name, resources = population.fleet_ven(index, 7)
        assert name not in vens
        vens[name] = resources
    everything = [resource for resources in vens.values() for resource in resources]
    assert len({one.resource_id for one in everything}) == len(everything)
    assert len({one.meter_point_id for one in everything}) == len(everything)
    assert len({(one.ven_name, one.name) for one in everything}) == len(everything)


def test_ids_look_like_ids(demo: dict[str, tuple[Resource, ...]]) -> None:
    for resource in demo["Herning"]:
        assert UUID4.fullmatch(resource.resource_id)
        digits = [int(digit) for digit in resource.meter_point_id]
        assert len(digits) == 18
        assert resource.meter_point_id.startswith("57131310")
        assert (sum(digits[-2::-2]) * 3 + sum(digits[-1::-2])) % 10 == 0, "GS1 check digit"


def test_resources_are_believable(demo: dict[str, tuple[Resource, ...]]) -> None:
    everything = [resource for resources in demo.values() for resource in resources]
    kinds = {kind: sum(one.kind == kind for one in everything) for kind in LOAD_KINDS}
    assert min(kinds.values()) > 200
    assert kinds["household"] > len(everything) / 2
    for one in everything:
        assert one.place.endswith(f", {one.ven_name}")
        assert len(one.name) <= 128
        assert [load.component for load in one.loads] == [f"load_{index}" for index in range(6)]
        assert [load.kind for load in one.loads] == [load.kind for load in LOAD_KINDS[one.kind]]
        assert all(load.meter in DEMO_METERS and load.scale > 0 for load in one.loads)
    assert {load.meter for one in everything for load in one.loads} == set(DEMO_METERS)
    assert {load.sheddable for one in demo["Lemvig"] for load in one.loads} == {True, False}


@pytest.mark.parametrize(("approve", "approved"), [(0, 0), (120, 120), (5_000, 266), ("all", 266)])
def test_the_first_ones_of_a_ven_are_approved(approve: population.Approve, approved: int) -> None:
    statuses = [one.status for one in population.town_ven("Lemvig", 1, approve=approve)]
    assert statuses == [RegistrationStatus.APPROVED] * approved + [RegistrationStatus.PENDING] * (266 - approved)


def test_a_fleet_ven_has_120_approved_resources_that_depend_on_its_number_and_the_seed() -> None:
    name, resources = population.fleet_ven(1, 7)
    assert name == "Fleet-0001"
    assert population.fleet_ven(10_000, 7)[0] == "Fleet-10000"
    assert len(resources) == 120
    assert {one.status for one in resources} == {RegistrationStatus.APPROVED}
    assert {one.ven_name for one in resources} == {name}
    population.fleet_ven(2, 7)
    assert population.fleet_ven(1, 7) == (name, resources)
    assert population.fleet_ven(1, 8) != (name, resources)


@pytest.mark.parametrize("index", [0, -1, population.FLEET_MAX + 1])
def test_an_impossible_fleet_number_is_refused(index: int) -> None:
    with pytest.raises(UsageError, match=f"number {index}: 1 to"):
        population.fleet_ven(index, 1)


def test_only_meters_that_the_profiles_have_are_used() -> None:
    _, some = population.fleet_ven(1, 1, ("household-001", "odd"))
    by_kind = {(one.kind, load.kind): set[str]() for one in some for load in one.loads}
    for one in some:
        for load in one.loads:
            by_kind[one.kind, load.kind].add(load.meter)
    assert by_kind["household", "lighting"] == {"household-001"}
    assert by_kind["shop", "lighting"] == {"household-001", "odd"}


def test_loads_follow_from_the_kind_and_the_entropy() -> None:
    low, high = loads("pub", bytes(24), DEMO_METERS), loads("pub", b"\xff" * 24, DEMO_METERS)
    assert menu(DEMO_METERS)["pub"][0].meters[0] == low[0].meter == "pub-001"
    assert (low[0].scale, high[0].scale) == (0.072, 0.168)
    assert {load.kind for load in low} == {load.kind for load in high}


def test_addresses_repeat_only_after_all_have_been_given() -> None:
    assert len({address(slot) for slot in range(17, 17 + ADDRESSES)}) == ADDRESSES
    assert max(population.TOWNS.values()) < ADDRESSES


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Murphy's Pub", "pub"),
        ("Restaurant", "restaurant"),
        ("Nordre SKOLE", "school"),
        ("Frysehuset", "cold store"),
        ("Supermarked", "shop"),
        ("Nørregade 12", "household"),
    ],
)
def test_a_kind_is_guessed_from_a_name(words: str, kind: str) -> None:
    assert guess_kind(words) == kind
