"""An in-process VTN with quirks, and plain HTTP to it whose answers are not judged."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import requests

from ven_actors.testing.vtn import BL, InProcessVtn
from ven_actors.vtn.quirks import Quirk

NOON_S = 1_768_564_800.0  # 2026-01-16T12:00:00Z


class Reader:
    """Plain HTTP with the token of one client; no answer is judged."""

    def __init__(self, vtn: InProcessVtn, client: Any = BL, version: str = "3.1") -> None:
        self.base_url = vtn.base_urls[version]
        form = {"grant_type": "client_credentials", "client_id": client.name, "client_secret": client.secret}
        self.token_answer = requests.post(f"{self.base_url}/auth/token", data=form, timeout=10).json()
        self.headers = {"Authorization": f"Bearer {self.token_answer['access_token']}"}

    def get(self, path: str, **query: Any) -> Any:
        return requests.get(self.base_url + path, params=query, headers=self.headers, timeout=10).json()

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        return requests.request(method, self.base_url + path, headers=self.headers, timeout=10, **options)


@contextlib.contextmanager
def vtn_with(*quirks: Quirk, **settings: Any) -> Iterator[InProcessVtn]:
    with InProcessVtn(**{"now_s": lambda: NOON_S, "quirks": frozenset(quirks)} | settings) as running:
        yield running


def with_an_event(vtn: InProcessVtn) -> dict[str, Any]:
    program = vtn.create_program(programName="p")
    period = {"start": "2026-01-16T10:00:00Z", "duration": "PT1H"}
    return vtn.create_event(programID=program["id"], intervalPeriod=period, intervals=[{"id": 0, "payloads": []}])
