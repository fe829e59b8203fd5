"""The callback server: tells a VEN that its VTN called, and answers before anybody has worked (R38).

It stands in the open, so it believes nobody. What is posted is never read for its content; a caller that has the
bearer causes a hint, whoever else causes nothing. Connections, their time, bytes and number per second are bounded.
"""

from __future__ import annotations

import hmac
import secrets
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from ven_actors.errors import UsageError
from ven_actors.model import Secret
from ven_actors.openadr.subscriptions import MARK, Callback, callback_path
from ven_actors.push.http_server import Answer, BoundedServer, Limits, Request

log = structlog.get_logger()

LONGEST_ECHO = 1024
_STOP_S = 5.0


@dataclass(slots=True)
class _Line:
    """One callback URL: whom to tell, and whether its VTN has shown that it calls."""

    bearer: Secret
    tell: Callable[[], None]
    called: bool = False


class CallbackServer:
    """Serves in threads of its own from `start` to `stop`.

    `public_url` is what the VTN is told to call; empty: this machine at the port that is listened on.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        public_url: str = "",
        tls: ssl.SSLContext | None = None,
        monotonic: Callable[[], float],
        limits: Limits | None = None,
    ) -> None:
        """Listen. Raises `UsageError` where that cannot be."""
        try:
            self._server = BoundedServer(host, port, self._answer, tls=tls, monotonic=monotonic, limits=limits)
        except OSError as error:
            raise UsageError(
                f"--webhook-port: {host}:{port} cannot be listened on ({error.strerror or error}); choose another"
            ) from None
        self.port = self._server.port
        scheme = "http" if tls is None else "https"
        shown = f"[{host}]" if ":" in host else host
        self._public_url = public_url.rstrip("/") or f"{scheme}://{shown}:{self.port}"
        self._lines: dict[str, _Line] = {}
        self._lock = threading.Lock()
        self._nobody = Secret(secrets.token_urlsafe(32))

    def start(self) -> None:
        self._server.start()
        log.info("callbacks_expected", url=self._public_url)

    def stop(self) -> None:
        self._server.stop(_STOP_S)

    def open(self, ven: str, program_id: str | None, tell: Callable[[], None]) -> Callback:
        """A new callback of a VEN, for one program or for all, in place of an earlier one; `tell` is its hint."""
        path = callback_path(ven, program_id)
        bearer = Secret(secrets.token_urlsafe(32))
        with self._lock:
            self._lines[path] = _Line(bearer, tell)
        return Callback(self._public_url + path, bearer)

    def has_called(self, ven: str, program_id: str | None) -> bool:
        """Whether the VTN has called this one since it was opened: some take a subscription and never do."""
        with self._lock:
            line = self._lines.get(callback_path(ven, program_id))
            return line is not None and line.called

    def _answer(self, request: Request) -> Answer:
        if request.method == "GET":
            return self._echo(request)
        if request.method != "POST":
            return Answer(405)
        line = self._line(request.path)
        expected = self._nobody if line is None else line.bearer
        if not hmac.compare_digest(request.bearer, expected.reveal().encode()):
            return Answer(401)
        assert line is not None, "nobody's bearer is known to nobody"
        line.called = True
        line.tell()
        return Answer(200)

    def _echo(self, request: Request) -> Answer:
        """What a VTN asks before it takes a subscription; it bears no token, and proves nothing but that it looks."""
        if request.echo is None or len(request.echo) > LONGEST_ECHO:
            return Answer(400)
        line = self._line(request.path)
        if line is not None:
            line.called = True
        return Answer(200, request.echo.encode("utf-8", "replace"))

    def _line(self, path: str) -> _Line | None:
        _, mark, rest = path.rpartition(MARK)
        with self._lock:
            return self._lines.get(mark + rest)
