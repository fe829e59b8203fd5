"""Broken and hostile HDF5 files: one line that names the file, what is wrong, and what to do."""

import zlib
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ven_actors.errors import DataError
from ven_actors.simulation.profiles import DEMO_PROFILES, Profiles

Change = Callable[[h5py.File], None]


def write(path: Path, values: np.ndarray | None = None, **options: object) -> None:
    values = np.ones((4, 2), dtype=np.float32) if values is None else values
    with h5py.File(path, "w") as file:
        describe(file.create_dataset("power_w", data=values, **options))


def describe(dataset: h5py.Dataset, meters: tuple[str, ...] = ("a", "b")) -> None:
    dataset.attrs["start"] = "2026-01-05T00:00:00Z"
    dataset.attrs["step_s"] = 60
    dataset.attrs["meters"] = list(meters)


def refused(path: Path, words: str, **options: int) -> None:
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(DataError, match=words) as caught:
        Profiles.open(path, **options)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert ";" in message, "what to do"
    assert not path.is_file() or path.read_bytes() == before


@pytest.mark.parametrize("options", [{}, {"compression": "gzip"}, {"chunks": (3, 1)},
                                     {"compression": "gzip", "shuffle": True, "fletcher32": True}])  # fmt: skip
def test_every_ordinary_way_to_store_is_read(tmp_path: Path, options: dict[str, object]) -> None:
    values = np.arange(8, dtype=np.float32).reshape(4, 2)
    write(tmp_path / "p.h5", values, **options)
    opened = Profiles.open(tmp_path / "p.h5")
    assert np.array_equal(opened.power_w, values)
    assert opened.power_w.flags.c_contiguous
    assert opened.meters == ("a", "b")


def test_big_endian_values_and_bytes_as_names_are_read(tmp_path: Path) -> None:
    write(tmp_path / "p.h5", np.ones((4, 2), dtype=">f4"))
    with h5py.File(tmp_path / "p.h5", "a") as file:
        file["power_w"].attrs["meters"] = np.array([b"a", b"b"])
        file["power_w"].attrs["start"] = np.bytes_("2026-01-05T01:00:00+01:00")
    opened = Profiles.open(tmp_path / "p.h5")
    assert opened.power_w.dtype == np.float32
    assert opened.meters == ("a", "b")
    assert opened.start_s == 1_767_571_200


def test_what_is_no_file_or_no_hdf5_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "none.h5", "there is no such file")
    refused(tmp_path, "is not a file")
    for content in (b"", b"no", b"x" * 10_000, b"\x89HDF"):
        (tmp_path / "p.h5").write_bytes(content)
        refused(tmp_path / "p.h5", "is not an HDF5 file")


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*given: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    write(tmp_path / "p.h5")
    monkeypatch.setattr(h5py, "File", forbidden)
    refused(tmp_path / "p.h5", "may not be read")


def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    whole = DEMO_PROFILES.read_bytes()
    for length in (9, 96, 800, 2_000, len(whole) // 2, len(whole) - 1):
        (tmp_path / "p.h5").write_bytes(whole[:length])
        refused(tmp_path / "p.h5", "cut off")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255))
def test_a_damaged_file_is_refused_or_still_makes_sense(tmp_path: Path, place: float, value: int) -> None:
    data = bytearray(DEMO_PROFILES.read_bytes())
    data[int(place**4 * len(data))] = value
    path = tmp_path / "p.h5"
    path.write_bytes(data)
    try:
        opened = Profiles.open(path)
    except DataError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017 - either way is right
    else:
        assert opened.power_w.min() >= 0


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.array([[1, 2], [np.nan, 4]], dtype=np.float32), "1 values are not power.* nan at step 1 of meter 'a'"),
        (np.array([[1, np.inf], [3, 4]], dtype=np.float32), "inf at step 0 of meter 'b'"),
        (np.array([[1, 2], [3, 3e38]], dtype=np.float32), "at step 1 of meter 'b': .* below 2147483648 is asked for"),
        (np.array([[1, 2], [3, -4]], dtype=np.float32), "-4.0 at step 1 of meter 'b'"),
        (np.ones((2, 2)), "holds float64, float32 is asked for"),
        (np.ones((2, 2), dtype=np.int32), "holds int32"),
        (np.ones(2, dtype=np.float32), r"has shape \(2,\)"),
        (np.ones((0, 2), dtype=np.float32), r"has shape \(0, 2\)"),
        (np.ones((2, 2, 2), dtype=np.float32), "has shape"),
    ],
)
def test_values_that_are_no_power_are_refused(tmp_path: Path, values: np.ndarray, words: str) -> None:
    write(tmp_path / "p.h5", values)
    refused(tmp_path / "p.h5", words)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("start", None, "no attribute 'start'"),
        ("start", "2026-01-05T00:00:00", "'start' is '2026-01-05T00:00:00', whole seconds"),
        ("start", "2026-01-05T00:00:00.5Z", "whole seconds"),
        ("start", "yesterday", "'start' is 'yesterday'"),
        ("start", 5, "'start' is .*5.*, text is asked for"),
        ("start", ["2026-01-05T00:00:00Z"], r"'start' has shape \(1,\)"),
        ("step_s", None, "no attribute 'step_s'"),
        ("step_s", 1.5, "'step_s' is .*1.5.*whole number"),
        ("step_s", 0, "step_s is 0, 1 to"),
        ("step_s", 2**62, "step_s is 4611686018427387904"),
        ("step_s", [60], r"'step_s' has shape \(1,\)"),
        ("step_s", "60", "whole number of seconds"),
        ("meters", None, "no attribute 'meters'"),
        ("meters", ["a"], r"'meters' has shape \(1,\), \(2,\) is asked for"),
        ("meters", ["a", "a"], "'a' stands there twice"),
        ("meters", ["a", ""], "is not 1 to 128 printable"),
        ("meters", ["a", "b\n"], "is not 1 to 128 printable"),
        ("meters", ["a", "b" * 129], "is not 1 to 128 printable"),
        ("meters", [1, 2], "'meters' is 1, text is asked for"),
        ("meters", np.array([b"a", b"\xff\xfe"]), "broken"),
        ("meters", np.array([b"a", b"b" * 600]), "items of 600 bytes"),
    ],
)
def test_attributes_that_make_no_sense_are_refused(tmp_path: Path, name: str, value: object, words: str) -> None:
    write(tmp_path / "p.h5")
    with h5py.File(tmp_path / "p.h5", "a") as file:
        attributes = file["power_w"].attrs
        del attributes[name]
        if value is not None:
            attributes[name] = value
    refused(tmp_path / "p.h5", words)


def group_instead(file: h5py.File) -> None:
    file.create_group("power_w")


def soft_link(file: h5py.File) -> None:
    describe(file.create_dataset("other", data=np.ones((4, 2), dtype=np.float32)))
    file["power_w"] = h5py.SoftLink("/other")


def external_link(file: h5py.File) -> None:
    file["power_w"] = h5py.ExternalLink("/etc/hostname", "/power_w")


def external_storage(file: h5py.File) -> None:
    describe(file.create_dataset("power_w", (4, 2), "f4", external=[("/etc/passwd", 0, 32)]))


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4, 2), "f4")
    layout[:] = h5py.VirtualSource("elsewhere.h5", "x", shape=(4, 2))
    describe(file.create_virtual_dataset("power_w", layout))


def foreign_filter(file: h5py.File) -> None:
    describe(file.create_dataset("power_w", data=np.ones((4, 2), dtype=np.float32), compression="lzf"))


def enormous(file: h5py.File) -> None:
    describe(file.create_dataset("power_w", (10**9, 2), "f4", chunks=(1024, 2), compression="gzip"))


def enormous_chunk(file: h5py.File) -> None:
    describe(file.create_dataset("power_w", (4, 2), "f4", maxshape=(None, 2), chunks=(10**8, 2)))


def too_many_meters(file: h5py.File) -> None:
    file.create_dataset("power_w", (1, 100_001), "f4")


def nan_where_nothing_was_written(file: h5py.File) -> None:
    describe(file.create_dataset("power_w", (4, 2), "f4", fillvalue=np.nan, chunks=(1, 2)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda file: None, "has no dataset 'power_w'"),
        (group_instead, "'power_w' is no dataset"),
        (soft_link, "is a link to elsewhere"),
        (external_link, "is a link to elsewhere"),
        (external_storage, "takes its values from other files"),
        (virtual, "takes its values from other files"),
        (foreign_filter, "needs HDF5 filter 32000"),
        (enormous, "claims 8000000000 bytes, the limit is 536870912"),
        (enormous_chunk, "claims chunks of 800000000 bytes"),
        (too_many_meters, "claims 100001 meters"),
        (nan_where_nothing_was_written, "nan at step 0"),
    ],
)
def test_what_hides_in_a_file_is_refused(tmp_path: Path, change: Change, words: str) -> None:
    with h5py.File(tmp_path / "p.h5", "w") as file:
        change(file)
    refused(tmp_path / "p.h5", words)


def test_the_cap_is_the_callers(tmp_path: Path) -> None:
    write(tmp_path / "p.h5")
    assert Profiles.open(tmp_path / "p.h5", max_bytes=32).steps == 4
    refused(tmp_path / "p.h5", "claims 32 bytes, the limit is 31", max_bytes=31)


def packed(path: Path, chunk: bytes, mask: int = 0) -> None:
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("power_w", (4, 2), "f4", chunks=(4, 2), compression="gzip")
        dataset.id.write_direct_chunk((0, 0), chunk, filter_mask=mask)
        describe(dataset)


def test_a_chunk_that_swells_when_unpacked_is_refused_before_it_does(tmp_path: Path) -> None:
    packed(tmp_path / "p.h5", zlib.compress(bytes(200_000_000), 1))
    refused(tmp_path / "p.h5", "chunk 0 unpacks to more than its 36 bytes")


def test_a_chunk_that_cannot_be_unpacked_is_refused(tmp_path: Path) -> None:
    packed(tmp_path / "p.h5", b"x" * 20)
    refused(tmp_path / "p.h5", "chunk 0 is damaged")


def test_a_chunk_stored_as_it_is_is_read(tmp_path: Path) -> None:
    values = np.arange(8, dtype=np.float32)
    packed(tmp_path / "p.h5", values.tobytes(), mask=1)
    assert Profiles.open(tmp_path / "p.h5").power_w.ravel().tolist() == values.tolist()
