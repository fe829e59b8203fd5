"""What the doctor is shown: cases against a VTN, and peers that are no VTN."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ven_actors.config_sources import load_config
from ven_actors.fleet.doctor import STEPS, Case, Finding, Verdict, case_of, examine
from ven_actors.testing.vtn import Client, InProcessVtn, Role

PEM = Path(__file__).parents[1] / "golden" / "tls" / "loopback.pem"
SECRET = "herning-secret"
HERNING = Client("Herning", SECRET, Role.VEN)


@dataclass
class Findings:
    by_check: dict[str, Finding]

    def __getitem__(self, check: str) -> Finding:
        return self.by_check[check]

    @property
    def bad(self) -> list[str]:
        return [check for check, finding in self.by_check.items() if finding.verdict is Verdict.BAD]

    @property
    def skipped(self) -> list[str]:
        return [check for check, finding in self.by_check.items() if finding.verdict is Verdict.SKIPPED]

    def the_cause(self, check: str) -> Finding:
        """The only bad finding, and it says what, why and what to do."""
        assert self.bad == [check], self.by_check
        finding = self.by_check[check]
        assert finding.what
        assert finding.why
        assert finding.remedy
        return finding


def opened(
    tmp_path: Path, url: str, *, secret: str = SECRET, write: bool = False, **flags: Any
) -> AbstractContextManager[Case]:
    """The case of VEN Herning, whose client bears its name."""
    clients = tmp_path / "clients.csv"
    if not clients.exists():
        clients.write_text(f"ven,client_id,client_secret,token_url\nHerning,Herning,{secret},\n")
        clients.chmod(0o600)
    given = {"vtn_url": url, "vens": "Herning", "credentials": str(clients), "state": str(tmp_path / "state")}
    given |= {"deadline": "2s", "approve": "3"} | flags
    return case_of(load_config(given, {}).config, {}, write=write)


def examined(tmp_path: Path, url: str, **how: Any) -> Findings:
    with opened(tmp_path, url, **how) as case:
        return Findings(dict(examine(case)))


class Listener:
    """Accepts connections on loopback and gives each to `serve` in a thread of its own, closing it afterwards."""

    def __init__(self, serve: Callable[[socket.socket], None], host: str = "127.0.0.1") -> None:
        self._serve = serve
        self._listener = socket.create_server((host, 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            thread = threading.Thread(target=self._serve_one, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve_one(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            self._serve(connection)

    def close(self) -> None:
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(5)


Listen = Callable[..., Listener]


def answering(answer: bytes) -> Callable[[socket.socket], None]:
    """Reads until the end of a request's headers, answers always the same, hangs up."""

    def serve(connection: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request and (more := connection.recv(4096)):
            request += more
        connection.sendall(answer)

    return serve


def tls_context(pem: Path = PEM) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def tls_in_front_of(port: int, pem: Path = PEM) -> Callable[[socket.socket], None]:
    """TLS towards the client, plain towards what listens on loopback's `port`."""
    context = tls_context(pem)

    def serve(connection: socket.socket) -> None:
        inside = socket.create_connection(("127.0.0.1", port))
        with inside, context.wrap_socket(connection, server_side=True) as outside:
            back = threading.Thread(target=_pump, args=(inside, outside), daemon=True)
            back.start()
            _pump(outside, inside)
            back.join(5)

    return serve


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with suppress(OSError):
        socket.socket.shutdown(sink, socket.SHUT_RDWR)


def port_of(vtn: InProcessVtn) -> int:
    return int(vtn.root_url.rpartition(":")[2])


def after(check: str) -> list[str]:
    """What cannot be tried once this check is bad, in a chain where each needs the one before."""
    names = [step.name for step in STEPS]
    return names[names.index(check) + 1 :]
