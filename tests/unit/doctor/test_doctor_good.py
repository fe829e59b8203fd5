"""A VTN that is well is good throughout, and what is written only with --write."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from doctor_peers import HERNING, PEM, Listen, examined, opened, port_of, tls_in_front_of

from ven_actors.fleet.doctor import STEPS, Verdict, examine
from ven_actors.testing.vtn import BL, Fault, InProcessVtn

WRITING = ["subscriptions", "vens", "resources", "reports"]


# --- all is well -----------------------------------------------------------------------------------------------


def test_a_vtn_that_is_well_is_good_throughout_and_nothing_is_written(vtn: InProcessVtn, tmp_path: Path) -> None:
    found = examined(tmp_path, vtn.base_url)
    assert found.bad == []
    assert found.skipped == WRITING
    assert [f for f in found.by_check.values() if f.verdict is Verdict.WARNING] == []
    assert list(found.by_check) == [step.name for step in STEPS]
    assert {r.path.rpartition("/")[2] for r in vtn.requests if r.method != "GET"} == {"token"}
    assert vtn.vens() == vtn.resources() == vtn.reports() == []
    assert not (tmp_path / "state").exists()


def test_with_write_the_ven_and_one_resource_are_registered_once_and_a_report_is_taken_back(
    vtn: InProcessVtn, tmp_path: Path
) -> None:
    for _ in range(2):
        found = examined(tmp_path, vtn.base_url, write=True)
        assert found.bad == found.skipped == []
        assert [ven["venName"] for ven in vtn.vens()] == ["Herning"]
        assert len(vtn.resources()) == 1
        assert vtn.reports() == []
    assert [r.status for r in vtn.requests if r.path.endswith("/reports") and r.method == "POST"] == [201, 201]


def test_it_says_what_the_vtn_knows_of_the_ven(vtn: InProcessVtn, tmp_path: Path) -> None:
    assert "VEN Herning is not there yet" in examined(tmp_path, vtn.base_url)["registration"].what
    examined(tmp_path, vtn.base_url, write=True)
    assert examined(tmp_path, vtn.base_url)["registration"].what == "VEN Herning is there, with 1 of its 3 resources"


@pytest.mark.parametrize("is_registered", [False, True])
def test_in_301_events_for_the_vens_own_resources_are_seen_and_others_are_not(
    tmp_path: Path, is_registered: bool
) -> None:
    with InProcessVtn([HERNING, BL]) as vtn, opened(tmp_path, vtn.base_urls["3.0.1"]) as case:
        own = case.resources[0].name
        if is_registered:
            examined(tmp_path, vtn.base_url, write=True)
        targets = (("RESOURCE_NAME", own), ("RESOURCE_NAME", "another"), ("VEN_NAME", "Aalborg"))
        events = [
            {
                "id": f"e{number}",
                "programID": "p",
                "eventName": name,
                "targets": [{"type": kind, "values": [name]}],
                "intervalPeriod": {"start": "2026-01-01T00:00:00Z", "duration": "P9999Y"},
                "intervals": [],
                "reportDescriptors": [{"payloadType": "DEMAND"}],
            }
            for number, (kind, name) in enumerate(targets)
        ]
        shown = Fault(act=False, status=200, body=msgspec.json.encode(events))
        vtn.fault = lambda method, path, body: shown if path.endswith("/events") else None
        found = dict(examine(case))
    assert [name for name, finding in found.items() if finding.verdict is Verdict.BAD] == []
    assert found["report requests"].what == f"1 asked for: DEMAND DIRECT_READ by event {own!r}"


@pytest.mark.parametrize("version", ["3.1", "3.0.1"])
def test_both_versions_are_good_throughout_with_write_too(vtn: InProcessVtn, tmp_path: Path, version: str) -> None:
    found = examined(tmp_path, vtn.base_urls[version], write=True)
    assert found.bad == found.skipped == []


@pytest.mark.parametrize("dialect", ["energydesk", "auto"])
def test_what_only_the_standard_has_is_not_asked_of_energydesk_and_nothing_is_registered_there(
    vtn: InProcessVtn, tmp_path: Path, dialect: str
) -> None:
    vtn.create_program(programName="p")
    found = examined(tmp_path, vtn.base_urls["energydesk"], write=True, dialect=dialect)
    assert found.bad == []
    assert found["interface"].what.endswith("in energydesk")
    assert found["programs"].what.startswith("2 seen")
    assert found["scopes"].what == "energydesk has no scopes"
    assert found.skipped == WRITING
    assert "gives once" in found["vens"].what
    assert vtn.vens() == []
    assert {r.path.rpartition("/")[2] for r in vtn.requests if r.method != "GET"} == {"token"}


def test_a_wrong_secret_at_energydesk_is_named(vtn: InProcessVtn, tmp_path: Path) -> None:
    found = examined(tmp_path, vtn.base_urls["energydesk"], secret="hunter2")
    assert "refuses client 'Herning'" in found.the_cause("token").what


def test_tls_with_a_trusted_certificate_is_good(vtn: InProcessVtn, listen: Listen, tmp_path: Path) -> None:
    front = listen(tls_in_front_of(port_of(vtn)))
    url = f"https://127.0.0.1:{front.port}/openadr3/3.1.0"
    found = examined(tmp_path, url, ca_file=str(PEM))
    # The VTN behind the front knows no TLS, and names its token endpoint with http.
    assert found["encryption"].verdict is Verdict.GOOD
    assert "TLSv1" in found["encryption"].what


# --- what may be written ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("check", "path"), [("vens", "/vens"), ("resources", "/resources"), ("reports", "/reports")])
@pytest.mark.parametrize("status", [403, 422])
def test_it_names_what_the_ven_may_not_post(
    vtn: InProcessVtn, tmp_path: Path, check: str, path: str, status: int
) -> None:
    def fault(method: str, asked: str, body: bytes) -> Fault | None:
        return Fault(act=False, status=status) if method == "POST" and asked.endswith(path) else None

    vtn.fault = fault
    cause = examined(tmp_path, vtn.base_url, write=True).the_cause(check)
    assert f"answers {status}" in cause.what
    assert ("grant the scope write_" in cause.remedy) == (status == 403)
    assert vtn.reports() == []


def test_a_report_that_cannot_be_taken_back_is_warned_about(vtn: InProcessVtn, tmp_path: Path) -> None:
    vtn.fault = lambda method, path, body: Fault(act=False, status=405) if method == "DELETE" else None
    finding = examined(tmp_path, vtn.base_url, write=True)["reports"]
    assert finding.verdict is Verdict.WARNING
    assert "DELETE answers 405" in finding.what
    (report,) = vtn.reports()
    assert report["resources"][0]["intervals"][0]["payloads"] == [{"type": "DATA_QUALITY", "values": ["MISSING"]}]


def test_a_stored_report_without_an_id_is_warned_about(vtn: InProcessVtn, tmp_path: Path) -> None:
    def fault(method: str, path: str, body: bytes) -> Fault | None:
        return Fault(body=b"{}") if method == "POST" and path.endswith("/reports") else None

    vtn.fault = fault
    assert "without the id" in examined(tmp_path, vtn.base_url, write=True)["reports"].what
