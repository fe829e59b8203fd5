"""A real mosquitto on a free loopback port, and a listener of its messages."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import paho.mqtt.publish
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

WITHIN_S = 20.0


def program() -> str | None:
    return shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Mosquitto:
    """A context manager; `lines` are added to its configuration. It may be started again on its port."""

    def __init__(self, folder: Path, *lines: str, port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self._file = folder / f"mosquitto-{self.port}.conf"
        settings = lines or ("allow_anonymous true",)
        self._file.write_text("\n".join([f"listener {self.port} 127.0.0.1", "user root", *settings, ""]))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        executable = program()
        assert executable is not None
        self._process = subprocess.Popen([executable, "-c", str(self._file)], stderr=subprocess.PIPE)
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if b"running" in line:
                threading.Thread(target=self._process.stderr.read, daemon=True).start()
                return self
        raise RuntimeError("mosquitto did not start")

    def __exit__(self, *_raised: object) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(WITHIN_S / 10)
        except subprocess.TimeoutExpired:  # it forgets a signal that comes before its loop has begun
            self._process.terminate()
            self._process.wait(WITHIN_S)
        with contextlib.suppress(OSError):
            assert self._process.stderr is not None
            self._process.stderr.close()

    def start(self) -> None:
        self.__enter__()

    def stop(self) -> None:
        self.__exit__()

    def publish(self, topic: str, payload: bytes | str = b"{}", **options: Any) -> None:
        paho.mqtt.publish.single(topic, payload, hostname="127.0.0.1", port=self.port, **({"qos": 1} | options))


def password_file(folder: Path, **by_name: str) -> Path:
    """A file for `password_file`."""
    file = folder / "passwords"
    file.touch(mode=0o600)
    for name, password in by_name.items():
        subprocess.run(["mosquitto_passwd", "-b", str(file), name, password], check=True, capture_output=True)
    return file


class Listener:
    """Subscribed to everything; `told` is (topic, decoded body) in order of arrival."""

    def __init__(self, port: int, username: str | None = None, password: str | None = None) -> None:
        self.told: list[tuple[str, Any]] = []
        self._changed = threading.Condition()
        self._ready = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2)
        if username is not None:
            self._client.username_pw_set(username, password)
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = lambda _client, _data, message: self._keep(message.topic, message.payload)
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._ready.wait(WITHIN_S)

    def _keep(self, topic: str, payload: bytes) -> None:
        with self._changed:
            self.told.append((topic, json.loads(payload)))
            self._changed.notify_all()

    def wait_for(self, condition: Callable[[list[tuple[str, Any]]], bool]) -> list[tuple[str, Any]]:
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self.told), WITHIN_S), self.told
            return list(self.told)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
