"""Reads and writes the HDF5 file of the profiles, trusting nothing in it."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from math import prod
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from ven_actors.errors import DataError
from ven_actors.simulation.profile_chunks import refuse_foreign_storage, refuse_swollen_chunks

DATASET = "power_w"
DEFAULT_MAX_BYTES = 512 * 1024**2
POWER_BELOW_W = 2**31  # a reading is an int32
MAX_METERS = 100_000
MAX_NAME_CHARACTERS = 128
MAX_STEP_S = 366 * 86_400
# HDF5 keeps an attribute of the old, widely readable format in an object header of 64 KiB.
MAX_NAMES_BYTES = 60_000
CHUNK_STEPS = 96
REMEDY = "make a new one with `ven-actors profiles make --out {path}`, or name another file"


@dataclass(frozen=True, slots=True)
class FileContent:
    """What a profile file holds, checked: see `ven_actors.simulation.profiles`."""

    power_w: npt.NDArray[np.float32]
    start_s: int
    step_s: int
    meters: tuple[str, ...]


def read_file(path: Path, max_bytes: int) -> FileContent:
    with _opened(path) as file:
        dataset = _dataset(path, file)
        _check_shape(path, dataset, max_bytes)
        refuse_foreign_storage(path, dataset, max_bytes)
        meters = _meters(path, dataset)
        start_s = _start_s(path, dataset)
        step_s = _step_s(path, dataset)
        refuse_swollen_chunks(path, dataset)
        power_w = np.ascontiguousarray(dataset[()], dtype=np.float32)
    check_power(path, power_w, meters)
    return FileContent(power_w, start_s, step_s, meters)


def write_file(
    path: Path,
    power_w: npt.NDArray[np.floating],
    *,
    start_s: int,
    step_s: int,
    meters: tuple[str, ...],
    source: str,
) -> None:
    values = np.ascontiguousarray(power_w, dtype=np.float32)
    if values.ndim != 2 or values.shape != (len(values), len(meters)) or values.size == 0:
        raise _wrong(path, f"values of shape {values.shape} do not fit {len(meters)} meters", "nothing was written")
    _check_names(path, meters)
    _check_step(path, step_s)
    check_power(path, values, meters)
    names = np.array([name.encode() for name in meters])
    if names.nbytes > MAX_NAMES_BYTES:
        raise _wrong(path, f"{names.nbytes} bytes of meter names, limit {MAX_NAMES_BYTES}", "use fewer or shorter ones")
    try:
        _write_beside(path, values, start_s=start_s, step_s=step_s, names=names, source=source)
    except OSError as error:
        raise _wrong(path, f"cannot be written ({error.strerror or error})", "choose another place") from error


def _write_beside(
    path: Path,
    values: npt.NDArray[np.float32],
    *,
    start_s: int,
    step_s: int,
    names: npt.NDArray[np.bytes_],
    source: str,
) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    part = Path(name)
    try:
        # Debian's own HDF5 tools read this range of formats.
        with h5py.File(part, "w", libver=("earliest", "v110")) as file:
            dataset = file.create_dataset(
                DATASET,
                data=values,
                chunks=(min(len(values), CHUNK_STEPS), values.shape[1]),
                compression="gzip",
                compression_opts=9,
                shuffle=True,
                track_times=False,
            )
            dataset.attrs["start"] = datetime.fromtimestamp(start_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            dataset.attrs["step_s"] = np.int64(step_s)
            dataset.attrs["meters"] = names.astype(h5py.string_dtype("utf-8", names.dtype.itemsize))
            if source:
                dataset.attrs["source"] = source
        part.chmod(0o644)
        os.fsync(handle)
        part.replace(path)
    finally:
        os.close(handle)
        part.unlink(missing_ok=True)


def check_power(path: Path, power_w: npt.NDArray[np.float32], meters: tuple[str, ...]) -> None:
    """Raise DataError for the first cell that is NaN, infinite, negative or more than a reading can hold."""
    if power_w.min() >= 0 and power_w.max() < POWER_BELOW_W:
        return
    bad = ~((power_w >= 0) & (power_w < POWER_BELOW_W))
    step, column = np.argwhere(bad)[0]
    raise _wrong(
        path,
        f"{int(bad.sum())} values are not power in watts, the first is {power_w[step, column]} "
        f"at step {step} of meter {meters[column]!r}: finite, not negative and below {POWER_BELOW_W} is asked for",
        REMEDY,
    )


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    if not path.exists():
        raise _wrong(path, "there is no such file", REMEDY)
    if not path.is_file():
        raise _wrong(path, "is not a file", REMEDY)
    try:
        if not h5py.is_hdf5(path):
            raise _wrong(path, "is not an HDF5 file", REMEDY)
        with h5py.File(path, "r", locking=False) as file:
            yield file
    except PermissionError as error:
        raise _wrong(path, "may not be read", "change its permissions, or name another file") from error
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, UnicodeError, MemoryError) as error:
        words = " ".join(str(error).split()) or type(error).__name__
        raise _wrong(path, f"is broken or cut off (HDF5 says: {words})", REMEDY) from error


def _dataset(path: Path, file: h5py.File) -> h5py.Dataset:
    link = file.get(DATASET, getlink=True)
    if link is None:
        raise _wrong(path, f"has no dataset {DATASET!r}", REMEDY)
    if not isinstance(link, h5py.HardLink):
        raise _wrong(path, f"{DATASET!r} is a link to elsewhere, not a dataset of this file", REMEDY)
    dataset = file[DATASET]
    if not isinstance(dataset, h5py.Dataset):
        raise _wrong(path, f"{DATASET!r} is no dataset", REMEDY)
    return dataset


def _check_shape(path: Path, dataset: h5py.Dataset, max_bytes: int) -> None:
    if dataset.dtype.kind != "f" or dataset.dtype.itemsize != 4:
        raise _wrong(path, f"{DATASET!r} holds {dataset.dtype}, float32 is asked for", REMEDY)
    if dataset.shape is None or len(dataset.shape) != 2 or 0 in dataset.shape:
        raise _wrong(path, f"{DATASET!r} has shape {dataset.shape}, (steps, meters) is asked for", REMEDY)
    if prod(dataset.shape) * 4 > max_bytes:
        raise _wrong(
            path,
            f"{DATASET!r} claims {prod(dataset.shape) * 4} bytes, the limit is {max_bytes}",
            "use a shorter span, a longer step or fewer meters",
        )
    if dataset.shape[1] > MAX_METERS:
        raise _wrong(path, f"claims {dataset.shape[1]} meters, the limit is {MAX_METERS}", "use fewer meters")


def _attribute(path: Path, dataset: h5py.Dataset, name: str, shape: tuple[int, ...]) -> Any:
    if name not in dataset.attrs:
        raise _wrong(path, f"{DATASET!r} has no attribute {name!r}", REMEDY)
    claimed = dataset.attrs.get_id(name)
    if claimed.shape != shape:
        raise _wrong(path, f"attribute {name!r} has shape {claimed.shape}, {shape} is asked for", REMEDY)
    if claimed.dtype.itemsize > 4 * MAX_NAME_CHARACTERS:
        raise _wrong(path, f"attribute {name!r} has items of {claimed.dtype.itemsize} bytes", REMEDY)
    return dataset.attrs[name]


def _text(path: Path, name: str, value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode()
    if not isinstance(value, str):
        raise _wrong(path, f"attribute {name!r} is {value!r}, text is asked for", REMEDY)
    return value


def _meters(path: Path, dataset: h5py.Dataset) -> tuple[str, ...]:
    values = _attribute(path, dataset, "meters", (dataset.shape[1],))
    meters = tuple(_text(path, "meters", value) for value in values.tolist())
    _check_names(path, meters)
    return meters


def _check_names(path: Path, meters: tuple[str, ...]) -> None:
    seen: set[str] = set()
    for meter in meters:
        if not meter or not meter.isprintable() or len(meter) > MAX_NAME_CHARACTERS:
            raise _wrong(
                path, f"meter name {meter[:40]!r} is not 1 to {MAX_NAME_CHARACTERS} printable characters", REMEDY
            )
        if meter in seen:
            raise _wrong(path, f"meter {meter!r} stands there twice", REMEDY)
        seen.add(meter)


def _start_s(path: Path, dataset: h5py.Dataset) -> int:
    text = _text(path, "start", _attribute(path, dataset, "start", ()))
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        start = None
    if start is None or start.tzinfo is None or start.microsecond:
        raise _wrong(path, f"attribute 'start' is {text[:40]!r}, whole seconds like 2026-01-05T00:00:00Z are asked for",
                     REMEDY)  # fmt: skip
    return int(start.timestamp())


def _step_s(path: Path, dataset: h5py.Dataset) -> int:
    value = _attribute(path, dataset, "step_s", ())
    if not isinstance(value, np.integer):
        raise _wrong(path, f"attribute 'step_s' is {value!r}, a whole number of seconds is asked for", REMEDY)
    return _check_step(path, int(value))


def _check_step(path: Path, step_s: int) -> int:
    if not 1 <= step_s <= MAX_STEP_S:
        raise _wrong(path, f"step_s is {step_s}, 1 to {MAX_STEP_S} is asked for", REMEDY)
    return step_s


def _wrong(path: Path, what: str, remedy: str) -> DataError:
    return DataError(f"{path}: {what}; {remedy.replace('{path}', shlex.quote(str(path)))}")
