"""Actors by hand: a supervisor whose children are probes, a reporter whose VENs and senders are probes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import reporter_house
import ven_house
from reporter_house import ReporterHouse
from supervised_fleet import SupervisedFleet
from ven_house import VenHouse

from ven_actors.kept import KeptBook
from ven_actors.model import Enrolment


@pytest.fixture
def supervised() -> type[SupervisedFleet]:
    return SupervisedFleet


@pytest.fixture
def reporting(tmp_path: Path) -> Iterator[Callable[..., ReporterHouse]]:
    """Build reporters over one and the same folder, one after the other."""
    houses: list[ReporterHouse] = []

    def build(**settings: Any) -> ReporterHouse:
        for house in houses:
            house.end()
        houses.append(ReporterHouse(tmp_path, run=len(houses) + 1, **settings))
        return houses[-1]

    yield build
    for house in houses:
        house.end()


@pytest.fixture
def reporter(reporting: Callable[..., ReporterHouse]) -> ReporterHouse:
    return reporting()


@pytest.fixture
def metered() -> SimpleNamespace:
    """All of `reporter_house` and `ven_house`, such as `LAYOUT`, `power_at` and `asked`."""
    return SimpleNamespace(**(vars(reporter_house) | vars(ven_house)))


@pytest.fixture
def ven() -> Callable[..., VenHouse]:
    def build(
        *,
        recovered: bool = True,
        closed_until_s: int | None = None,
        enrolment: Enrolment | None = None,
        event_book: KeptBook | None = None,
        **kwargs: Any,
    ) -> VenHouse:
        house = VenHouse(**kwargs)
        if recovered:
            house.recover(closed_until_s, enrolment, event_book)
        return house

    return build
