"""The doctor names what is wrong with what the VTN says: its clock, events, programs, notifiers."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from doctor_peers import HERNING, Listen, answering, examined, opened

from ven_actors.fleet.doctor import Verdict, examine
from ven_actors.testing.vtn import Fault, InProcessVtn


@pytest.mark.parametrize(("off_s", "words"), [(7200, "2 h ahead of the VTN's"), (-7200, "2 h behind the VTN's")])
def test_it_names_a_clock_two_hours_off(vtn: InProcessVtn, tmp_path: Path, off_s: int, words: str) -> None:
    with opened(tmp_path, vtn.base_url) as case:
        case.wall_s = lambda: time.time() + off_s
        found = dict(examine(case))
    assert [name for name, finding in found.items() if finding.verdict is Verdict.BAD] == ["clock"]
    assert words in found["clock"].what
    assert "timedatectl" in found["clock"].remedy
    assert "local time set as if it were UTC" in found["clock"].remedy


def test_a_clock_some_seconds_off_is_a_warning(vtn: InProcessVtn, tmp_path: Path) -> None:
    with opened(tmp_path, vtn.base_url) as case:
        case.wall_s = lambda: time.time() + 30
        finding = dict(examine(case))["clock"]
    assert finding.verdict is Verdict.WARNING
    assert "ahead" in finding.what


def test_a_vtn_without_a_date_cannot_be_compared(listen: Listen, tmp_path: Path) -> None:
    empty = listen(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]"))
    found = examined(tmp_path, f"http://127.0.0.1:{empty.port}", credentials="")
    assert "no readable Date" in found["clock"].what


def test_it_names_that_no_event_asks_for_reports(tmp_path: Path) -> None:
    with InProcessVtn([HERNING]) as vtn:
        assert "shows no event" in examined(tmp_path, vtn.base_url).the_cause("report requests").what
        program = vtn.create_program(programName="p")
        vtn.create_event(programID=program["id"])
        cause = examined(tmp_path, vtn.base_url).the_cause("report requests")
    assert "none of 1 events asks for reports" in cause.what
    assert "all readings would stay unasked" in cause.why
    assert "reportDescriptors" in cause.remedy


def test_it_names_that_what_is_asked_is_asked_of_others(tmp_path: Path) -> None:
    with InProcessVtn([HERNING]) as vtn:
        program = vtn.create_program(programName="p")
        descriptor = {"payloadType": "DEMAND", "targets": ["somebody-else"]}
        period = {"start": "2026-01-01T00:00:00Z", "duration": "PT15M"}
        vtn.create_event(programID=program["id"], reportDescriptors=[descriptor], intervalPeriod=period)
        assert "none of this VEN's resources" in examined(tmp_path, vtn.base_url).the_cause("report requests").what


def test_it_names_that_every_request_is_over(tmp_path: Path) -> None:
    with InProcessVtn([HERNING]) as vtn:
        program = vtn.create_program(programName="p")
        period = {"start": "2026-01-01T00:00:00Z", "duration": "PT15M"}
        descriptor = {"payloadType": "DEMAND"}
        intervals = [{"id": 0, "payloads": []}]
        vtn.create_event(
            programID=program["id"], reportDescriptors=[descriptor], intervalPeriod=period, intervals=intervals
        )
        assert "is over" in examined(tmp_path, vtn.base_url).the_cause("report requests").what


def test_events_that_cannot_be_read_are_told_where_no_other_asks(vtn: InProcessVtn, tmp_path: Path) -> None:
    program = vtn.create_program(programName="p")
    event = b'[{"id":"odd","programID":"%s","intervalPeriod":{"start":"yesterday"}}]' % program["id"].encode()
    asked = []

    def fault(method: str, path: str, body: bytes) -> Fault | None:
        if not path.endswith("/events"):
            return None
        asked.append(path)
        return Fault(act=False, status=200, body=event) if len(asked) > 2 else None

    vtn.fault = fault
    found = examined(tmp_path, vtn.base_url)
    assert "1 objects cannot be read" in found.the_cause("report requests").what


def test_a_vtn_without_programs_is_warned_about(tmp_path: Path) -> None:
    with InProcessVtn([HERNING]) as vtn:
        finding = examined(tmp_path, vtn.base_url)["programs"]
    assert finding.verdict is Verdict.WARNING
    assert "no program" in finding.what


def test_programs_that_are_named_and_not_there_are_warned_about(tmp_path: Path) -> None:
    with InProcessVtn([HERNING]) as vtn:
        vtn.create_program(programName="Flex 2026")
        finding = examined(tmp_path, vtn.base_url, programs=("Flux*",))["programs"]
        assert finding.verdict is Verdict.WARNING
        assert "Flux*" in finding.what
        assert examined(tmp_path, vtn.base_url, programs=("Flex*",))["programs"].what == "1 seen: Flex 2026"


@pytest.mark.parametrize(
    ("body", "verdict", "words"),
    [
        (b'{"WEBHOOK":true,"MQTT":{}}', Verdict.GOOD, "offers MQTT, WEBHOOK"),
        (b"[[[", Verdict.WARNING, "cannot be read"),
    ],
)
def test_it_says_which_notifiers_there_are(
    vtn: InProcessVtn, tmp_path: Path, body: bytes, verdict: Verdict, words: str
) -> None:
    offer = Fault(act=False, status=200, body=body)
    vtn.fault = lambda method, path, _: offer if path.endswith("/notifiers") else None
    finding = examined(tmp_path, vtn.base_url)["notifiers"]
    assert finding.verdict is verdict
    assert words in finding.what


def test_where_no_notifiers_are_listed_webhook_is_not_said_to_be_impossible(vtn: InProcessVtn, tmp_path: Path) -> None:
    finding = examined(tmp_path, vtn.base_urls["3.0.1"])["notifiers"]
    assert finding.verdict is Verdict.GOOD
    assert "answers 404" in finding.what
    assert "--push webhook needs none" in finding.what
