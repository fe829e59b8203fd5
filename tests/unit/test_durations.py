import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_actors.durations import duration_s, duration_text, size_bytes, size_text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("15s", 15),
        ("5m", 300),
        ("1h", 3600),
        ("1h30m", 5400),
        ("1d", 86400),
        ("1m30s", 90),
        ("200ms", 0.2),
        ("0.2s", 0.2),
        ("1.5h", 5400),
        (" 15S ", 15),
        ("PT15M", 900),
        ("pt0.5s", 0.5),
        ("P1DT1H", 90000),
        ("P1W", 604800),
        ("0s", 0),
    ],
)
def test_a_duration_is_read_as_seconds(text: str, seconds: float) -> None:
    assert duration_s(text) == pytest.approx(seconds)


NO_DURATIONS = (
    *("", "15", "s", "15 s", "1m1h", "1s1s", "15x", "-5s", "+5s", "1e3s", "1h30", "\u0661\u0665s", "9" * 5000 + "s"),
    *("P", "PT", "P1DT", "-PT5S", "P1M", "P1Y", "P9999Y", "P" + "9" * 30 + "D"),
)


@pytest.mark.parametrize("text", NO_DURATIONS)
def test_what_is_no_duration_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="15s, 5m, 1h30m or PT15M") as caught:
        duration_s(text)
    assert len(str(caught.value)) < 200


@given(st.integers(0, 10**12))
def test_the_text_of_a_duration_reads_as_the_same_milliseconds(milliseconds: int) -> None:
    assert round(duration_s(duration_text(milliseconds / 1000)) * 1000) == milliseconds


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (15, "15s"), (90, "1m30s"), (3600, "1h"), (0.2, "0.2s"), (90061.5, "1d1h1m1.5s")]
)
def test_the_text_of_a_duration_is_short(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("text", "size"),
    [("1GiB", 2**30), ("64 KiB", 65536), ("1kb", 1000), ("1.5MiB", 1572864), ("0B", 0), ("2TB", 2 * 10**12)],
)
def test_a_size_is_read_as_bytes(text: str, size: int) -> None:
    assert size_bytes(text) == size


@pytest.mark.parametrize("text", ["", "5", "GiB", "1 Gi", "-1GiB", "1GiBB", "1" * 50 + "GiB"])
def test_what_is_no_size_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="64KiB, 500MB or 1GiB"):
        size_bytes(text)


@given(st.integers(0, 2**50))
def test_the_text_of_a_size_reads_as_the_same_bytes(size: int) -> None:
    assert size_bytes(size_text(size)) == size
