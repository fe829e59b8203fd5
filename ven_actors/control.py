"""The fleet from outside its process: a Unix socket in the state folder, mode 0600.

A client that writes nothing gets the status: one JSON document, and the end of the stream. A client that writes one
JSON object and ends its side gets the answer to it: `{"said": ...}`, or `{"refused": ...}` with the reason.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import structlog

from ven_actors.errors import FleetError, StateError, UsageError

SOCKET_NAME = "control.sock"
LARGEST_ANSWER_BYTES = 64 * 2**20
LARGEST_REQUEST_BYTES = 2**20
# A client that wants the status may send nothing at all, so the wait for a request is short.
_SAYS_NOTHING_S = 0.2
_SLOW_READER_S = 2.0
_STOP_S = 5.0
_log = structlog.get_logger(__name__)


@contextlib.contextmanager
def _short_path(state_dir: Path) -> Iterator[str]:
    """A path of the socket that fits into the 108 bytes of a Unix address, however deep the folder lies."""
    folder = os.open(state_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{SOCKET_NAME}"
    finally:
        os.close(folder)


Order = Callable[[dict[str, Any]], Any]


class ControlServer:
    """Answers with `answer()`, or does what is asked with `do`, in a daemon thread of its own.

    `do` raises `FleetError` for what cannot be done. Start it only while holding the folder's lock.
    """

    def __init__(self, state_dir: Path, answer: Callable[[], bytes], do: Order | None = None) -> None:
        self._state_dir = state_dir
        self._answer = answer
        self._do = do
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._thread = threading.Thread(target=self._serve, name="control", daemon=True)

    def start(self) -> None:
        """Bind and serve. A socket that a killed fleet left is replaced; anything else there is a StateError."""
        path = self._state_dir / SOCKET_NAME
        try:
            with contextlib.suppress(FileNotFoundError):
                if not stat.S_ISSOCK(path.lstat().st_mode):
                    raise StateError(f"{path} is in the way: it is no socket; move it away")
                path.unlink()
            # On Linux the file takes the mode the socket has when it is bound: there is no moment with another one.
            os.fchmod(self._socket.fileno(), 0o600)
            with _short_path(self._state_dir) as short:
                self._socket.bind(short)
            self._socket.listen(16)
        except OSError as error:
            self._socket.close()
            raise StateError(f"{path} cannot be made ({error.strerror}); is the folder writable?") from None
        except StateError:
            self._socket.close()
            raise
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and remove the socket."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        if self._thread.ident is not None:
            self._thread.join(_STOP_S)
            (self._state_dir / SOCKET_NAME).unlink(missing_ok=True)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                self._reply(connection)

    def _reply(self, connection: socket.socket) -> None:
        try:
            request = self._request(connection)
            answer = self._answer() if not request else self._done(request)
        except Exception as error:  # noqa: BLE001 - a status that cannot be had must not end the service
            _log.warning("status_failed", error=str(error))
            answer = msgspec.json.encode({"error": str(error) or type(error).__name__})
        connection.settimeout(_SLOW_READER_S)
        with contextlib.suppress(OSError):
            connection.sendall(answer)

    @staticmethod
    def _request(connection: socket.socket) -> bytes:
        """What is asked for; empty for the status."""
        content = bytearray()
        connection.settimeout(_SAYS_NOTHING_S)
        with contextlib.suppress(OSError):
            while len(content) <= LARGEST_REQUEST_BYTES and (chunk := connection.recv(2**16)):
                content += chunk
        return bytes(content)

    def _done(self, request: bytes) -> bytes:
        try:
            wanted = msgspec.json.decode(request, type=dict[str, Any])
            if self._do is None:
                raise UsageError("this fleet takes no orders")
            return msgspec.json.encode({"said": self._do(wanted)})
        except (FleetError, msgspec.MsgspecError) as error:
            return msgspec.json.encode({"refused": str(error)})


def order(state_dir: Path, request: Mapping[str, Any], timeout_s: float = 30.0) -> Any:
    """What the fleet on this state folder answers to a request, or None where none runs.

    Raises `StateError` where it refuses, with its reason, and what `ask_status` raises.
    """
    answer = _asked(state_dir, msgspec.json.encode(request), timeout_s, time.monotonic)
    if answer is None:
        return None
    if "refused" in answer:
        raise StateError(str(answer["refused"]))
    if "said" not in answer:
        raise StateError(f"the fleet on {state_dir} is of an earlier version and takes no orders; start it again")
    return answer["said"]


def ask_status(
    state_dir: Path, timeout_s: float = 5.0, monotonic: Callable[[], float] = time.monotonic
) -> dict[str, Any] | None:
    """What the fleet on this state folder says of itself, or None where none runs.

    Raises StateError where one runs but does not answer as it should within `timeout_s`, or may not be asked.
    """
    return _asked(state_dir, b"", timeout_s, monotonic)


def _asked(state_dir: Path, request: bytes, timeout_s: float, monotonic: Callable[[], float]) -> dict[str, Any] | None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout_s)
        try:
            with _short_path(state_dir) as short:
                connection.connect(short)
            with contextlib.suppress(OSError):
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
            content = _read_all(connection, monotonic() + timeout_s, monotonic)
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
            return None
        except TimeoutError:
            raise StateError(f"the fleet on {state_dir} did not answer within {timeout_s:g} s; try again") from None
        except OSError as error:
            raise StateError(f"the fleet on {state_dir} cannot be asked ({error.strerror})") from None
    try:
        return _status_of(content)
    except ValueError as error:
        raise StateError(f"the fleet on {state_dir} gave no status: {error}") from None


def _read_all(connection: socket.socket, deadline_s: float, monotonic: Callable[[], float]) -> bytes:
    content = bytearray()
    while len(content) <= LARGEST_ANSWER_BYTES:
        left_s = deadline_s - monotonic()
        if left_s <= 0:
            raise TimeoutError
        connection.settimeout(left_s)
        chunk = connection.recv(2**16)
        if not chunk:
            break
        content += chunk
    return bytes(content)


def _status_of(content: bytes) -> dict[str, Any]:
    if len(content) > LARGEST_ANSWER_BYTES:
        raise ValueError(f"its answer is larger than {LARGEST_ANSWER_BYTES} bytes")
    try:
        status = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError):
        raise ValueError("its answer is not JSON") from None
    if not isinstance(status, dict):
        raise ValueError("its answer is no JSON object")  # noqa: TRY004 - it is the answer's content that is wrong
    if "error" in status:
        raise ValueError(str(status["error"]))
    return status
