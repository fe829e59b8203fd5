"""A client and the small VTN it talks to."""

import re
from collections.abc import Iterator

import pytest
from openadr_client_vtn import Vtn, client_of
from pytest_httpserver import HTTPServer

from ven_actors.openadr.client import VtnClient
from ven_actors.openadr.transport import SharedAdapter


@pytest.fixture
def vtn(httpserver: HTTPServer) -> Vtn:
    vtn = Vtn()
    httpserver.expect_request(re.compile(".*")).respond_with_handler(vtn.handle)
    return vtn


@pytest.fixture(scope="module")
def adapter() -> Iterator[SharedAdapter]:
    adapter = SharedAdapter()
    yield adapter
    adapter.close()


@pytest.fixture
def client(httpserver: HTTPServer, adapter: SharedAdapter) -> Iterator[VtnClient]:
    client = client_of(httpserver, adapter)
    yield client
    client.close()
