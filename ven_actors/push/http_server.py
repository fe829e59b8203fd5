"""A small HTTP server that cannot be made to hold much: few connections, little time, few bytes, one request each."""

from __future__ import annotations

import contextlib
import http
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from urllib.parse import parse_qs, urlsplit

import structlog

log = structlog.get_logger()

_CHUNK = 16_384
_BACKLOG = 1024
_LOOK_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class Limits:
    """At most `connections` at once, each for `deadline_s` and `body_bytes`; `per_s` in the long run, `burst` at once.

    Who comes when these are used up waits in the kernel's queue.
    """

    connections: int = 64
    deadline_s: float = 5.0
    head_bytes: int = 16_384
    body_bytes: int = 1_048_576
    per_s: float = 500.0
    burst: int = 1000


@dataclass(frozen=True, slots=True)
class Request:
    """What is looked at of a request; `echo` is that parameter of the query, `bearer` empty without one."""

    method: str
    path: str
    echo: str | None
    bearer: bytes
    content_length: int


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = b""


class BoundedServer:
    """Answers each connection's one request by `answer`, in a thread per connection. The constructor listens."""

    def __init__(
        self,
        host: str,
        port: int,
        answer: Callable[[Request], Answer],
        *,
        tls: ssl.SSLContext | None,
        monotonic: Callable[[], float],
        limits: Limits | None = None,
    ) -> None:
        self._answer = answer
        self._tls = tls
        self._monotonic = monotonic
        self._limits = limits or Limits()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        self._socket.settimeout(_LOOK_EVERY_S)
        self.port = int(self._socket.getsockname()[1])
        self._open: dict[socket.socket, float] = {}
        self._freed = threading.Condition()
        self._stopped = threading.Event()
        self._left = float(self._limits.burst)
        self._counted_s = monotonic()
        self._thread = threading.Thread(target=self._serve, name="callbacks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, within_s: float) -> None:
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join(within_s)
        self._socket.close()
        self._break_off(lambda _: True)
        with self._freed:
            self._freed.wait_for(lambda: not self._open, within_s)

    # --- the listening thread

    def _serve(self) -> None:
        while not self._stopped.is_set():
            self._break_off(lambda until_s: until_s < self._monotonic())
            if not self._has_room():
                continue
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            except OSError:
                # This process has no file to spare; asking again at once would help nobody.
                self._stopped.wait(_LOOK_EVERY_S)
                continue
            self._begin(connection)

    def _has_room(self) -> bool:
        """Wait a little for a free place, and for the rate to allow one more."""
        with self._freed:
            if not self._freed.wait_for(lambda: len(self._open) < self._limits.connections, _LOOK_EVERY_S):
                return False
        now_s = self._monotonic()
        earned = (now_s - self._counted_s) * self._limits.per_s
        self._left = min(float(self._limits.burst), self._left + earned)
        self._counted_s = now_s
        if self._left >= 1:
            return True
        self._stopped.wait(min(_LOOK_EVERY_S, (1 - self._left) / self._limits.per_s))
        return False

    def _begin(self, connection: socket.socket) -> None:
        self._left -= 1
        with self._freed:
            self._open[connection] = self._monotonic() + self._limits.deadline_s
        try:
            threading.Thread(target=self._attend, args=(connection,), name="callback", daemon=True).start()
        except (RuntimeError, MemoryError):
            self._forget(connection)
            connection.close()

    def _break_off(self, is_over: Callable[[float], bool]) -> None:
        """Shut what has had its time, however busily it drips; its thread then ends by itself."""
        with self._freed:
            for connection, until_s in self._open.items():
                if is_over(until_s):
                    with contextlib.suppress(OSError):
                        # The plain socket's: TLS would want to say goodbye.
                        socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def _forget(self, connection: socket.socket) -> None:
        with self._freed:
            self._open.pop(connection, None)
            self._freed.notify_all()

    # --- a connection's thread

    def _attend(self, connection: socket.socket) -> None:
        try:
            connection.settimeout(self._limits.deadline_s)
            if self._tls is not None:
                connection = self._encrypted(connection, self._tls)
            self._converse(connection)
        except (OSError, ValueError) as error:
            log.debug("callback_broken_off", reason=str(error)[:200])
        finally:
            connection.close()
            self._forget(connection)

    def _encrypted(self, plain: socket.socket, tls: ssl.SSLContext) -> socket.socket:
        with self._freed:
            until_s = self._open.pop(plain)
            wrapped = tls.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)
            self._open[wrapped] = until_s
        try:
            wrapped.do_handshake()
        except BaseException:
            wrapped.close()
            self._forget(wrapped)
            raise
        return wrapped

    def _converse(self, connection: socket.socket) -> None:
        head, body_bytes = self._read_head(connection)
        request = None if head is None else parsed(head)
        if request is None:
            answer = Answer(431 if head is None else 400)
        elif request.content_length > self._limits.body_bytes:
            answer = Answer(413)
        else:
            answer = self._answer(request)
        self._say(connection, answer)
        # A caller that is still sending would see a reset instead of the answer.
        connection.shutdown(socket.SHUT_WR)
        while body_bytes <= self._limits.body_bytes and (chunk := connection.recv(_CHUNK)):
            body_bytes += len(chunk)

    def _read_head(self, connection: socket.socket) -> tuple[bytes | None, int]:
        """The request up to its empty line, and how much came after that; None: too long."""
        head = b""
        while b"\r\n\r\n" not in head:
            if len(head) > self._limits.head_bytes:
                return None, 0
            chunk = connection.recv(_CHUNK)
            if not chunk:
                raise ConnectionError("the caller went away within its request")
            head += chunk
        head, _, body = head.partition(b"\r\n\r\n")
        return head, len(body)

    @staticmethod
    def _say(connection: socket.socket, answer: Answer) -> None:
        challenge = "WWW-Authenticate: Bearer\r\n" if answer.status == 401 else ""
        head = (
            f"HTTP/1.1 {answer.status} {http.HTTPStatus(answer.status).phrase}\r\n"
            f"Content-Type: text/plain; charset=utf-8\r\nContent-Length: {len(answer.body)}\r\n"
            f"{challenge}X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
        )
        connection.sendall(head.encode() + answer.body)


def parsed(head: bytes) -> Request | None:
    """A request's head; None where it is no HTTP."""
    line, _, rest = head.partition(b"\r\n")
    words = line.decode("latin-1").split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        return None
    try:
        target = urlsplit(words[1])
        query = parse_qs(target.query, keep_blank_values=True, max_num_fields=20)
        headers = BytesHeaderParser().parsebytes(rest)
        length = int(str(headers.get("Content-Length", "0")))
    except ValueError:
        return None
    echo = query.get("echo")
    scheme, _, token = str(headers.get("Authorization", "")).partition(" ")
    bearer = token.strip().encode("utf-8", "replace") if scheme.lower() == "bearer" else b""
    return Request(words[0], target.path, echo[0] if echo else None, bearer, length)
