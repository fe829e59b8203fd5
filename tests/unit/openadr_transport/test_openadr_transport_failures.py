"""Certain and uncertain failures: what is unreachable, what is ambiguous, what is sent again."""

import gzip
import socket
import threading
import time

import pytest
import requests
from openadr_transport_peer import Client, Peer, Script, head, reply, reset

from ven_actors.errors import VtnAmbiguous, VtnError, VtnNonsense, VtnUnreachable
from ven_actors.openadr.sockets import Call, serving
from ven_actors.openadr.transport import SharedAdapter


def test_nobody_there_is_unreachable_for_a_post_too(adapter: SharedAdapter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = Client(adapter, f"http://127.0.0.1:{port}")
    with pytest.raises(VtnUnreachable, match=r"nothing was sent.*refused"):
        client.post()
    with pytest.raises(VtnUnreachable):
        client.get()
    assert client.counted == ["unreachable", "unreachable"]


def test_a_name_that_does_not_resolve_is_unreachable(adapter: SharedAdapter) -> None:
    with pytest.raises(VtnUnreachable, match="nothing was sent"):
        Client(adapter, "http://nowhere.invalid").post()


def test_a_url_that_cannot_be_is_unreachable(adapter: SharedAdapter) -> None:
    with pytest.raises(VtnUnreachable, match="cannot be sent"):
        Client(adapter, "http://[::1").post()


def test_a_failed_tls_handshake_is_unreachable(peer: Peer, adapter: SharedAdapter) -> None:
    client = Client(adapter, peer.url.replace("http:", "https:"), deadline_s=2.0)
    peer.stop()
    listener = socket.create_server(("127.0.0.1", 0))

    def not_tls() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 400 no TLS here\r\n\r\n")

    thread = threading.Thread(target=not_tls)
    thread.start()
    client.url = f"https://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(VtnUnreachable, match=r"nothing was sent.*SSL"):
        client.post()
    thread.join(5)
    listener.close()


def _close(connection: socket.socket, _: int) -> bool:
    del connection
    return False


def _reset(connection: socket.socket, _: int) -> bool:
    reset(connection)
    return False


def _half_head(connection: socket.socket, _: int) -> bool:
    connection.sendall(b"HTTP/1.1 201 Cre")
    return False


def _half_body(connection: socket.socket, _: int) -> bool:
    connection.sendall(head(201, 100) + b"{")
    return False


def _half_chunk(connection: socket.socket, _: int) -> bool:
    connection.sendall(head(201, None, "Transfer-Encoding: chunked") + b"20\r\nabc")
    return False


def _no_http(connection: socket.socket, _: int) -> bool:
    connection.sendall(b"SSH-2.0-OpenSSH\r\n")
    return False


def _bad_length(connection: socket.socket, _: int) -> bool:
    connection.sendall(b"HTTP/1.1 201 X\r\nContent-Length: 3, 4\r\n\r\nabc")
    return False


def _no_gzip(connection: socket.socket, _: int) -> bool:
    return reply(connection, b"no gzip", 201, "Content-Encoding: gzip")


def _cut_gzip(connection: socket.socket, _: int) -> bool:
    return reply(connection, gzip.compress(b"x" * 1000)[:-9], 201, "Content-Encoding: gzip")


def _brotli(connection: socket.socket, _: int) -> bool:
    return reply(connection, b"...", 201, "Content-Encoding: br")


def _huge(connection: socket.socket, _: int) -> bool:
    return reply(connection, b"x" * 200_000, 201)


BROKEN = [_close, _reset, _half_head, _half_body, _half_chunk, _no_http, _bad_length]
BROKEN += [_no_gzip, _cut_gzip, _brotli, _huge]


@pytest.mark.parametrize("script", BROKEN)
def test_r35_a_post_without_a_complete_answer_is_ambiguous_and_sent_once(
    peer: Peer, client: Client, script: Script
) -> None:
    peer.script = script
    with pytest.raises(VtnAmbiguous, match="went out"):
        client.post()
    assert client.counted == ["ambiguous"]
    assert len(peer.requests) == 1


@pytest.mark.parametrize("script", BROKEN)
def test_a_get_without_a_complete_answer_is_never_ambiguous(peer: Peer, client: Client, script: Script) -> None:
    peer.script = script
    with pytest.raises(VtnNonsense if script in BROKEN[3:5] + BROKEN[7:] else VtnError) as caught:
        client.get()
    assert isinstance(caught.value, VtnUnreachable | VtnNonsense)
    assert len(peer.requests) == 1


@pytest.mark.parametrize("safe", [True, False])
def test_a_stale_kept_alive_connection_costs_a_get_nothing_and_makes_a_post_ambiguous(
    peer: Peer, client: Client, safe: bool
) -> None:
    """The peer takes the second request on a kept connection and breaks off, as if it had just closed it."""

    def script(connection: socket.socket, number: int) -> bool:
        if number == 2:
            reset(connection)
            return False
        return reply(connection, b"ok")

    peer.script = script
    client.get()
    if safe:
        assert client.get().body == b"ok"
        assert (len(peer.requests), peer.connections) == (3, 2)
        assert client.counted == [200, 200]
    else:
        with pytest.raises(VtnAmbiguous):
            client.post()
        assert len(peer.requests) == 2


def test_a_get_is_repeated_once_only_and_on_a_new_connection(peer: Peer, client: Client) -> None:
    both_in = threading.Barrier(2, timeout=5)

    def script(connection: socket.socket, number: int) -> bool:
        if number <= 2:
            both_in.wait()
            return reply(connection, b"ok")
        reset(connection)
        return False

    peer.script = script
    threads = [threading.Thread(target=client.get) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    with pytest.raises(VtnUnreachable):
        client.get()
    assert len(peer.requests) == 4
    assert peer.connections == 3


def test_a_call_that_wants_a_new_connection_does_not_take_a_kept_one(peer: Peer, client: Client) -> None:
    client.get()
    call = Call(time.monotonic, 5.0, fresh=True)
    client.exchanger._one(call, requests.Request("GET", peer.url).prepare())
    assert peer.connections == 2
    assert not call.reused


@pytest.mark.parametrize("kept", [True, False])
def test_a_call_aborted_before_it_has_a_socket_sends_nothing(peer: Peer, client: Client, kept: bool) -> None:
    if kept:
        client.get()
    call = Call(time.monotonic, 5.0)
    call.abort()
    with pytest.raises(requests.ConnectionError, match="aborted"), serving(call):
        client.exchanger._answer(call, requests.Request("GET", peer.url).prepare())
    assert len(peer.requests) == int(kept)
    assert not call.sent
