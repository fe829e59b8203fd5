"""Date-times, durations and the ends of events, as the embedded VTN reckons them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ven_actors.vtn.v310.ends import event_ends_s
from ven_actors.vtn.v310.formats import add_duration, check_date_time, date_time, epoch_s, is_now
from ven_actors.vtn.v310.wire import EventRequest


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


NOW_S = at("2026-01-16T12:00:00+00:00")


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        ("2026-01-16T00:00:00+00:00", "P1D", "2026-01-17T00:00:00+00:00"),
        ("2026-01-31T00:00:00+00:00", "P1M", "2026-02-28T00:00:00+00:00"),
        ("2024-02-29T00:00:00+00:00", "P1Y", "2025-02-28T00:00:00+00:00"),
        ("2026-12-31T00:00:00+00:00", "P2M", "2027-02-28T00:00:00+00:00"),
        ("2026-01-16T00:00:00+00:00", "-P1M", "2025-12-16T00:00:00+00:00"),
        ("2026-01-16T00:00:00+00:00", "P1W", "2026-01-23T00:00:00+00:00"),
        ("2026-01-16T00:00:00+00:00", "PT1H30M0.5S", "2026-01-16T01:30:00.5+00:00"),
        ("2026-01-16T00:00:00+00:00", "P9999Y", None),
        ("9999-11-30T23:59:59+00:00", "P31DT0.9S", "9999-12-31T23:59:59.9+00:00"),
        ("9999-11-30T23:59:59+00:00", "P31DT0.999999S", None),
        ("0001-01-01T00:00:00+00:00", "-PT1S", None),
        ("2026-01-16T00:00:00+00:00", "P" + "9" * 5000 + "D", None),
        ("2026-01-16T00:00:00+00:00", "PT" + "9" * 400 + ".5S", None),
    ],
)
def test_a_duration_is_added_by_the_calendar_and_beyond_it_means_never(
    start: str, duration: str, end: str | None
) -> None:
    assert add_duration(at(start), duration) == (None if end is None else at(end))


def event(**properties: Any) -> EventRequest:
    return msgspec.convert({"programID": "p", **properties}, EventRequest)


def slot(start: str | None = None, duration: str | None = None) -> dict[str, Any]:
    period = {key: value for key, value in (("start", start), ("duration", duration)) if value is not None}
    return {"id": 0, "payloads": [], **({"intervalPeriod": period} if period else {})}


HOUR = {"start": "2026-01-16T10:00:00Z", "duration": "PT1H"}


@pytest.mark.parametrize(
    ("properties", "end"),
    [
        ({}, None),
        ({"intervalPeriod": HOUR}, None),
        ({"intervalPeriod": HOUR, "intervals": []}, None),
        ({"intervalPeriod": HOUR, "duration": "P1D"}, "2026-01-17T10:00:00Z"),
        ({"intervalPeriod": HOUR, "duration": "P9999Y"}, None),
        ({"duration": "PT1H"}, "2026-01-16T13:00:00Z"),
        ({"intervalPeriod": HOUR, "intervals": [slot()] * 3}, "2026-01-16T13:00:00Z"),
        ({"intervalPeriod": HOUR, "intervals": [slot(), slot(duration="PT5M")]}, "2026-01-16T11:05:00Z"),
        ({"intervals": [slot(HOUR["start"], "PT1H"), slot()]}, None),
        ({"intervals": [slot(HOUR["start"], "PT1H")], "duration": "P1D"}, "2026-01-17T10:00:00Z"),
        (
            {"intervals": [slot("2026-01-20T00:00:00Z", "P1D"), slot("2026-01-01T00:00:00+01:00", "P1D")]},
            "2026-01-21T00:00:00Z",
        ),
        (
            {"intervalPeriod": {"start": "0001-01-01", "duration": "PT1H"}, "intervals": [slot()]},
            "2026-01-16T13:00:00Z",
        ),
        ({"intervalPeriod": {"start": "0001-01-01T00:00:00.5Z"}, "duration": "PT0S"}, "0001-01-01T00:00:00Z"),
    ],
)
def test_an_event_ends_with_its_last_interval_or_its_own_duration(properties: dict[str, Any], end: str | None) -> None:
    assert event_ends_s(event(**properties), NOW_S) == (None if end is None else at(end))


@given(
    st.datetimes() | st.sampled_from([datetime.min, datetime.max]),  # noqa: DTZ901 - the zone comes apart
    st.integers(-1439, 1439),
)
def test_a_date_time_is_read_as_python_reads_it_and_refused_where_utc_has_none(
    moment: datetime, zone_minutes: int
) -> None:
    text = moment.replace(microsecond=0).isoformat()
    sign, minutes = "-" if zone_minutes < 0 else "+", abs(zone_minutes)
    text += f"{sign}{minutes // 60:02}:{minutes % 60:02}"
    if is_now(text):
        return
    try:
        datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError:
        with pytest.raises(ValueError, match="beyond the years 1 to 9999 of UTC"):
            check_date_time(text)
        return
    check_date_time(text)
    assert epoch_s(text) == (datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1)
    assert date_time(epoch_s(text))


@given(st.text(max_size=40))
def test_no_text_upsets_the_check(text: str) -> None:
    try:
        check_date_time(text)
    except ValueError:
        return
    assert is_now(text) or date_time(epoch_s(text))


def test_metadata_times_are_utc_to_the_microsecond() -> None:
    assert date_time(0) == "1970-01-01T00:00:00.000000Z"
    assert date_time(NOW_S + 0.123456) == "2026-01-16T12:00:00.123456Z"
