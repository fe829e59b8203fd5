"""Fixtures that several unit tests need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from delivery_desk import Office
from delivery_outbox import Fleet

from ven_actors.storage.store import Store


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
