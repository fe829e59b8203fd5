"""The VTN on a socket: uvicorn, made to answer problems, to end cleanly and to say when it is ready."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import resource
import signal
import socket
import threading
from collections.abc import Callable

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from ven_actors.vtn.problems import Problem, StateUnusable, problem_json

READY_NAME = "ready.json"  # in the state folder: where the VTN is, or was
KEEP_ALIVE_S = 120
GRACE_S = 3
_MOST_FILES = 65_536
_TICK_S = 0.1
_TICKS_PER_DAY = 864_000


class ProblemH11Protocol(H11Protocol):
    """Answers what is no HTTP with a problem, and lets the application reach the connection (for faults)."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}

    def send_400_response(self, msg: str) -> None:
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = problem_json(Problem(400, msg))
            self.transport.write(
                b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
            )
        self.transport.close()


class VtnServer(uvicorn.Server):
    """One `app` on one listening socket. `on_ready` is called when it answers; `stop()` from any thread ends it."""

    def __init__(self, app: ASGIApp, on_ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=ProblemH11Protocol,
                ws="none",
                lifespan="on",
                access_log=False,
                log_config=None,
                log_level="error",
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=GRACE_S,
            )
        )
        self._on_ready = on_ready
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self._on_ready()

    async def main_loop(self) -> None:
        """As uvicorn's, which looks ten times a second whether it is to end; this one is told, too."""
        ticks = 0
        while not await self.on_tick(ticks):
            ticks = (ticks + 1) % _TICKS_PER_DAY
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), _TICK_S)

    def stop(self) -> None:
        self.should_exit = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._stopped.set)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 means any free one. Raises `StateUnusable` if the address cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # else asyncio leaves Nagle on: 40 ms
    except OSError as error:
        raise StateUnusable(f"host {host!r} is no address of this machine: {error.strerror}") from error
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(2048)
    except OSError as error:
        sock.close()
        raise StateUnusable(f"cannot listen on {host}, port {port}: {error.strerror}") from error
    return sock


def root_url(sock: socket.socket) -> str:
    """How a client on this machine addresses the socket."""
    host, port = sock.getsockname()[:2]
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        address = ipaddress.ip_address("127.0.0.1" if address.version == 4 else "::1")
    return f"http://{address}:{port}" if address.version == 4 else f"http://[{address}]:{port}"


def is_loopback(sock: socket.socket) -> bool:
    return ipaddress.ip_address(sock.getsockname()[0]).is_loopback


def serve(server: VtnServer, sock: socket.socket) -> None:
    """Serve until SIGTERM, SIGINT or SIGHUP (that one not under `nohup`), or until `server.stop()`.

    uvicorn raises the signal again when it has ended; the loop's handlers keep that from ending the process by it.
    """
    _allow_many_connections()

    async def run() -> None:
        loop = asyncio.get_running_loop()
        hangup = [] if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else [signal.SIGHUP]
        for number in (signal.SIGTERM, signal.SIGINT, *hangup):
            loop.add_signal_handler(number, server.stop)
        await server.serve(sockets=[sock])

    asyncio.run(run())


def stop_with_stdin(stop: Callable[[], None], stdin_fd: int = 0) -> None:
    """Call `stop` when stdin reaches its end: whoever started this process is gone, or wants it gone."""

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(stdin_fd, 4096):
                pass
        stop()

    threading.Thread(target=watch, name="vtn-stdin", daemon=True).start()


def _allow_many_connections() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
