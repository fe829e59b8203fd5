from fractions import Fraction
from pathlib import Path
from threading import Thread

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ven_actors.errors import DataError
from ven_actors.meters import DEMO_METERS, METER_FAMILIES
from ven_actors.simulation.profiles import DEMO_PROFILES, MEANS_KEPT, Profiles

METERS = ("household-001", "pub-001", "Ølstuen")


def make(steps: int, step_s: int, start_s: int = 0) -> Profiles:
    """Every cell is another number, and all are whole, so that sums are exact."""
    power_w = np.arange(steps * 3, dtype=np.float32).reshape(steps, 3) + 1
    return Profiles(power_w, start_s=start_s, step_s=step_s, meters=METERS)


def test_what_was_written_is_read_back_bit_for_bit(tmp_path: Path) -> None:
    power_w = np.random.default_rng(1).uniform(0, 1e5, (1_000, 3)).astype(np.float32)
    path = tmp_path / "p.h5"
    Profiles.write(path, power_w, start_s=1_767_571_200, step_s=1, meters=METERS, source="a test")
    opened = Profiles.open(path)
    assert np.array_equal(opened.power_w, power_w)
    assert (opened.start_s, opened.step_s, opened.meters, opened.steps, opened.length_s) == (
        1_767_571_200, 1, METERS, 1_000, 1_000,
    )  # fmt: skip
    assert [entry.name for entry in tmp_path.iterdir()] == ["p.h5"], "nothing is left beside it"
    with h5py.File(path) as file:
        assert file["power_w"].attrs["start"] == "2026-01-05T00:00:00Z"
        assert file["power_w"].attrs["source"] == "a test"


def test_writing_the_same_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.h5", "b.h5"):
        Profiles.write(tmp_path / name, make(5, 60).power_w, start_s=0, step_s=60, meters=METERS)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()
    assert (tmp_path / "a.h5").read_bytes()[8] == 0, "superblock version 0: every HDF5 tool reads it"


def test_values_are_shared_but_cannot_be_changed() -> None:
    given_w = np.ones((2, 3), dtype=np.float32)
    profiles = Profiles(given_w, start_s=0, step_s=60, meters=METERS)
    for values in (profiles.power_w, profiles.row(0), profiles.mean(0, 60), profiles.mean(0, 90)):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 5
    given_w[0] = 1


@pytest.mark.parametrize(
    ("start_s", "step"), [(1_000, 0), (1_059, 0), (1_060, 1), (1_239, 3), (1_240, 0), (999, 3), (1_000 - 240 * 9, 0)]
)
def test_a_value_holds_for_its_step_and_time_wraps_past_either_end(start_s: int, step: int) -> None:
    profiles = make(4, 60, start_s=1_000)
    assert profiles.row(start_s).tolist() == profiles.power_w[step].tolist()


def test_within_a_step_the_mean_is_the_row_itself_and_at_its_edge_no_more() -> None:
    power_w = np.full((2, 1), [[0.1], [0.7]], dtype=np.float32)
    profiles = Profiles(power_w, start_s=0, step_s=60, meters=("m",))
    for start_s, interval_s in [(0, 60), (0, 1), (59, 1), (30, 30), (120, 60)]:
        mean_w = profiles.mean(start_s, interval_s)
        assert mean_w.dtype == np.float32
        assert mean_w[0] == power_w[0, 0]
    assert profiles.mean(30, 31).dtype == np.float64


@settings(max_examples=200, deadline=None)
@given(
    steps=st.integers(1, 6),
    step_s=st.integers(1, 20),
    first_s=st.integers(-50, 50),
    start_s=st.integers(-500, 500),
    interval_s=st.integers(1, 300),
)
def test_the_mean_is_that_of_every_second(steps: int, step_s: int, first_s: int, start_s: int, interval_s: int) -> None:
    profiles = make(steps, step_s, first_s)
    seconds = [(second - first_s) // step_s % steps for second in range(start_s, start_s + interval_s)]
    for column in range(3):
        total = sum(int(profiles.power_w[step, column]) for step in seconds)
        assert profiles.mean(start_s, interval_s)[column] == float(Fraction(total, interval_s))


def test_means_are_kept_for_other_vens_but_not_without_limit() -> None:
    profiles = make(100, 60)
    assert profiles.mean(0, 90) is profiles.mean(0, 90)
    assert profiles.mean(6_000, 90) is profiles.mean(0, 90), "one round later it is the same"
    for start_s in range(0, 60 * MEANS_KEPT * 2, 60):
        profiles.mean(start_s, 90)
    assert profiles._mean_of.cache_info().currsize == MEANS_KEPT


def test_many_threads_read_the_same(tmp_path: Path) -> None:
    profiles = make(500, 7)
    expected = [profiles.mean(start_s, 100).tolist() for start_s in range(0, 3_000, 7)]
    seen: list[list[list[float]]] = []

    def read() -> None:
        seen.append([profiles.mean(start_s, 100).tolist() for start_s in range(0, 3_000, 7)])

    threads = [Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert seen == [expected] * 4


def test_a_missing_meter_is_named_with_who_wants_it_and_the_nearest() -> None:
    with pytest.raises(DataError, match=r"no meter 'pub-002', which a test uses; nearest: pub-001"):
        make(1, 60).require("pub-002", "a test")
    assert make(1, 60).require("pub-001", "a test") == 1


def test_the_shipped_week_has_the_153_demo_meters_and_is_small() -> None:
    assert DEMO_PROFILES.stat().st_size <= 2_000_000
    profiles = Profiles.open(DEMO_PROFILES)
    assert profiles.meters == DEMO_METERS
    assert len(DEMO_METERS) == sum(METER_FAMILIES.values()) == 153
    assert (profiles.summary().start, profiles.length_s) == ("2026-01-05T00:00:00Z", 7 * 86_400)
    assert profiles.power_w.min() > 0
    columns = {family: [profiles.require(f"{family}-00{n}", "") for n in (1, 2, 3)] for family in METER_FAMILIES}
    night, noon = profiles.row(profiles.start_s + 2 * 3600), profiles.row(profiles.start_s + 10 * 3600)
    assert (noon[columns["school"]] > 2 * night[columns["school"]]).all(), "schools sleep at night"
    assert profiles.power_w[:, columns["cold-store"]].mean() > 10 * profiles.power_w[:, columns["household"]].mean()


@pytest.mark.parametrize(
    ("power_w", "meters", "step_s", "words"),
    [
        (np.ones((2, 2)), METERS, 60, r"shape \(2, 2\) do not fit 3 meters"),
        (np.ones((0, 3)), METERS, 60, "shape"),
        (np.ones(3), METERS, 60, "shape"),
        (np.full((2, 3), np.nan), METERS, 60, "nan at step 0"),
        (np.full((2, 3), -1.0), METERS, 60, "-1.0 at step 0 of meter 'household-001'"),
        (np.ones((2, 3)), ("a", "a", "b"), 60, "'a' stands there twice"),
        (np.ones((2, 3)), METERS, 0, "step_s is 0"),
        (np.ones((2, 600)), tuple(f"{n:0>120}" for n in range(600)), 60, "bytes of meter names, limit"),
    ],
)
def test_what_could_not_be_opened_is_not_written(
    tmp_path: Path, power_w: np.ndarray, meters: tuple[str, ...], step_s: int, words: str
) -> None:
    with pytest.raises(DataError, match=words):
        Profiles.write(tmp_path / "p.h5", power_w, start_s=0, step_s=step_s, meters=meters)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"p.h5: cannot be written .No such file"):
        Profiles.write(tmp_path / "none" / "p.h5", np.ones((2, 3)), start_s=0, step_s=60, meters=METERS)
    (tmp_path / "p.h5").mkdir()
    with pytest.raises(DataError, match="cannot be written"):
        Profiles.write(tmp_path / "p.h5", np.ones((2, 3)), start_s=0, step_s=60, meters=METERS)
    assert [entry.name for entry in tmp_path.iterdir()] == ["p.h5"]
