"""Only some load components, or their sum: the same readings as ever, and no others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pytest

from ven_actors.delivery.rendering import render
from ven_actors.model import Block, EventInterval, Layout, ReportDescriptor, SealedReport
from ven_actors.simulation.loads import COMPONENTS
from ven_actors.simulation.selection import ChosenLoads

T0 = 1_800_000_000
WATTS = np.array([[1, 2, 3, 4, 5, 6], [10, 20, 30, 40, 50, 60]], dtype=np.int32)


class Whole:
    """A simulation whose values are known."""

    layout: ClassVar = Layout(("r1", "r2"), COMPONENTS)

    def block(self, start_s: int, interval_s: int, phases: Sequence[Any] = ()) -> Block:
        return Block(start_s, interval_s, WATTS, {"baseline_w": WATTS * 2, "simple_level": np.array([1, 2])})


def chosen(*loads: str, summed: bool = False) -> ChosenLoads:
    whole: Any = Whole()
    return ChosenLoads(whole, loads, summed=summed)


def test_only_the_chosen_components_are_metered_in_their_own_order() -> None:
    simulation = chosen("load_3", "load_0")
    assert simulation.layout == Layout(("r1", "r2"), ("load_0", "load_3"))
    block = simulation.block(T0, 15)
    assert block.power_w.tolist() == [[1, 4], [10, 40]]
    assert block.extras["baseline_w"].tolist() == [[2, 8], [20, 80]]
    assert block.extras["simple_level"].tolist() == [1, 2]


def test_a_sum_is_one_column_without_a_name() -> None:
    assert chosen(summed=True).block(T0, 15).power_w.tolist() == [[21], [210]]
    simulation = chosen("load_0", "load_3", summed=True)
    assert simulation.layout == Layout(("r1", "r2"), ("",))
    assert simulation.layout.readings == 2
    block = simulation.block(T0, 15)
    assert (block.power_w.tolist(), block.power_w.dtype) == ([[5], [50]], np.int32)


def test_states_of_as_many_parts_as_there_are_loads_stay_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    extras = {"simple_level": WATTS.astype(np.int8), "state_ends_s": WATTS.astype(np.float64)}
    monkeypatch.setattr(Whole, "block", lambda *_: Block(T0, 15, WATTS, extras))
    block = chosen("load_0").block(T0, 15)
    assert block.extras["simple_level"].tolist() == WATTS.tolist()
    assert block.extras["state_ends_s"].tolist() == WATTS.tolist()


def test_a_sum_too_large_for_a_column_stops_at_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    most = np.iinfo(np.int32).max
    monkeypatch.setattr(Whole, "block", lambda *_: Block(T0, 15, np.full((2, 6), most, dtype=np.int32)))
    assert chosen(summed=True).block(T0, 15).power_w.tolist() == [[most], [most]]


@pytest.mark.parametrize("kind", ["DEMAND", "USAGE"])
def test_a_standard_report_has_the_total_of_what_was_chosen(kind: str) -> None:
    def payloads(simulation: ChosenLoads) -> Any:
        interval = EventInterval(0, float(T0), float(T0 + 3600))
        report = SealedReport(1, "n", "v", "e", "p", ReportDescriptor(kind), (interval,), None, False, False)
        sent = json.loads(render(report, simulation.layout, [simulation.block(T0, 3600)]))
        types = [each["payloadType"] for each in sent["payloadDescriptors"]]
        values = [[p["values"] for p in each["intervals"][0]["payloads"]] for each in sent["resources"]]
        return types, values

    assert payloads(chosen("load_0", "load_3")) == (
        [kind, "LOAD_0", "LOAD_3"],
        [[[0.005], [0.001], [0.004]], [[0.05], [0.01], [0.04]]],
    )
    assert payloads(chosen("load_0", "load_3", summed=True)) == ([kind], [[[0.005]], [[0.05]]])
