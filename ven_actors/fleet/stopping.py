"""Signals that end a run: the first in good order, a later one without draining."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator

import structlog

log = structlog.get_logger()

AGAIN_AFTER_S = 1.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopping:
    """`stop` ends the run, `hurry` its drain.

    The first signal stops. One Ctrl-C often arrives twice (a terminal and a supervisor both pass it on), so a further
    SIGINT or SIGTERM counts only `AGAIN_AFTER_S` after the first. SIGHUP never hurries: a closing terminal may
    send it more than once.
    """

    def __init__(self, stop: threading.Event | None = None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.stop = stop or threading.Event()
        self.hurry = threading.Event()
        self._monotonic = monotonic
        self._first_s: float | None = None

    def signalled(self, number: int) -> None:
        now_s = self._monotonic()
        if self._first_s is None:
            self._first_s = now_s
            self.stop.set()
        elif number == signal.SIGHUP or now_s < self._first_s + AGAIN_AFTER_S:
            return
        else:
            self.hurry.set()
        log.info("stopping", signal=signal.Signals(number).name, draining=not self.hurry.is_set())


@contextlib.contextmanager
def stopped_by_signals(stopping: Stopping) -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP stop the run; under `nohup`, which ignores SIGHUP, that one does not.

    Only the main thread may be signalled, so elsewhere it is left alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_signal(number: int, _frame: object) -> None:
        stopping.signalled(number)

    heard = [
        number
        for number in _SIGNALS
        if number != signal.SIGHUP or signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
    ]
    before = {number: signal.signal(number, on_signal) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
