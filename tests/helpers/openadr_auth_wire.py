"""What stands where the exchanger stands, a token endpoint behind it, and a clock moved by hand."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ven_actors.model import Credentials, Secret
from ven_actors.openadr.auth import TokenEndpoint
from ven_actors.openadr.exchange import Answer

BASE = "https://vtn/3.1"


def answer(status: int = 200, **body: Any) -> Answer:
    return Answer(status, json.dumps(body).encode())


class Wire:
    """Stands where the exchanger stands: `answers` by URL, each a list to be used up or a function."""

    def __init__(self, **_: Any) -> None:
        self.asked: list[tuple[str, str, Mapping[str, str], bytes | None]] = []
        self.answers: dict[str, Callable[[Mapping[str, str]], Answer]] = {}
        self.safe: list[bool] = []

    def exchange(
        self,
        method: str,
        url: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str],
        body: bytes | None = None,
        safe: bool,
    ) -> Answer:
        self.asked.append((method, url, headers, body))
        self.safe.append(safe)
        return self.answers[url](headers)

    def urls(self) -> list[str]:
        return [url for _, url, _, _ in self.asked]


class Hands:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def endpoint(
    wire: Wire,
    clock: Hands,
    token_url: str = "",
    path: str | None = "/auth/server",
    form: tuple[tuple[str, str], ...] = (),
) -> TokenEndpoint:
    credentials = Credentials("client-1", Secret("s&cret=1"), token_url, form=form)
    return TokenEndpoint(
        wire,  # type: ignore[arg-type]
        credentials,
        base_url=BASE,
        auth_server_path=path,
        monotonic=clock,
        allow_plain_http=False,
    )
