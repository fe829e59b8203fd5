import socket
import threading
import urllib.request

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from ven_actors.errors import UsageError
from ven_actors.metrics import Metrics

STATUS = {
    "restarts": 4,
    "readings": {"generated": 100, "accepted": 90, "queued": 9, "gap": 3, "unaccounted": 1},
    "reports": {"accepted": 5, "refused": 1, "posts": 7, "open": 2, "in_flight": 1, "possibly_doubled": 0},
    "vens": [
        {"name": "Herning", "state": "running", "resources": 120, "power_w": 500},
        {"name": "Aalborg", "state": "running", "resources": 120, "power_w": 700},
        {"name": "Lemvig", "state": "vtn lost", "resources": 1, "power_w": None},
    ],
}


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry(), version="1.2.3")


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_the_ledger_of_the_status_is_exported(metrics: Metrics) -> None:
    metrics.snapshot = lambda: STATUS
    assert value(metrics, "ven_actors_readings_generated_total") == 100
    by_state = {s: value(metrics, "ven_actors_readings", state=s) for s in ("accepted", "queued", "evicted")}
    assert by_state == {"accepted": 90, "queued": 9, "evicted": 0}
    assert value(metrics, "ven_actors_readings_unaccounted") == 1
    assert value(metrics, "ven_actors_readings_gap") == 3


def test_reports_and_vens_of_the_status_are_exported_in_sums(metrics: Metrics) -> None:
    metrics.snapshot = lambda: STATUS
    assert value(metrics, "ven_actors_reports_posts_total") == 7
    assert value(metrics, "ven_actors_reports_in_flight") == 1
    assert value(metrics, "ven_actors_vens", state="running") == 2
    assert value(metrics, "ven_actors_vens", state="vtn lost") == 1
    assert value(metrics, "ven_actors_power_watts") == 1200
    assert value(metrics, "ven_actors_resources") == 241
    assert value(metrics, "ven_actors_restarts_total") == 4


def test_events_in_force_are_exported_in_totals_and_by_payload_type(metrics: Metrics) -> None:
    by_type = {"SIMPLE": {"events": 2, "vens": 5}, "other": {"events": 1, "vens": 1}}
    metrics.snapshot = lambda: (
        STATUS
        | {
            "power_without_events_w": 1900,
            "in_force": {"events": 3, "vens": 6, "by_payload_type": by_type},
        }
    )
    assert value(metrics, "ven_actors_power_without_events_watts") == 1900
    assert value(metrics, "ven_actors_events_in_force") == 3
    assert value(metrics, "ven_actors_vens_with_events") == 6
    assert value(metrics, "ven_actors_events_in_force_by_type", payload_type="SIMPLE") == 2
    assert value(metrics, "ven_actors_vens_with_events_by_type", payload_type="other") == 1


def test_no_label_names_a_ven(metrics: Metrics) -> None:
    metrics.snapshot = lambda: STATUS
    assert b"Herning" not in generate_latest(metrics.registry)


def test_before_the_fleet_runs_everything_is_zero(metrics: Metrics) -> None:
    assert value(metrics, "ven_actors_readings_generated_total") == 0
    assert value(metrics, "ven_actors_info", version="1.2.3") == 1


def test_requests_are_counted_by_status_from_many_threads(metrics: Metrics) -> None:
    def count() -> None:
        for _ in range(500):
            metrics.request(201)
            metrics.request("unreachable")

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert metrics.requests_by_status() == {"201": 4000, "unreachable": 4000}
    assert value(metrics, "ven_actors_requests_total", status="201") == 4000


def test_flushes_are_counted(metrics: Metrics) -> None:
    metrics.flushed(0.002, 3000)
    metrics.flushed(20.0)
    assert value(metrics, "ven_actors_written_bytes_total") == 3000
    assert value(metrics, "ven_actors_flush_seconds_count") == 2
    assert value(metrics, "ven_actors_flush_seconds_bucket", le="0.003") == 1


def test_two_fleets_in_one_process_do_not_share_metrics(metrics: Metrics) -> None:
    other = Metrics(CollectorRegistry())
    metrics.request(200)
    assert other.requests_by_status() == {}


def test_prometheus_text_is_served_on_loopback_until_stopped(metrics: Metrics) -> None:
    server = metrics.serve(0)
    url = f"http://127.0.0.1:{server.port}/metrics"
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert b"ven_actors_readings_generated_total 0.0" in answer.read()
    with pytest.raises(OSError, match="refused"), socket.create_connection(("127.0.0.2", server.port), timeout=10):
        pass
    server.stop()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(url, timeout=10)


def test_a_port_that_is_taken_is_a_usage_error(metrics: Metrics) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"--metrics-port: {port} cannot be used"):
            metrics.serve(port)
