"""A wire without a network, and a clock moved by hand."""

import pytest
from openadr_auth_wire import Hands, Wire


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def clock() -> Hands:
    return Hands()
