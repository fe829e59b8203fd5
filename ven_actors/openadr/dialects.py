"""The dialects that can be spoken: one line each. See `Dialect` for what a new one has to say."""

from __future__ import annotations

from collections.abc import Mapping

from ven_actors.openadr.dialect import Dialect
from ven_actors.openadr.energydesk import Energydesk
from ven_actors.openadr.v301 import V301
from ven_actors.openadr.v310 import V310

DIALECTS: Mapping[str, Dialect] = {
    Energydesk.name: Energydesk(),  # recognised by what no other has, so asked first
    V310.name: V310(),
    V301.name: V301(),
}
