"""A VTN that asks for reports, and listeners that are no VTN."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest
from doctor_peers import HERNING, Listen, Listener

from ven_actors.testing.vtn import BL, DemoPlan, InProcessVtn


@pytest.fixture
def vtn() -> Iterator[InProcessVtn]:
    """A VTN that asks for reports."""
    with InProcessVtn([HERNING, BL], demo=DemoPlan()) as running:
        yield running


@pytest.fixture
def listen() -> Iterator[Listen]:
    listeners = []

    def begin(serve: Callable[[socket.socket], None], host: str = "127.0.0.1") -> Listener:
        listeners.append(Listener(serve, host))
        return listeners[-1]

    yield begin
    for listener in listeners:
        listener.close()
