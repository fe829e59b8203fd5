"""The doctor names the cause, against real sockets, TLS and a VTN with faults."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
import pytest
from doctor_peers import PEM, SECRET, Listener, answering, examined, opened, tls_in_front_of

from ven_actors.fleet.doctor import STEPS, Verdict, examine
from ven_actors.testing.vtn import BL, Client, DemoPlan, Drop, Fault, InProcessVtn, Role

HERNING = Client("Herning", SECRET, Role.VEN)
EXPIRED = PEM.with_name("expired.pem")
WRITING = ["vens", "resources", "reports"]
Listen = Callable[..., Listener]


@pytest.fixture
def vtn() -> Iterator[InProcessVtn]:
    """A VTN that asks for reports."""
    with InProcessVtn([HERNING, BL], demo=DemoPlan()) as running:
        yield running


@pytest.fixture
def listen() -> Iterator[Listen]:
    listeners = []

    def begin(serve: Callable[[socket.socket], None], host: str = "127.0.0.1") -> Listener:
        listeners.append(Listener(serve, host))
        return listeners[-1]

    yield begin
    for listener in listeners:
        listener.close()


def port_of(vtn: InProcessVtn) -> int:
    return int(vtn.root_url.rpartition(":")[2])


def after(check: str) -> list[str]:
    """What cannot be tried once this check is bad, in a chain where each needs the one before."""
    names = [step.name for step in STEPS]
    return names[names.index(check) + 1 :]


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


# --- the network -----------------------------------------------------------------------------------------------


def test_it_names_a_wrong_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    found = examined(tmp_path, "https://vtn.invalid/openadr3/3.1.0")
    cause = found.the_cause("name look-up")
    assert "'vtn.invalid' has no address: [Errno -2] Name or service not known" in cause.what
    assert "getent hosts vtn.invalid" in cause.remedy
    assert found.skipped == after("name look-up")


def test_it_names_a_host_that_can_be_no_name(tmp_path: Path) -> None:
    found = examined(tmp_path, f"https://{'x' * 64}.example/openadr3/3.1.0")
    assert "has no address" in found.the_cause("name look-up").what


def test_it_names_a_closed_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    found = examined(tmp_path, f"https://127.0.0.1:{port}/openadr3/3.1.0")
    assert f"port {port}: the connection is refused: no program listens" in found.the_cause("connection").what
    assert found.skipped == after("connection")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError(), "no answer within 2 s"),
        (OSError(113, "No route to host"), "No route to host"),
    ],
)
def test_it_names_a_host_that_cannot_be_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, words: str
) -> None:
    with opened(tmp_path, "https://127.0.0.1:1/openadr3/3.1.0") as case:

        def connect() -> socket.socket:
            raise error

        monkeypatch.setattr(case, "connect", connect)
        found = dict(examine(case))
    assert words in found["connection"].what
    assert found["connection"].verdict is Verdict.BAD


# --- encryption ------------------------------------------------------------------------------------------------


def test_it_names_plain_http_on_a_tls_port(vtn: InProcessVtn, listen: Listen, tmp_path: Path) -> None:
    front = listen(tls_in_front_of(port_of(vtn)))
    found = examined(tmp_path, f"http://127.0.0.1:{front.port}/openadr3/3.1.0")
    cause = found.the_cause("encryption")
    assert f"port {front.port} expects TLS, but --vtn-url begins with http://" in cause.what
    assert f"https://127.0.0.1:{front.port}" in cause.remedy
    assert found.skipped == after("encryption")


def test_it_names_tls_on_a_plain_port(vtn: InProcessVtn, tmp_path: Path) -> None:
    found = examined(tmp_path, vtn.base_url.replace("http:", "https:"))
    cause = found.the_cause("encryption")
    assert f"port {port_of(vtn)} speaks plain HTTP, not TLS" in cause.what
    assert found.skipped == after("encryption")


def test_it_names_an_unknown_authority(vtn: InProcessVtn, listen: Listen, tmp_path: Path) -> None:
    front = listen(tls_in_front_of(port_of(vtn)))
    found = examined(tmp_path, f"https://127.0.0.1:{front.port}/openadr3/3.1.0")
    cause = found.the_cause("encryption")
    assert "unknown authority, none of those of this machine" in cause.what
    assert "--ca-file" in cause.remedy
    assert vtn.requests == []


def test_it_names_a_certificate_for_another_name(vtn: InProcessVtn, listen: Listen, tmp_path: Path) -> None:
    front = listen(tls_in_front_of(port_of(vtn)), "127.0.0.2")
    found = examined(tmp_path, f"https://127.0.0.2:{front.port}/openadr3/3.1.0", ca_file=str(PEM))
    assert "for another name than 127.0.0.2" in found.the_cause("encryption").what


def test_it_names_a_certificate_that_has_expired(vtn: InProcessVtn, listen: Listen, tmp_path: Path) -> None:
    front = listen(tls_in_front_of(port_of(vtn), EXPIRED))
    found = examined(tmp_path, f"https://127.0.0.1:{front.port}/openadr3/3.1.0", ca_file=str(EXPIRED))
    cause = found.the_cause("encryption")
    assert "not valid at this time" in cause.what
    assert "timedatectl" in cause.remedy


def test_it_warns_of_a_certificate_that_expires_soon(vtn: InProcessVtn, listen: Listen, tmp_path: Path) -> None:
    front = listen(tls_in_front_of(port_of(vtn)))
    url = f"https://127.0.0.1:{front.port}/openadr3/3.1.0"
    with opened(tmp_path, url, ca_file=str(PEM)) as case:
        case.wall_s = lambda: 4_949_726_000.0  # days before 2126-10-28
        found = dict(examine(case))
    assert found["encryption"].verdict is Verdict.WARNING
    assert "expires on 2126-10-28" in found["encryption"].what


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_it_warns_of_a_certificate_that_is_not_checked(vtn: InProcessVtn, listen: Listen, tmp_path: Path) -> None:
    front = listen(tls_in_front_of(port_of(vtn)))
    found = examined(tmp_path, f"https://127.0.0.1:{front.port}/openadr3/3.1.0", insecure_tls=True)
    assert found["encryption"].verdict is Verdict.WARNING
    assert "--insecure-tls" in found["encryption"].what


def test_it_names_a_port_that_breaks_the_handshake_off(listen: Listen, tmp_path: Path) -> None:
    silent = listen(lambda connection: connection.close())
    found = examined(tmp_path, f"https://127.0.0.1:{silent.port}/openadr3/3.1.0")
    assert "the TLS handshake fails" in found.the_cause("encryption").what


def test_it_names_a_port_that_speaks_something_else(listen: Listen, tmp_path: Path) -> None:
    other = listen(answering(b"220 mail.example ESMTP\r\n"))
    found = examined(tmp_path, f"http://127.0.0.1:{other.port}/openadr3/3.1.0", deadline="200ms")
    assert f"port {other.port} answers no HTTP" in found.the_cause("encryption").what


# --- token, interface, scopes ----------------------------------------------------------------------------------


def test_it_names_a_wrong_secret_and_does_not_show_it(vtn: InProcessVtn, tmp_path: Path) -> None:
    found = examined(tmp_path, vtn.base_url, secret="hunter2")
    cause = found.the_cause("token")
    assert "refuses client 'Herning' with 401" in cause.what
    assert "client id and secret of VEN Herning" in cause.remedy
    assert "hunter2" not in str(found)
    assert found.skipped == after("token")


def test_it_names_a_token_endpoint_that_is_out_of_order(vtn: InProcessVtn, tmp_path: Path) -> None:
    vtn.fault = lambda method, path, body: Fault(act=False, status=503) if path.endswith("/token") else None
    cause = examined(tmp_path, vtn.base_url).the_cause("token")
    assert "answers 503" in cause.what
    assert "token_url" in cause.remedy


def test_it_names_missing_credentials_where_the_vtn_wants_some(vtn: InProcessVtn, tmp_path: Path) -> None:
    found = examined(tmp_path, vtn.base_url, credentials="")
    assert found["credentials"].what.startswith("none are configured")
    assert "wants credentials and none are configured" in found.the_cause("interface").what


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


# --- what the VTN says -----------------------------------------------------------------------------------------


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
