"""The reports that one interval would send, without a network, a store or an actor."""

from __future__ import annotations

from collections.abc import Iterator

from ven_actors.config import FleetConfig
from ven_actors.delivery.rendering import render
from ven_actors.delivery.sealing import pieces, report_name
from ven_actors.fleet.folder import open_profiles, preview_population
from ven_actors.model import (
    Block,
    EventInterval,
    IntervalPlan,
    Layout,
    ReportDescriptor,
    ReportRequest,
    Resource,
    SealedReport,
)
from ven_actors.openadr.report_schedule import next_window
from ven_actors.simulation.loads import VenSimulation
from ven_actors.simulation.profiles import Profiles
from ven_actors.simulation.selection import ChosenLoads

_DAY_S = 86400


class PreviewBlock(Block):
    """A block of the only layout there is."""

    layout_id = 1


def preview_reports(config: FleetConfig, now_s: float) -> Iterator[bytes]:
    """Yield the JSON of each VEN's report for the last whole reporting window before `now_s`, for the demo's event."""
    profiles = open_profiles(config)
    for name, resources in preview_population(config, profiles.meters).items():
        yield _report(config, name, resources, profiles, now_s)


def _report(config: FleetConfig, name: str, resources: tuple[Resource, ...], profiles: Profiles, now_s: float) -> bytes:
    whole = VenSimulation(profiles, resources, config.seed, config.noise)
    simulation = ChosenLoads(whole, config.loads, summed=config.aggregate)
    request = _demo_request(config.report_every_s, now_s)
    window = next_window(request, now_s - config.report_every_s)
    assert window is not None
    step_s = config.interval_s
    starts = range(int(window.start_s // step_s) * step_s, int(window.end_s), step_s)
    blocks = [PreviewBlock(start_s, step_s, simulation.block(start_s, step_s).power_w) for start_s in starts]
    (piece,) = pieces(request, window, blocks)
    report = SealedReport(
        0, report_name(name, request, window.start_s, window.end_s, 0), name, request.event_id, request.program_id,
        request.descriptor, piece.intervals, None, piece.periods, in_doubt=False,
    )  # fmt: skip
    layout: Layout = simulation.layout
    return render(report, layout, blocks)


def _demo_request(every_s: int, now_s: float) -> ReportRequest:
    """Ask as the demo's event of that day does; its ids only a VTN can give."""
    midnight_s = float(int(now_s - every_s) // _DAY_S * _DAY_S)
    first = EventInterval(0, midnight_s, midnight_s + every_s)
    plan = IntervalPlan((first,), float(every_s), float("inf"), implied=True)
    descriptor = ReportDescriptor("DEMAND", "MEAN", "KW", num_intervals=1, frequency=1, repeat=-1)
    return ReportRequest("preview", "EVENT-ID", "PROGRAM-ID", descriptor, plan)
