"""What a VEN costs whose VTN shows all VENs the same many events: memory, store, bytes written, CPU.

Runs `run.py` against a price server of its own (each program has an event a day, of 24 hourly prices) with two numbers
of VENs, and tells the slope between them: what one VEN more costs. Linux only.

    python benchmarks/events_alike.py --vens 5,15 --seconds 100
    python benchmarks/events_alike.py --vens 5,15 --fleet-option=--programs=EELEC-000000007
    python benchmarks/events_alike.py --vens 5,15 --fleet-option=--dialect=openadr-3.0.1
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

ROOT = Path(__file__).parents[1]
BASE = "/openadr3/3.1.0"
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
MOST_PER_PAGE = 50


class Cost(NamedTuple):
    """Of one run: resident memory and the store's size at its end, what was written and computed in all of it."""

    resident_mb: float
    store_mb: float
    written_mb: float
    cpu_s: float


def price_server(programs: int, days: int, port: Any) -> None:
    """Serve until the process is ended; the port that it took is put into `port`."""
    stock = stocked(programs, days)
    encoded: dict[str, bytes] = {}
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base's own name
            del format, arguments

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            if self.path not in encoded or "/vens" in self.path or "/resources" in self.path:
                encoded[self.path] = listed(stock, self.path)
            self._answer(200, encoded[self.path])

        def do_POST(self) -> None:
            *owner, kind = urlsplit(self.path).path.removeprefix(BASE).strip("/").split("/")
            made = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            made |= {"venID": owner[1]} if owner else {}
            with lock:
                made = stamped(f"{kind}-{len(stock[kind])}", kind) | made
                stock[kind].append(made)
            self._answer(201, json.dumps(made).encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port.send(server.server_port)
    server.serve_forever()


def stamped(object_id: str, kind: str) -> dict[str, Any]:
    made = "2026-01-01T00:00:00Z"
    return {"id": object_id, "createdDateTime": made, "modificationDateTime": made, "objectType": kind[:-1].upper()}


def stocked(programs: int, days: int) -> dict[str, list[dict[str, Any]]]:
    """The server's objects by kind; the first day is yesterday."""
    stock: dict[str, list[dict[str, Any]]] = {"programs": [], "events": [], "vens": [], "resources": [], "reports": []}
    today_s = int(time.time() // 86_400) * 86_400
    price = {"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "PRICE", "units": "KWH", "currency": "USD"}
    for number in range(programs):
        name = f"EELEC-{number:09d}"
        stock["programs"].append(stamped(name, "programs") | {"programName": name, "payloadDescriptors": [price]})
        for day in range(-1, days - 1):
            intervals = [
                {
                    "id": hour,
                    "intervalPeriod": {"start": instant(today_s + 86_400 * day + 3_600 * hour), "duration": "PT1H"},
                    "payloads": [{"type": "PRICE", "values": [round(0.02 + hour / 1_000 + number / 1e6, 5)]}],
                }
                for hour in range(24)
            ]
            event = {"programID": name, "eventName": f"{name}-{day}", "intervals": intervals}
            stock["events"].append(stamped(f"{name}-{day}", "events") | event)
    return stock


def instant(at_s: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))


def listed(stock: dict[str, list[dict[str, Any]]], path: str) -> bytes:
    parts = urlsplit(path)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    kind, *rest = parts.path.removeprefix(BASE).strip("/").split("/")
    if len(rest) == 2:  # 3.0.1: /vens/ID/resources
        kind, query = rest[1], query | {"venID": rest[0]}
    found = stock.get(kind, [])
    if len(rest) == 1:
        object_id = rest[0]
        return json.dumps(next((each for each in found if each["id"] == object_id), {})).encode()
    for name in ("venName", "venID", "resourceName", "programID"):
        if name in query:
            found = [each for each in found if each.get(name) == query[name]]
    skip, limit = int(query.get("skip", 0)), min(MOST_PER_PAGE, int(query.get("limit", MOST_PER_PAGE)))
    return json.dumps(found[skip : skip + limit]).encode()


def measured(vens: int, url: str, options: argparse.Namespace) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        arguments = ["--count", str(vens), "--vtn-url", url, "--state", str(state), "--headless", *options.fleet_option]
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "run.py"), *arguments, "--log-level", "error"], stdout=subprocess.DEVNULL
        )
        try:
            threading.Event().wait(options.seconds)
            proc = Path(f"/proc/{process.pid}")
            fields = (proc / "stat").read_text().rpartition(")")[2].split()
            cpu_s = (int(fields[11]) + int(fields[12])) / TICKS_PER_S
            resident_mb = int(re.findall(r"VmRSS:\s+(\d+)", (proc / "status").read_text())[0]) / 1024
            written = int(re.findall(r"wchar: (\d+)", (proc / "io").read_text())[0])
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        return Cost(resident_mb, (state / "store.db").stat().st_size / 1e6, written / 1e6, cpu_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vens", default="5,15", help="two numbers of VENs (default: %(default)s)")
    parser.add_argument("--programs", type=int, default=503, help="programs of the server (default: %(default)s)")
    parser.add_argument("--days", type=int, default=3, help="events of each program (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=100, help="length of each run (default: %(default)s)")
    parser.add_argument("--vtn-url", default="", help="another price server than the benchmark's own")
    parser.add_argument("--fleet-option", action="append", default=[], help="further option of `ven-actors run`")
    options = parser.parse_args()
    few, many = sorted(int(count) for count in options.vens.split(","))
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=price_server, args=(options.programs, options.days, theirs), daemon=True)
    server.start()
    url = options.vtn_url or f"http://127.0.0.1:{ours.recv()}{BASE}"
    costs = {count: measured(count, url, options) for count in (few, many)}
    server.terminate()
    print(f"{options.programs} programs, {options.programs * options.days} events, runs of {options.seconds:.0f} s")
    print(f"{'VENs':>12} {'RSS MB':>9} {'store MB':>9} {'written MB':>11} {'CPU s':>7}")
    for count, cost in costs.items():
        print(f"{count:>12} {cost.resident_mb:>9.1f} {cost.store_mb:>9.2f} {cost.written_mb:>11.1f} {cost.cpu_s:>7.1f}")
    slope = Cost(*((more - less) / (many - few) for less, more in zip(costs[few], costs[many], strict=True)))
    print(
        f"{'one VEN more':>12} {slope.resident_mb:>9.2f} {slope.store_mb:>9.3f} {slope.written_mb:>11.2f}"
        f" {slope.cpu_s:>7.2f}"
    )


if __name__ == "__main__":
    main()
