"""How many reports the embedded VTN takes and stores.

`python benchmarks/vtn_ingest.py --rate 300 --seconds 60 --kb 50`

Starts a VTN process of its own with a state folder, posts at a fixed rate from this process over keep-alive
connections, and reads back by GET what the VTN holds. Latency counts from the moment a report was due, so a VTN that
falls behind shows it. Exit code 1 if an answer was not 201, a report is missing, or the rate was not reached.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import itertools
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

CONNECTIONS = 16
DISTINCT_BODIES = 50
COMPONENTS = 6
LATEST_START_S = 1.0


class Vtn:
    """A VTN process; its URLs, and plain calls to it."""

    def __init__(self, state: str) -> None:
        command = [sys.executable, "-m", "ven_actors.vtn", "--state", state, "--exit-with-stdin"]
        command += ["--client", "load:load-secret:ven", "--client", "bl:bl-secret:bl"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        url = urlsplit(json.loads(self.process.stdout.readline())["base_urls"]["3.1"])
        assert url.hostname is not None
        assert url.port is not None
        self.host, self.port, self.path = url.hostname, url.port, url.path

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()

    def token(self, name: str) -> str:
        form = {"grant_type": "client_credentials", "client_id": name, "client_secret": f"{name}-secret"}
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return str(self._call("POST", "/auth/token", urlencode(form), kind)["access_token"])

    def post(self, path: str, body: dict[str, Any], token: str) -> dict[str, Any]:
        kind = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        return dict(self._call("POST", path, json.dumps(body), kind))

    def get(self, path: str, token: str) -> list[dict[str, Any]]:
        return list(self._call("GET", path, None, {"Authorization": f"Bearer {token}"}))

    def _call(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Any:
        with contextlib.closing(http.client.HTTPConnection(self.host, self.port, timeout=30)) as connection:
            connection.request(method, self.path + path, body, headers)
            response = connection.getresponse()
            answer = response.read()
        if response.status >= 300:
            raise SystemExit(f"{method} {path}: {response.status} {answer!r}")
        return json.loads(answer)

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_memory_mib(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(status.split("VmHWM:")[1].split()[0]) / 1024


class Load:
    """Posts report after report at its due time, from a few threads."""

    def __init__(self, vtn: Vtn, requests: list[bytes], rate: float, seconds: float) -> None:
        self._address = (vtn.host, vtn.port)
        self._requests = requests
        self._rate = rate
        self._count = round(rate * seconds)
        self._next = itertools.count()
        self.statuses: Counter[str] = Counter()
        self.latencies_s: list[float] = []
        self.late_s = 0.0
        self._begun_s = 0.0

    def run(self) -> float:
        """Wall seconds from the first due report to the last answer."""
        self._begun_s = time.monotonic() + 0.1
        threads = [threading.Thread(target=self._post_some) for _ in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.monotonic() - self._begun_s

    def _post_some(self) -> None:
        with socket.create_connection(self._address, timeout=60) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while (number := next(self._next)) < self._count:
                due_s = self._begun_s + number / self._rate
                time.sleep(max(0.0, due_s - time.monotonic()))
                self.late_s = max(self.late_s, time.monotonic() - due_s)
                sock.sendall(self._requests[number % len(self._requests)])
                status = _answer_status(sock.recv)
                self.latencies_s.append(time.monotonic() - due_s)
                self.statuses[status] += 1


def _answer_status(recv: Any) -> str:
    """Read one whole answer; its status."""
    head = b""
    while b"\r\n\r\n" not in head:
        chunk = recv(262_144)
        if not chunk:
            return "connection closed"
        head += chunk
    head, _, body = head.partition(b"\r\n\r\n")
    left = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]) - len(body)
    while left > 0:
        chunk = recv(262_144)
        if not chunk:
            return "cut off"
        left -= len(chunk)
    return head[9:12].decode()


def report(event_id: str, size_bytes: int, seed: int) -> dict[str, Any]:
    """A report as the fleet sends it, of about the size asked for."""
    rng = random.Random(seed)
    body: dict[str, Any] = {
        "eventID": event_id,
        "clientName": "load",
        "reportName": f"load.{seed}",
        "payloadDescriptors": [
            {"objectType": "REPORT_PAYLOAD_DESCRIPTOR", "payloadType": kind, "readingType": "MEAN", "units": "KW"}
            for kind in ("DEMAND", *(f"LOAD_{number}" for number in range(COMPONENTS)))
        ],
        "resources": [],
    }
    one_bytes = len(json.dumps(_resource(rng, 0), separators=(",", ":"))) + 1
    body["resources"] = [_resource(rng, number) for number in range(max(1, (size_bytes - 900) // one_bytes))]
    return body


def _resource(rng: random.Random, number: int) -> dict[str, Any]:
    loads = [rng.randrange(9000) / 1000 for _ in range(COMPONENTS)]
    payloads = [{"type": "DEMAND", "values": [round(sum(loads), 3)]}]
    payloads += [{"type": f"LOAD_{index}", "values": [load]} for index, load in enumerate(loads)]
    return {"resourceName": f"Herning-{number:04d}-household", "intervals": [{"id": 4711, "payloads": payloads}]}


def request_bytes(vtn: Vtn, body: dict[str, Any], token: str) -> bytes:
    content = json.dumps(body, separators=(",", ":")).encode()
    return (
        f"POST {vtn.path}/reports HTTP/1.1\r\nHost: {vtn.host}:{vtn.port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    ).encode() + content


def measure(arguments: argparse.Namespace, state: str) -> bool:
    vtn = Vtn(state)
    try:
        business = vtn.token("bl")
        program = vtn.post("/programs", {"programName": "load"}, business)
        event = vtn.post("/events", {"programID": program["id"]}, business)
        token = vtn.token("load")
        bodies = [report(event["id"], arguments.kb * 1000, seed) for seed in range(DISTINCT_BODIES)]
        load = Load(vtn, [request_bytes(vtn, body, token) for body in bodies], arguments.rate, arguments.seconds)
        cpu_s, own_cpu_s = vtn.cpu_s(), time.process_time()
        wall_s = load.run()
        cpu_s, own_cpu_s = vtn.cpu_s() - cpu_s, time.process_time() - own_cpu_s
        sent = load.statuses.total()
        held = held_reports(vtn, token, sent) and newest_is_whole(vtn, token, bodies, sent)
        print(
            f"reports      {sent} of {len(json.dumps(bodies[0], separators=(',', ':')))} bytes in {wall_s:.1f} s:"
            f" {sent / wall_s:.1f} per second"
        )
        print(f"statuses     {dict(load.statuses)}")
        print(f"latency ms   {percentiles(load.latencies_s)} (from due to whole answer)")
        print(f"sent late    {load.late_s * 1000:.0f} ms at most")
        print(f"CPU seconds  VTN {cpu_s:.1f} ({cpu_s / wall_s:.0%} of a core), load {own_cpu_s:.1f}")
        print(f"memory       VTN {vtn.peak_memory_mib():.0f} MiB at most")
        print(
            f"stored       {sum(f.stat().st_size for f in Path(state).iterdir()) / max(sent, 1):.0f} bytes per report"
        )
        print(f"read back    {'exactly what was sent' if held else 'NOT what was sent'}")
        return held and set(load.statuses) == {"201"} and load.late_s < LATEST_START_S
    finally:
        vtn.close()


def held_reports(vtn: Vtn, token: str, sent: int) -> bool:
    """Exactly as many as were sent: there is a last one, and none after it."""
    last = vtn.get(f"/reports?skip={sent - 1}&limit=50", token)
    return len(last) == 1 and not vtn.get(f"/reports?skip={sent}&limit=50", token)


def newest_is_whole(vtn: Vtn, token: str, bodies: list[dict[str, Any]], sent: int) -> bool:
    """The last page's reports are, value for value, among those sent."""
    page = vtn.get(f"/reports?skip={max(0, sent - 20)}&limit=20", token)
    by_name = {body["reportName"]: body for body in bodies}
    return all(by_name[found["reportName"]].items() <= found.items() for found in page)


def percentiles(values: list[float]) -> str:
    ordered = sorted(values)
    marks = {f"p{mark}": ordered[min(len(ordered) - 1, len(ordered) * mark // 100)] for mark in (50, 90, 99)}
    return "  ".join(f"{name} {value * 1000:.1f}" for name, value in {**marks, "max": ordered[-1]}.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=300, help="reports per second")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--kb", type=int, default=50, help="size of a report in units of 1000 bytes")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as state:
        good = measure(arguments, state)
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
