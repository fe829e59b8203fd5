"""The callback server: bad requests, who drips or crowds, TLS, its port and its end."""

import socket
import ssl
import threading
import time
from collections.abc import Callable

import pytest
import requests
from push_callers import LOOPBACK_PEM, QUICK, Hints, bearing, is_shut, raw

from ven_actors.errors import UsageError
from ven_actors.push.callbacks import LONGEST_ECHO, CallbackServer
from ven_actors.push.http_server import Limits, parsed
from ven_actors.testing.clock import ManualClock


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /ven-actors/x HTTP/1.1\r\n\r\n", 400),
        (b"GET /ven-actors/x?echo=" + b"e" * (LONGEST_ECHO + 1) + b" HTTP/1.1\r\n\r\n", 400),
        (b"PUT /ven-actors/x HTTP/1.1\r\n\r\n", 405),
        (b"nonsense\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
        (b"POST /x HTTP/1.1\r\nContent-Length: many\r\n\r\n", 400),
        (b"POST /x HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"POST /x HTTP/1.1\r\nAuthorization: Bearer \xff\xfe\r\n\r\n", 401),
        (b"GET http://[/?echo=1 HTTP/1.1\r\n\r\n", 400),
        (b"GET /?" + b"&".join(b"a=%d" % n for n in range(100)) + b" HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 10_000 + b"\r\n", 431),
    ],
)
def test_a_bad_request_gets_its_status_and_nothing_else(server: CallbackServer, sent: bytes, status: int) -> None:
    head, _, body = raw(server, sent).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert body == b""


def test_who_drips_or_says_nothing_is_shut_out_when_his_time_is_over_and_others_get_in(
    serving: Callable[..., CallbackServer], hints: Hints, session: requests.Session
) -> None:
    clock = ManualClock()
    server = serving(limits=QUICK, monotonic=clock.monotonic)
    callback = server.open("Herning", None, hints)
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(12)]
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(0.02):
            for connection in silent:
                try:
                    connection.send(b"G")
                except OSError:
                    continue
            clock.advance(0.02)

    dripping = threading.Thread(target=drip, daemon=True)
    dripping.start()
    try:
        told = session.post(callback.url, headers=bearing(callback.bearer.reveal()), timeout=30)
        assert told.status_code == 200
        assert all(is_shut(connection) for connection in silent)
    finally:
        stop.set()
        dripping.join()
        for connection in silent:
            connection.close()


def test_never_more_connections_are_attended_than_allowed(serving: Callable[..., CallbackServer]) -> None:
    server = serving(limits=QUICK)
    crowd = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(20)]
    most = 0
    try:
        for connection in crowd:
            most = max(most, len(server._server._open))
            is_shut(connection)
    finally:
        for connection in crowd:
            connection.close()
    assert 0 < most <= QUICK.connections


def test_a_body_without_end_is_not_read_to_its_end(serving: Callable[..., CallbackServer], hints: Hints) -> None:
    server = serving(limits=QUICK)
    server.open("Herning", None, hints)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(b"POST /ven-actors/Herning HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        with pytest.raises(OSError, match=r"[Bb]roken pipe|[Rr]eset"):
            connection.sendall(b"x" * 50_000_000)


def test_what_comes_faster_than_allowed_waits(serving: Callable[..., CallbackServer], hints: Hints) -> None:
    clock = ManualClock()
    server = serving(limits=Limits(per_s=1.0, burst=2), monotonic=clock.monotonic)
    server.open("Herning", None, hints)
    request = b"GET /ven-actors/Herning?echo=a HTTP/1.1\r\n\r\n"
    for _ in range(2):
        assert raw(server, request).startswith(b"HTTP/1.1 200")
    with socket.create_connection(("127.0.0.1", server.port), timeout=0.5) as third:
        third.sendall(request)
        with pytest.raises(TimeoutError):
            third.recv(10)
        clock.advance(1.0)
        third.settimeout(10)
        assert third.recv(10) == b"HTTP/1.1 2"


def test_https_is_spoken_where_a_certificate_is_given(
    serving: Callable[..., CallbackServer], hints: Hints, session: requests.Session
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(LOOPBACK_PEM)
    server = serving(tls=context, limits=QUICK)
    callback = server.open("Herning", None, hints)
    assert callback.url.startswith("https://127.0.0.1:")
    assert session.get(f"{callback.url}?echo=abc", verify=str(LOOPBACK_PEM), timeout=10).content == b"abc"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert is_shut(plain)
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(5)]
    assert all(is_shut(connection) for connection in silent), "who does not even begin TLS"
    for connection in silent:
        connection.close()
    assert session.post(
        callback.url, headers=bearing(callback.bearer.reveal()), verify=str(LOOPBACK_PEM), timeout=10
    ).ok


def test_a_port_that_is_taken_is_said_before_anything_starts(server: CallbackServer) -> None:
    with pytest.raises(UsageError, match=f"--webhook-port: 127.0.0.1:{server.port}"):
        CallbackServer("127.0.0.1", server.port, monotonic=time.monotonic)


def test_stopping_frees_the_port_and_ends_who_is_still_there(serving: Callable[..., CallbackServer]) -> None:
    server = serving()
    with socket.create_connection(("127.0.0.1", server.port)) as guest:
        guest.send(b"G")
        server.stop()
        assert is_shut(guest)
    with pytest.raises(ConnectionError):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)


def test_a_head_without_headers_is_read() -> None:
    request = parsed(b"GET /a%20b?x=1 HTTP/1.0")
    assert request is not None
    assert (request.method, request.path, request.echo, request.bearer) == ("GET", "/a%20b", None, b"")
