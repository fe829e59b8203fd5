"""Transport against a peer that drips, breaks off, lies and bombs, over real loopback sockets."""

import gzip
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from urllib3.exceptions import InsecureRequestWarning

from ven_actors.errors import VtnAmbiguous, VtnError, VtnNonsense, VtnUnreachable
from ven_actors.openadr.exchange import Answer, Exchanger
from ven_actors.openadr.sockets import Call, TimedSocket, serving
from ven_actors.openadr.transport import PlainSession, ResponseTooLarge, SharedAdapter, build_ssl_context

Script = Callable[[socket.socket, int], bool]


class Peer:
    """A server that reads requests and lets `script(connection, number)` answer; False closes the connection."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.script: Script = lambda connection, _: reply(connection, b"{}")
        self.requests: list[bytes] = []
        self.connections = 0
        self.stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), self._wrapped(connection) as wrapped:
            while (request := read_request(wrapped)) is not None:
                self.requests.append(request)
                if not self.script(wrapped, len(self.requests)):
                    return

    def _wrapped(self, connection: socket.socket) -> socket.socket:
        if self._tls is None:
            return connection
        try:
            return self._tls.wrap_socket(connection, server_side=True)
        except OSError:
            connection.close()
            raise

    def stop(self) -> None:
        self.stopping.set()
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(5)


def read_request(connection: socket.socket) -> bytes | None:
    data = b""
    while b"\r\n\r\n" not in data:
        got = connection.recv(65_536)
        if not got:
            return None
        data += got
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
    while lengths and len(body) < int(lengths[0]):
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


def head(status: int, length: int | None, *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", *more] + ([] if length is None else [f"Content-Length: {length}"])
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def reply(connection: socket.socket, body: bytes, status: int = 200, *more: str) -> bool:
    connection.sendall(head(status, len(body), *more) + body)
    return True


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    connection.close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.stop()


@pytest.fixture
def adapter() -> Iterator[SharedAdapter]:
    adapter = SharedAdapter(pool_size=4)
    yield adapter
    adapter.close()


class Client:
    """An exchanger with the counts it made."""

    def __init__(self, adapter: SharedAdapter, url: str, deadline_s: float = 5.0, max_bytes: int = 100_000) -> None:
        self.counted: list[int | str] = []
        self.url = url
        self.session = PlainSession(adapter)
        self.exchanger = Exchanger(
            self.session,
            monotonic=time.monotonic,
            deadline_s=deadline_s,
            max_response_bytes=max_bytes,
            on_request=self.counted.append,
        )

    def get(self) -> Answer:
        return self.exchanger.exchange("GET", self.url + "/x", headers={"Accept-Encoding": "gzip"}, safe=True)

    def post(self, body: bytes = b"{}") -> Answer:
        return self.exchanger.exchange("POST", self.url + "/x", headers={}, body=body, safe=False)


@pytest.fixture
def client(peer: Peer, adapter: SharedAdapter) -> Client:
    return Client(adapter, peer.url)


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


# --- certain and uncertain failures ----------------------------------------------------------------------------


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
    with pytest.raises(requests.ConnectionError, match="aborted"):
        client.exchanger._one(call, requests.Request("GET", peer.url).prepare())
    assert len(peer.requests) == int(kept)
    assert not call.sent


# --- deadlines -------------------------------------------------------------------------------------------------


def drip(peer: Peer, first: bytes) -> Script:
    def script(connection: socket.socket, _: int) -> bool:
        connection.sendall(first)
        while not peer.stopping.wait(0.02):
            connection.sendall(b"x")
        return False

    return script


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
    client = Client(adapter, peer.url, deadline_s=0.2)
    begun_s = time.monotonic()
    with pytest.raises(VtnAmbiguous, match="TimeoutError"):
        client.post()
    assert time.monotonic() - begun_s < 0.7


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


# --- abort and close -------------------------------------------------------------------------------------------


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
    caught: list[BaseException] = []

    def hang() -> None:
        try:
            client.post()
        except VtnError as error:
            caught.append(error)

    thread = threading.Thread(target=hang)
    thread.start()
    assert arrived.wait(5)
    client.exchanger.abort()
    thread.join(5)
    assert not thread.is_alive()
    assert isinstance(caught[0], VtnAmbiguous)
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
    caught: list[BaseException] = []

    def hang() -> None:
        try:
            client.post()
        except VtnError as error:
            caught.append(error)

    thread = threading.Thread(target=hang)
    thread.start()
    assert begun.wait(5)
    client.exchanger.abort()
    thread.join(5)
    assert isinstance(caught[0], VtnAmbiguous)


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


# --- TLS -------------------------------------------------------------------------------------------------------

PEM = Path(__file__).parents[1] / "golden" / "tls" / "loopback.pem"


@pytest.fixture
def tls_peer() -> Iterator[Peer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    peer = Peer(context)
    yield peer
    peer.stop()


@pytest.fixture
def trusting() -> Iterator[SharedAdapter]:
    adapter = SharedAdapter(build_ssl_context(PEM))
    yield adapter
    adapter.close()


def test_r2_a_trusted_certificate_is_enough_and_the_connection_is_kept(tls_peer: Peer, trusting: SharedAdapter) -> None:
    one, other = Client(trusting, tls_peer.url), Client(trusting, tls_peer.url)
    assert one.get().body == b"{}"
    assert other.post().body == b"{}"
    assert tls_peer.connections == 1


def test_r2_an_unknown_certificate_is_refused_before_anything_is_sent(tls_peer: Peer, adapter: SharedAdapter) -> None:
    with pytest.raises(VtnUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
        Client(adapter, tls_peer.url).post()
    assert tls_peer.requests == []


def test_r2_an_unknown_certificate_is_taken_only_when_told_so(tls_peer: Peer) -> None:
    adapter = SharedAdapter(build_ssl_context(verify=False))
    with pytest.warns(InsecureRequestWarning):
        assert Client(adapter, tls_peer.url).get().status == 200
    adapter.close()


def test_deadlines_hold_over_tls_too(tls_peer: Peer, trusting: SharedAdapter) -> None:
    tls_peer.script = drip(tls_peer, head(201, 90_000))
    begun_s = time.monotonic()
    with pytest.raises(VtnAmbiguous):
        Client(trusting, tls_peer.url, deadline_s=0.3).post()
    assert time.monotonic() - begun_s < 0.8


def test_abort_wakes_over_tls_too(tls_peer: Peer, trusting: SharedAdapter) -> None:
    def script(connection: socket.socket, _: int) -> bool:
        del connection
        client.exchanger.abort()
        tls_peer.stopping.wait(30)
        return False

    tls_peer.script = script
    client = Client(trusting, tls_peer.url, deadline_s=30.0)
    with pytest.raises(VtnAmbiguous):
        client.post()
