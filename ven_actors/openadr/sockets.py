"""Connections that know which call they serve: its deadline, whether a byte went out, and how to break it off."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class Call:
    """One HTTP request and its answer, from the first connect to the last byte, in one thread.

    `sent` is True from the moment the first byte may have left; `reused` says that the connection had served before;
    `answered` that status and headers have come, `ended` that the other side has closed. `waker` wakes it where it
    waits for its turn.
    """

    def __init__(self, monotonic: Callable[[], float], deadline_s: float, *, fresh: bool = False) -> None:
        self._monotonic = monotonic
        self._deadline_s = deadline_s
        self._until_s = monotonic() + deadline_s
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.fresh = fresh
        self.sent = False
        self.reused = False
        self.aborted = False
        self.answered = False
        self.ended = False
        self.reader: io.BufferedIOBase | None = None
        self.waker: Callable[[], None] | None = None

    def begins_now(self) -> None:
        """Count the deadline from now: what went before was waiting for our own turn."""
        self._until_s = self._monotonic() + self._deadline_s

    def has_time(self) -> bool:
        return self._monotonic() < self._until_s

    def is_stale(self) -> bool:
        """Whether a kept-alive connection turned out to be dead, so that a new one may do better."""
        return self.reused and not self.answered and not self.aborted and self.has_time()

    def remaining_s(self) -> float:
        """Seconds left. Raises `TimeoutError` when there are none."""
        remaining_s = self._until_s - self._monotonic()
        if remaining_s <= 0:
            raise TimeoutError("the deadline of the request has passed")
        return remaining_s

    def begin(self, sock: socket.socket, *, reused: bool) -> None:
        """The call goes over this socket. Raises `ConnectionAbortedError` if it has been aborted meanwhile."""
        with self._lock:
            if self.aborted:
                raise ConnectionAbortedError("the request was aborted")
            self._socket = sock
            self.reused = reused

    def drop(self) -> None:
        """Close what reads the answer: a failure within its headers leaves that to the garbage collector."""
        if self.reader is not None:
            self.reader.close()

    def end(self) -> None:
        """The socket goes back to the pool: an abort must no longer touch it."""
        with self._lock:
            self._socket = None

    def abort(self) -> None:
        """Wake whoever waits on the socket, from any thread. Connecting itself is bounded by the deadline only."""
        with self._lock:
            self.aborted = True
            if self._socket is not None:
                # closed by its reader a moment ago: fine
                with suppress(OSError):
                    # not SSLSocket.shutdown, which would turn the reader's next read into a plain one
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
        waker = self.waker
        if waker is not None:
            waker()


_serving = threading.local()


@contextmanager
def serving(call: Call) -> Iterator[None]:
    """Within it, the connections that this thread uses serve `call`; they work nowhere else."""
    _serving.call = call
    try:
        yield
    finally:
        del _serving.call
        call.end()


def _current() -> Call:
    call: Call = _serving.call
    return call


class _TimedReader(io.RawIOBase):
    """A socket's raw reader whose every read waits no longer than the call has left."""

    def __init__(self, owner: TimedSocket, raw: Any) -> None:
        self._owner = owner
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        self._owner.tighten()
        count: int | None = self._raw.readinto(buffer)
        self._owner.call.ended = count == 0
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _AnswerReader(io.BufferedReader):
    """Bears being flushed when it is closed: http.client's response does so when it is collected after a `drop`."""

    def flush(self) -> None:
        if not self.closed:
            super().flush()


class TimedSocket:
    """A connected socket, plain or TLS, that counts every wait against the deadline of the call it serves.

    The time-out of an ordinary socket begins anew with each byte: an answer that drips would hold it for ever.
    """

    def __init__(self, sock: socket.socket, call: Call) -> None:
        self.sock = sock
        self.call = call
        call.begin(sock, reused=False)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sock, name)

    def serve(self, call: Call) -> None:
        self.call.end()
        call.begin(self.sock, reused=True)
        self.call = call

    def tighten(self) -> None:
        self.sock.settimeout(self.call.remaining_s())

    def sendall(self, data: Any, *flags: int) -> None:
        self.tighten()
        self.call.sent = True
        self.sock.sendall(data, *flags)

    def makefile(self, mode: Literal["rb"]) -> io.BufferedIOBase:
        """What http.client reads an answer from."""
        reader = _AnswerReader(_TimedReader(self, self.sock.makefile(mode, buffering=0)))
        self.call.reader = reader
        return reader


class _TimedHTTPConnection(HTTPConnection):
    """A connection that hands its socket to the call of the thread that uses it."""

    def connect(self) -> None:
        super().connect()
        self.sock = TimedSocket(self.sock, _current())

    def request(self, *args: Any, **kwargs: Any) -> None:
        call: Call = _current()
        timed: Any = self.sock
        if timed is not None and timed.call is not call:
            if call.fresh:
                self.close()
            else:
                timed.serve(call)
        super().request(*args, **kwargs)


class _TimedHTTPSConnection(_TimedHTTPConnection, HTTPSConnection):
    """The same over TLS; the handshake is over before the call gets the socket."""


class TimedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _TimedHTTPConnection


class TimedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _TimedHTTPSConnection

    def _validate_conn(self, conn: Any) -> None:
        """Connect, and no more: urllib3 would warn at each request that the certificate is not checked.

        The fleet warns of that once, at its start.
        """
        if conn.is_closed:
            conn.connect()
