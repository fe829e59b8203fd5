"""Fixtures that several unit tests need."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from delivery_desk import Office
from delivery_outbox import Fleet
from push_webhook_house import WebhookHouse

from ven_actors.model import Credentials, Secret
from ven_actors.openadr.client import VtnClient
from ven_actors.openadr.dialects import DIALECTS
from ven_actors.openadr.transport import SharedAdapter
from ven_actors.storage.store import Store
from ven_actors.testing.vtn import VEN, InProcessVtn


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def vtn(running: InProcessVtn) -> InProcessVtn:
    """The VTN that a test file has `running`, without what the test before left there."""
    running.clear()
    return running


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    """A fleet outbox driven by hand; see `tests/delivery_outbox.py`."""
    fleet = Fleet(tmp_path)
    yield fleet
    fleet.store.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A new store in a folder of its own; `tests/store_records.py` fills it."""
    store = Store(tmp_path)
    yield store
    store.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A desk driven by hand; see `tests/delivery_desk.py`."""
    office = Office(tmp_path)
    yield office
    office.store.close()


@pytest.fixture(scope="module")
def push_vtn() -> Iterator[InProcessVtn]:
    with InProcessVtn() as vtn:
        yield vtn


@pytest.fixture
def push_client(push_vtn: InProcessVtn, push_side: Any) -> Iterator[Callable[..., VtnClient]]:
    adapter = SharedAdapter()
    clients = []
    push_vtn.fault = push_side.hook

    def build(dialect: str = "openadr-3.1", *, strict: bool = False) -> VtnClient:
        credentials = Credentials(VEN.name, Secret(VEN.secret), f"{push_vtn.base_url}/auth/token")
        clients.append(
            VtnClient(
                push_vtn.base_url, "Herning", credentials, dialect=DIALECTS[dialect], adapter=adapter,
                monotonic=time.monotonic, strict=strict,
            )
        )  # fmt: skip
        return clients[-1]

    yield build
    for each in clients:
        each.close()
    adapter.close()


@pytest.fixture
def house(push_client: Callable[..., VtnClient]) -> Iterator[WebhookHouse]:
    house = WebhookHouse(push_client())
    yield house
    house.desk.close()


@pytest.fixture
def house301(push_client: Callable[..., VtnClient]) -> Iterator[WebhookHouse]:
    house = WebhookHouse(push_client("openadr-3.0.1"))
    yield house
    house.desk.close()
