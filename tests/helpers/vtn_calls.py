"""Plain HTTP to an in-process VTN, without the product's client; every answer is held against the official file."""

from __future__ import annotations

import base64
import socket
from typing import Any, ClassVar

import requests

from ven_actors.testing.vtn import Client, InProcessVtn


class Caller:
    """One client's calls. `official` is the file that answers are checked with, None where it is absent."""

    official: ClassVar[Any] = None
    version: ClassVar[str] = "3.1"

    def __init__(self, vtn: InProcessVtn, client: Client | None, scope: str = "") -> None:
        self._base_url = vtn.base_urls[self.version]
        self.session = requests.Session()
        self.session.trust_env = False
        if client is not None:
            answer = self.token({"scope": scope}, basic=(client.name, client.secret))
            assert answer.status_code == 200, answer.text
            self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def token(self, form: dict[str, str], basic: tuple[str, str] | None = None) -> requests.Response:
        headers = {}
        if basic is not None:
            headers["Authorization"] = "Basic " + base64.b64encode(":".join(basic).encode()).decode()
        form = {"grant_type": "client_credentials", **form}
        return self.call("POST", "/auth/token", data=form, headers=headers)

    def call(self, method: str, path: str, **arguments: Any) -> requests.Response:
        response = self.session.request(method, self._base_url + path, timeout=20, **arguments)
        if self.official is not None and method != "HEAD":
            bare = path.partition("?")[0]
            assert self.official.check_answer(method, bare, response.status_code, response.content) == []
        return response

    def get(self, path: str, **arguments: Any) -> requests.Response:
        return self.call("GET", path, **arguments)

    def post(self, path: str, body: Any) -> requests.Response:
        return self.call("POST", path, json=body)

    def put(self, path: str, body: Any) -> requests.Response:
        return self.call("PUT", path, json=body)

    def delete(self, path: str) -> requests.Response:
        return self.call("DELETE", path)

    def close(self) -> None:
        self.session.close()


class Caller301(Caller):
    """The same for OpenADR 3.0.1."""

    official: ClassVar[Any] = None
    version: ClassVar[str] = "3.0.1"


def raw_exchange(vtn: InProcessVtn, request: bytes) -> bytes:
    """What comes back for these bytes until the VTN closes the connection."""
    host, port = vtn.root_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as sock:
        sock.sendall(request)
        answer = b""
        while chunk := sock.recv(65536):
            answer += chunk
    return answer
