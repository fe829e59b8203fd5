"""The truth of a run that speaks energydesk: every single reading, against what the VTN holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import requests

STEP_S = 5


def readings_of(base_url: str, token: str) -> Iterator[dict[str, Any]]:
    """Everything that the VTN has, page by page."""
    get = {"headers": {"Authorization": f"Bearer {token}"}, "timeout": 20}
    skip = 0
    while page := requests.get(f"{base_url}/reports?skip={skip}&limit=5000", **get).json():
        yield from page
        skip += len(page)


def check(known: Any, readings: list[dict[str, Any]], vens: Sequence[str]) -> Counter[str]:
    """Hold every reading against the truth; returns how many there are of each VEN."""
    seen: Counter[tuple[str, str, str, int]] = Counter()
    for reading in readings:
        ven = reading["client_name"].removeprefix("Client_")
        (resource,) = (each["resource_name"] for each in reading["resources"])
        start_s = int(datetime.fromisoformat(reading["start"]).timestamp())
        component = reading["load_component"]
        seen[ven, resource, component, start_s] += 1
        watts = mean_watts(known, ven, resource, start_s)[int(component.removeprefix("load_"))]
        ((value,),) = (payload["values"] for payload in reading["intervals"][0]["payloads"])
        assert value == watts / 1000, (ven, resource, component, start_s)
        assert reading["resource_id"]
        assert reading["ven_id"]
    assert set(seen.values()) == {1}
    assert {ven for ven, *_ in seen} == set(vens)
    for ven in vens:
        # They begin one after the other, so an interval may end in between: each has its own first one.
        starts = sorted(start_s for name, *_, start_s in seen if name == ven)
        assert sorted(set(starts)) == list(range(starts[0], starts[-1] + 1, STEP_S))
        assert len(starts) == len(known.loads[ven]) * 6 * len(set(starts))
    return Counter(ven for ven, *_ in seen)


def mean_watts(known: Any, ven: str, resource: str, start_s: int) -> list[int]:
    """The truth of an interval of several profile steps, rounded once."""
    rows = [known.cells[int(at_s - known.start_s) % len(known.cells)] for at_s in range(start_s, start_s + STEP_S)]
    mean = np.mean(rows, axis=0)
    return [int(np.rint(mean[column] * scale)) for column, scale in known.loads[ven][resource]]
