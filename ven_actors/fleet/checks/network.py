"""Checks below HTTP: name look-up, connection, encryption. Each on sockets of its own, to name the cause exactly."""

from __future__ import annotations

import shlex
import socket
import ssl
import time

from ven_actors.config_urls import is_plain_http_to_elsewhere
from ven_actors.fleet import tls
from ven_actors.fleet.checks.case import Case
from ven_actors.fleet.checks.finding import Finding, bad, good, warning
from ven_actors.openadr.transport import build_ssl_context

_UNREACHED = "nothing can be sent, so readings queue up and nothing is delivered"
_EXPIRES_SOON_S = 14 * 86_400
_WHOLE_STATUS_BYTES = 12
# OpenSSL, x509_vfy.h
_NOT_YET_VALID, _EXPIRED, _OTHER_NAME, _OTHER_ADDRESS = 9, 10, 62, 64
_UNKNOWN_AUTHORITY = {2, 18, 19, 20, 21}


def name_lookup(case: Case) -> Finding:
    try:
        found = socket.getaddrinfo(case.host, case.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return bad(
            f"the host {case.host!r} has no address: {error}",
            _UNREACHED,
            "check the host in --vtn-url for spelling, and DNS on this machine with "
            f"`getent hosts {shlex.quote(case.host)}`",
        )
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    return good(f"{case.host} is {', '.join(addresses)}")


def connection(case: Case) -> Finding:
    where = f"{case.host}, port {case.port}"
    begun_s = case.monotonic()
    try:
        case.connect().close()
    except ConnectionRefusedError:
        return bad(
            f"{where}: the connection is refused: no program listens on this port",
            _UNREACHED,
            "check the port in --vtn-url, and whether the VTN runs",
        )
    except TimeoutError:
        return bad(
            f"{where}: no answer within {case.config.deadline_s:g} s",
            _UNREACHED,
            "a firewall may drop the packets, or the machine is off; try from another network",
        )
    except OSError as error:
        return bad(f"{where}: {error.strerror or error}", _UNREACHED, "check the network and routes of this machine")
    return good(f"{where} answers in {(case.monotonic() - begun_s) * 1000:.0f} ms")


def encryption(case: Case) -> Finding:
    return _tls(case) if case.is_encrypted else _plain(case)


def _tls(case: Case) -> Finding:
    try:
        version, expires_s = _handshake(case, case.ssl_context)
    except ssl.SSLCertVerificationError as error:
        return _certificate_refused(case, error)
    except (OSError, EOFError) as error:
        return _no_handshake(case, error)
    if case.config.insecure_tls:
        return warning(
            f"{version}, but the certificate is not checked (--insecure-tls)",
            tls.RISK,
            tls.REMEDY,
        )
    if expires_s - case.wall_s() < _EXPIRES_SOON_S:
        return warning(
            f"{version}, the certificate expires on {_day(expires_s)}",
            "from then on every connection is refused",
            "ask the VTN's operator whether it is renewed in time",
        )
    return good(f"{version}, the certificate is trusted and valid until {_day(expires_s)}")


def _handshake(case: Case, context: ssl.SSLContext) -> tuple[str, float]:
    """TLS version, and when the certificate expires (0 where it was not checked)."""
    with case.connect() as plain, context.wrap_socket(plain, server_hostname=case.host) as wrapped:
        certificate = wrapped.getpeercert() or {}
        not_after = certificate.get("notAfter")
        return str(wrapped.version()), ssl.cert_time_to_seconds(str(not_after)) if not_after else 0.0


def _day(moment_s: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(moment_s))


def _certificate_refused(case: Case, error: ssl.SSLCertVerificationError) -> Finding:
    code, words = error.verify_code, error.verify_message
    why = "the VEN must not give its secret to a machine that cannot prove to be the VTN"
    if code in _UNKNOWN_AUTHORITY:
        trusted = f"those in {case.config.ca_file}" if case.config.ca_file else "those of this machine"
        return bad(
            f"the certificate is from an unknown authority, none of {trusted} ({words})",
            why,
            "get the certificate of the VTN's authority from its operator, and name the file with --ca-file",
        )
    if code in {_OTHER_NAME, _OTHER_ADDRESS}:
        return bad(
            f"the certificate is for another name than {case.host} ({words})",
            why,
            "use in --vtn-url the name that the certificate bears, or have it issued for this one",
        )
    if code in {_EXPIRED, _NOT_YET_VALID}:
        return bad(
            f"the certificate is not valid at this time ({words})",
            why,
            "check this machine's clock first (`timedatectl`); if it is right, the VTN needs a new certificate",
        )
    return bad(f"the certificate is refused ({words})", why, "show these words to the VTN's operator")


def _no_handshake(case: Case, error: Exception) -> Finding:
    why = "without TLS the VEN's secret and readings would cross the network in the open"
    reason = getattr(error, "reason", None) or str(error) or type(error).__name__
    if "ALERT" not in reason and _plain_status(case) is not None:
        return bad(
            f"port {case.port} speaks plain HTTP, not TLS",
            why,
            "check the port in --vtn-url; the TLS port is another one, or the VTN has none and the URL begins with http://",
        )
    return bad(
        f"the TLS handshake fails: {reason}",
        why,
        "the VTN must offer TLS 1.2 or later; see which it offers with "
        f"`openssl s_client -connect {shlex.quote(f'{case.host}:{case.port}')}`",
    )


def _plain(case: Case) -> Finding:
    status = _plain_status(case)
    # Servers that expect TLS answer 400 to plain HTTP, hang up, or say nothing.
    if status in {None, 400} and _speaks_tls(case):
        return bad(
            f"port {case.port} expects TLS, but --vtn-url begins with http://",
            "plain HTTP on a TLS port is not understood, and what is sent there is readable on the way",
            f"write https://{case.host}:{case.port} in --vtn-url",
        )
    if status is None:
        return bad(
            f"port {case.port} answers no HTTP",
            "some other program listens there, or the VTN hangs",
            "check the port in --vtn-url, and the VTN's log",
        )
    if is_plain_http_to_elsewhere(case.url):
        return warning(
            "plain HTTP to another machine (--insecure-http)",
            "the VEN's secret and readings cross the network in the open",
            "use https://, and leave --insecure-http out",
        )
    if case.config.insecure_tls:
        return warning(
            "none: plain HTTP on this machine; elsewhere, as at a token endpoint, no certificate is checked "
            "(--insecure-tls)",
            tls.RISK,
            tls.REMEDY,
        )
    return good("none: plain HTTP on this machine")


def _plain_status(case: Case) -> int | None:
    """The status of the answer to a plain request; None where the answer is no HTTP."""
    answer = b""
    try:
        with case.connect() as plain:
            plain.sendall(f"GET / HTTP/1.1\r\nHost: {case.host}\r\nConnection: close\r\n\r\n".encode())
            while len(answer) < _WHOLE_STATUS_BYTES and (more := plain.recv(1024)):
                answer += more
    except OSError:
        return None
    status = answer[9:_WHOLE_STATUS_BYTES]
    return int(status) if answer.startswith(b"HTTP/1.") and status.isdigit() else None


def _speaks_tls(case: Case) -> bool:
    try:
        _handshake(case, build_ssl_context(verify=False))
    except (OSError, EOFError):
        return False
    return True
