"""An in-process energydesk server, one VEN's client to it, and what that client registers and reads."""

from __future__ import annotations

from ven_actors.model import (
    Credentials,
    Enrolment,
    EventInterval,
    RegistrationStatus,
    ReportDescriptor,
    Resource,
    SealedReport,
    Secret,
)
from ven_actors.openadr.client import VtnClient
from ven_actors.openadr.energydesk import Energydesk
from ven_actors.openadr.traffic import Traffic
from ven_actors.openadr.transport import SharedAdapter
from ven_actors.testing.clock import ManualClock
from ven_actors.testing.energydesk import EnergydeskDesk, Plan
from ven_actors.testing.vtn import BL, Client, Fault, InProcessVtn, Role

HERNING = Client("Herning", "Herning-secret", Role.VEN)
T0 = 1_768_557_600  # 2026-01-16T10:00:00Z
NAME = "Murphy's Pub"


def resource(number: int = 0, name: str = NAME) -> Resource:
    local_id = "5249eada-69af-432d-99a5-98f9c89f9aa6" if not number else f"local-{number}"
    return Resource(
        local_id, "Herning", name if not number else f"{name} {number}", "restaurant", "571313174110000001",
        "Bredgade 1, Herning", RegistrationStatus.APPROVED, (),
    )  # fmt: skip


def reading(component: int, rows: tuple[int, ...] | None = (1,)) -> SealedReport:
    return SealedReport(
        1, "n", "Herning", "", "", ReportDescriptor("DEMAND"), (EventInterval(0, T0, T0 + 15),), rows, False, False,
        component,
    )  # fmt: skip


class Vtn:
    """An in-process server and one VEN's client to it."""

    def __init__(self, plan: Plan) -> None:
        self.clock = ManualClock(wall_s=float(T0))
        self.vtn = InProcessVtn([HERNING, BL], now_s=self.clock.wall, energydesk_plan=plan)
        self.desk = EnergydeskDesk(self.vtn)
        self.adapter = SharedAdapter()
        self.clients: list[VtnClient] = []

    def client(
        self, *, opted_out: bool = False, programs: tuple[str, ...] = (), traffic: Traffic | None = None
    ) -> VtnClient:
        client = VtnClient(
            self.desk.base_url, "Herning", Credentials(HERNING.name, Secret(HERNING.secret)), dialect=Energydesk(),
            adapter=self.adapter, monotonic=self.clock.monotonic, opted_out=opted_out, programs=programs,
            traffic=traffic,
        )  # fmt: skip
        self.clients.append(client)
        return client

    def enrol(self, client: VtnClient, *resources: Resource, known: Enrolment | None = None) -> Enrolment:
        """As a VEN does: again until it is complete."""
        enrolment = client.enrol("Herning", resources, known)
        return enrolment if enrolment.complete else client.enrol("Herning", resources, enrolment)

    def posts(self, path: str) -> int:
        return sum(sent.method == "POST" and sent.path.endswith(path) for sent in self.vtn.requests)

    def refuse(self, method: str, path: str, status: int, body: bytes = b"{}") -> None:
        def choose(asked: str, where: str, _body: bytes) -> Fault | None:
            return (
                Fault(act=False, status=status, body=body) if (asked, where) == (method, f"/energydesk{path}") else None
            )

        self.vtn.fault = choose
