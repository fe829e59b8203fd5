"""Who calls the callback server, and who is told of it."""

import socket
import threading
from pathlib import Path

from ven_actors.push.callbacks import CallbackServer
from ven_actors.push.http_server import Limits

LOOPBACK_PEM = Path(__file__).parents[1] / "golden" / "tls" / "loopback.pem"
QUICK = Limits(connections=3, deadline_s=0.3, head_bytes=1000, body_bytes=5000)


class Hints:
    def __init__(self) -> None:
        self.count = 0
        self.came = threading.Event()

    def __call__(self) -> None:
        self.count += 1
        self.came.set()


def bearing(bearer: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {bearer}"}


def raw(server: CallbackServer, sent: bytes) -> bytes:
    """What the server says to these bytes, until it hangs up."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(4096):
            answer += chunk
    return answer


def is_shut(connection: socket.socket) -> bool:
    """Waits until the server hangs up."""
    connection.settimeout(10)
    try:
        while connection.recv(4096):
            pass
    except ConnectionError:
        pass
    return True
