"""Deadlines against a peer that drips, says nothing or does not read; aborting and closing."""

import socket
import threading
import time

import pytest
from openadr_transport_peer import Client, Peer, drip, head, reply

from ven_actors.errors import VtnAmbiguous, VtnError, VtnUnreachable
from ven_actors.openadr.sockets import Call, TimedSocket, serving
from ven_actors.openadr.transport import SharedAdapter


def aborted_at(moment: threading.Event, client: Client) -> VtnError:
    """What a POST in another thread ends with that is aborted at this moment."""
    caught: list[VtnError] = []

    def hang() -> None:
        try:
            client.post()
        except VtnError as error:
            caught.append(error)

    thread = threading.Thread(target=hang)
    thread.start()
    assert moment.wait(5)
    assert client.exchanger.abort() == 1
    thread.join(5)
    assert not thread.is_alive()
    return caught[0]


@pytest.mark.parametrize("first", [b"HTTP/1.1 201 ", head(201, None, "X: y")[:-2] + b"Z: ", head(201, 90_000)])
@pytest.mark.parametrize("safe", [True, False])
def test_a_dripping_answer_does_not_outlast_the_deadline(
    peer: Peer, adapter: SharedAdapter, first: bytes, safe: bool
) -> None:
    client = Client(adapter, peer.url, deadline_s=0.3)
    peer.script = drip(peer, first)
    begun_s = time.monotonic()
    with pytest.raises(VtnUnreachable if safe else VtnAmbiguous):
        client.get() if safe else client.post()
    assert time.monotonic() - begun_s < 0.8


def test_a_silent_peer_does_not_outlast_the_deadline(peer: Peer, adapter: SharedAdapter) -> None:
    def script(connection: socket.socket, _: int) -> bool:
        del connection
        peer.stopping.wait(10)
        return False

    peer.script = script
    client = Client(adapter, peer.url, deadline_s=1.0)
    begun_s = time.monotonic()
    with pytest.raises(VtnAmbiguous, match="TimeoutError"):
        client.post()
    assert time.monotonic() - begun_s < 1.5


def test_a_peer_that_does_not_read_does_not_outlast_the_deadline(adapter: SharedAdapter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = Client(adapter, f"http://127.0.0.1:{listener.getsockname()[1]}", deadline_s=0.3)
        begun_s = time.monotonic()
        with pytest.raises(VtnAmbiguous):
            client.post(b"x" * 30_000_000)
        assert time.monotonic() - begun_s < 1.5


def test_no_time_left_is_no_request() -> None:
    adapter = SharedAdapter()
    client = Client(adapter, "http://127.0.0.1:9", deadline_s=0.0)
    with pytest.raises(VtnUnreachable, match="deadline"):
        client.post()
    adapter.close()


def test_abort_wakes_a_hung_request_from_another_thread_and_refuses_all_that_follow(
    peer: Peer, adapter: SharedAdapter
) -> None:
    arrived = threading.Event()

    def script(connection: socket.socket, _: int) -> bool:
        del connection
        arrived.set()
        peer.stopping.wait(30)
        return False

    peer.script = script
    client = Client(adapter, peer.url, deadline_s=30.0)
    assert isinstance(aborted_at(arrived, client), VtnAmbiguous)
    with pytest.raises(VtnUnreachable, match="closed"):
        client.post()
    assert len(peer.requests) == 1


def test_an_answer_that_ends_with_the_connection_is_not_complete_when_aborted(
    peer: Peer, adapter: SharedAdapter
) -> None:
    begun = threading.Event()

    def script(connection: socket.socket, _: int) -> bool:
        connection.sendall(head(201, None, "Connection: close") + b"{}")
        begun.set()
        peer.stopping.wait(30)
        return False

    peer.script = script
    client = Client(adapter, peer.url, deadline_s=30.0)
    assert isinstance(aborted_at(begun, client), VtnAmbiguous)


def test_abort_leaves_connections_alone_that_others_use_now(peer: Peer, adapter: SharedAdapter) -> None:
    one, other = Client(adapter, peer.url), Client(adapter, peer.url)
    one.get()
    peer.script = lambda connection, _: one.exchanger.abort() or reply(connection, b"ok")  # type: ignore[func-returns-value]
    assert other.post().body == b"ok"
    assert peer.connections == 1


def test_a_call_that_is_over_no_longer_reaches_the_socket_it_had() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        one, other = Call(time.monotonic, 5.0), Call(time.monotonic, 5.0)
        timed = TimedSocket(ours, one)
        timed.serve(other)
        one.abort()
        with serving(other):
            timed.sendall(b"x")
        other.abort()
        theirs.settimeout(5)
        ours.sendall(b"y")
        assert theirs.recv(1) + theirs.recv(1) == b"xy"


def test_closing_a_session_leaves_the_shared_adapter_open(peer: Peer, adapter: SharedAdapter) -> None:
    one, other = Client(adapter, peer.url), Client(adapter, peer.url)
    one.get()
    one.session.close()
    other.get()
    assert peer.connections == 1
    with pytest.raises(VtnUnreachable):
        one.get()
