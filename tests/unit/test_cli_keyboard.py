"""What is typed while a picture is redrawn in place does not get into the picture."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from typing import IO

import pytest

from ven_actors.cli.keyboard import QuietKeyboard

_TYPED = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from ven_actors.cli.keyboard import QuietKeyboard
keyboard = QuietKeyboard()
keyboard.quiet()
print("ready", file=sys.stderr, flush=True)
line = sys.stdin.readline()
keyboard.restore()
print("read", len(line), file=sys.stderr, flush=True)
"""


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Both ends of a pseudo terminal: ours, and the program's."""
    ours, its = os.openpty()
    yield ours, its
    os.close(ours)
    os.close(its)


@pytest.fixture
def run(terminal: tuple[int, int]) -> Iterator[Callable[[str], IO[str]]]:
    """Runs a program on the terminal and gives its standard error, which is a pipe."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str) -> IO[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=terminal[1],
            stdout=terminal[1],
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        assert process.stderr is not None
        return process.stderr

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_what_is_typed_is_read_and_not_shown_and_the_echo_comes_back(
    terminal: tuple[int, int], run: Callable[[str], IO[str]]
) -> None:
    ours, its = terminal
    said = run(_TYPED)
    assert said.readline() == "ready\n"
    assert not termios.tcgetattr(its)[3] & termios.ECHO
    os.write(ours, b"typed\n")
    assert said.readline() == "read 6\n"
    assert termios.tcgetattr(its)[3] & termios.ECHO
    os.set_blocking(ours, False)
    with pytest.raises(BlockingIOError):
        os.read(ours, 100)


def test_a_terminal_that_is_not_ours_to_change_is_left_alone(terminal: tuple[int, int]) -> None:
    before = termios.tcgetattr(terminal[1])
    with os.fdopen(os.dup(terminal[1])) as stream:
        keyboard = QuietKeyboard(stream)
        keyboard.quiet()
        assert termios.tcgetattr(terminal[1]) == before
        keyboard.restore()


def test_a_standard_input_that_is_not_a_file_is_left_alone() -> None:
    keyboard = QuietKeyboard(io.StringIO())
    keyboard.quiet()
    keyboard.restore()
