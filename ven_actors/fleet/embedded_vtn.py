"""The embedded VTN as the fleet's child process: its clients, its start, its end with ours."""

from __future__ import annotations

import csv
import os
import secrets
import select
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import structlog

from ven_actors.errors import DataError, StateError, UsageError
from ven_actors.model import Credentials, Secret
from ven_actors.vtn.quirks import Quirk, quirks_of

log = structlog.get_logger()

CLIENTS_NAME = "clients.csv"
OPERATOR = "operator"
_CLIENTS_HEAD = ["name", "secret", "role"]
_READY_WITHIN_S = 30.0
_RESTART_AFTER_S = 5.0


class EmbeddedVtn:
    """Starts the VTN on a free loopback port, keeps it on that port, and ends it. `folder` is its own."""

    def __init__(self, folder: Path, arguments: Iterable[str], monotonic: Callable[[], float]) -> None:
        self._folder = folder
        self._arguments = list(arguments)
        self._monotonic = monotonic
        self._process: subprocess.Popen[bytes] | None = None
        self._ended_s: float | None = None
        self._port = 0
        self.identity = ""
        self.base_urls: dict[str, str] = {}

    def start(self) -> None:
        """Raises `StateError` with the VTN's own words if it does not come up."""
        command = [
            sys.executable, "-m", "ven_actors.vtn", "--port", str(self._port), "--state", str(self._folder),
            "--clients-file", str(self._folder / CLIENTS_NAME), "--exit-with-stdin", *self._arguments,
        ]  # fmt: skip
        # Its own session: a Ctrl-C on the terminal is for the fleet, which still needs its VTN to drain.
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, env=_environment()
        )
        self._process, self._ended_s = process, None
        ready = self._read_ready(process)
        self.base_urls, self.identity = ready["base_urls"], ready["identity"]
        self._port = int(self.base_urls["3.1"].split(":")[2].split("/")[0])
        log.info("vtn_started", url=self.base_urls["3.1"], pid=process.pid)

    def look_after(self) -> None:
        """Start it again, on the same port, some seconds after it has died; for the main loop, now and then."""
        if self._ended_s is None:
            if self._process is not None and self._process.poll() is not None:
                self._ended_s = self._monotonic()
                log.error("vtn_died", exit_code=self._process.returncode)
        elif self._monotonic() >= self._ended_s + _RESTART_AFTER_S:
            if self._process is not None:
                self._close()
            try:
                self.start()
            except StateError as error:
                # The fleet goes on without it, and queues.
                self._ended_s = self._monotonic()
                log.warning("vtn_not_restarted", reason=str(error), next_in_s=_RESTART_AFTER_S)

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._close()
        self._process = None

    def _close(self) -> None:
        assert self._process is not None
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _read_ready(self, process: subprocess.Popen[bytes]) -> dict[str, Any]:
        assert process.stdout is not None
        readable, _, _ = select.select([process.stdout], [], [], _READY_WITHIN_S)
        line = process.stdout.readline() if readable else b""
        try:
            ready: dict[str, Any] = msgspec.json.decode(line)
        except msgspec.DecodeError:
            process.kill()
            process.wait()
            self._close()
            self._process = None
            raise StateError(f"the embedded VTN in {self._folder} did not start; see its words above") from None
        return ready


def _environment() -> dict[str, str]:
    """Our environment without what would configure the VTN behind our back."""
    return {name: value for name, value in os.environ.items() if not name.startswith("VEN_ACTORS_VTN_")}


def embedded_clients(folder: Path, ven_names: Iterable[str]) -> dict[str, Credentials]:
    """Return credentials of all these VENs, new ones made and kept (mode 0600); one operator client stands beside.

    Raises `DataError` if the file is there but is not ours.
    """
    path = folder / CLIENTS_NAME
    known = _read_clients(path)
    wanted = [(OPERATOR, "bl"), *((name, "ven") for name in ven_names)]
    missing = [(name, role) for name, role in wanted if name not in known]
    if missing:
        known |= {name: (secrets.token_urlsafe(24), role) for name, role in missing}
        _write_clients(path, known)
    return _of_role(known, "ven")


def known_clients(folder: Path, role: str = "ven") -> dict[str, Credentials]:
    """Credentials of the clients that the embedded VTN of this folder knows. Raises `DataError` like the above.

    `role` is `ven`, or `bl` for business logic.
    """
    return _of_role(_read_clients(folder / CLIENTS_NAME), role)


def _of_role(known: dict[str, tuple[str, str]], wanted: str) -> dict[str, Credentials]:
    return {name: Credentials(name, Secret(secret)) for name, (secret, role) in known.items() if role == wanted}


def _read_clients(path: Path) -> dict[str, tuple[str, str]]:
    if not path.exists():
        return {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            head, *rows = [row for row in csv.reader(file, strict=True) if row]
        if head != _CLIENTS_HEAD:
            raise ValueError(f"its first line is not {','.join(_CLIENTS_HEAD)}")
        return {name: (secret, _role(role)) for name, secret, role in rows}
    except (OSError, ValueError, csv.Error) as error:
        remedy = "bring back a copy, or move it away: new secrets are made then"
        raise DataError(f"{path}: not a clients file ({error}); {remedy}") from error


def _role(text: str) -> str:
    if text not in {"ven", "bl"}:
        raise ValueError(f"role {text!r}")
    return text


def _write_clients(path: Path, clients: dict[str, tuple[str, str]]) -> None:
    temporary = path.with_suffix(".new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_CLIENTS_HEAD)
        writer.writerows((name, secret, role) for name, (secret, role) in clients.items())
    temporary.replace(path)


def quirk_arguments(names: Iterable[str]) -> list[str]:
    """Arguments for a VTN with these quirks. Raises `UsageError` for a name that is none."""
    try:
        return [word for quirk in sorted(quirks_of(names)) for word in ("--quirk", quirk)]
    except ValueError:
        known = ", ".join(sorted(Quirk))
        raise UsageError(f"--quirk {','.join(names)}: the quirks of the embedded VTN are all, {known}") from None


def demo_arguments(report_every_s: int, keep_bytes: int, speed: float, start_s: float, begun_s: float) -> list[str]:
    """Arguments for a VTN that asks this fleet for reports, in the fleet's own simulated time.

    Simulated time was `start_s` when the wall clock was at `begun_s`, so that a VTN that starts late, or again, has the
    same time as its fleet.
    """
    if 86400 % report_every_s:
        raise UsageError(
            f"--report-every is {report_every_s} s: the demo's daily event needs one that divides a day (86400 s)"
        )
    return [
        "--demo", "--demo-report-every", f"{report_every_s}s", "--demo-speed", repr(speed),
        "--demo-start", repr(start_s), "--demo-begun", repr(begun_s), "--keep-bytes", str(keep_bytes),
    ]  # fmt: skip
