"""Checks `--approve` against the resources that exist: a run does not change approvals."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from ven_actors.config import FleetConfig
from ven_actors.errors import UsageError
from ven_actors.fleet.remedies import resources_line
from ven_actors.storage.population import DEMO_APPROVED, Approve


def check_approvals(config: FleetConfig, by_ven: Mapping[str, Mapping[str, int]]) -> None:
    """Raise `UsageError` with the commands that change them, if they differ. The default never differs."""
    if config.approve == DEMO_APPROVED:
        return
    upto = sys.maxsize if config.approve == "all" else config.approve
    wanted = {name: min(upto, each["total"] - each["suspended"]) for name, each in by_ven.items()}
    other = [name for name, each in by_ven.items() if each["approved"] != wanted[name]]
    if not other:
        return
    too_few = [name for name in other if by_ven[name]["approved"] < wanted[name]]
    too_many = [name for name in other if by_ven[name]["approved"] > wanted[name]]
    count = () if config.approve == "all" else ("--count", str(config.approve))
    lines = [resources_line(config, "approve", *count, *too_few)] if too_few else []
    lines += [resources_line(config, "suspend", "--keep", str(config.approve), *too_many)] if too_many else []
    commands = " and ".join(f"`{line}`" for line in lines)
    shown = f"{other[0]} has {by_ven[other[0]]['approved']}"
    raise UsageError(
        f"--approve {config.approve}: {config.registry_path} has other approvals ({shown}), which a run does not "
        f"change; run {commands}, or leave --approve out"
    )


def check_begun(config: FleetConfig, begun: Approve) -> None:
    """Raise `UsageError` where there is no registry yet and the folder was begun with other approvals."""
    if config.approve not in {DEMO_APPROVED, begun}:
        make = resources_line(config, "make", "--approve", str(config.approve), "--seed", str(config.seed))
        raise UsageError(
            f"--approve {config.approve}: state folder {config.state} was begun with --approve {begun}; create its "
            f"resources again with `{make}`, or leave --approve out"
        )
