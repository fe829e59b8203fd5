"""The doctor names why reports are not taken, or what is odd about how they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from doctor_peers import HERNING, examined

from ven_actors.fleet.doctor import Verdict
from ven_actors.testing.vtn import BL, DemoPlan, Fault, InProcessVtn
from ven_actors.vtn.quirks import Quirk


def faulty(vtn: InProcessVtn, fault: Fault) -> None:
    vtn.fault = lambda method, path, body: fault if method == "POST" and path.endswith("/reports") else None


def with_quirk(quirk: str) -> InProcessVtn:
    return InProcessVtn([HERNING, BL], demo=DemoPlan(), quirks=frozenset({Quirk(quirk)}))


def test_it_names_an_event_that_is_gone_however_the_vtn_answers(vtn: InProcessVtn, tmp_path: Path) -> None:
    def fault(method: str, path: str, body: bytes) -> Fault | None:
        if method == "POST" and path.endswith("/reports"):
            return Fault(act=False, status=400, body=b"event_id does not refer to an existing event")
        return Fault(act=False, status=404) if "/events/" in path else None

    vtn.fault = fault
    cause = examined(tmp_path, vtn.base_url, write=True).the_cause("reports")
    assert "answers 400: event_id does not refer" in cause.what
    assert "no longer exists" in cause.what


@pytest.mark.parametrize("status", [302, 403, 405])
def test_it_names_what_stands_in_front_of_the_vtn(vtn: InProcessVtn, tmp_path: Path, status: int) -> None:
    faulty(vtn, Fault(act=False, status=status, body=b"<html>Access denied</html>"))
    cause = examined(tmp_path, vtn.base_url, write=True).the_cause("reports")
    assert f"answers {status}" in cause.what
    assert "a proxy, firewall or login page" in cause.why
    assert "let a VEN's POST through" in cause.remedy


def test_it_names_a_vtn_that_stores_a_report_and_then_fails(vtn: InProcessVtn, tmp_path: Path) -> None:
    faulty(vtn, Fault(status=500, body=b"oh"))
    cause = examined(tmp_path, vtn.base_url, write=True).the_cause("reports")
    assert cause.what.endswith("answers 500: oh; but it has stored the report")
    assert "looked up before it is sent again" in cause.why
    (report,) = vtn.reports()
    assert report["reportName"] in cause.remedy


def test_it_names_a_vtn_that_fails_and_stores_nothing(vtn: InProcessVtn, tmp_path: Path) -> None:
    faulty(vtn, Fault(act=False, status=502))
    cause = examined(tmp_path, vtn.base_url, write=True).the_cause("reports")
    assert "answers 502" in cause.what
    assert "stored" not in cause.what


def test_it_names_a_report_for_trial_that_was_left_behind(tmp_path: Path) -> None:
    with with_quirk("unique-report-names") as vtn:
        vtn.fault = lambda method, path, body: Fault(act=False, status=405) if method == "DELETE" else None
        assert "DELETE answers 405" in examined(tmp_path, vtn.base_url, write=True)["reports"].what
        cause = examined(tmp_path, vtn.base_url, write=True).the_cause("reports")
        assert "an earlier trial report is still there" in cause.what
        assert vtn.reports()[0]["reportName"] in cause.remedy


def test_it_warns_of_200_where_the_standard_asks_for_201(tmp_path: Path) -> None:
    with with_quirk("accepts-with-200") as vtn:
        found = examined(tmp_path, vtn.base_url, write=True)
        assert found.bad == []
        assert found["reports"].verdict is Verdict.WARNING
        assert "answers 200 with the stored report, where the standard asks for 201" in found["reports"].what
        assert vtn.reports() == []


def test_it_warns_of_a_vtn_that_denies_an_event_that_it_lists(vtn: InProcessVtn, tmp_path: Path) -> None:
    vtn.fault = lambda method, path, body: Fault(act=False, status=404) if "/events/" in path else None
    finding = examined(tmp_path, vtn.base_url, write=True)["reports"]
    assert finding.verdict is Verdict.WARNING
    assert "answers 404 though the VTN lists this event" in finding.what


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(act=False, status=403, body=b"no"), "whether an event is gone cannot be told"),
        (Fault(act=False, status=200, body=b"{}"), "answers 200 though there is no such event"),
    ],
)
def test_it_warns_of_a_vtn_that_does_not_say_whether_an_event_is_gone(
    vtn: InProcessVtn, tmp_path: Path, fault: Fault, said: str
) -> None:
    vtn.fault = lambda method, path, body: fault if "no-such-event" in path else None
    finding = examined(tmp_path, vtn.base_url, write=True)["reports"]
    assert finding.verdict is Verdict.WARNING
    assert said in finding.what
    assert "404" in finding.remedy
