"""A VTN with an energydesk interface, its clock, and a client of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from vtn_energydesk_desk import OTHER, Clock, Desk

from ven_actors.testing.energydesk import Plan
from ven_actors.testing.vtn import BL, VEN, InProcessVtn


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vtn(clock: Clock) -> Iterator[InProcessVtn]:
    with InProcessVtn([VEN, OTHER, BL], now_s=clock, energydesk_plan=Plan(pending_s=60)) as running:
        yield running


@pytest.fixture
def desk(vtn: InProcessVtn) -> Iterator[Desk]:
    made = Desk(vtn)
    yield made
    made.session.close()
