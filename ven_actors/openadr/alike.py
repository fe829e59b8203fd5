"""What many VENs read alike is made once, and kept as long as anybody holds it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar
from weakref import WeakValueDictionary

T = TypeVar("T")


class Alike:
    """For all threads: whoever asks first makes it, the others wait for that and have the same object."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._made: WeakValueDictionary[Hashable, Any] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._made)

    def one(self, key: Hashable, make: Callable[[], T]) -> T:
        """The object of this key, made now if nobody holds one; `make` must not wait for anything. None is not kept."""
        with self._lock:
            found: T | None = self._made.get(key)
            if found is not None:
                return found
            made = make()
            if made is not None:
                self._made[key] = made
            return made


ALIKE = Alike()
