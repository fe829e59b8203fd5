"""Callback servers, started as asked, and who calls them."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from push_callers import Hints

from ven_actors.push.callbacks import CallbackServer


@pytest.fixture
def hints() -> Hints:
    return Hints()


@pytest.fixture
def serving() -> Iterator[Callable[..., CallbackServer]]:
    servers: list[CallbackServer] = []

    def serve(**kwargs: Any) -> CallbackServer:
        servers.append(CallbackServer("127.0.0.1", 0, **({"monotonic": time.monotonic} | kwargs)))
        servers[-1].start()
        return servers[-1]

    yield serve
    for server in servers:
        server.stop()


@pytest.fixture
def server(serving: Callable[..., CallbackServer]) -> CallbackServer:
    return serving()


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session
