"""A peer that answers as a script says, and a client of it."""

from collections.abc import Iterator

import pytest
from openadr_transport_peer import Client, Peer

from ven_actors.openadr.transport import SharedAdapter


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.stop()


@pytest.fixture
def adapter() -> Iterator[SharedAdapter]:
    adapter = SharedAdapter(pool_size=4)
    yield adapter
    adapter.close()


@pytest.fixture
def client(peer: Peer, adapter: SharedAdapter) -> Client:
    return Client(adapter, peer.url)
