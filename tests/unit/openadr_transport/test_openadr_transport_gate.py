"""Requests at the gate of their origin: waiting there costs no deadline, and an abort ends it."""

import socket
import threading

import pytest
from openadr_transport_peer import Client, Peer, reply

from ven_actors.errors import VtnBusy, VtnError, VtnUnreachable
from ven_actors.openadr.traffic import Gate, Traffic
from ven_actors.openadr.transport import SharedAdapter
from ven_actors.testing.clock import ManualClock


class Counting(Traffic):
    """Counts who comes to the gate."""

    came = 0

    def gate(self, url: str) -> Gate:
        self.came += 1
        return super().gate(url)


def test_waiting_for_the_rate_does_not_count_against_the_deadline(peer: Peer, adapter: SharedAdapter) -> None:
    clock = ManualClock()
    traffic = Traffic(
        0.1, monotonic=clock.monotonic, wait=lambda _condition, wait_s: clock.advance(0.0 if wait_s is None else wait_s)
    )
    client = Client(adapter, peer.url, deadline_s=1.0, traffic=traffic, monotonic=clock.monotonic)
    begun_s = clock.mono_s
    for _ in range(3):
        assert client.get().status == 200
    assert clock.mono_s - begun_s > 20


def test_an_abort_ends_the_waiting_and_nothing_was_sent(peer: Peer, adapter: SharedAdapter) -> None:
    waits, ended = threading.Event(), list[VtnError]()

    def wait(condition: threading.Condition, wait_s: float | None) -> None:
        del wait_s
        waits.set()
        condition.wait()

    client = Client(adapter, peer.url, traffic=Traffic(0.001, monotonic=ManualClock().monotonic, wait=wait))
    client.get()

    def post() -> None:
        try:
            client.post()
        except VtnError as error:
            ended.append(error)

    thread = threading.Thread(target=post)
    thread.start()
    assert waits.wait(10)
    client.exchanger.abort()
    thread.join(10)
    assert isinstance(ended[0], VtnUnreachable)
    assert "nothing was sent" in str(ended[0])
    assert len(peer.requests) == 1


def test_a_request_that_is_repeated_on_a_new_connection_is_a_request_more(peer: Peer, adapter: SharedAdapter) -> None:
    def script(connection: socket.socket, number: int) -> bool:
        if number == 2:
            return False
        return reply(connection, b"{}")

    peer.script = script
    traffic = Counting(monotonic=ManualClock().monotonic)
    client = Client(adapter, peer.url, traffic=traffic)
    client.get()
    client.get()
    assert traffic.came == len(peer.requests) == 3


def test_a_retry_after_keeps_every_client_of_the_origin_away_and_is_no_request(
    peer: Peer, adapter: SharedAdapter
) -> None:
    peer.script = lambda connection, _: reply(connection, b"{}", 503, "Retry-After: 60")
    traffic = Traffic(monotonic=ManualClock().monotonic)
    first, second = (Client(adapter, peer.url, traffic=traffic) for _ in range(2))
    assert first.post().status == 503
    with pytest.raises(VtnBusy, match="60 s more"):
        second.get()
    assert len(peer.requests) == 1
    assert second.counted == []
