"""Columns that a block may bear in `Block.extras` beside the metered power, one row per resource.

A VEN gives a column only where it says something: one that is absent costs nothing and stands for its default. Each
must have been made in the same interval as `power_w`, and is stored and lost together with it.
"""

from __future__ import annotations

BASELINE_W = "baseline_w"
"""int32, shape (resources, load components): mean power without load control. Default: `power_w` itself."""

SHEDDABLE_W = "sheddable_w"
"""int32, shape (resources, load components): mean power that could be shed. Default: nothing."""

WATTS = (BASELINE_W, SHEDDABLE_W)
"""Those with a value for each load component."""

OPERATING_STATE = "operating_state"
"""int8: index into `OPERATING_STATES`. Default: NORMAL."""

SIMPLE_LEVEL = "simple_level"
"""int8: the SIMPLE level obeyed, 0 to 3. Default: 0."""

SETPOINT = "setpoint"
"""float64: the CONTROL_SETPOINT obeyed. Default: 0."""

STATES = (OPERATING_STATE, SIMPLE_LEVEL, SETPOINT)
"""Those that hold until they change: shape (resources,), or (resources, parts) where one changed within the interval.

What an older program wrote is of shape (resources,) and was the state at the interval's end.
"""

STATE_ENDS_S = "state_ends_s"
"""float64, shape (resources, parts), each row alike: how long after the interval's start each part of `STATES` ends."""

OPERATING_STATES = (
    "NORMAL",
    "ERROR",
    "IDLE_NORMAL",
    "RUNNING_NORMAL",
    "RUNNING_CURTAILED",
    "IDLE_CURTAILED",
    "RUNNING_HEIGHTENED",
    "IDLE_HEIGHTENED",
    "RUNNING_OPTED_OUT",
    "IDLE_OPTED_OUT",
    "SGD_ERROR_CONDITION",
)
"""What a report calls them (OpenADR 3.1.0 enumerations). Stored by index: names are only ever added at the end."""
