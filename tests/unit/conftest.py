"""Fixtures that several unit tests need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from delivery_outbox import Fleet


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    fleet = Fleet(tmp_path)
    yield fleet
    fleet.store.close()
