"""OpenADR 3.1.0 in words: what is sent, and how what comes is read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ven_actors.errors import VtnNonsense
from ven_actors.model import RegistrationStatus, ReportDescriptor, Resource
from ven_actors.openadr.decoding import decode, words_of
from ven_actors.openadr.dialect import Registered
from ven_actors.openadr.durations import NOW, Duration, parse_instant
from ven_actors.openadr.events import Interval, Payload, PayloadDescriptor, Period, Program
from ven_actors.openadr.v310 import V310

GOLDEN = Path(__file__).parents[1] / "golden" / "openadr-3.1"
PUB = Resource("r-1", "Herning", "Murphy's Pub", "pub", "m-1", "Herning", RegistrationStatus.APPROVED, ())
BARE = Resource("r-2", "Herning", "Bare", "", "m-2", "", RegistrationStatus.APPROVED, ())
MINIMAL = {"id": "e1", "programID": "p1"}


def golden(name: str) -> Any:
    return json.loads((GOLDEN / name).read_bytes())


def event(**parts: Any) -> bytes:
    return json.dumps(MINIMAL | parts).encode()


def test_r8_the_forms_of_a_ven_never_bear_targets() -> None:
    assert V310().ven_request("Herning") == golden("ven_request.json")
    assert V310().resource_request(PUB, "ven-7") == golden("resource_request.json")
    assert V310().resource_request(BARE, "v") == {
        "objectType": "VEN_RESOURCE_REQUEST",
        "resourceName": "Bare",
        "venID": "v",
    }


@pytest.mark.parametrize(
    ("file", "schema"),
    [
        ("ven_request.json", "VenVenRequest"),
        ("resource_request.json", "VenResourceRequest"),
        ("event_evening.json", "eventRequest"),
        ("report_maximal.json", "reportRequest"),
    ],
)
def test_r8_the_golden_files_are_valid_against_the_official_file(file: str, schema: str, spec31: Any) -> None:
    assert spec31.check_object(schema, golden(file)) == []


def test_r16_the_evening_event_of_the_reference_is_read_whole() -> None:
    evening = V310().parse_event((GOLDEN / "event_evening.json").read_bytes())
    assert evening.period == Period(parse_instant("2026-01-16T17:00:00Z")[0], Duration(0, 900), Duration(0, 120))
    assert evening.duration == Duration(0, 7 * 86_400)
    assert evening.intervals == (
        Interval(0, None, (Payload("SIMPLE", (1,)),)),
        Interval(1, None, (Payload("SIMPLE", (2,)),)),
    )
    assert evening.report_descriptors == (ReportDescriptor("USAGE", units="KWH", targets=("res-1",)),)
    assert evening.payload_descriptors == (PayloadDescriptor("SIMPLE"),)
    assert (evening.event_id, evening.program_id, evening.name, evening.priority) == ("e1", "p1", "evening", 1)
    assert (evening.targets, evening.modified) == (("ven-1",), "2026-01-16T09:00:00Z")
    assert evening.created == "2026-01-16T08:00:00Z"
    assert not evening.naive_times
    assert evening.extra == {}


def test_r16_absent_null_and_default_are_the_same() -> None:
    nulls: dict[str, Any] = dict.fromkeys(
        ["eventName", "priority", "targets", "reportDescriptors", "payloadDescriptors", "duration", "intervals"]
    )
    assert V310().parse_event(event(**nulls)) == V310().parse_event(event())
    descriptor = {"payloadType": "USAGE", "readingType": None, "targets": None, "frequency": None, "aggregate": None}
    asked = V310().parse_event(event(reportDescriptors=[descriptor])).report_descriptors
    assert asked == (ReportDescriptor("USAGE"),)


def test_r29_absent_intervals_and_empty_payloads_are_told_apart() -> None:
    assert V310().parse_event(event()).intervals is None
    assert V310().parse_event(event(intervals=[])).intervals == ()
    assert V310().parse_event(event(intervals=[{"id": 3, "payloads": []}])).intervals == (Interval(3, None, ()),)


def test_r16_unknown_properties_enumerations_and_units_do_no_harm() -> None:
    """Edge case 19."""
    read = V310().parse_event(
        event(
            objectType=7,
            colour={"deep": [1]},
            intervals=[{"id": 0, "payloads": [{"type": "X_FOO", "values": ["?"], "more": 1}]}],
            payloadDescriptors=[{"payloadType": "X_FOO", "units": "FURLONGS"}],
            reportDescriptors=[{"payloadType": "X_FOO", "readingType": "GUESS", "reportIntervals": "SOME"}],
        )
    )
    assert read.extra == {"colour": b'{"deep": [1]}'}
    assert read.intervals == (Interval(0, None, (Payload("X_FOO", ("?",)),)),)
    assert read.payload_descriptors == (PayloadDescriptor("X_FOO", "FURLONGS"),)
    assert read.report_descriptors == (ReportDescriptor("X_FOO", reading_type="GUESS", report_intervals="SOME"),)


def test_r16_whole_numbers_may_come_as_floats_and_values_stay_what_they_are() -> None:
    """Edge case 18."""
    payload = {"type": "SIMPLE", "values": [1.0, 2, True, {"x": 1, "y": 2}]}
    read = V310().parse_event(event(priority=2.0, intervals=[{"id": 1.0, "payloads": [payload]}]))
    assert read.priority == 2
    assert read.intervals is not None
    assert read.intervals[0].payloads[0].values == (1.0, 2, True, {"x": 1, "y": 2})


def test_r28_a_time_without_a_zone_is_flagged() -> None:
    naive = {"intervalPeriod": {"start": "2026-01-16T17:00:00"}}
    assert V310().parse_event(event(**naive)).naive_times
    assert V310().parse_event(event(intervals=[{"id": 0, "payloads": [], **naive}])).naive_times
    sentinel = V310().parse_event(event(intervalPeriod={"start": "0001-01-01T00:00:00", "duration": "PT0S"}))
    assert not sentinel.naive_times
    assert sentinel.period == Period(NOW, Duration(0, 0))


@pytest.mark.parametrize(
    "broken",
    [
        {"intervalPeriod": {"start": "tomorrow"}},
        {"intervalPeriod": {"duration": "15 minutes"}},
        {"intervalPeriod": {"randomizeStart": "?"}},
        {"duration": "-PT1H"},
        {"intervals": [7]},
        {"intervals": "often"},
        {"targets": [{"type": "VEN_NAME", "values": ["ven-1"]}]},
        {"programID": None},
    ],
)
def test_an_event_of_another_shape_is_nonsense_and_says_where(broken: dict[str, Any]) -> None:
    with pytest.raises(VtnNonsense, match="event"):
        V310().parse_event(event(**broken))


def test_programs_vens_and_resources_are_read() -> None:
    program = {"id": "p1", "programName": "demo", "targets": None, "payloadDescriptors": [{"payloadType": "PRICE"}]}
    assert V310().parse_program(json.dumps(program).encode()) == Program(
        "p1", "demo", (), (PayloadDescriptor("PRICE"),)
    )
    assert V310().parse_ven(b'{"id":"v","venName":"Herning"}') == Registered("v", "Herning")
    assert V310().parse_resource(b'{"id":"r","resourceName":"a","venID":"v"}') == Registered("r", "a", "v")
    assert V310().parse_resource(b'{"id":"r","resourceName":"a"}') == Registered("r", "a")


def test_ids_in_paths_cannot_lead_elsewhere() -> None:
    assert V310().event_path("../x?y") == "/events/..%2Fx%3Fy"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"NaN",
        b'{"id":NaN}',
        b"[" * 200_000,
        b'{"id":"\xff"}',
        b'{"id":1e999}',
        b"[]",
        b"null",
        b'{"id":"e","programID":"p","venName":"v","x":' + b"[" * 200_000,
    ],
)
@pytest.mark.parametrize("parse", [V310().parse_event, V310().parse_ven])
def test_broken_json_is_nonsense(parse: Callable[[bytes], object], body: bytes) -> None:
    with pytest.raises(VtnNonsense):
        parse(body)


def test_an_error_shows_how_the_body_begins_unless_it_is_secret() -> None:
    with pytest.raises(VtnNonsense, match="<html>"):
        decode(b"<html>", dict[str, str], "it")
    with pytest.raises(VtnNonsense) as caught:
        decode(b"<html>", dict[str, str], "it", secret=True)
    assert "<html>" not in str(caught.value)


def test_words_of_an_error_are_one_short_printable_line() -> None:
    assert words_of(b"a\r\nb\x1b[31m\xff") == "a b?[31m\N{REPLACEMENT CHARACTER}"
    assert len(words_of(b"x" * 10_000)) == 300
