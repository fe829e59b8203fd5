"""What is kept of a VTN's events and programs between runs: each once, however many VENs know it."""

from __future__ import annotations

import hashlib
from typing import NamedTuple, Protocol

_DIGEST_BYTES = 16


class Kept(Protocol):
    """An event or a program, as who keeps it sees it. Two of the same digest are the same."""

    @property
    def digest(self) -> bytes: ...
    def packed(self) -> bytes:
        """All of it, as bytes."""
        ...


class KeptEvent(Protocol):
    """An event in one VEN's book; the times are that VEN's own."""

    @property
    def event(self) -> Kept: ...
    @property
    def first_seen_s(self) -> float: ...
    @property
    def anchor_s(self) -> float: ...


class KeptBook(NamedTuple):
    """One VEN's event book. `programs` None means that none have been read yet."""

    events: tuple[KeptEvent, ...]
    programs: tuple[Kept, ...] | None


def digest_of(content: bytes) -> bytes:
    """What stands for bytes, so that they need not be looked at, or kept, again."""
    return hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest()
