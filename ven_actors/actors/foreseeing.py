"""What a VEN's resources will do: its simulation asked about intervals that have not ended."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from ven_actors import columns
from ven_actors.actors.ven_needs import Simulation
from ven_actors.messages import ForecastWanted
from ven_actors.model import Block, Resource
from ven_actors.signals import Phase


def foresee(
    wanted: ForecastWanted,
    simulation: Simulation,
    resources: Sequence[Resource],
    phases: Callable[[int, int], Sequence[Phase]],
) -> tuple[Block, ...]:
    """Return one block for each wanted interval, over its whole seconds, under the signals known by now."""
    blocks = []
    for interval in wanted.intervals:
        start_s, end_s = math.floor(interval.start_s), math.ceil(interval.end_s)
        block = simulation.block(start_s, end_s - start_s, phases(start_s, end_s))
        extras = dict(block.extras)
        if wanted.sheddable:
            loads = [sorted(resource.loads, key=lambda load: load.component) for resource in resources]
            mask = np.array([[load.sheddable for load in row] for row in loads], dtype=bool)
            extras[columns.SHEDDABLE_W] = block.power_w * mask.reshape(block.power_w.shape)
        blocks.append(Block(start_s, end_s - start_s, block.power_w, extras))
    return tuple(blocks)
