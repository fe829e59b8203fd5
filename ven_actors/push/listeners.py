"""Who listens to which topics of one broker connection, and what the broker has granted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Listener:
    tell: Callable[[], None]
    topics: frozenset[str] = frozenset()
    heard: bool = False


@dataclass(slots=True)
class _Subscriptions:
    """Of the connection that stands: what was asked for, and what came of it."""

    asked: set[str] = field(default_factory=set)
    by_number: dict[int, str] = field(default_factory=dict)
    granted: set[str] = field(default_factory=set)


class Listeners:
    """Thread-safe; no VEN is told anything while the lock is held."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._vens: dict[str, _Listener] = {}
        self._now = _Subscriptions()
        self.generation = 0
        self.is_up = False

    def attach(self, ven: str, tell: Callable[[], None]) -> None:
        with self._lock:
            self._vens[ven] = _Listener(tell)

    def detach(self, ven: str) -> None:
        with self._lock:
            self._vens.pop(ven, None)

    def listen(self, ven: str, generation: int, topics: frozenset[str]) -> None:
        with self._lock:
            if ven in self._vens and generation == self.generation:
                listener = self._vens[ven]
                listener.topics, listener.heard = topics, False
        self._tell_who_hears_now()

    def hears(self, ven: str) -> bool:
        with self._lock:
            listener = self._vens.get(ven)
            return listener is not None and self.is_up and self._is_granted(listener)

    def connected(self) -> None:
        """A new connection: topics have to be read anew, and what happened in between is to be read by everybody."""
        with self._lock:
            self.generation += 1
            self.is_up = True
            self._now = _Subscriptions()
            for listener in self._vens.values():
                listener.topics, listener.heard = frozenset(), False
            tells = [listener.tell for listener in self._vens.values()]
        _all(tells)

    def lost(self) -> bool:
        """Whether it had been up."""
        with self._lock:
            was_up, self.is_up = self.is_up, False
            return was_up

    def to_do(self) -> tuple[list[str], list[str]]:
        """Topics to subscribe to, and those nobody wants any more."""
        with self._lock:
            wanted = {topic for listener in self._vens.values() for topic in listener.topics}
            unwanted = self._now.asked - wanted
            self._now.asked -= unwanted
            self._now.granted -= unwanted
            return sorted(wanted - self._now.asked), sorted(unwanted)

    def asked(self, topic: str, number: int | None) -> None:
        """It was asked for under this number; None: it is no topic at all."""
        with self._lock:
            self._now.asked.add(topic)
            if number is not None:
                self._now.by_number[number] = topic

    def answered(self, number: int, *, granted: bool) -> str:
        """The topic, if it was denied. Who now hears of everything is told once: something may have happened since."""
        with self._lock:
            topic = self._now.by_number.pop(number, "")
            if granted and topic in self._now.asked:
                self._now.granted.add(topic)
        self._tell_who_hears_now()
        return "" if granted else topic

    def message(self, topic: str) -> None:
        with self._lock:
            tells = [
                each.tell for each in self._vens.values()
                if topic in each.topics or any(matches(pattern, topic) for pattern in each.topics)
            ]  # fmt: skip
        _all(tells)

    def _tell_who_hears_now(self) -> None:
        with self._lock:
            new = [each for each in self._vens.values() if not each.heard and self._is_granted(each)]
            for listener in new:
                listener.heard = True
            tells = [listener.tell for listener in new]
        _all(tells)

    def _is_granted(self, listener: _Listener) -> bool:
        return bool(listener.topics) and listener.topics <= self._now.granted


def matches(pattern: str, topic: str) -> bool:
    """Whether an MQTT topic filter means this topic."""
    if "+" not in pattern and "#" not in pattern:
        return pattern == topic
    wanted, levels = pattern.split("/"), topic.split("/")
    for place, level in enumerate(wanted):
        if level == "#":
            return True
        if place >= len(levels) or level not in {"+", levels[place]}:
            return False
    return len(wanted) == len(levels)


def _all(tells: list[Callable[[], None]]) -> None:
    for tell in tells:
        tell()
