"""What the rate means for a fleet, logged at the start: how long registration takes, and whether the polls fit."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sized

import structlog

from ven_actors.fleet.dialects import Route
from ven_actors.openadr.energydesk import Energydesk
from ven_actors.openadr.traffic import origin_of

log = structlog.get_logger()

# Token and its endpoint, dialect, ven, and the first reading of programs and events.
_REQUESTS_PER_VEN = 10
_PAGE = 50
_REQUESTS_PER_POLL = 2


def say_registration_time(
    rate: float | None,
    poll_every_s: float,
    routes: Mapping[str, Route],
    resources: Mapping[str, Sized],
    known: Collection[str],
) -> list[str]:
    """Say it for each origin. `known` are VENs that were registered before: of their resources only lists are read.

    Returns warnings for the summary, where the polls alone need more than the rate.
    """
    if rate is None:
        return []
    vens: dict[str, int] = defaultdict(int)
    requests: dict[str, int] = defaultdict(int)
    for name, each in resources.items():
        origin = origin_of(routes[name].url)
        # Where readings go one by one, each resource is enrolled in a program as well.
        each_takes = 0 if name in known else 2 if isinstance(routes[name].choice.dialect, Energydesk) else 1
        vens[origin] += 1
        requests[origin] += _REQUESTS_PER_VEN + math.ceil(len(each) / _PAGE) + each_takes * len(each)
    for origin, count in requests.items():
        log.info(
            "registering",
            vtn=origin,
            vens=vens[origin],
            requests_about=count,
            at_least_s=math.ceil(count / rate),
            rate=rate,
            remedy="a higher --rate shortens it; 0 sets no limit",
        )
    polls = {origin: _REQUESTS_PER_POLL * count / poll_every_s for origin, count in vens.items()}
    too_many = [
        f"polling alone takes {per_s:.3g} requests per second to {origin} (VENs: {vens[origin]}), and --rate is "
        f"{rate:g}: reports and polls will be late; give a higher --rate or --poll-every"
        for origin, per_s in polls.items()
        if per_s > rate
    ]
    for warning in too_many:
        log.warning("rate_below_polls", meaning=warning)
    return too_many
