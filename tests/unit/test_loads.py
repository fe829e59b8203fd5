import random
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ven_actors.errors import DataError, UsageError
from ven_actors.model import LoadComponent, RegistrationStatus, Resource
from ven_actors.signals import Phase, Signal
from ven_actors.simulation.loads import COMPONENTS, VenSimulation
from ven_actors.simulation.profiles import Profiles
from ven_actors.simulation.variation import keys, uniform

METERS = ("m0", "m1", "m2", "m3", "m4")
MASK = (1 << 64) - 1


def make_profiles(steps: int = 40, step_s: int = 60, start_s: int = 1_000, seed: int = 1) -> Profiles:
    power_w = np.random.default_rng(seed).uniform(0, 5_000, (steps, len(METERS))).astype(np.float32)
    return Profiles(power_w, start_s=start_s, step_s=step_s, meters=METERS, path="p.h5")


def resource(number: int, scale: float = 0.5) -> Resource:
    loads = tuple(
        LoadComponent(name, "lighting", METERS[(number + k) % 5], scale + k / 7, k % 2 == 0)
        for k, name in enumerate(COMPONENTS)
    )
    return Resource(f"id-{number}", "Ven", f"name-{number}", "pub", "", "", RegistrationStatus.APPROVED, loads)


def slow_mean(profiles: Profiles, column: int, start_s: int, interval_s: int) -> float:
    total = Fraction(0)
    for second in range(start_s, start_s + interval_s):
        step = ((second - profiles.start_s) // profiles.step_s) % profiles.steps
        total += Fraction(float(profiles.power_w[step, column]))
    return float(total / interval_s)


def slow_mix(value: int) -> int:
    z = value & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def slow_uniform(key: int, *moment: int) -> float:
    salt = 0
    for part in moment:
        salt = slow_mix((salt ^ (part & MASK)) + 0x9E3779B97F4A7C15)
    return (slow_mix(key ^ salt) >> 11) / 2**52 - 1


@settings(max_examples=60, deadline=None)
@given(start_s=st.integers(-10_000, 10_000), interval_s=st.integers(1, 300), seed=st.integers(0, 2**40))
def test_an_interval_is_what_a_slow_and_obvious_model_says(start_s: int, interval_s: int, seed: int) -> None:
    profiles = make_profiles(steps=7, step_s=13)
    rows = [resource(number) for number in range(3)]
    noise = 0.25
    made = VenSimulation(profiles, rows, seed, noise).interval(start_s, interval_s)
    for r, one in enumerate(rows):
        own = [int(key) for key in keys(seed, one.resource_id, 6)]
        for c, load in enumerate(one.loads):
            mean_w = slow_mean(profiles, METERS.index(load.meter), start_s, interval_s)
            expected = mean_w * load.scale * (1 + noise * slow_uniform(own[c], start_s, interval_s))
            assert abs(int(made[r, c]) - expected) <= 0.5 + 1e-6


@settings(max_examples=40, deadline=None)
@given(start_s=st.integers(-(10**6), 10**10), interval_s=st.sampled_from([1, 15, 20, 30, 60]))
def test_without_noise_within_a_step_it_is_exactly_the_rounded_product(start_s: int, interval_s: int) -> None:
    profiles = make_profiles(start_s=0)
    start_s -= start_s % interval_s
    rows = [resource(number) for number in range(4)]
    made = VenSimulation(profiles, rows, 1, 0).interval(start_s, interval_s)
    step = start_s // 60 % profiles.steps
    for r, one in enumerate(rows):
        for c, load in enumerate(one.loads):
            assert made[r, c] == round(float(profiles.power_w[step, METERS.index(load.meter)]) * load.scale)


def test_the_layout_and_shape_follow_the_resources_given() -> None:
    simulation = VenSimulation(make_profiles(), [resource(2), resource(1)], 1)
    assert simulation.layout.resource_names == ("name-2", "name-1")
    assert simulation.layout.components == COMPONENTS == tuple(f"load_{k}" for k in range(6))
    made = simulation.interval(0, 15)
    assert made.shape == (2, 6)
    assert made.dtype == np.int32


def test_a_ven_without_resources_makes_empty_intervals() -> None:
    assert VenSimulation(make_profiles(), [], 1).interval(0, 15).shape == (0, 6)


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(range(5)), kept=st.integers(1, 5), start_s=st.integers(0, 10**9))
def test_a_reading_depends_on_no_other_resource_and_no_order(order: list[int], kept: int, start_s: int) -> None:
    profiles = make_profiles()
    whole = VenSimulation(profiles, [resource(number) for number in range(5)], 3).interval(start_s, 15)
    some = VenSimulation(profiles, [resource(number) for number in order[:kept]], 3).interval(start_s, 15)
    assert np.array_equal(some, whole[order[:kept]])


def test_the_order_of_a_resources_loads_does_not_matter() -> None:
    one = resource(1)
    mixed = replace(one, loads=tuple(random.Random(1).sample(one.loads, 6)))
    assert mixed != one
    made = [VenSimulation(make_profiles(), [given], 1).interval(0, 15) for given in (one, mixed)]
    assert np.array_equal(*made)


def test_an_interval_is_made_again_to_the_watt_whatever_was_made_between() -> None:
    simulation = VenSimulation(make_profiles(), [resource(1)], 1)
    first = simulation.interval(500, 15)
    for start_s in range(0, 30_000, 15):
        simulation.interval(start_s, 150)
    assert np.array_equal(simulation.interval(500, 15), first)
    assert np.array_equal(VenSimulation(make_profiles(), [resource(1)], 1).interval(500, 15), first)


def test_the_readings_of_a_seed_stay_what_they_are_in_every_version() -> None:
    made = VenSimulation(make_profiles_by_hand(), [resource(1)], 42).interval(1_767_571_200, 15)
    assert made.tolist() == [[1029, 1860, 3182, 4831, 1109, 2457]]


def make_profiles_by_hand() -> Profiles:
    power_w = np.array([[1_000, 2_000, 3_000, 4_000, 5_000]], dtype=np.float32)
    return Profiles(power_w, start_s=0, step_s=900, meters=METERS)


@pytest.mark.parametrize("what", ["seed", "resource", "component", "start", "length"])
def test_variation_depends_on_seed_resource_component_and_interval(what: str) -> None:
    one = resource(1)
    flat = replace(one, loads=tuple(replace(load, meter="m0", scale=1.0) for load in one.loads))
    profiles = Profiles(np.full((1, 5), 1e6, dtype=np.float32), start_s=0, step_s=60, meters=METERS)
    made = VenSimulation(profiles, [flat], 1).interval(60, 15)
    if what == "component":
        assert len(set(made[0].tolist())) == 6
        return
    other = {
        "seed": lambda: VenSimulation(profiles, [flat], 2).interval(60, 15),
        "resource": lambda: VenSimulation(profiles, [replace(flat, resource_id="x")], 1).interval(60, 15),
        "start": lambda: VenSimulation(profiles, [flat], 1).interval(75, 15),
        "length": lambda: VenSimulation(profiles, [flat], 1).interval(60, 30),
    }[what]()
    assert not (made == other).any()
    assert (abs(made - 1e6) <= 0.05e6).all()


def test_variation_is_even_and_stays_below_one() -> None:
    values = uniform(np.concatenate([keys(1, str(number), 8) for number in range(4_000)]), 1, 2)
    assert values.min() >= -1
    assert values.max() < 1
    counts, _ = np.histogram(values, bins=16, range=(-1, 1))
    assert abs(counts - 2_000).max() < 250
    neighbours = uniform(np.concatenate([keys(1, str(number), 8) for number in range(4_000)]), 2, 2)
    assert abs(np.corrcoef(values, neighbours)[0, 1]) < 0.03


def test_uniform_is_the_slow_model_at_the_edges_of_64_bits() -> None:
    given = np.array([0, 1, MASK, 1 << 63], dtype=np.uint64)
    for moment in [(0,), (-1, 5), (2**70, -(2**63))]:
        assert uniform(given, *moment).tolist() == [slow_uniform(int(key), *moment) for key in given]
    assert given.tolist() == [0, 1, MASK, 1 << 63], "keys are not changed"


def test_power_beyond_int32_is_clipped_not_wrapped() -> None:
    power_w = np.full((1, 5), 3e38, dtype=np.float32)
    profiles = Profiles(power_w, start_s=0, step_s=60, meters=METERS)
    assert (VenSimulation(profiles, [resource(1)], 1).interval(0, 15) == 2**31 - 1).all()


def test_power_is_never_negative_even_with_full_noise() -> None:
    made = VenSimulation(make_profiles(), [resource(number) for number in range(50)], 1, 1.0).interval(0, 15)
    assert made.min() >= 0


def test_a_meter_that_the_profiles_lack_is_named_with_its_resource_and_the_nearest() -> None:
    one = resource(1)
    odd = replace(one, loads=(*one.loads[:5], replace(one.loads[5], meter="m44")))
    with pytest.raises(
        DataError, match=r"p.h5: has no meter 'm44', which load_5 of resource 'name-1' of VEN 'Ven'.*m4"
    ):
        VenSimulation(make_profiles(), [odd], 1)


@pytest.mark.parametrize("loads", [(), resource(1).loads[:5], (*resource(1).loads[:5], resource(1).loads[0])])
def test_other_components_than_the_six_are_refused(loads: tuple[LoadComponent, ...]) -> None:
    with pytest.raises(DataError, match="resource 'name-1' of VEN 'Ven' has the load components"):
        VenSimulation(make_profiles(), [replace(resource(1), loads=loads)], 1)


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_a_scale_that_is_no_positive_number_is_refused(scale: float) -> None:
    one = resource(1)
    odd = replace(one, loads=(*one.loads[:5], replace(one.loads[5], scale=scale)))
    with pytest.raises(DataError, match="load_5 of resource 'name-1' of VEN 'Ven' has the scale"):
        VenSimulation(make_profiles(), [odd], 1)


def test_a_block_is_the_interval_unless_a_signal_asks_otherwise() -> None:
    simulation = VenSimulation(make_profiles(), [resource(number) for number in range(5)], 1)
    power_w = simulation.interval(0, 15)
    shed, price = (Signal(kind, (3,), None, None, "e", "p", 0, 0.0, 99.0) for kind in ("SIMPLE", "PRICE"))
    for phases in ((), (Phase(1.0, (price,)),), (Phase(0.1, ()), Phase(0.9, (price,)))):
        block = simulation.block(0, 15, phases)
        assert np.array_equal(block.power_w, power_w)
        assert (block.start_s, block.interval_s, block.extras) == (0, 15, {})
    controlled = simulation.block(0, 15, (Phase(1.0, (shed,)),))
    sheddable = np.array([[load.sheddable for load in resource(number).loads] for number in range(5)])
    assert np.array_equal(controlled.power_w, np.where(sheddable, 0, power_w))
    assert sheddable.any()
    assert not sheddable.all()
    out = VenSimulation(make_profiles(), [resource(number) for number in range(5)], 1, opted_out=True)
    assert np.array_equal(out.block(0, 15, (Phase(1.0, (shed,)),)).power_w, power_w)


@pytest.mark.parametrize("noise", [-0.1, 1.1, float("nan")])
def test_an_impossible_noise_is_refused(noise: float) -> None:
    with pytest.raises(UsageError, match="noise is"):
        VenSimulation(make_profiles(), [], 1, noise)


def test_an_empty_interval_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 1 s"):
        VenSimulation(make_profiles(), [resource(1)], 1).interval(0, 0)
