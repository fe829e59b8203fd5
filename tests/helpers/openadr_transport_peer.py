"""A peer over real loopback sockets that answers as a script says, and a client of it."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ven_actors.openadr.exchange import Answer, Exchanger
from ven_actors.openadr.transport import PlainSession, SharedAdapter

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


class Client:
    """An exchanger with the counts it made."""

    def __init__(
        self, adapter: SharedAdapter, url: str, deadline_s: float = 5.0, max_bytes: int = 100_000, **more: Any
    ) -> None:
        self.counted: list[int | str] = []
        self.url = url
        self.session = PlainSession(adapter)
        self.exchanger = Exchanger(
            self.session,
            monotonic=more.pop("monotonic", time.monotonic),
            deadline_s=deadline_s,
            max_response_bytes=max_bytes,
            on_request=self.counted.append,
            **more,
        )

    def get(self) -> Answer:
        return self.exchanger.exchange("GET", self.url + "/x", headers={"Accept-Encoding": "gzip"}, safe=True)

    def post(self, body: bytes = b"{}") -> Answer:
        return self.exchanger.exchange("POST", self.url + "/x", headers={}, body=body, safe=False)


def drip(peer: Peer, first: bytes) -> Script:
    def script(connection: socket.socket, _: int) -> bool:
        connection.sendall(first)
        while not peer.stopping.wait(0.02):
            connection.sendall(b"x")
        return False

    return script
