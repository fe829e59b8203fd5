"""Peers that record what they are told, to be asserted on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import pykka

T = TypeVar("T")


class Probe:
    """A peer of any actor: records every message it is told. `die()` makes it behave like a dead actor's ref."""

    def __init__(self, name: str = "probe") -> None:
        self.name = name
        self._messages: list[object] = []
        self._expected: dict[type, int] = {}
        self._came = threading.Condition()
        self._dead = False

    def tell(self, message: object, /) -> None:
        """Record the message; raises `pykka.ActorDeadError` after `die()`."""
        with self._came:
            if self._dead:
                raise pykka.ActorDeadError(f"{self.name} not found")
            self._messages.append(message)
            self._came.notify_all()

    def die(self) -> None:
        self._dead = True

    @property
    def messages(self) -> tuple[object, ...]:
        """All messages so far, in order."""
        with self._came:
            return tuple(self._messages)

    @property
    def last(self) -> object:
        """The latest message; raises `AssertionError` if there was none."""
        messages = self.messages
        if not messages:
            raise AssertionError(f"{self.name} was told nothing")
        return messages[-1]

    def of(self, kind: type[T]) -> list[T]:
        """All messages of one type so far, in order."""
        return [message for message in self.messages if isinstance(message, kind)]

    def clear(self) -> None:
        """Forget everything so far."""
        with self._came:
            self._messages.clear()
            self._expected.clear()

    def expect(self, kind: type[T], timeout_s: float = 10.0, where: Callable[[T], bool] = lambda _: True) -> T:
        """Wait for the next message of this type (after the one that the last `expect` of it gave) and return it.

        `where` skips those that it is not true of. Raises `AssertionError`, with what came instead, after `timeout_s`.
        """
        found: list[T] = []

        def came() -> bool:
            for place in range(self._expected.get(kind, 0), len(self._messages)):
                message = self._messages[place]
                self._expected[kind] = place + 1
                if isinstance(message, kind) and where(message):
                    found.append(message)
                    return True
            return False

        with self._came:
            if not self._came.wait_for(came, timeout_s):
                raise AssertionError(f"{self.name} got no such {kind.__name__} in {timeout_s} s: {self._messages!r}")
        return found[0]


class ChildProbe(Probe):
    """A started child of a supervisor, for tests: records, and is as busy as the test says.

    `ended`, `finished` and `aborted` say whether the supervisor asked it to stop, to finish, broke it off.
    """

    def __init__(self, name: str = "child") -> None:
        super().__init__(name)
        self.busy_since: float | None = None
        self.last_progress: float | None = None
        self.ended = False
        self.finished = False
        self.aborted = False
        self.answer: pykka.ThreadingFuture[object] = pykka.ThreadingFuture()

    def ask(self, message: object, *, block: bool = True) -> pykka.ThreadingFuture[object]:
        """Record the message; the answer is the `answer` future, which the test sets."""
        assert not block, "actors never wait for actors"
        self.tell(message)
        return self.answer

    def end(self) -> None:
        self.ended = True

    def finish(self) -> None:
        self.finished = True

    def abort(self) -> None:
        self.aborted = True
