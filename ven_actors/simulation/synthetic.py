"""Makes load profiles from the BDEW standard load profiles (demandlib, extra `profiles`) plus seeded variation.

A standard profile is the mean of hundreds of customers. Each meter gets its own size, its own habits (earlier or later,
slowly changing) and its own restlessness (from one quarter of an hour to the next), all from the seed and its name.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt

from ven_actors.errors import UsageError
from ven_actors.meters import DEMO_METERS
from ven_actors.simulation.variation import keys, uniform

if TYPE_CHECKING:
    import pandas as pd

SOURCE = "BDEW standard load profiles (1999 and 2025 sets) by demandlib, plus seeded variation"
QUARTER_S = 900
LOCAL_ZONE = "Europe/Copenhagen"
MAX_DAYS = 3_660
MAX_VALUES = 128 * 1024**2
Advance = Callable[[int, int], None]


class Family(NamedTuple):
    """How the meters of one kind of customer are drawn.

    `shapes` are standard profiles taken in turn, `mean_w` the typical mean power over a year, `spread` how far (as a
    factor) sizes go either way, `shift` by how many quarters of an hour habits differ, `restless` how far single
    quarters go.
    """

    shapes: tuple[str, ...]
    mean_w: float
    spread: float
    shift: int
    restless: float


FAMILIES = {
    "household": Family(("h25", "h0_dyn"), 480, 1.9, 4, 0.35),
    "solar-home": Family(("s25", "p25"), 380, 1.6, 2, 0.30),
    "shop": Family(("g4",), 3_200, 2.2, 2, 0.10),
    "restaurant": Family(("g6", "g2"), 4_100, 1.8, 3, 0.18),
    "office": Family(("g1",), 2_600, 2.2, 2, 0.12),
    "pub": Family(("g2",), 2_300, 1.7, 3, 0.18),
    "cold-store": Family(("g3",), 21_000, 2.0, 4, 0.08),
    "business": Family(("g25", "g0"), 3_800, 2.5, 2, 0.12),
    "school": Family(("g1",), 9_500, 1.8, 1, 0.08),
    "farm": Family(("l25", "l0", "l1", "l2"), 4_600, 2.0, 3, 0.15),
    "bakery": Family(("g5",), 5_200, 1.7, 2, 0.12),
}


def make(
    start: datetime, days: int, step_s: int, seed: int, *, progress: Advance | None = None
) -> npt.NDArray[np.float32]:
    """Power in watts of the 153 demo meters from `start` (with zone), float32, shape (steps, meters).

    `progress` is told how many meters are done, and of how many.
    Raises UsageError if demandlib is missing or the span cannot be made.
    """
    if start.tzinfo is None or start.microsecond:
        raise UsageError(f"start {start.isoformat()} needs a zone and whole seconds, like 2026-01-05T00:00:00Z")
    if not 1 <= days <= MAX_DAYS:
        raise UsageError(f"{days} days: 1 to {MAX_DAYS} are possible")
    if step_s < 1 or (step_s % QUARTER_S and QUARTER_S % step_s) or days * 86_400 % step_s:
        raise UsageError(
            f"a step of {step_s} s: it must divide 15 minutes or be a multiple of them, and fit {days} days evenly"
        )
    values = days * 86_400 // step_s * len(DEMO_METERS)
    if values > MAX_VALUES:
        raise UsageError(f"{days} days in steps of {step_s} s are {values} values, the limit is {MAX_VALUES}")
    quarters = _local_quarters(start, days)
    shapes = _shapes(quarters)
    columns = [_column(meter, shapes, len(quarters), step_s, seed) for meter in _counted(progress)]
    return np.ascontiguousarray(np.stack(columns, axis=1), dtype=np.float32)


def _counted(progress: Advance | None) -> Iterator[str]:
    for done, meter in enumerate(DEMO_METERS, 1):
        yield meter
        if progress is not None:
            progress(done, len(DEMO_METERS))


def _column(
    meter: str, shapes: dict[str, npt.NDArray[np.float64]], quarters: int, step_s: int, seed: int
) -> npt.NDArray[np.float64]:
    """One meter. Its variation counts quarters from the start, so it does not depend on the step."""
    family = FAMILIES[meter.rpartition("-")[0]]
    number = int(meter.rpartition("-")[2])
    own = keys(seed, f"meter {meter}", 8)
    size, shift = uniform(own[:2], 0)
    power_w = np.roll(shapes[family.shapes[number % len(family.shapes)]], round(shift * family.shift))
    power_w = power_w * family.mean_w * family.spread**size
    moments = np.arange(quarters, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    single = uniform(moments ^ own[2], 0)
    slow = _smoothed(uniform(moments ^ own[3], 0), 8)
    power_w *= 1 + 0.6 * family.restless * single + family.restless * slow
    if step_s >= QUARTER_S:
        power_w = power_w.reshape(-1, step_s // QUARTER_S).mean(axis=1)
    else:
        power_w = np.repeat(power_w, QUARTER_S // step_s)
    # A tenth of a watt, so that the last bits of another machine's libraries do not show.
    return np.round(np.maximum(power_w, 0.0), 1)


def _smoothed(values: npt.NDArray[np.float64], width: int) -> npt.NDArray[np.float64]:
    """Mean over `width` neighbours, round the end, scaled to keep its spread."""
    mean = np.mean([np.roll(values, offset) for offset in range(width)], axis=0)
    return np.asarray(np.clip(mean * width**0.5, -1.0, 1.0))


def _local_quarters(start: datetime, days: int) -> list[datetime]:
    """The quarter of an hour of local clock time (without zone) at each quarter of an hour of the span."""
    try:
        zone = ZoneInfo(LOCAL_ZONE)
    except ZoneInfoNotFoundError as error:
        raise UsageError(f"no time zone data for {LOCAL_ZONE}; install the package tzdata") from error
    first = start.astimezone(UTC)
    moments = (first + timedelta(seconds=QUARTER_S * index) for index in range(days * 96))
    local = (moment.astimezone(zone).replace(tzinfo=None) for moment in moments)
    return [moment.replace(minute=moment.minute // 15 * 15, second=0) for moment in local]


def _shapes(quarters: list[datetime]) -> dict[str, npt.NDArray[np.float64]]:
    """Each standard profile at these quarters, as a multiple of its mean over the year."""
    years = {quarter.year for quarter in quarters}
    by_year = {year: _shapes_of(year) for year in years}
    places = [(quarter.year, _quarter_of_year(quarter)) for quarter in quarters]
    return {
        shape: np.array([by_year[year][shape][place] for year, place in places]) for shape in by_year[quarters[0].year]
    }


def _quarter_of_year(moment: datetime) -> int:
    return int((moment - datetime(moment.year, 1, 1)).total_seconds()) // QUARTER_S  # noqa: DTZ001 - local clock time


def _shapes_of(year: int) -> dict[str, npt.NDArray[np.float64]]:
    try:
        import pandas as pd  # noqa: PLC0415 - an extra, needed only here
        from demandlib import bdew  # noqa: PLC0415 - an extra, needed only here
    except ImportError as error:
        raise UsageError(
            "making profiles needs demandlib, which is not installed: pip install '.[profiles]' in a clone "
            "(the demo's own profiles need nothing)"
        ) from error
    # demandlib turns all warnings of the process into errors and leaves them so.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = bdew.ElecSlp(year).get_profiles()
        shapes: dict[str, pd.Series] = {str(name): frame[name] for name in frame.columns}
        index = pd.date_range(f"{year}-01-01", f"{year}-12-31 23:45", freq="15min")
        for made in (bdew.H25, bdew.G25, bdew.L25, bdew.P25, bdew.S25):
            shapes[made.__name__.lower()] = made(index)
        arrays = {name: np.asarray(series, dtype=np.float64) for name, series in shapes.items()}
    return {name: values / values.mean() for name, values in arrays.items()}
