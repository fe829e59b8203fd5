"""Whether the VTN's copy of a report says what ours says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ven_actors.openadr.comparison import same_report

OURS = (Path(__file__).parents[1] / "golden" / "openadr-3.1" / "report_maximal.json").read_bytes()


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    report = json.loads(OURS)
    change(report)
    return json.dumps(report).encode()


def first(report: dict[str, Any]) -> Any:
    return report["resources"][0]["intervals"][0]


SAME: dict[str, Callable[[dict[str, Any]], object]] = {
    "metadata and unknown properties": lambda r: r.update(id="x", clientID="c", objectType="REPORT", more=[1]),
    "order of resources": lambda r: r["resources"].reverse(),
    "order of payloads": lambda r: first(r)["payloads"].reverse(),
    "order of descriptors": lambda r: r["payloadDescriptors"].reverse(),
    "durations rewritten": lambda r: r["resources"][0]["intervalPeriod"].update(duration="P0Y0M0DT0H15M0S"),
    "times in another zone": lambda r: r["resources"][0]["intervalPeriod"].update(start="2026-01-16T11:00:00+01:00"),
    "default randomise left out": lambda r: r["resources"][0]["intervalPeriod"].pop("randomizeStart"),
    "null for absent": lambda r: first(r).update(intervalPeriod=None),
    "an empty period for absent": lambda r: first(r).update(intervalPeriod={"duration": "PT0S"}),
    "a descriptor without objectType": lambda r: r["payloadDescriptors"][0].pop("objectType"),
    "accuracy forgotten": lambda r: r["payloadDescriptors"][0].pop("accuracy"),
}

OTHER: dict[str, Callable[[dict[str, Any]], object]] = {
    "event": lambda r: r.update(eventID="e2"),
    "client": lambda r: r.update(clientName="ven-2"),
    "name": lambda r: r.update(reportName="other"),
    "no name": lambda r: r.pop("reportName"),
    "a value": lambda r: first(r)["payloads"][0].update(values=[0.32]),
    "a value more": lambda r: first(r)["payloads"][0].update(values=[0.31, 0.31]),
    "a boolean for a number": lambda r: first(r)["payloads"][0].update(values=[True]),
    "a string for a number": lambda r: first(r)["payloads"][0].update(values=["0.31"]),
    "a payload type": lambda r: first(r)["payloads"][0].update(type="DEMAND"),
    "a payload twice": lambda r: first(r)["payloads"].append(first(r)["payloads"][0]),
    "an interval id": lambda r: first(r).update(id=5),
    "order of intervals": lambda r: r["resources"][0]["intervals"].reverse(),
    "an interval's period": lambda r: first(r).update(intervalPeriod={"duration": "PT30M"}),
    "a start": lambda r: r["resources"][0]["intervalPeriod"].update(start="2026-01-16T10:00:01Z"),
    "a duration": lambda r: r["resources"][0]["intervalPeriod"].update(duration="PT16M"),
    "a randomise": lambda r: r["resources"][0]["intervalPeriod"].update(randomizeStart="PT1S"),
    "a unit": lambda r: r["payloadDescriptors"][0].update(units="KW"),
    "a unit gone": lambda r: r["payloadDescriptors"][0].pop("units"),
    "a resource": lambda r: r["resources"].pop(),
    "a resource's name": lambda r: r["resources"][0].update(resourceName="res-9"),
    "a resource twice": lambda r: r["resources"].append(r["resources"][0]),
    "an unreadable time": lambda r: r["resources"][0]["intervalPeriod"].update(start="soon"),
}


@pytest.mark.parametrize("what", SAME)
def test_r35_a_report_is_the_same_with_other(what: str) -> None:
    assert same_report(OURS, changed(SAME[what]))


@pytest.mark.parametrize("what", OTHER)
def test_r35_a_report_is_not_the_same_with_another(what: str) -> None:
    assert not same_report(OURS, changed(OTHER[what]))


def valued(*values: Any) -> bytes:
    interval = {"id": 0, "payloads": [{"type": "CURVE", "values": values}]}
    report = {"eventID": "e", "clientName": "v", "resources": [{"resourceName": "r", "intervals": [interval]}]}
    return json.dumps(report).encode()


def test_r35_numbers_are_equal_as_numbers_and_points_as_points() -> None:
    assert same_report(valued(1, 2.0, {"x": 1, "y": [2]}), valued(1.0, 2, {"y": [2.0], "x": 1.0}))
    assert not same_report(valued({"x": 1, "y": 2}), valued({"x": 2, "y": 1}))
    assert not same_report(valued(1), valued(True))
    assert same_report(valued(True, None), valued(True, None))


@pytest.mark.parametrize("junk", [b"", b"{}", b"[" * 100_000, b'{"eventID":1}'])
def test_what_cannot_be_read_is_equal_to_nothing(junk: bytes) -> None:
    assert not same_report(OURS, junk)
    assert not same_report(junk, junk)
