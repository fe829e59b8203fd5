"""The doctor names the cause where the network or the encryption fails."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from doctor_peers import PEM, Listen, after, answering, examined, opened, port_of, tls_in_front_of

from ven_actors.fleet.doctor import Verdict, examine
from ven_actors.testing.vtn import InProcessVtn

EXPIRED = PEM.with_name("expired.pem")


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


def test_it_warns_of_a_certificate_that_is_not_checked(vtn: InProcessVtn, listen: Listen, tmp_path: Path) -> None:
    front = listen(tls_in_front_of(port_of(vtn)))
    found = examined(tmp_path, f"https://127.0.0.1:{front.port}/openadr3/3.1.0", insecure_tls=True)
    assert found["encryption"].verdict is Verdict.WARNING
    assert "--insecure-tls" in found["encryption"].what


def test_unchecked_certificates_elsewhere_are_warned_of_where_the_vtn_has_none(
    vtn: InProcessVtn, tmp_path: Path
) -> None:
    found = examined(tmp_path, vtn.base_url, insecure_tls=True)
    assert found["encryption"].verdict is Verdict.WARNING
    assert "token endpoint" in found["encryption"].what


def test_it_names_a_port_that_breaks_the_handshake_off(listen: Listen, tmp_path: Path) -> None:
    silent = listen(lambda connection: connection.close())
    found = examined(tmp_path, f"https://127.0.0.1:{silent.port}/openadr3/3.1.0")
    assert "the TLS handshake fails" in found.the_cause("encryption").what


def test_it_names_a_port_that_speaks_something_else(listen: Listen, tmp_path: Path) -> None:
    other = listen(answering(b"220 mail.example ESMTP\r\n"))
    found = examined(tmp_path, f"http://127.0.0.1:{other.port}/openadr3/3.1.0", deadline="200ms")
    assert f"port {other.port} answers no HTTP" in found.the_cause("encryption").what
