"""The clients of a fleet's VENs, and clients of a VEN's earlier life with a report still on its way."""

from __future__ import annotations

from ven_actors.openadr.client import VtnClient


class Clients(dict[str, VtnClient]):
    """By VEN name, the one of its present life each. One thread replaces them, any may read."""

    def __init__(self) -> None:
        super().__init__()
        self.retired: list[VtnClient] = []

    def give_way(self, name: str, *, gently: bool) -> None:
        """Make room for the client of a new life; `gently` lets what the old one has in flight come to its end."""
        old = self.pop(name, None)
        if old is not None and gently:
            self.retired.append(old)
        elif old is not None:
            old.abort()

    def close(self) -> None:
        for client in (*self.values(), *self.retired):
            client.close()
