"""Locks between processes: flock on a file that is never removed, let go by the kernel when its holder ends."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from ven_actors.errors import StateError


def lock_beside(path: Path) -> Path:
    """The lock file of a file that may itself be replaced: `<file>.lock`."""
    return path.with_name(path.name + ".lock")


class FileLock:
    """Held from `acquire` (or `with`) to `release`; never waits.

    `shared` locks go together with each other, an exclusive one with none. `what` and `remedy` word the error.
    Raises StateError if somebody else holds it, or if the file cannot be made. A shared lock in a folder that we
    may not write needs no file: nobody like us could take the exclusive one.
    """

    def __init__(
        self, path: str | Path, *, shared: bool, what: str = "", remedy: str = "stop the other process first"
    ) -> None:
        self.path = Path(path)
        self._shared = shared
        self._what = what or str(path)
        self._remedy = remedy
        self._handle: int | None = None

    def acquire(self) -> Self:
        handle = self._open()
        if handle is None:
            return self
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if self._shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = _holder(handle)
            os.close(handle)
            raise StateError(f"{self._what} is in use by {holder}; {self._remedy}") from error
        except OSError as error:
            os.close(handle)
            raise StateError(f"{self.path}: cannot be locked ({error.strerror}); use a local file system") from error
        if not self._shared:
            # Who holds it is said for people only: a full disk must not be the lock's trouble.
            with contextlib.suppress(OSError):
                os.truncate(handle, 0)
                os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._handle = handle
        return self

    def release(self) -> None:
        """Let go; does nothing if it is not held."""
        handle, self._handle = self._handle, None
        if handle is not None:
            if not self._shared:
                os.truncate(handle, 0)
            os.close(handle)

    def __enter__(self) -> Self:
        return self.acquire()

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()

    def _open(self) -> int | None:
        flags = os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            return os.open(self.path, flags | os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            if not self._shared or error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise StateError(
                    f"{self.path}: the lock file cannot be opened ({error.strerror}); make its folder writeable"
                ) from error
        try:
            return os.open(self.path, flags | os.O_RDONLY)
        except OSError:
            return None


def _holder(handle: int) -> str:
    written = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
    return f"process {written}" if written.isdigit() else "another process"
