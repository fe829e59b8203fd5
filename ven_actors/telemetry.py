"""Logs through structlog, and all metrics in one class.

Event names are snake_case, values are keys, units stand in the key. What other libraries log through `logging` comes
out the same way from warning on. Secrets never come out: neither under a key that names one, nor inside a text.
"""

from __future__ import annotations

import contextlib
import logging
import re
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
MASK = "***"
_SECRET_KEY = re.compile(r"(secret|token|authorization|password|cookie)(?!.*_(url|file|env|s|count)$)", re.IGNORECASE)
_SECRET_IN_TEXT = re.compile(
    # "A bearer token is needed" is prose; any other word may be a token.
    r"(?P<before>\bbearer\s+(?!tokens?[.;:!?)]*(?:[\s\"',]|$))|\bauthorization[\"']?\s*[=:]\s*[\"']?(?:basic|bearer)\s+"
    r"|\b(?:client_secret|access_token|refresh_token|password)[\"']?\s*[=:]\s*[\"']?)"
    r"[^\s\"'&,}]{3,}",
    re.IGNORECASE,
)
_SECRET_IN_URL = re.compile(r"(?P<before>://[^/\s:@]*:)[^/\s@]+(?=@)")
_SHORTEST_SECRET = 4
_DEEPEST = 6


class Stream(Protocol):
    def write(self, text: str, /) -> object: ...

    def flush(self) -> object: ...


class _Sink:
    """A stream that may be closed under us (a terminal that went away): what can no longer be shown is dropped."""

    def __init__(self, stream: Stream | None) -> None:
        self._stream = stream
        # A signal's handler logs too, and may come while this very thread writes a line.
        self._lock = threading.RLock()

    def write(self, text: str) -> None:
        with self._lock, contextlib.suppress(OSError, ValueError):
            stream = self._stream or sys.stderr
            stream.write(text)
            stream.flush()

    def flush(self) -> None:
        """Every write is flushed already."""


class Redaction:
    """The processor that masks secrets: under telling keys, and `secrets` themselves wherever they stand."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {key: self._masked(key, value, 0) for key, value in event.items()}

    def _masked(self, key: str, value: Any, depth: int) -> Any:
        if _SECRET_KEY.search(key):
            return MASK
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping | list | tuple | set | frozenset):
            return self._masked_items(value, depth + 1) if depth < _DEEPEST else "..."
        return self._masked_text(value.decode(errors="replace") if isinstance(value, bytes) else str(value))

    def _masked_items(self, items: Any, depth: int) -> Any:
        if isinstance(items, Mapping):
            return {str(name): self._masked(str(name), item, depth) for name, item in items.items()}
        return [self._masked("", item, depth) for item in items]

    def _masked_text(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(MASK, text)
        text = _SECRET_IN_URL.sub(rf"\g<before>{MASK}", text)
        return _SECRET_IN_TEXT.sub(rf"\g<before>{MASK}", text)


def configure_logging(
    log_format: str,
    level: str,
    stream: Stream | None = None,
    secrets: Iterable[str] = (),
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Set up structlog and `logging`: `log_format` is console or json, `level` debug, info, warning or error.

    Without `stream` lines go to whatever standard error is when they are written. JSON lines carry `uptime_s` from
    the monotonic clock, which keeps their order where the wall clock jumps.
    """
    started_s = monotonic()

    def add_uptime(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["uptime_s"] = round(monotonic() - started_s, 3)
        return event

    is_json = log_format == "json"
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *([add_uptime] if is_json else []),
        structlog.processors.format_exc_info,
        Redaction(secrets),
    ]
    last: Processor = structlog.processors.JSONRenderer(default=str) if is_json else _console(stream)
    sink = _Sink(stream)
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=sink),  # type: ignore[arg-type] # it needs write and flush only
        cache_logger_on_first_use=False,
    )
    _route_stdlib(sink, shared, last)


def _console(stream: Stream | None) -> Processor:
    # Tracebacks are formatted before, so that they can be redacted; structlog 25 warns unless it is told to be plain.
    is_terminal = getattr(stream or sys.stderr, "isatty", lambda: False)()
    return structlog.dev.ConsoleRenderer(colors=is_terminal, exception_formatter=structlog.dev.plain_traceback)


def _route_stdlib(sink: _Sink, shared: list[Processor], last: Processor) -> None:
    handler = logging.StreamHandler(sink)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
