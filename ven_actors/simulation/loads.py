"""The simulation of one VEN: a whole metering interval of all its resources at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ven_actors.errors import DataError, UsageError
from ven_actors.model import LOADS_PER_RESOURCE, Block, Layout, LoadComponent, Resource
from ven_actors.signals import Phase
from ven_actors.simulation.profiles import Profiles
from ven_actors.simulation.response import Response
from ven_actors.simulation.variation import keys, uniform

COMPONENTS = tuple(f"load_{index}" for index in range(LOADS_PER_RESOURCE))
DEFAULT_NOISE = 0.05
_MAX_POWER_W = float(np.iinfo(np.int32).max)


class VenSimulation:
    """Pure: an interval made again, in any process or order, is the same to the watt.

    A reading's variation depends on the seed, the resource's id, the component and the interval alone.
    Raises DataError if a resource has not exactly the components load_0 to load_5, has a scale that is not a positive
    finite number, or names a meter that the profiles have not; UsageError if `noise` is not between 0 and 1.
    With `opted_out` nothing reacts to signals.
    """

    def __init__(
        self,
        profiles: Profiles,
        resources: Sequence[Resource],
        seed: int,
        noise: float = DEFAULT_NOISE,
        *,
        opted_out: bool = False,
    ) -> None:
        if not 0 <= noise <= 1:
            raise UsageError(f"noise is {noise}: 0 (none) to 1 (each reading up to twice its profile) is possible")
        self.layout = Layout(tuple(resource.name for resource in resources), COMPONENTS)
        self._profiles = profiles
        self._noise = noise
        rows = [_ordered(resource) for resource in resources]
        shape = (len(rows), LOADS_PER_RESOURCE)
        columns = [
            profiles.require(load.meter, f"{load.component} of resource {resource.name!r} of VEN {resource.ven_name!r}")
            for resource, loads in zip(resources, rows, strict=True)
            for load in loads
        ]
        sheddable = np.array([[load.sheddable for load in loads] for loads in rows], dtype=np.bool_).reshape(shape)
        self._response = Response(self.layout.resource_names, sheddable, opted_out=opted_out)
        self._column = np.array(columns, dtype=np.intp).reshape(shape)
        self._scale = np.array([[load.scale for load in loads] for loads in rows], dtype=np.float64).reshape(shape)
        self._keys = np.array(
            [keys(seed, resource.resource_id, LOADS_PER_RESOURCE) for resource in resources], dtype=np.uint64
        ).reshape(shape)

    def block(self, start_s: int, interval_s: int, phases: Sequence[Phase] = ()) -> Block:
        """The interval as it is metered while the signals of `phases` are in force (R12, R20)."""
        block = Block(start_s, interval_s, self.interval(start_s, interval_s))
        return self._response.to(block, phases) if phases else block

    def interval(self, start_s: int, interval_s: int) -> npt.NDArray[np.int32]:
        """Mean power in watts, uncontrolled, over [start_s, start_s + interval_s), shape (resources, load components).

        mean of the profile x scale x (1 + noise x variation in [-1, 1)), rounded once, half to even, never negative.
        """
        power_w = self._profiles.mean(start_s, interval_s)[self._column] * self._scale
        if self._noise:
            power_w *= 1.0 + self._noise * uniform(self._keys, start_s, interval_s)
        np.rint(power_w, out=power_w)
        np.clip(power_w, 0.0, _MAX_POWER_W, out=power_w)
        return power_w.astype(np.int32)


def _ordered(resource: Resource) -> list[LoadComponent]:
    loads = sorted(resource.loads, key=lambda load: load.component)
    found = tuple(load.component for load in loads)
    if found != COMPONENTS:
        raise DataError(
            f"resource {resource.name!r} of VEN {resource.ven_name!r} has the load components "
            f"{', '.join(found) or 'none'}; {', '.join(COMPONENTS)} are asked for, each once"
        )
    for load in loads:
        if not 0 < load.scale < float("inf"):
            raise DataError(
                f"{load.component} of resource {resource.name!r} of VEN {resource.ven_name!r} has the scale "
                f"{load.scale}; a positive number is asked for"
            )
    return loads
