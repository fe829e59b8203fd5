"""ISO 8601 and RFC 3339 as OpenADR writes them."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_actors.errors import VtnNonsense
from ven_actors.openadr.durations import (
    FOREVER,
    NOW,
    Duration,
    add,
    parse_duration,
    parse_instant,
    parse_length,
    parse_start,
    parse_time_of_day,
)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "months", "seconds"),
    [
        ("PT15S", 0, 15),
        ("P0Y0M0DT0H0M15S", 0, 15),
        ("PT1H", 0, 3600),
        ("PT1.5S", 0, 1.5),
        ("P1Y2M3DT4H5M6S", 14, 3 * 86400 + 4 * 3600 + 5 * 60 + 6),
        ("P2W", 0, 14 * 86400),
        ("-PT10M", 0, -600),
        ("-P1M", -1, 0),
        ("PT0S", 0, 0),
        ("P9998Y", 9998 * 12, 0),
    ],
)
def test_r23_a_duration_is_months_and_seconds(text: str, months: int, seconds: float) -> None:
    assert parse_duration(text) == Duration(months, seconds)


@pytest.mark.parametrize("text", ["P9999Y", "P10000Y", "P9999Y1D", "P119988M", "P9998Y12M"])
def test_r23_p9999y_is_infinity_before_any_arithmetic(text: str) -> None:
    assert parse_duration(text) == FOREVER
    assert add(at("2026-01-01"), parse_duration(text)) == math.inf


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT",
        "1H",
        "PT1H ",
        "P1D2W",
        "PT-1H",
        "PT٣S",
        "P" + "9" * 90 + "D",
    ],
)
def test_r23_what_is_not_a_valid_duration_is_nonsense(text: str) -> None:
    with pytest.raises(VtnNonsense, match="ISO 8601"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "months", "seconds"),
    [
        ("P0Y0M0DT1H0M0S", 0, 3600),
        ("P1.5D", 0, 1.5 * 86_400),
        ("PT1,5S", 0, 1.5),
        ("PT0.25H", 0, 900),
        ("P1W2D", 0, 9 * 86_400),
        ("P0.5Y", 6, 0),
        ("P1.5M", 1, 15 * 86_400),
        ("+PT1H", 0, 3600),
        ("pt1h", 0, 3600),
    ],
)
def test_r16_durations_are_read_as_vtns_rewrite_them(text: str, months: int, seconds: float) -> None:
    assert parse_duration(text) == Duration(months, seconds)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("17:00:00", 61_200.0),
        ("17:00:00Z", 61_200.0),
        ("T17:00", 61_200.0),
        ("17:00:00.5+01:00", 57_600.5),
        ("2026-01-16T17:00:00Z", None),
        ("17", None),
        ("17:00:00 sharp", None),
    ],
)
def test_r16_a_time_without_a_date_is_known_as_such(text: str, seconds: float | None) -> None:
    assert parse_time_of_day(text) == seconds


def test_r16_a_time_of_day_that_no_day_has_is_nonsense() -> None:
    with pytest.raises(VtnNonsense):
        parse_time_of_day("25:00:00")


def test_a_negative_length_is_nonsense_and_a_negative_randomise_is_not() -> None:
    assert parse_duration("-PT10M").rough_s == -600
    for text in ("-PT10M", "-P1M"):
        with pytest.raises(VtnNonsense, match="negative"):
            parse_length(text)
    assert parse_length("P1M") == Duration(1, 0)


@pytest.mark.parametrize(
    ("start", "text", "end"),
    [
        ("2026-01-31", "P1M", "2026-02-28"),
        ("2028-01-31", "P1M", "2028-02-29"),
        ("2028-02-29", "P1Y", "2029-02-28"),
        ("2026-12-15T10:00:00.500000", "P2M", "2027-02-15T10:00:00.500000"),
        ("2026-03-31", "-P1M", "2026-02-28"),
        ("2026-01-31", "P1M1D", "2026-03-01"),
        ("1969-12-31T23:59:59.250000", "P1M", "1970-01-31T23:59:59.250000"),
    ],
)
def test_r23_years_and_months_follow_the_calendar(start: str, text: str, end: str) -> None:
    assert add(at(start), parse_duration(text)) == at(end)


def test_r23_what_lies_beyond_the_calendar_is_infinite() -> None:
    assert add(at("9999-12-01"), Duration(1, 0)) == math.inf
    assert add(at("2026-01-01"), Duration(1, 0), 10**12) == math.inf
    assert add(at("0001-01-01T00:00:01"), Duration(-1, 0)) == -math.inf
    assert add(1e300, Duration(1, 0)) == math.inf
    assert add(math.inf, Duration(1, 0)) == math.inf


@given(months=st.integers(0, 5000), seconds=st.integers(0, 10**6), times=st.integers(0, 20))
def test_r23_months_never_leave_the_wanted_month(months: int, seconds: int, times: int) -> None:
    start = datetime(2024, 1, 31, 12, tzinfo=UTC)
    end_s = add(start.timestamp(), Duration(months, 0), times)
    end = datetime.fromtimestamp(end_s, UTC) if math.isfinite(end_s) else None
    if end is not None:
        assert (end.year - 2024) * 12 + end.month - 1 == months * times
        assert end.hour == 12
        assert add(start.timestamp(), Duration(months, seconds), times) == end_s + seconds * times


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01",
        "0001-01-01T00:00:00",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "0001-01-01T00:00:00.000Z",
        "0000-00-00",
        "0000-00-00T00:00:00",
        "0000-00-00T00:00:00Z",
    ],
)
def test_r22_the_sentinels_mean_now(text: str) -> None:
    assert parse_start(text) == NOW


@pytest.mark.parametrize(
    ("text", "utc", "naive"),
    [
        ("2026-01-16T10:00:00Z", "2026-01-16T10:00:00", False),
        ("2026-01-16T11:00:00+01:00", "2026-01-16T10:00:00", False),
        ("2026-01-16T10:00:00", "2026-01-16T10:00:00", True),
        ("2026-01-16T10:00:00.250Z", "2026-01-16T10:00:00.250", False),
    ],
)
def test_r28_offsets_are_honoured_and_naive_times_are_utc_and_flagged(text: str, utc: str, naive: bool) -> None:
    assert parse_instant(text) == (at(utc), naive)
    assert parse_start(text) == at(utc)


@pytest.mark.parametrize("text", ["", "now", "2026-13-01T00:00:00Z", "0000-00-00T00:00:01Z", "x" * 1000])
def test_r28_what_is_no_time_is_nonsense(text: str) -> None:
    with pytest.raises(VtnNonsense, match="RFC 3339") as caught:
        parse_start(text)
    assert len(str(caught.value)) < 300
