"""OpenADR 3.0.1 in words: what is sent, how what comes is read, and whose events are ours."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ven_actors.delivery.rendering import render
from ven_actors.model import (
    Block,
    EventInterval,
    Layout,
    RegistrationStatus,
    ReportDescriptor,
    Resource,
    SealedReport,
)
from ven_actors.openadr.dialect import Registered
from ven_actors.openadr.dialects import DIALECTS
from ven_actors.openadr.durations import NOW, Duration, parse_instant
from ven_actors.openadr.events import Event, Period
from ven_actors.openadr.interval_plans import Setting, is_cancelled, plan_of
from ven_actors.openadr.reading import Reader
from ven_actors.openadr.targeting import Own, Target
from ven_actors.openadr.v301 import V301

GOLDEN = Path(__file__).parents[1] / "golden" / "openadr-3.0.1"
PUB = Resource("r-1", "Herning", "Murphy's Pub", "pub", "m-1", "Herning", RegistrationStatus.APPROVED, ())
OURS = Own(
    "Herning",
    frozenset({Target("GROUP", "north")}),
    {"res-1": frozenset({Target("SERVICE_AREA", "7400")}), "res-2": frozenset()},
    {"p1": "demand response"},
)
SETTING = Setting("Herning", 15, anchor_s=1_000.0, first_seen_s=2_000.0)


def golden(name: str) -> Any:
    return json.loads((GOLDEN / name).read_bytes())


def read(own: Own = OURS, **parts: Any) -> Event | None:
    return V301().parse_event(json.dumps({"id": "e1", "programID": "p1", "intervals": []} | parts).encode(), own)


def targets(**values: str) -> list[dict[str, Any]]:
    return [{"type": kind, "values": value.split(",")} for kind, value in values.items()]


def concerned(**values: str) -> tuple[str, ...] | None:
    """Names of our resources that an event with these targets means; () for the whole VEN, None for somebody else."""
    event = read(targets=targets(**values), eventName="evening")
    return None if event is None else event.targets


# --- what is sent ----------------------------------------------------------------------------------------------


def test_r9_the_forms_say_nothing_that_the_path_says_and_bear_no_targets() -> None:
    assert V301().ven_request("Herning") == golden("ven_request.json")
    assert V301().resource_request(PUB, "ven-7") == golden("resource_request.json")
    assert V301().resources_path("../v") == "/vens/..%2Fv/resources"
    assert V301().resources_query("v", "a") == [("resourceName", "a")]
    assert V301().resources_query("v", None) == []


def test_r13_a_query_names_one_type_of_target_and_any_of_its_values() -> None:
    assert V301().targets_queries(["GROUP=north", "VEN_NAME=a=b", "east"]) == [
        [("targetType", "GROUP"), ("targetValues", "north"), ("targetValues", "east")],
        [("targetType", "VEN_NAME"), ("targetValues", "a=b")],
    ]
    assert V301().targets_queries([]) == []


def test_r35_a_report_names_its_program() -> None:
    assert V301().reports_name_program
    report = SealedReport(
        1, "Herning.e1.1", "Herning", "e1", "p1", ReportDescriptor("DEMAND", "MEAN", "KW"),
        (EventInterval(0, 0.0, 15.0),), None, periods=False, in_doubt=False,
    )  # fmt: skip
    block = Block(0, 15, np.array([[100, 200]], dtype=np.int32))
    body = render(report, Layout(("res-1",), ("load_0", "load_1")), [block], with_program=True)
    assert json.loads(body) == golden("report.json")


@pytest.mark.parametrize(
    ("file", "schema"),
    [
        ("ven_request.json", "ven"),
        ("resource_request.json", "resource"),
        ("event_evening.json", "event"),
        ("report.json", "report"),
    ],
)
def test_r9_the_golden_files_are_valid_against_the_official_file(file: str, schema: str, spec301: Any) -> None:
    assert spec301.check_object(schema, golden(file)) == []


# --- what is read ----------------------------------------------------------------------------------------------


def test_r16_the_evening_event_of_the_reference_is_read_whole() -> None:
    evening = V301().parse_event((GOLDEN / "event_evening.json").read_bytes(), OURS)
    assert evening is not None
    assert evening.period == Period(parse_instant("2026-01-16T17:00:00Z")[0], Duration(0, 900), Duration(0, 120))
    assert evening.targets == ()
    assert evening.report_descriptors == (ReportDescriptor("USAGE", units="KWH", targets=("res-1",)),)
    assert (evening.name, evening.priority, evening.duration) == ("evening", 1, None)


def test_r16_null_absent_and_default_are_the_same() -> None:
    nulls: dict[str, Any] = dict.fromkeys(["eventName", "priority", "targets", "reportDescriptors", "intervalPeriod"])
    assert read(**nulls) == read()


def test_vens_and_resources_are_read_with_their_targets() -> None:
    ven = {"id": "v", "venName": "Herning", "targets": targets(GROUP="north,east"), "resources": None}
    assert V301().parse_ven(json.dumps(ven).encode()) == Registered(
        "v", "Herning", None, frozenset({Target("GROUP", "north"), Target("GROUP", "east")})
    )
    resource = {"id": "r", "resourceName": "a", "venID": "v", "targets": [{"type": "GROUP", "values": None}]}
    assert V301().parse_resource(json.dumps(resource).encode()) == Registered("r", "a", "v")
    program = V301().parse_program(json.dumps({"id": "p", "programName": "x", "targets": targets(A="1")}).encode())
    assert program.targets == ("A=1",)


@pytest.mark.parametrize("start", ["0000-00-00", "0000-00-00T00:00:00", "0000-00-00T00:00:00Z"])
def test_r22_the_sentinel_start_of_this_version_means_now(start: str) -> None:
    event = read(intervalPeriod={"start": start, "duration": "PT1H"})
    assert event is not None
    assert event.period is not None
    assert event.period.start_s == NOW
    assert not event.naive_times


def test_r19_the_sentinel_with_pt0s_cancels_here_too() -> None:
    event = read(intervalPeriod={"start": "0000-00-00", "duration": "PT0S"})
    assert event is not None
    assert is_cancelled(event)


@pytest.mark.parametrize("duration", [{}, {"duration": "PT0S"}])
@pytest.mark.parametrize(
    ("payloads", "holds"),
    [
        ([{"type": "SIMPLE", "values": [2]}], True),
        ([{"type": "CTA2045_REBOOT", "values": [0]}], False),
        ([], False),
    ],
)
def test_r23_no_duration_holds_a_level_and_makes_an_instant_of_the_rest(
    duration: dict[str, str], payloads: list[dict[str, Any]], holds: bool
) -> None:
    event = read(
        intervalPeriod={"start": "2026-01-16T17:00:00Z"} | duration, intervals=[{"id": 0, "payloads": payloads}]
    )
    assert event is not None
    plan = plan_of(event, SETTING)
    if holds:
        assert plan is not None
        assert plan.intervals[0].end_s == float("inf")
    else:
        assert plan is None


def test_r23_an_interval_of_its_own_length_keeps_it() -> None:
    intervals = [{"id": 0, "payloads": [], "intervalPeriod": {"start": "2026-01-16T17:00:00Z", "duration": "PT1H"}}]
    event = read(intervalPeriod={"start": "2026-01-16T17:00:00Z"}, intervals=intervals)
    assert event is not None
    plan = plan_of(event, SETTING)
    assert plan is not None
    assert plan.intervals[0].end_s - plan.intervals[0].start_s == 3600


# --- whose it is -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "whose"),
    [
        ({}, ()),
        ({"VEN_NAME": "Herning"}, ()),
        ({"VEN_NAME": "Aalborg"}, None),
        ({"VEN_NAME": "Aalborg,Herning"}, ()),
        ({"GROUP": "north"}, ()),
        ({"GROUP": "south"}, None),
        ({"GROUP": "Herning"}, None),
        ({"PROGRAM_NAME": "demand response"}, ()),
        ({"PROGRAM_NAME": "other"}, None),
        ({"EVENT_NAME": "evening"}, ()),
        ({"EVENT_NAME": "morning"}, None),
        ({"RESOURCE_NAME": "res-2"}, ("res-2",)),
        ({"RESOURCE_NAME": "res-9"}, None),
        ({"SERVICE_AREA": "7400"}, ("res-1",)),
        ({"POWER_SERVICE_LOCATION": "x"}, None),
        ({"VEN_NAME": "Herning", "GROUP": "south"}, None),
        ({"GROUP": "north", "RESOURCE_NAME": "res-1,res-9"}, ("res-1",)),
        ({"SERVICE_AREA": "7400", "RESOURCE_NAME": "res-2"}, None),
        ({"X_OWN": "1"}, None),
    ],
)
def test_r14_any_value_of_a_type_and_every_type_has_to_be_ours(
    values: dict[str, str], whose: tuple[str, ...] | None
) -> None:
    assert concerned(**values) == whose


@pytest.mark.parametrize(
    ("values", "whose", "notice"),
    [
        (
            {"RESOURCE_NAME": "res-2", "ORGANIZATION_ID": "TestVTN"},
            ("res-2",),
            "is obeyed, as it names the VEN or a resource",
        ),
        ({"VEN_NAME": "Herning", "ORGANIZATION_ID": "TestVTN"}, (), "is obeyed, as it names the VEN or a resource"),
        ({"GROUP": "north", "ORGANIZATION_ID": "TestVTN"}, None, "--targets ORGANIZATION_ID=TestVTN makes it ours"),
        ({"RESOURCE_NAME": "res-2", "GROUP": "south"}, None, ""),
        ({"RESOURCE_NAME": "res-9", "ORGANIZATION_ID": "TestVTN"}, None, ""),
        ({"ORGANIZATION_ID": "TestVTN"}, None, ""),
    ],
)
def test_r14_a_target_of_a_type_that_means_nothing_to_us_does_not_count_where_we_are_named_and_is_said(
    values: dict[str, str], whose: tuple[str, ...] | None, notice: str
) -> None:
    reader = Reader()
    body = {"id": "e1", "programID": "p1", "eventName": "limit", "intervals": [], "targets": targets(**values)}
    event = V301().parse_event(json.dumps(body).encode(), OURS, reader)
    assert (None if event is None else event.targets) == whose
    assert len(reader.notices) == bool(notice)
    assert all(each.startswith("event 'limit'") and notice in each for each in reader.notices)


def test_r14_a_type_of_which_we_have_a_target_has_to_be_met_as_well() -> None:
    own = replace(OURS, configured=("ORGANIZATION_ID=OurVTN",))
    assert read(own, targets=targets(RESOURCE_NAME="res-1", ORGANIZATION_ID="TestVTN")) is None
    assert read(own, targets=targets(RESOURCE_NAME="res-1", ORGANIZATION_ID="OurVTN")) is not None


def test_r14_what_the_user_configured_is_ours_as_well() -> None:
    own = Own("Herning", configured=("SERVICE_AREA=7400", "east"))
    assert read(own, targets=targets(SERVICE_AREA="7400", GROUP="east")) is not None
    assert read(own, targets=targets(SERVICE_AREA="7401")) is None


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from("12")), max_size=4), st.sets(st.sampled_from("12")))
def test_r14_holds_against_the_rule_written_out(asked: list[tuple[str, str]], borne: set[str]) -> None:
    own = Own("v", frozenset(Target("A", value) for value in borne))
    event = read(own, targets=[{"type": kind, "values": [value]} for kind, value in asked])
    types = {kind for kind, _ in asked}
    every_type_met = all(any((kind, value) in asked and kind == "A" for value in borne) for kind in types)
    assert (event is not None) == every_type_met


def test_r30_a_descriptor_is_about_those_resources_of_the_event_that_it_targets() -> None:
    def asked(*wires: list[dict[str, Any]] | None, **event_targets: str) -> list[tuple[str, ...]]:
        descriptors = [{"payloadType": "USAGE", "targets": each} for each in wires]
        event = read(targets=targets(**event_targets), reportDescriptors=descriptors)
        assert event is not None
        return [descriptor.targets for descriptor in event.report_descriptors]

    assert asked(None, targets(RESOURCE_NAME="res-2"), targets(VEN_NAME="Aalborg")) == [(), ("res-2",)]
    assert asked(targets(RESOURCE_NAME="res-1,res-2"), RESOURCE_NAME="res-1") == [("res-1",)]
    assert asked(targets(RESOURCE_NAME="res-2"), RESOURCE_NAME="res-1") == []


# --- the registry ----------------------------------------------------------------------------------------------


def test_every_dialect_has_a_golden_folder_and_is_called_by_its_name() -> None:
    for name, dialect in DIALECTS.items():
        assert dialect.name == name
        assert dialect.base_urls_key
        assert list((GOLDEN.parent / name).glob("*.json"))
