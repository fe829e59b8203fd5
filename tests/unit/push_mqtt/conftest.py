"""VENs that listen to an MQTT broker."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from push_mqtt_house import House


@pytest.fixture
def building() -> Iterator[Callable[..., House]]:
    houses: list[House] = []

    def build(**kwargs: Any) -> House:
        houses.append(House(**kwargs))
        return houses[-1]

    yield build
    for house in houses:
        house.desk.close()


@pytest.fixture
def house(building: Callable[..., House]) -> House:
    return building()
