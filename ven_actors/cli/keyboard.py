"""The keyboard of a terminal that is being drawn on: typed characters must not appear in the picture."""

from __future__ import annotations

import contextlib
import os
import sys
import termios
from typing import TextIO

_LOCAL_FLAGS = 3


class QuietKeyboard:
    """Switches the echo off and on again: a `^C` in the last column moves the picture down, and a line stays behind.

    Does nothing if standard input is not a terminal, or if another process group has its foreground: a change would
    stop this process.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdin
        self._before: list[int | list[bytes | int]] | None = None

    def quiet(self) -> None:
        with contextlib.suppress(OSError, ValueError, termios.error):
            file = self._stream.fileno()
            if self._before is None and _is_in_foreground(file):
                attributes = termios.tcgetattr(file)
                self._before = [*attributes]
                attributes[_LOCAL_FLAGS] &= ~termios.ECHO
                termios.tcsetattr(file, termios.TCSANOW, attributes)

    def restore(self) -> None:
        before, self._before = self._before, None
        with contextlib.suppress(OSError, ValueError, termios.error):
            if before is not None and _is_in_foreground(self._stream.fileno()):
                termios.tcsetattr(self._stream.fileno(), termios.TCSANOW, before)


def _is_in_foreground(file: int) -> bool:
    return os.isatty(file) and os.tcgetpgrp(file) == os.getpgrp()
