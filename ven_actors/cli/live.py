"""The live view of a run: redrawn in place, log lines scrolling past above it."""

from __future__ import annotations

import contextlib
import sys
from types import TracebackType
from typing import NoReturn, Self, TextIO

import msgspec
from rich.console import Console
from rich.file_proxy import FileProxy
from rich.live import Live

from ven_actors.cli.keyboard import QuietKeyboard
from ven_actors.cli.seams import Status
from ven_actors.cli.status_view import render
from ven_actors.telemetry import Stream


class PipeConsole(Console):
    """A console that leaves a broken pipe to the caller; rich would end the process with exit code 1."""

    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError


class LiveView:
    """Draws each status it is given.

    It begins with the first, so that progress bars before it have the terminal. The picture of a fleet that no longer
    runs is the last one and stays (`kept`); a picture that says "running" is taken away. A terminal that goes away ends
    the view, never the fleet.
    """

    def __init__(self, console: Console, keyboard: QuietKeyboard | None = None) -> None:
        self._console = console
        self._keyboard = keyboard or QuietKeyboard()
        self._live: Live | None = None
        self._gone = False
        self.kept = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._keyboard.restore()
        if self._live is not None:
            with contextlib.suppress(OSError, ValueError):
                self._live.stop()

    def show(self, status: Status | bytes) -> None:
        """Draw a status document, or its JSON."""
        if self._gone or self.kept:
            return
        document = msgspec.json.decode(status, type=Status) if isinstance(status, bytes) else status
        try:
            if self._live is None:
                self._keyboard.quiet()
                self._live = Live(console=self._console, auto_refresh=False, redirect_stderr=False, transient=True)
                self._live.start()
            self._live.update(render(document, self._console.height), refresh=True)
            if document.get("running") is False:
                self._live.transient = False
                self._live.stop()
                self.kept = True
        except (OSError, ValueError):
            self._gone = True

    def log_stream(self, stderr: TextIO | None = None) -> Stream | None:
        """Where log lines go meanwhile: above the view, or to standard error where that is no terminal."""
        stderr = stderr or sys.stderr
        return FileProxy(self._console, stderr) if stderr.isatty() else None
