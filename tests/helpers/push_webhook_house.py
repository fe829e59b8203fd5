"""One VEN's webhooks: the callback server and the desk are real, the VTN's push side is a probe."""

from __future__ import annotations

from typing import Any

from ven_actors.openadr.client import VtnClient
from ven_actors.push.callbacks import CallbackServer
from ven_actors.push.desk import PushDesk
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.probe import Probe


class WebhookHouse:
    """One VEN's push, with everything real but the VTN's push side."""

    def __init__(self, client: VtnClient) -> None:
        self.clock = ManualClock()
        self.server = CallbackServer("127.0.0.1", 0, monotonic=self.clock.monotonic)
        self.desk = PushDesk(self.server, None, self.clock.monotonic)
        self.client = client
        self.ven = Probe("Herning")
        self.push = self.desk.for_ven("Herning", client.push_side)

    def keep(self, *program_ids: str, ven_id: str = "v-1") -> None:
        self.push.keep(self.ven, ven_id, program_ids)

    def restart(self) -> None:
        self.push = self.desk.for_ven("Herning", self.client.push_side)


def posts(push_side: Any) -> list[str]:
    return [method for method, _ in push_side.asked if method != "GET"]
