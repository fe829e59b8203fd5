"""All metrics of the fleet in one class, on an injected registry; no label names a VEN or a resource."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import prometheus_client
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from ven_actors.errors import UsageError

_FLUSH_BUCKETS_S = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
READING_STATES = ("accepted", "queued", "quarantined", "evicted", "unasked")
Snapshot = Callable[[], Mapping[str, Any]]


class MetricsServer(NamedTuple):
    port: int
    stop: Callable[[], None]


class Metrics:
    """Counters that the fleet adds to, and gauges read from its status document at each scrape.

    `request` may be called from any thread; `snapshot` gives the status document.
    """

    def __init__(self, registry: CollectorRegistry, version: str = "") -> None:
        self.registry = registry
        self._lock = threading.Lock()
        self._requests: Counter[str] = Counter()
        self._flush_s = prometheus_client.Histogram(
            "ven_actors_flush_seconds",
            "How long a commit of the outbox took.",
            registry=registry,
            buckets=_FLUSH_BUCKETS_S,
        )
        self._written = prometheus_client.Counter(
            "ven_actors_written_bytes", "Bytes of readings committed to the outbox.", registry=registry
        )
        prometheus_client.Info("ven_actors", "The running program.", registry=registry).info({"version": version})
        registry.register(_Live(self))
        self.snapshot: Snapshot = dict

    def request(self, status: int | str) -> None:
        """Count one request by its HTTP status, or by a word such as `unreachable` where there was no answer."""
        with self._lock:
            self._requests[str(status)] += 1

    def flushed(self, took_s: float, written_bytes: int = 0) -> None:
        """Count one commit of the outbox."""
        self._flush_s.observe(took_s)
        self._written.inc(written_bytes)

    def requests_by_status(self) -> dict[str, int]:
        with self._lock:
            return dict(sorted(self._requests.items()))

    def serve(self, port: int) -> MetricsServer:
        """Prometheus text on `http://127.0.0.1:port/metrics` (0: any free port) until `stop` is called.

        Raises UsageError where the port is taken or not allowed.
        """
        try:
            server, thread = prometheus_client.start_http_server(port, addr="127.0.0.1", registry=self.registry)
        except OSError as error:
            raise UsageError(f"--metrics-port: {port} cannot be used ({error.strerror}); choose another") from None

        def stop() -> None:
            server.shutdown()
            thread.join()
            server.server_close()

        return MetricsServer(server.server_port, stop)


class _Live(Collector):
    """Makes the metrics that come from the status document and from the cheap counters, at each scrape."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def describe(self) -> list[Metric]:
        """Nothing is known before the fleet runs; without this the registry would collect once when registering."""
        return []

    def collect(self) -> Iterator[Metric]:
        requests = CounterMetricFamily("ven_actors_requests", "Requests to the VTN, by status.", labels=["status"])
        for status, count in self._metrics.requests_by_status().items():
            requests.add_metric([status], count)
        yield requests
        yield from _of_status(self._metrics.snapshot())


def _of_status(status: Mapping[str, Any]) -> Iterator[Metric]:
    yield CounterMetricFamily("ven_actors_restarts", "Restarts of actors.", value=status.get("restarts", 0))
    readings = status.get("readings", {})
    yield CounterMetricFamily(
        "ven_actors_readings_generated", "Readings of this state folder.", value=readings.get("generated", 0)
    )
    places = GaugeMetricFamily(
        "ven_actors_readings", "Readings by what became of them; all of them make generated.", labels=["state"]
    )
    for state in READING_STATES:
        places.add_metric([state], readings.get(state, 0))
    yield places
    yield GaugeMetricFamily(
        "ven_actors_readings_unaccounted",
        "Generated less all states; anything but 0 is an error.",
        value=readings.get("unaccounted", 0),
    )
    yield GaugeMetricFamily(
        "ven_actors_readings_gap", "Readings that could not be generated.", value=readings.get("gap", 0)
    )
    yield from _of_reports(status.get("reports", {}))
    yield from _of_vens(status.get("vens", ()))
    yield from _of_events(status)


def _of_reports(reports: Mapping[str, Any]) -> Iterator[Metric]:
    for name, what in (
        ("accepted", "Reports the VTN has for certain."),
        ("refused", "Reports the VTN does not want."),
        ("posts", "Reports sent, repeats included."),
        ("possibly_doubled", "Reports the VTN may hold twice."),
    ):
        yield CounterMetricFamily(f"ven_actors_reports_{name}", what, value=reports.get(name, 0))
    for name, what in (("open", "Reports sealed and not yet decided."), ("in_flight", "Reports being sent now.")):
        yield GaugeMetricFamily(f"ven_actors_reports_{name}", what, value=reports.get(name, 0))


def _of_vens(vens: Any) -> Iterator[Metric]:
    by_state = GaugeMetricFamily("ven_actors_vens", "VENs by state.", labels=["state"])
    for state, count in sorted(Counter(str(ven.get("state", "")) for ven in vens).items()):
        by_state.add_metric([state], count)
    yield by_state
    yield GaugeMetricFamily(
        "ven_actors_power_watts", "Power of all resources now.", value=sum(ven.get("power_w") or 0 for ven in vens)
    )
    yield GaugeMetricFamily(
        "ven_actors_resources", "Resources of running VENs.", value=sum(ven.get("resources") or 0 for ven in vens)
    )


def _of_events(status: Mapping[str, Any]) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "ven_actors_power_without_events_watts",
        "Power that all resources would have now without any event.",
        value=status.get("power_without_events_w") or 0,
    )
    in_force = status.get("in_force", {})
    yield GaugeMetricFamily(
        "ven_actors_events_in_force", "Events in force on any VEN.", value=in_force.get("events", 0)
    )
    yield GaugeMetricFamily(
        "ven_actors_vens_with_events", "VENs on which any event is in force.", value=in_force.get("vens", 0)
    )
    for key, name, what in (
        ("events", "ven_actors_events_in_force_by_type", "Events in force, by payload type."),
        ("vens", "ven_actors_vens_with_events_by_type", "VENs on which events are in force, by payload type."),
    ):
        by_type = GaugeMetricFamily(name, what, labels=["payload_type"])
        for payload_type, counts in in_force.get("by_payload_type", {}).items():
            by_type.add_metric([payload_type], counts[key])
        yield by_type
