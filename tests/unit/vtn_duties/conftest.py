"""A VTN and callers of it in both versions and roles."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from vtn_duties_places import Clock

from ven_actors.testing.vtn import BL, VEN, InProcessVtn


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def running(clock: Clock) -> Iterator[InProcessVtn]:
    with InProcessVtn(now_s=clock) as vtn:
        yield vtn


@pytest.fixture
def vtn(running: InProcessVtn, clock: Clock) -> InProcessVtn:
    running.clear()
    clock.now_s = Clock.now_s
    return running


@pytest.fixture(scope="module")
def callers(running: InProcessVtn, vtn_calls: ModuleType) -> Iterator[dict[tuple[str, str], Any]]:
    """By version and role."""
    made = {
        (caller.version, client.role.value): caller(running, client)
        for caller in (vtn_calls.Caller301, vtn_calls.Caller)
        for client in (VEN, BL)
    }
    yield made
    for caller in made.values():
        caller.close()
