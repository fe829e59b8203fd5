"""What many VENs read alike is made once, and lives as long as one of them refers to it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar
from weakref import WeakValueDictionary

T = TypeVar("T")


class Alike:
    """For all threads: the first one that asks makes the object, the others wait and get the same one."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._made: WeakValueDictionary[Hashable, Any] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._made)

    def one(self, key: Hashable, make: Callable[[], T]) -> T:
        """The object of this key, made now if there is none; `make` must not block. None is not kept."""
        with self._lock:
            found: T | None = self._made.get(key)
            if found is not None:
                return found
            made = make()
            if made is not None:
                self._made[key] = made
            return made


ALIKE = Alike()
