"""The body of one reading, as energydesk wants it: one load component of one resource at one instant, in kW.

The dialect calls it USAGE although it is power; that word goes no further than here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ven_actors.delivery.sealing import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ven_actors.model import Block, Enrolment, Layout, SealedReport

_encode = msgspec.json.Encoder().encode


def has_resource(report: SealedReport, layout: Layout, enrolment: Enrolment) -> bool:
    """Whether the resource that `report` is about is registered, or never will be.

    Where a server has lost the VEN, the VEN is registered again before its resources.
    """
    return enrolment.complete or all(layout.resource_names[row] in enrolment.resource_ids for row in report.rows or ())


def render_reading(report: SealedReport, layout: Layout, blocks: Sequence[Block], enrolment: Enrolment) -> bytes:
    """Render the one reading that `report` is about.

    The resource's id is left out where the server never told it, the load component where loads are summed, and the
    program unless the resource is enrolled in exactly one. Raises ValueError if there is no block.
    """
    if report.component is None or report.rows is None or not blocks:
        raise ValueError(f"report {report.name} is no single reading of a block")
    ((row,), block) = report.rows, blocks[0]
    name, component = layout.resource_names[row], layout.components[report.component]
    resource_id = enrolment.resource_ids.get(name, "")
    programs = [program_id for program_id, names in enrolment.enrolled.items() if name in names]
    body: dict[str, object] = {
        "report_name": f"{name}_{block.start_s * 1000}",
        "ven_id": enrolment.ven_id,
        "client_name": f"Client_{report.ven_name}",
        "report_type": "usage",
        "reading_type": "power",
        "start": moment(block.start_s),
        "duration": "PT0S",
        "intervals": [
            {"id": 0, "payloads": [{"type": "USAGE", "values": [int(block.power_w[row, report.component]) / 1000]}]}
        ],
        "resources": [{"resource_name": name}],
    }
    optional = {
        "resource_id": resource_id,
        "load_component": component,
        "program_id": programs[0] if len(programs) == 1 else "",
    }
    return _encode(body | {key: value for key, value in optional.items() if value})
