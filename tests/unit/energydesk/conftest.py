"""Energydesk servers, started as asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from energydesk_server import Vtn

from ven_actors.testing.energydesk import Plan


@pytest.fixture
def server() -> Iterator[Callable[..., Vtn]]:
    started: list[Vtn] = []

    def start(**plan: Any) -> Vtn:
        made = Vtn(Plan(**plan))
        made.vtn.__enter__()
        started.append(made)
        return made

    yield start
    for made in started:
        for client in made.clients:
            client.close()
        made.adapter.close()
        made.vtn.close()
