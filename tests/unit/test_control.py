import contextlib
import os
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ven_actors import control
from ven_actors.control import SOCKET_NAME, ControlServer, ask_status
from ven_actors.errors import StateError

TIMEOUT_S = 10


@contextlib.contextmanager
def serving(folder: Path, answer: Callable[[], bytes]) -> Iterator[ControlServer]:
    server = ControlServer(folder, answer)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def foreign_server(folder: Path, serve: Callable[[socket.socket], None]) -> Iterator[None]:
    """Something else that listens on the socket and treats its first caller with `serve`."""

    def accept() -> None:
        connection, _ = listener.accept()
        with connection:
            serve(connection)

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(folder / SOCKET_NAME))
        listener.listen()
        thread = threading.Thread(target=accept)
        thread.start()
        yield
        thread.join(TIMEOUT_S)


def test_whoever_asks_gets_the_status_of_that_moment(tmp_path: Path) -> None:
    answers = iter([b'{"n": 1}', b'{"n": 2}'])
    with serving(tmp_path, lambda: next(answers)):
        assert [ask_status(tmp_path), ask_status(tmp_path)] == [{"n": 1}, {"n": 2}]


def test_where_no_fleet_runs_there_is_no_status(tmp_path: Path) -> None:
    assert ask_status(tmp_path) is None
    assert ask_status(tmp_path / "missing") is None
    (tmp_path / "file").touch()
    assert ask_status(tmp_path / "file") is None


def test_only_its_owner_may_use_the_socket(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with serving(tmp_path, lambda: b"{}"):
            assert stat.S_IMODE((tmp_path / SOCKET_NAME).stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_the_socket_goes_with_the_server(tmp_path: Path) -> None:
    with serving(tmp_path, lambda: b"{}"):
        assert (tmp_path / SOCKET_NAME).exists()
    assert not (tmp_path / SOCKET_NAME).exists()
    assert ask_status(tmp_path) is None


def test_a_socket_that_a_killed_fleet_left_is_no_answer_and_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(tmp_path / SOCKET_NAME))
    assert ask_status(tmp_path) is None
    with serving(tmp_path, lambda: b'{"n": 1}'):
        assert ask_status(tmp_path) == {"n": 1}


def test_a_file_in_the_place_of_the_socket_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / SOCKET_NAME).write_text("mine")
    server = ControlServer(tmp_path, lambda: b"{}")
    with pytest.raises(StateError, match="is in the way"):
        server.start()
    server.stop()
    assert (tmp_path / SOCKET_NAME).read_text() == "mine"
    assert ask_status(tmp_path) is None


def test_a_folder_that_is_not_there_is_a_state_error(tmp_path: Path) -> None:
    server = ControlServer(tmp_path / "missing", lambda: b"{}")
    with pytest.raises(StateError, match=r"cannot be made \(No such file"):
        server.start()
    server.stop()


def test_a_folder_deeper_than_a_socket_address_is_long_works_too(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 120) / ("y" * 120)
    deep.mkdir(parents=True)
    with serving(deep, lambda: b'{"n": 1}'):
        assert ask_status(deep) == {"n": 1}


def test_a_status_larger_than_the_socket_buffer_arrives_whole(tmp_path: Path) -> None:
    with serving(tmp_path, lambda: b'{"x": "' + b"y" * 5_000_000 + b'"}'):
        found = ask_status(tmp_path)
    assert found is not None
    assert len(found["x"]) == 5_000_000


def test_a_status_that_cannot_be_had_is_told_and_the_next_one_answered(tmp_path: Path) -> None:
    outcomes = iter([ValueError("no supervisor"), None])

    def answer() -> bytes:
        outcome = next(outcomes)
        if outcome:
            raise outcome
        return b"{}"

    with capture_logs() as logs, serving(tmp_path, answer):
        with pytest.raises(StateError, match="gave no status: no supervisor"):
            ask_status(tmp_path)
        assert ask_status(tmp_path) == {}
    assert [(log["event"], log["error"]) for log in logs] == [("status_failed", "no supervisor")]


def test_a_caller_that_hangs_up_does_not_end_the_service(tmp_path: Path) -> None:
    called, go_on = threading.Event(), threading.Event()

    def answer() -> bytes:
        called.set()
        go_on.wait(TIMEOUT_S)
        return b'{"x": "' + b"y" * 5_000_000 + b'"}'

    with serving(tmp_path, answer):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
            caller.connect(str(tmp_path / SOCKET_NAME))
            assert called.wait(TIMEOUT_S)
        go_on.set()
        assert ask_status(tmp_path) is not None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "not JSON"),
        (b'{"cut": ', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[1]", "no JSON object"),
    ],
)
def test_an_answer_that_is_no_status_is_a_state_error(tmp_path: Path, answer: bytes, words: str) -> None:
    with (
        foreign_server(tmp_path, lambda connection: connection.sendall(answer)),
        pytest.raises(StateError, match=words),
    ):
        ask_status(tmp_path)


def test_an_answer_without_end_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "LARGEST_ANSWER_BYTES", 100_000)

    def flood(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(b" " * 10_000)

    with foreign_server(tmp_path, flood), pytest.raises(StateError, match="larger than 100000 bytes"):
        ask_status(tmp_path)


def test_a_fleet_that_does_not_answer_in_time_is_told(tmp_path: Path) -> None:
    done = threading.Event()
    with foreign_server(tmp_path, lambda _: [done.wait(TIMEOUT_S)].clear()):
        with pytest.raises(StateError, match=r"did not answer within 0.05 s"):
            ask_status(tmp_path, timeout_s=0.05)
        done.set()


def test_an_answer_that_drips_does_not_outlast_the_time_limit(tmp_path: Path) -> None:
    now_s = iter(range(0, 1000, 2))

    def drip(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(b" ")

    with foreign_server(tmp_path, drip), pytest.raises(StateError, match="did not answer within 5 s"):
        ask_status(tmp_path, timeout_s=5.0, monotonic=lambda: next(now_s))


def test_a_socket_that_may_not_be_used_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(StateError, match=r"cannot be asked \(Permission denied\)"):
        ask_status(tmp_path)
