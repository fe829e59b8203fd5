"""Complete answers: their status, size and packing; redirects and cookies."""

import gzip
import zlib

import pytest
from openadr_transport_peer import Client, Peer, reply

from ven_actors.openadr.exchange import Answer
from ven_actors.openadr.transport import ResponseTooLarge, SharedAdapter


def test_a_complete_answer_of_any_status_is_an_answer(peer: Peer, client: Client) -> None:
    peer.script = lambda connection, n: reply(connection, b"words", [201, 404, 503][n - 1], "Retry-After: 7")
    assert client.post() == Answer(201, b"words", 7.0)
    assert client.get() == Answer(404, b"words", 7.0)
    assert client.post().status == 503
    assert client.counted == [201, 404, 503]
    assert peer.connections == 1


def test_headers_and_body_go_out_as_given_and_nothing_of_the_environment(
    peer: Peer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    client.exchanger.exchange("POST", client.url + "/r", headers={"Authorization": "Bearer t"}, body=b"[1]", safe=False)
    assert peer.requests[0].startswith(b"POST /r HTTP/1.1\r\n")
    assert b"Authorization: Bearer t\r\n" in peer.requests[0]
    assert peer.requests[0].endswith(b"\r\n\r\n[1]")


# --- sizes -----------------------------------------------------------------------------------------------------


def test_an_answer_of_exactly_the_limit_is_taken_and_one_byte_more_is_not(peer: Peer, adapter: SharedAdapter) -> None:
    peer.script = lambda connection, n: reply(connection, b"x" * (99 + n))
    client = Client(adapter, peer.url, max_bytes=100)
    assert len(client.get().body) == 100
    with pytest.raises(ResponseTooLarge, match="100 bytes"):
        client.get()
    assert client.counted == [200, "nonsense"]


def test_a_packed_answer_is_unpacked_and_measured_unpacked(peer: Peer, adapter: SharedAdapter) -> None:
    packed = gzip.compress(b"x" * 100)
    peer.script = lambda connection, _: reply(connection, packed, 200, "Content-Encoding: gzip")
    assert Client(adapter, peer.url, max_bytes=100).get().body == b"x" * 100
    with pytest.raises(ResponseTooLarge):
        Client(adapter, peer.url, max_bytes=99).get()


def test_an_empty_packed_answer_is_empty(peer: Peer, client: Client) -> None:
    peer.script = lambda connection, _: reply(connection, b"", 200, "Content-Encoding: gzip")
    assert client.get().body == b""


def test_a_gzip_bomb_does_not_go_off(peer: Peer, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    unpacked: list[int] = []
    peer.script = lambda connection, _: reply(connection, bomb, 200, "Content-Encoding: gzip")
    real = zlib.decompressobj

    class Watched:
        eof = False

        def __init__(self, wbits: int) -> None:
            self.inner = real(wbits=wbits)

        def decompress(self, data: bytes, most: int) -> bytes:
            out = self.inner.decompress(data, most)
            unpacked.append(len(out))
            return out

    monkeypatch.setattr(zlib, "decompressobj", Watched)
    with pytest.raises(ResponseTooLarge):
        client.get()
    assert sum(unpacked) == 100_001


# --- redirects, cookies ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(peer: Peer, client: Client, status: int) -> None:
    peer.script = lambda connection, _: reply(connection, b"moved", status, f"Location: {peer.url}/elsewhere")
    assert client.post() == Answer(status, b"moved")
    assert client.get().status == status
    assert [request.split(b" ")[:2] for request in peer.requests] == [[b"POST", b"/x"], [b"GET", b"/x"]]


def test_a_redirects_body_is_measured_too(peer: Peer, client: Client) -> None:
    peer.script = lambda connection, _: reply(connection, b"x" * 200_000, 301, "Location: /y")
    with pytest.raises(ResponseTooLarge):
        client.get()


def test_cookies_are_not_kept(peer: Peer, client: Client) -> None:
    peer.script = lambda connection, _: reply(connection, b"", 200, "Set-Cookie: session=1; Path=/")
    client.get()
    client.get()
    assert not any(b"cookie" in request.lower() for request in peer.requests)
    assert len(client.session.cookies) == 0
