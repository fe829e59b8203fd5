"""Load profiles: one HDF5 file, opened and checked once, shared read-only by all threads.

The file's layout
    dataset `power_w`       float32, shape (steps, meters), time-major: watts, finite, not negative, below 2**31
    attribute `start`       ISO 8601 with zone and whole seconds, when the first step begins: "2026-01-05T00:00:00Z"
    attribute `step_s`      integer, seconds per step, at least 1
    attribute `meters`      the columns' names, unique

Any of HDF5's chunking, gzip, shuffle and fletcher32 may be used; links to and storage in other files may not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ven_actors.errors import DataError
from ven_actors.simulation.profile_file import DEFAULT_MAX_BYTES, read_file, write_file

# One week of the 153 demo meters; `profiles make` with its defaults writes the same again.
DEMO_PROFILES = Path(__file__).parents[1] / "data" / "demo_week.h5"

# How many intervals' means are kept: the VENs of a fleet close the same few intervals at nearly the same time.
MEANS_KEPT = 64


@dataclass(frozen=True, slots=True)
class ProfileSummary:
    """What `profiles show` tells about a file."""

    path: str
    start: str
    step_s: int
    steps: int
    meters: int
    days: float
    mean_w: float
    max_w: float


class Profiles:
    """Power of every meter over time. Time past either end wraps; a value holds for its whole step.

    `power_w` is float32, C-contiguous, not writeable, shape (steps, meters); `start_s` is seconds since the epoch, UTC.
    """

    def __init__(
        self, power_w: npt.NDArray[np.float32], *, start_s: int, step_s: int, meters: tuple[str, ...], path: str = ""
    ) -> None:
        self.power_w = np.ascontiguousarray(power_w, dtype=np.float32).view()
        self.power_w.flags.writeable = False
        self.start_s = start_s
        self.step_s = step_s
        self.meters = meters
        self.path = path
        self.column_by_meter = {meter: column for column, meter in enumerate(meters)}
        self._mean_of = lru_cache(MEANS_KEPT)(self._weighted_mean)

    @classmethod
    def open(cls, path: str | Path, *, max_bytes: int = DEFAULT_MAX_BYTES) -> Profiles:
        """Read and check the file; nothing of it is read before its claimed size is known to be within `max_bytes`.

        Raises DataError, in one line: the file, what is wrong with it, what to do.
        """
        content = read_file(Path(path), max_bytes)
        return cls(
            content.power_w, start_s=content.start_s, step_s=content.step_s, meters=content.meters, path=str(path)
        )

    @staticmethod
    def write(
        path: str | Path,
        power_w: npt.NDArray[np.floating],
        *,
        start_s: int,
        step_s: int,
        meters: tuple[str, ...],
        source: str = "",
    ) -> None:
        """Write such a file beside `path` and rename it into place; `source` says in words where the curves are from.

        Raises DataError if `Profiles.open` would not take it back.
        """
        write_file(Path(path), power_w, start_s=start_s, step_s=step_s, meters=meters, source=source)

    @property
    def steps(self) -> int:
        return len(self.power_w)

    @property
    def length_s(self) -> int:
        return self.steps * self.step_s

    def row(self, start_s: int) -> npt.NDArray[np.float32]:
        """Power in watts of every meter at this moment, shape (meters,)."""
        row: npt.NDArray[np.float32] = self.power_w[(start_s - self.start_s) // self.step_s % self.steps]
        return row

    def mean(self, start_s: int, interval_s: int) -> npt.NDArray[np.floating]:
        """Mean power in watts of every meter over [start_s, start_s + interval_s), shape (meters,), not writeable.

        Within one step it is that step's row, bit for bit (float32). Over several it is their mean, weighted by how
        long each overlaps the interval, in double precision (float64). Raises ValueError for an empty interval.
        """
        if interval_s < 1:
            raise ValueError(f"an interval of {interval_s} s has no mean power: it must be at least 1 s long")
        offset_s = (start_s - self.start_s) % self.length_s
        if offset_s % self.step_s + interval_s <= self.step_s:
            return self.row(start_s)
        return self._mean_of(offset_s, interval_s)

    def summary(self) -> ProfileSummary:
        return ProfileSummary(
            path=self.path,
            start=datetime.fromtimestamp(self.start_s, UTC).isoformat().replace("+00:00", "Z"),
            step_s=self.step_s,
            steps=self.steps,
            meters=len(self.meters),
            days=self.length_s / 86_400,
            mean_w=float(self.power_w.mean(dtype=np.float64)),
            max_w=float(self.power_w.max()),
        )

    def require(self, meter: str, asked_by: str) -> int:
        """The column of a meter. Raises DataError that names who asked for it and the nearest meters there are."""
        column = self.column_by_meter.get(meter)
        if column is None:
            near = get_close_matches(meter, self.meters, n=3, cutoff=0.0)
            raise DataError(
                f"{self.path or 'profiles'}: has no meter {meter!r}, which {asked_by} uses; "
                f"nearest: {', '.join(near)}; make the resources from these profiles, or choose the profiles they fit"
            )
        return column

    def _weighted_mean(self, offset_s: int, interval_s: int) -> npt.NDArray[np.float64]:
        rounds, rest_s = divmod(interval_s, self.length_s)
        energy_ws = np.zeros(len(self.meters))
        if rounds:
            energy_ws += self._energy_ws(0, self.length_s) * rounds
        until_s = offset_s + rest_s
        if rest_s:
            energy_ws += self._energy_ws(offset_s, min(until_s, self.length_s))
        if until_s > self.length_s:
            energy_ws += self._energy_ws(0, until_s - self.length_s)
        mean_w = energy_ws / interval_s
        mean_w.flags.writeable = False
        return mean_w

    def _energy_ws(self, from_s: int, until_s: int) -> npt.NDArray[np.float64]:
        """Watt-seconds between two moments of the first round, `from_s` < `until_s` <= `length_s`."""
        first, last = from_s // self.step_s, (until_s - 1) // self.step_s
        power_w = self.power_w
        energy_ws: npt.NDArray[np.float64]
        if first == last:
            energy_ws = power_w[first] * np.float64(until_s - from_s)
            return energy_ws
        energy_ws = power_w[first] * np.float64((first + 1) * self.step_s - from_s)
        energy_ws += power_w[first + 1 : last].sum(axis=0, dtype=np.float64) * self.step_s
        energy_ws += power_w[last] * np.float64(until_s - last * self.step_s)
        return energy_ws
