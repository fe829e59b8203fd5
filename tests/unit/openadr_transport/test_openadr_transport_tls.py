"""TLS: which certificates are trusted, and that deadlines and aborting hold over it too."""

import socket
import ssl
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from openadr_transport_peer import Client, Peer, drip, head
from urllib3.exceptions import InsecureRequestWarning

from ven_actors.errors import VtnAmbiguous, VtnUnreachable
from ven_actors.openadr.transport import SharedAdapter, build_ssl_context

PEM = Path(__file__).parents[2] / "golden" / "tls" / "loopback.pem"


@pytest.fixture
def tls_peer() -> Iterator[Peer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    peer = Peer(context)
    yield peer
    peer.stop()


@pytest.fixture
def trusting() -> Iterator[SharedAdapter]:
    adapter = SharedAdapter(build_ssl_context(PEM))
    yield adapter
    adapter.close()


def test_r2_a_trusted_certificate_is_enough_and_the_connection_is_kept(tls_peer: Peer, trusting: SharedAdapter) -> None:
    one, other = Client(trusting, tls_peer.url), Client(trusting, tls_peer.url)
    assert one.get().body == b"{}"
    assert other.post().body == b"{}"
    assert tls_peer.connections == 1


def test_r2_an_unknown_certificate_is_refused_before_anything_is_sent(tls_peer: Peer, adapter: SharedAdapter) -> None:
    with pytest.raises(VtnUnreachable, match=r"its certificate is not trusted \(self.signed certificate\); --ca-file"):
        Client(adapter, tls_peer.url).post()
    assert tls_peer.requests == []


def test_r2_an_unknown_certificate_is_taken_only_when_told_so_and_no_request_warns_of_it(
    tls_peer: Peer, recwarn: pytest.WarningsRecorder
) -> None:
    warnings.simplefilter("always")
    adapter = SharedAdapter(build_ssl_context(verify=False))
    client = Client(adapter, tls_peer.url)
    assert [client.get().status, client.post().status] == [200, 200]
    adapter.close()
    assert [str(each.message) for each in recwarn] == []


def test_the_warnings_of_other_sessions_stay(tls_peer: Peer) -> None:
    with requests.Session() as session, pytest.warns(InsecureRequestWarning):
        assert session.get(f"{tls_peer.url}/x", verify=False, timeout=5).status_code == 200


def test_deadlines_hold_over_tls_too(tls_peer: Peer, trusting: SharedAdapter) -> None:
    tls_peer.script = drip(tls_peer, head(201, 90_000))
    begun_s = time.monotonic()
    with pytest.raises(VtnAmbiguous):
        Client(trusting, tls_peer.url, deadline_s=0.3).post()
    assert time.monotonic() - begun_s < 0.8


def test_abort_wakes_over_tls_too(tls_peer: Peer, trusting: SharedAdapter) -> None:
    def script(connection: socket.socket, _: int) -> bool:
        del connection
        client.exchanger.abort()
        tls_peer.stopping.wait(30)
        return False

    tls_peer.script = script
    client = Client(trusting, tls_peer.url, deadline_s=30.0)
    with pytest.raises(VtnAmbiguous):
        client.post()
