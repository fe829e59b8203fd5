import sys
import warnings
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfoNotFoundError

import numpy as np
import pytest

from ven_actors.errors import UsageError
from ven_actors.meters import DEMO_METERS, METER_FAMILIES
from ven_actors.simulation import synthetic
from ven_actors.simulation.profiles import DEMO_PROFILES, Profiles

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)


shapes_of = cache(synthetic._shapes_of)


@pytest.fixture
def _demandlib(monkeypatch: pytest.MonkeyPatch) -> None:
    """The curves of a year take a while to read; once is enough."""
    pytest.importorskip("demandlib", reason="the extra `profiles` is not installed")
    monkeypatch.setattr(synthetic, "_shapes_of", shapes_of)


needs_demandlib = pytest.mark.usefixtures("_demandlib")


@needs_demandlib
def test_the_shipped_week_is_what_the_generator_makes() -> None:
    made = synthetic.make(MONDAY, 7, 900, 1)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, Profiles.open(DEMO_PROFILES).power_w, rtol=1e-5, atol=0.11)


@needs_demandlib
def test_seed_and_start_make_the_difference_and_nothing_else() -> None:
    one = synthetic.make(MONDAY, 1, 900, 1)
    assert np.array_equal(one, synthetic.make(MONDAY, 1, 900, 1))
    assert np.array_equal(one, synthetic.make(MONDAY.astimezone(timezone(timedelta(hours=5))), 1, 900, 1))
    assert not np.array_equal(one, synthetic.make(MONDAY, 1, 900, 2))
    assert not np.array_equal(one, synthetic.make(MONDAY + timedelta(hours=3), 1, 900, 1))


@needs_demandlib
def test_other_steps_are_the_same_curves_held_or_averaged() -> None:
    quarters = synthetic.make(MONDAY, 1, 900, 1)
    minutes = synthetic.make(MONDAY, 1, 60, 1)
    hours = synthetic.make(MONDAY, 1, 3600, 1)
    assert np.array_equal(minutes[::15], quarters)
    assert np.array_equal(minutes[14::15], quarters)
    np.testing.assert_allclose(hours, quarters.reshape(24, 4, -1).mean(axis=1), atol=0.2)


@needs_demandlib
def test_clocks_that_change_and_years_that_end_make_no_hole() -> None:
    changing = synthetic.make(datetime(2026, 3, 29, tzinfo=UTC), 1, 900, 1)
    ending = synthetic.make(datetime(2025, 12, 31, tzinfo=UTC), 2, 900, 1)
    assert changing.shape == (96, 153)
    assert ending.shape == (192, 153)
    assert min(changing.min(), ending.min()) > 0


@needs_demandlib
def test_local_clock_time_decides_when_people_wake() -> None:
    """The same hour of the clock is an hour earlier in UTC when summer time is in force."""
    winter = synthetic._local_quarters(datetime(2026, 1, 5, 5, 0, tzinfo=UTC), 1)[0]
    summer = synthetic._local_quarters(datetime(2026, 7, 6, 4, 7, 30, tzinfo=UTC), 1)[0]
    assert (winter.hour, summer.hour) == (6, 6)
    assert (summer.minute, summer.second) == (0, 0)


@needs_demandlib
def test_the_warning_filters_of_the_process_stay_what_they_were() -> None:
    with warnings.catch_warnings():
        warnings.resetwarnings()
        warnings.simplefilter("ignore")
        before = list(warnings.filters)
        synthetic._shapes_of.__wrapped__(2026)
        assert list(warnings.filters) == before


@needs_demandlib
def test_progress_counts_the_meters() -> None:
    seen: list[tuple[int, int]] = []
    synthetic.make(MONDAY, 1, 900, 1, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(done, 153) for done in range(1, 154)]


def test_every_demo_meter_has_a_family() -> None:
    assert synthetic.FAMILIES.keys() == METER_FAMILIES.keys()
    assert {meter.rpartition("-")[0] for meter in DEMO_METERS} == METER_FAMILIES.keys()


def test_without_demandlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "demandlib", None)
    with pytest.raises(UsageError, match=r"needs demandlib.*pip install '\.\[profiles\]' in a clone"):
        synthetic.make(MONDAY, 1, 900, 1)


def test_without_time_zones_their_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(name: str) -> None:
        raise ZoneInfoNotFoundError(name)

    monkeypatch.setattr(synthetic, "ZoneInfo", none)
    with pytest.raises(UsageError, match="install the package tzdata"):
        synthetic.make(MONDAY, 1, 900, 1)


@pytest.mark.parametrize(
    ("start", "days", "step_s", "words"),
    [
        (MONDAY.replace(tzinfo=None), 1, 900, "needs a zone"),
        (MONDAY + timedelta(milliseconds=1), 1, 900, "whole seconds"),
        (MONDAY, 0, 900, "0 days: 1 to 3660"),
        (MONDAY, 4_000, 900, "4000 days"),
        (MONDAY, 1, 0, "a step of 0 s"),
        (MONDAY, 1, 7, "a step of 7 s"),
        (MONDAY, 1, 901, "a step of 901 s"),
        (MONDAY, 1, 7 * 900, "fit 1 days evenly"),
        (MONDAY, 365, 1, "values, the limit is"),
    ],
)
def test_a_span_that_cannot_be_made_is_refused(start: datetime, days: int, step_s: int, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        synthetic.make(start, days, step_s, 1)
