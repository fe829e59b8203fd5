"""What tests with others' software share: a VTN that records, and what the official file has against a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ven_actors.testing.vtn import Exchange, InProcessVtn


@pytest.fixture
def vtn(monkeypatch: pytest.MonkeyPatch) -> Iterator[InProcessVtn]:
    """Their clients read proxies from the environment; loopback is reached without."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with InProcessVtn(strict=True) as vtn:
        yield vtn


@pytest.fixture
def said_wrong() -> Callable[[list[Exchange], Any], list[str]]:
    """Every request and answer held against an official file: one line for each violation."""

    def check(exchanges: list[Exchange], official: Any) -> list[str]:
        assert exchanges
        return [
            line
            for sent in exchanges
            for line in official.check_request(sent.method, sent.path, sent.query, sent.headers, sent.body)
            + official.check_answer(sent.method, sent.path, sent.status, sent.answer)
        ]

    return check
