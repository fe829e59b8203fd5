"""Between the store's transactions and those who tell the world."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from ven_actors.vtn.facts import Change

Message = Callable[[], None]


class Teller(Protocol):
    """Runs in the store's thread; what it returns is called, also there, once the change is committed."""

    def messages(self, change: Change) -> Iterable[Message]: ...

    def forget(self) -> None:
        """A transaction was undone: whatever was remembered of the store may be wrong."""


class Announcer:
    """Holds messages back until the commit; runs in the store's thread only."""

    def __init__(self) -> None:
        self._tellers: list[Teller] = []
        self._waiting: list[Message] = []

    def add(self, teller: Teller) -> None:
        self._tellers.append(teller)

    def hear(self, change: Change) -> None:
        for teller in self._tellers:
            self._waiting.extend(teller.messages(change))

    def committed(self) -> None:
        waiting, self._waiting = self._waiting, []
        for message in waiting:
            message()

    def undone(self) -> None:
        self._waiting.clear()
        for teller in self._tellers:
            teller.forget()
