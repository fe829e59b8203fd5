"""The doctor names why a VEN is not registered, or not as it should be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from doctor_peers import examined

from ven_actors.fleet.doctor import Verdict
from ven_actors.model import Enrolment, Secret
from ven_actors.records import VenRecord
from ven_actors.storage.store import Store
from ven_actors.testing.vtn import Fault, InProcessVtn

STAMPS = {"createdDateTime": "2026-01-16T08:00:00Z", "modificationDateTime": "2026-01-16T09:00:00Z"}
VEN = {"id": "v", "venName": "Herning", "objectType": "VEN", "clientID": "Herning"} | STAMPS


def lists(kind: str, *objects: Any) -> Callable[[str, str, bytes], Fault | None]:
    """A GET of these shows this one page."""
    pages = [json.dumps(objects).encode()]

    def choose(method: str, path: str, _body: bytes) -> Fault | None:
        if method != "GET" or not path.endswith(f"/{kind}"):
            return None
        return Fault(act=False, status=200, body=pages[0])

    return choose


def refuses(status: int, *kinds: str) -> Callable[[str, str, bytes], Fault | None]:
    def choose(_method: str, path: str, _body: bytes) -> Fault | None:
        return Fault(act=False, status=status) if path.endswith(tuple(f"/{kind}" for kind in kinds)) else None

    return choose


def test_what_is_odd_in_the_ven_is_named_and_with_strict_parsing_it_is_the_cause(
    vtn: InProcessVtn, tmp_path: Path
) -> None:
    vtn.fault = lists("vens", VEN | {"targets": ["Herning", []]})
    found = examined(tmp_path, vtn.base_url)
    assert found.bad == []
    assert found["registration"].verdict is Verdict.WARNING
    assert "ven 'Herning': targets[1]: Expected `str`, got `array`" in found["registration"].what
    cause = examined(tmp_path, vtn.base_url, parsing="strict").the_cause("registration")
    assert "as parsing is strict: Expected `str`, got `array` - at `$.targets[1]`" in cause.what
    assert "leave out --parsing strict" in cause.remedy


def test_a_ven_that_nobody_can_read_is_named_where_ours_is_not_seen(vtn: InProcessVtn, tmp_path: Path) -> None:
    vtn.fault = lists("vens", VEN | {"venName": 7})
    finding = examined(tmp_path, vtn.base_url)["registration"]
    assert finding.verdict is Verdict.WARNING
    assert "venName: Expected `str`, got `int`" in finding.what
    assert "409" in finding.why


@pytest.mark.parametrize("status", [404, 405, 501])
@pytest.mark.parametrize("version", ["3.1", "3.0.1"])
def test_a_vtn_without_vens_for_us_is_warned_about_and_stops_no_other_check(
    vtn: InProcessVtn, tmp_path: Path, status: int, version: str
) -> None:
    vtn.fault = refuses(status, "vens", "resources")
    found = examined(tmp_path, vtn.base_urls[version], write=True)
    assert found.bad == []
    assert found["scopes"].verdict is found["registration"].verdict is found["vens"].verdict is Verdict.WARNING
    assert f"GET /vens {status}" in found["scopes"].what
    assert "cannot be tied to a ven" in found["registration"].why
    assert found["report requests"].verdict is Verdict.GOOD


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_vtn_that_has_vens_and_no_resources_for_us_is_not_taken_for_one_of_another_dialect(
    vtn: InProcessVtn, tmp_path: Path, status: int
) -> None:
    vtn.fault = refuses(status, "resources")
    assert examined(tmp_path, vtn.base_url).bad == []


def test_a_vtn_that_takes_no_reports_either_is_warned_about(vtn: InProcessVtn, tmp_path: Path) -> None:
    vtn.fault = refuses(405, "vens", "reports")
    finding = examined(tmp_path, vtn.base_url)["scopes"]
    assert finding.verdict is Verdict.WARNING
    assert "GET /reports 405, GET /vens 405" in finding.what
    assert "--outbox-max" in finding.why


@pytest.mark.parametrize("status", [401, 403])
def test_a_vtn_that_serves_events_to_anyone_is_warned_about_without_credentials(
    vtn: InProcessVtn, tmp_path: Path, status: int
) -> None:
    def choose(_method: str, path: str, _body: bytes) -> Fault | None:
        if path.endswith(("/programs", "/events")):
            return Fault(act=False, status=200, body=b"[]")
        return Fault(act=False, status=status)

    vtn.fault = choose
    found = examined(tmp_path, vtn.base_url, credentials="")
    assert found["scopes"].verdict is found["registration"].verdict is Verdict.WARNING
    assert f"GET /vens {status}" in found["scopes"].what
    assert found.bad == ["report requests"], "as nobody asks for any"


def keep(state: Path, vtn_url: str, enrolment: Enrolment) -> None:
    """A state folder of an earlier run at this VTN."""
    state.mkdir()
    store = Store(state)
    store.add_ven(VenRecord(1, "Herning", 0, 0, 0, 0))
    store.keep_enrolment(1, enrolment)
    store.keep_meta("vtn", vtn_url)
    store.commit()
    store.close()


def test_a_ven_that_the_vtn_has_lost_is_named_by_what_the_state_folder_knows(vtn: InProcessVtn, tmp_path: Path) -> None:
    keep(tmp_path / "state", vtn.base_url, Enrolment("v-9", {}, "openadr-3.1"))
    finding = examined(tmp_path, vtn.base_url)["registration"]
    assert finding.verdict is Verdict.WARNING
    assert "the state folder has it registered as v-9" in finding.what
    assert "within ten minutes" in finding.remedy


def test_energydesk_that_does_not_know_the_vens_token_is_named_and_no_credentials_are_blamed(
    vtn: InProcessVtn, tmp_path: Path
) -> None:
    url = vtn.base_urls["energydesk"]
    assert examined(tmp_path, url)["registration"].verdict is Verdict.GOOD
    keep(tmp_path / "state", url, Enrolment("v-9", {}, "energydesk", auth_token=Secret("hush")))
    found = examined(tmp_path, url)
    finding = found["registration"]
    assert finding.verdict is Verdict.WARNING
    assert "does not know the VEN's own token any more (401)" in finding.what
    assert "the client's credentials are not at fault" in finding.why
    assert "hush" not in str(found)


def test_a_token_is_shown_to_no_other_vtn_than_its_own(vtn: InProcessVtn, tmp_path: Path) -> None:
    kept = Enrolment("v-9", {}, "energydesk", auth_token=Secret("hush"))
    keep(tmp_path / "state", "https://desk.example/energydesk", kept)
    examined(tmp_path, vtn.base_urls["energydesk"])
    assert vtn.requests
    assert not any("hush" in str(sent.headers) for sent in vtn.requests)
