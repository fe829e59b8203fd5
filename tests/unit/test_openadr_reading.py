"""Reading what real VTNs send: leniently, where a deviation does no harm, or strictly, where it is told and refused."""

import json
import sys
from typing import Any

import pytest

from ven_actors.errors import VtnNonsense
from ven_actors.model import ReportDescriptor
from ven_actors.openadr.comparison import same_report
from ven_actors.openadr.event_book import EventBook
from ven_actors.openadr.events import Event, Interval, Payload
from ven_actors.openadr.reading import Reader
from ven_actors.openadr.targeting import Own
from ven_actors.openadr.v301 import V301
from ven_actors.openadr.v310 import V310

DAY_S = 86_400.0
AS_OF_S = 20_000 * DAY_S + 3_600
STAMPS = {"createdDateTime": "2026-01-16T08:00:00Z", "modificationDateTime": "2026-01-16T09:00:00Z"}
EVENT = {"id": "e1", "objectType": "EVENT", "programID": "p1", "intervals": [{"id": 0, "payloads": []}]} | STAMPS
PROGRAM = {"id": "p1", "objectType": "PROGRAM", "programName": "x"} | STAMPS
VEN = {"id": "v1", "objectType": "VEN", "venName": "x"} | STAMPS
RESOURCE = {"id": "r1", "objectType": "RESOURCE", "resourceName": "x", "venID": "v1"} | STAMPS


def event(**parts: Any) -> bytes:
    return json.dumps(EVENT | parts).encode()


def read(reader: Reader, **parts: Any) -> Event:
    parsed = V310().parse_event(event(**parts), Own("Herning"), reader)
    assert parsed is not None
    return parsed


# --- numbers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("2", 2), (" -1.5 ", -1.5), ("1e3", 1000.0), ("+7", 7), ("0.", 0.0), (".5", 0.5), ("9" * 300, 1e300),
        ("two", "two"), ("", ""), ("0x10", "0x10"), ("1_000", "1_000"), ("nan", "nan"), ("0,5", "0,5"), ("٣", "٣"),
        (True, True), (None, None),
    ],
)  # fmt: skip
def test_r16_a_number_that_is_written_as_a_string_is_one(written: Any, read_as: Any) -> None:
    intervals = [{"payloads": [{"type": kind, "values": [written]} for kind in ("SIMPLE", "CAPACITY_LIMIT", "X_FOO")]}]
    parsed = read(Reader(), intervals=intervals)
    assert parsed.intervals is not None
    simple, limit, private = (payload.values[0] for payload in parsed.intervals[0].payloads)
    assert (simple, type(simple)) == (read_as, type(read_as))
    assert limit == read_as
    assert private == written
    assert parsed.packed()


@pytest.mark.parametrize(("written", "read_as"), [(2, 2), ("2", 2), (None, None), ({"x": 1}, {"x": 1})])
def test_r16_a_value_without_its_list_is_one_value(written: Any, read_as: Any) -> None:
    parsed = read(reader := Reader(), intervals=[{"id": 0, "payloads": [{"type": "SIMPLE", "values": written}]}])
    assert parsed.intervals == (Interval(0, None, (Payload("SIMPLE", () if read_as is None else (read_as,)),)),)
    assert reader.notices == []


@pytest.mark.parametrize(
    ("written", "read_as"), [(10**30, 1e30), (-(10**400), -sys.float_info.max), (2**64 - 1, 2**64 - 1)]
)
def test_r16_an_integer_that_is_too_large_to_be_kept_is_the_nearest_number_that_is_not(
    written: int, read_as: float
) -> None:
    parsed = read(Reader(), intervals=[{"id": 0, "payloads": [{"type": "SIMPLE", "values": [written]}]}])
    assert parsed.intervals == (Interval(0, None, (Payload("SIMPLE", (read_as,)),)),)
    assert parsed.packed()


def test_r16_a_string_stays_a_string_where_parsing_is_strict() -> None:
    parsed = read(Reader(strict=True), intervals=[{"id": 0, "payloads": [{"type": "SIMPLE", "values": ["2"]}]}])
    assert parsed.intervals == (Interval(0, None, (Payload("SIMPLE", ("2",)),)),)


# --- lenient ---------------------------------------------------------------------------------------------------


def test_r16_a_part_that_cannot_be_read_is_left_out_and_told() -> None:
    reader = Reader()
    parsed = read(
        reader,
        priority="high",
        eventName=["x"],
        modificationDateTime=7,
        intervals=[
            {"id": "one", "payloads": [{"type": "SIMPLE", "values": [1]}, {"values": [2]}, 7]},
            {"payloads": [{"type": "PRICE", "values": [3]}]},
            {"id": 9, "payloads": "many"},
        ],
        reportDescriptors=[{}, {"payloadType": "USAGE"}, {"payloadType": "USAGE", "frequency": "often"}],
        payloadDescriptors=[{"units": "KW"}],
    )
    assert parsed.intervals == (
        Interval(0, None, (Payload("SIMPLE", (1,)),)),
        Interval(1, None, (Payload("PRICE", (3,)),)),
        Interval(9, None, ()),
    )
    assert parsed.report_descriptors == (ReportDescriptor("USAGE"),)
    assert (parsed.priority, parsed.name, parsed.modified, parsed.payload_descriptors) == (None, "", "", ())
    assert len(reader.notices) == 10
    assert "event 'e1' is read without a part: " in reader.notices[0]
    assert all("$." in notice for notice in reader.notices)


@pytest.mark.parametrize(
    "broken",
    [
        {"targets": [{"type": "VEN_NAME", "values": ["x"]}]},
        {"targets": "north"},
        {"intervals": [{"id": 0}, 7]},
        {"intervalPeriod": "now"},
        {"id": 7.5},
        {"reportDescriptors": [{}] * 60},
    ],
)
def test_r16_a_part_that_decides_for_whom_or_when_is_never_left_out(broken: dict[str, Any]) -> None:
    with pytest.raises(VtnNonsense):
        read(Reader(), **broken)


def test_r16_a_program_needs_no_name() -> None:
    assert V310().parse_program(b'{"id":"p","programName":null}').name == ""
    assert V301().parse_program(b'{"id":"p"}').name == ""


def test_r16_a_start_without_a_date_is_of_the_day_it_was_first_read_and_stays_there() -> None:
    wires = {
        "intervalPeriod": {"start": "17:00:00", "duration": "PT1H"},
        "modificationDateTime": "08:00:00Z",
        "createdDateTime": None,
    }
    wires |= {"intervals": [{"id": 0, "payloads": [], "intervalPeriod": {"start": "18:00:00Z"}}]}
    parsed = read(Reader(), **wires)
    assert parsed.naive_times
    book = EventBook()
    assert book.update([parsed], AS_OF_S).new == ("e1",)
    changes = book.update([read(Reader(), **wires)], AS_OF_S + 3 * DAY_S)
    assert changes.changed == ()
    (kept,) = book.events
    assert kept.period is not None
    assert kept.intervals is not None
    assert kept.intervals[0].period is not None
    assert (kept.period.start_s, kept.intervals[0].period.start_s) == (
        20_000 * DAY_S + 61_200,
        20_000 * DAY_S + 64_800,
    )


def test_r16_a_start_without_a_date_is_of_the_day_of_the_modification_if_that_has_one() -> None:
    book = EventBook()
    book.update([read(Reader(), intervalPeriod={"start": "17:00:00"})], AS_OF_S)
    (kept,) = book.events
    assert kept.period is not None
    assert kept.period.start_s == 1_768_521_600 + 61_200


def test_r35_a_report_that_comes_back_without_dates_is_the_same() -> None:
    def report(start: str, inner: str) -> bytes:
        interval = {"id": 0, "intervalPeriod": {"start": inner}, "payloads": []}
        resource = {"resourceName": "a", "intervalPeriod": {"start": start}, "intervals": [interval]}
        return json.dumps({"eventID": "e", "clientName": "c", "resources": [resource]}).encode()

    ours = report("2026-01-16T17:00:00Z", "2026-01-16T17:15:00Z")
    assert same_report(ours, report("17:00:00", "17:15:00Z"))
    assert not same_report(ours, report("17:00:00", "17:16:00Z"))
    assert not same_report(ours, report("2026-01-17T17:00:00Z", "2026-01-17T17:15:00Z"))


# --- strict ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", [V310(), V301()])
def test_r16_strictly_what_the_standard_says_is_read(dialect: V310) -> None:
    reader = Reader(strict=True)
    unknown = {"colour": "red", "payloadDescriptors": [{"payloadType": "X_FOO", "units": "FURLONGS", "more": 1}]}
    assert dialect.parse_event(event(**unknown), Own("x"), reader) is not None
    assert dialect.parse_program(json.dumps(PROGRAM).encode(), reader).program_id == "p1"
    assert dialect.parse_ven(json.dumps(VEN).encode(), reader).object_id == "v1"
    assert dialect.parse_resource(json.dumps(RESOURCE).encode(), reader).object_id == "r1"
    assert reader.notices == []


@pytest.mark.parametrize(
    ("parts", "where"),
    [
        ({"intervalPeriod": {"start": "2026-01-16T17:00:00"}}, "$.intervalPeriod.start"),
        ({"intervalPeriod": {"start": "17:00:00"}}, "$.intervalPeriod.start"),
        ({"intervalPeriod": None}, "$.intervalPeriod"),
        ({"intervalPeriod": {"start": "2026-01-16T17:00:00Z", "duration": "PT0.25H"}}, "$.intervalPeriod.duration"),
        ({"createdDateTime": "08:00:00"}, "$.createdDateTime"),
        ({"priority": -1}, "$.priority"),
        ({"priority": "1"}, "$.priority"),
        ({"id": "e 1"}, "$.id"),
        ({"objectType": "Event"}, "$.objectType"),
        ({"intervals": [{"id": 0}]}, "payloads"),
        ({"intervals": [{"payloads": []}]}, "id"),
        ({"reportDescriptors": [{}]}, "payloadType"),
    ],
)
@pytest.mark.parametrize("dialect", [V310(), V301()])
def test_r16_strictly_every_deviation_costs_the_object_and_is_told(
    dialect: V310, parts: dict[str, Any], where: str
) -> None:
    with pytest.raises(VtnNonsense, match="event is refused, as parsing is strict") as caught:
        dialect.parse_event(event(**parts), Own("x"), Reader(strict=True))
    assert where in str(caught.value)


def test_r16_strictly_each_version_has_its_own_rules() -> None:
    bare = json.dumps({"id": "e1", "programID": "p1", "intervals": []}).encode()
    assert V301().parse_event(bare, Own("x"), Reader(strict=True)) is not None
    with pytest.raises(VtnNonsense, match="createdDateTime"):
        V310().parse_event(bare, Own("x"), Reader(strict=True))
    no_start = event(intervalPeriod={"duration": "PT1H"})
    assert V310().parse_event(no_start, Own("x"), Reader(strict=True)) is not None
    with pytest.raises(VtnNonsense, match="start"):
        V301().parse_event(no_start, Own("x"), Reader(strict=True))
