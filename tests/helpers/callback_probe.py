"""A callback server that writes down what it is sent and answers as a test wants."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

WITHIN_S = 20.0


class CallbackProbe:
    """`notifications` holds (path, bearer, decoded body) in order of arrival; `status(path)` decides each answer."""

    def __init__(self, pem: Path | None = None) -> None:
        """`pem`: key and certificate, for https."""
        self.echo: Callable[[str], tuple[int, str]] = lambda word: (200, word)
        self.status: Callable[[str], int] = lambda _path: 200
        self.echoes: list[tuple[str, str | None]] = []
        self.notifications: list[tuple[str, str | None, Any]] = []
        self.changed = threading.Condition()
        probe = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                with probe.changed:
                    probe.echoes.append((self.path, self.headers.get("Authorization")))
                status, text = probe.echo(parse_qs(parts.query).get("echo", [""])[0])
                self.answer(status, text.encode())

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with probe.changed:
                    probe.notifications.append((self.path, self.headers.get("Authorization"), body))
                    probe.changed.notify_all()
                self.answer(probe.status(self.path), b"")

            def answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        if pem is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pem)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self.url = self.url.replace("http", "https", 1)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait_for(self, count: int) -> list[tuple[str, str | None, Any]]:
        """The first `count` notifications, once they are there."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.notifications) >= count, WITHIN_S), self.notifications
            return self.notifications[:count]

    def told(self, count: int) -> list[tuple[str, str]]:
        """Kind and operation of the first `count` notifications."""
        return [(body["objectType"], body["operation"]) for _, _, body in self.wait_for(count)]

    def clear(self) -> None:
        with self.changed:
            self.notifications.clear()
            self.echoes.clear()
        self.echo, self.status = (lambda word: (200, word)), (lambda _path: 200)
