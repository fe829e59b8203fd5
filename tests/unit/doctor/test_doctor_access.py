"""The doctor names the cause where the token, the interface, the scopes or the pages are wrong."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from doctor_peers import SECRET, Listen, after, answering, examined, opened

from ven_actors.fleet.doctor import Verdict, examine
from ven_actors.testing.vtn import Client, DemoPlan, Drop, Fault, InProcessVtn, Role


def test_it_names_a_wrong_secret_and_does_not_show_it(vtn: InProcessVtn, tmp_path: Path) -> None:
    found = examined(tmp_path, vtn.base_url, secret="hunter2")
    cause = found.the_cause("token")
    assert "refuses client 'Herning' with 401" in cause.what
    assert cause.remedy.startswith("for VEN Herning in --credentials: check client id and secret")
    assert "hunter2" not in str(found)
    assert found.skipped == after("token")


def test_it_names_a_token_endpoint_that_is_out_of_order(vtn: InProcessVtn, tmp_path: Path) -> None:
    vtn.fault = lambda method, path, body: Fault(act=False, status=503) if path.endswith("/token") else None
    cause = examined(tmp_path, vtn.base_url).the_cause("token")
    assert "answers 503" in cause.what
    assert "gives no tokens now" in cause.remedy


def test_it_names_missing_credentials_where_the_vtn_wants_some(vtn: InProcessVtn, tmp_path: Path) -> None:
    found = examined(tmp_path, vtn.base_url, credentials="")
    assert found["credentials"].what.startswith("none are configured")
    cause = found.the_cause("interface")
    assert "wants credentials and none are configured" in cause.what
    assert cause.remedy.startswith("no credentials were given: name them with --credentials")


def test_it_names_credentials_that_cannot_be_read_before_anything_is_sent(vtn: InProcessVtn, tmp_path: Path) -> None:
    found = examined(tmp_path, vtn.base_url, credentials=f"client_id=x,client_secret_file={tmp_path}/no")
    assert "/no cannot be read" in found.the_cause("credentials").what
    assert [r.path for r in vtn.requests if r.path != "/"] == []


def test_it_warns_of_secrets_that_others_can_read(vtn: InProcessVtn, tmp_path: Path) -> None:
    with opened(tmp_path, vtn.base_url) as case:
        (tmp_path / "clients.csv").chmod(0o644)
        finding = dict(examine(case))["credentials"]
    assert finding.verdict is Verdict.WARNING
    assert "chmod 600" in finding.what


def test_it_names_a_path_without_an_interface(vtn: InProcessVtn, tmp_path: Path) -> None:
    found = examined(tmp_path, f"{vtn.root_url}/openadr3/9", credentials="")
    cause = found.the_cause("interface")
    assert "/openadr3/9/programs answers 404" in cause.what
    assert "base path" in cause.remedy


def test_without_a_token_url_a_wrong_path_is_the_probable_cause_of_having_no_token(
    vtn: InProcessVtn, tmp_path: Path
) -> None:
    cause = examined(tmp_path, f"{vtn.root_url}/nix").the_cause("token")
    assert "check the path of --vtn-url" in cause.remedy
    assert "/nix" in cause.remedy
    assert "leave it out" not in cause.remedy


def test_a_token_url_that_was_given_is_the_probable_cause_of_having_no_token(vtn: InProcessVtn, tmp_path: Path) -> None:
    given = f"client_id=Herning,client_secret_file={tmp_path}/secret,token_url={vtn.root_url}/nix"
    (tmp_path / "secret").write_text(SECRET)
    cause = examined(tmp_path, vtn.base_url, credentials=given).the_cause("token")
    assert "check token_url in --credentials" in cause.remedy


def test_a_vtn_of_the_local_network_is_discovered(
    vtn: InProcessVtn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ven_actors.fleet.doctor.discovered", partial(replace, vtn_url=vtn.base_url))
    assert examined(tmp_path, "mdns:").bad == []


@pytest.mark.parametrize(("status", "bad"), [(500, ["interface"]), (403, ["scopes"])])
def test_an_interface_that_refuses_is_told_from_one_that_forbids(
    vtn: InProcessVtn, tmp_path: Path, status: int, bad: list[str]
) -> None:
    vtn.fault = lambda method, path, body: Fault(act=False, status=status) if path.endswith("/programs") else None
    assert examined(tmp_path, vtn.base_url).bad == bad


def test_it_names_something_that_is_no_vtn(listen: Listen, tmp_path: Path) -> None:
    page = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\nConnection: close\r\n\r\n<html>Hi</html>"
    )
    other = listen(answering(page))
    found = examined(tmp_path, f"http://127.0.0.1:{other.port}", credentials="")
    assert "something else than a VTN" in found.the_cause("interface").why


def test_it_names_a_missing_scope_from_the_words_of_the_token(tmp_path: Path) -> None:
    business = Client("Herning", SECRET, Role.BL)
    with InProcessVtn([business], demo=DemoPlan()) as vtn:
        found = examined(tmp_path, vtn.base_url)
    cause = found.the_cause("scopes")
    assert "the token lacks the scope write_reports" in cause.what
    assert "grant write_reports to client 'Herning'" in cause.remedy


def test_it_names_a_missing_scope_from_what_is_forbidden(vtn: InProcessVtn, tmp_path: Path) -> None:
    vtn.fault = lambda method, path, body: Fault(act=False, status=403) if path.endswith("/reports") else None
    cause = examined(tmp_path, vtn.base_url).the_cause("scopes")
    assert "lacks the scope read_ven_objects (403 for GET /reports)" in cause.what


def test_a_list_that_fails_otherwise_is_no_matter_of_scopes(vtn: InProcessVtn, tmp_path: Path) -> None:
    vtn.fault = lambda method, path, body: Fault(act=False, status=500) if path.endswith("/vens") else None
    assert "GET /vens 500" in examined(tmp_path, vtn.base_url).the_cause("scopes").what


@pytest.mark.parametrize("said", [b'"scope":["write_vens","read_targets"]', b'"scope":"write_vens read_targets"'])
def test_scopes_may_be_told_as_words_or_as_a_list(vtn: InProcessVtn, tmp_path: Path, said: bytes) -> None:
    answer = b'{"access_token":"x","token_type":"Bearer",' + said + b"}"

    def fault(method: str, path: str, body: bytes) -> Fault | None:
        if path.endswith("/auth/token"):
            return Fault(act=False, status=200, body=answer)
        return Fault(act=False, status=200, body=b"[]") if path.endswith(("s", "/vens")) else None

    vtn.fault = fault
    assert "lacks the scope write_reports" in examined(tmp_path, vtn.base_url)["scopes"].what


def test_a_page_that_is_refused_is_named(vtn: InProcessVtn, tmp_path: Path) -> None:
    seen: list[str] = []

    def fault(method: str, path: str, body: bytes) -> Fault | None:
        seen.append(path)
        second = seen.count("/openadr3/3.1.0/events") == 2
        return Fault(act=False, status=400) if second and path.endswith("/events") else None

    vtn.fault = fault
    assert "limit=50 answers 400" in examined(tmp_path, vtn.base_url).the_cause("page limits").what


def test_a_vtn_that_ignores_skip_and_limit_is_warned_about(vtn: InProcessVtn, tmp_path: Path) -> None:
    both = b'[{"id":"1","programID":"p"},{"id":"2","programID":"p"}]'
    vtn.fault = lambda method, path, body: Fault(act=False, status=200, body=both) if path.endswith("/events") else None
    finding = examined(tmp_path, vtn.base_url)["page limits"]
    assert finding.verdict is Verdict.WARNING
    assert "skip and limit are ignored" in finding.what


def test_an_answer_that_never_ends_is_a_bad_finding_not_a_crash(vtn: InProcessVtn, tmp_path: Path) -> None:
    vtn.fault = lambda method, path, body: Fault(drop=Drop.HALF_SENT) if path.endswith("/programs") else None
    found = examined(tmp_path, vtn.base_url)
    assert found.bad == ["interface"]
