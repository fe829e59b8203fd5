"""Only some load components of a VEN's resources, or their sum: what is left out is not metered at all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ven_actors.columns import WATTS
from ven_actors.model import Block, Layout
from ven_actors.signals import Phase
from ven_actors.simulation.loads import VenSimulation

SUM = ""
"""The component of a layout whose one column is the sum of a resource's loads: it has no name of its own."""


class ChosenLoads:
    """The simulation `whole`, metered in `loads` alone (none named: in all), or, if `summed`, in their sum.

    Every component is simulated and reacts to signals all the same, so a reading is the same whoever else is metered.
    """

    def __init__(self, whole: VenSimulation, loads: Collection[str] = (), *, summed: bool = False) -> None:
        components = [name for name in whole.layout.components if not loads or name in loads]
        self._whole = whole
        self._columns = [whole.layout.components.index(name) for name in components]
        self._summed = summed
        self.layout = Layout(whole.layout.resource_names, (SUM,) if summed else tuple(components))

    def block(self, start_s: int, interval_s: int, phases: Sequence[Phase] = ()) -> Block:
        block = self._whole.block(start_s, interval_s, phases)
        extras = {name: self._metered(values) if name in WATTS else values for name, values in block.extras.items()}
        return replace(block, power_w=self._metered(block.power_w), extras=extras)

    def _metered(self, watts: npt.NDArray[Any]) -> npt.NDArray[Any]:
        chosen: npt.NDArray[Any] = watts[:, self._columns]
        if not self._summed:
            return chosen
        limits = np.iinfo(np.int32)
        total: npt.NDArray[Any] = np.clip(chosen.sum(axis=1, keepdims=True, dtype=np.int64), limits.min, limits.max)
        return np.asarray(total, dtype=np.int32)
