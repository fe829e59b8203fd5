"""One client's calls to the embedded VTN's energydesk interface."""

from __future__ import annotations

from typing import Any

import requests

from ven_actors.testing.energydesk import EnergydeskDesk
from ven_actors.testing.vtn import VEN, Client, InProcessVtn, Role

OTHER = Client("ven-2", "ven-2-secret", Role.VEN)
NOON_S = 1_768_564_800.0  # 2026-01-16T12:00:00Z


class Clock:
    now_s = NOON_S

    def __call__(self) -> float:
        return self.now_s


class Desk:
    """One client's calls."""

    def __init__(self, vtn: InProcessVtn, client: Client = VEN) -> None:
        self.base_url = EnergydeskDesk(vtn).base_url
        self.session = requests.Session()
        self.session.trust_env = False
        form = {"grant_type": "client_credentials"}
        answer = self.session.post(
            f"{self.base_url}/auth/token", data=form, auth=(client.name, client.secret), timeout=20
        )
        assert answer.status_code == 200
        self.token = answer.json()["access_token_jwt"]
        assert answer.json()["access_token"] == self.token

    def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return self.session.request(method, self.base_url + path, json=body, headers=headers, timeout=20)

    def ven(self, name: str = "Herning") -> dict[str, Any]:
        answer = self.call("POST", "/vens", {"ven_name": name, "client_name": f"Client_{name}"})
        assert answer.status_code == 201
        made: dict[str, Any] = answer.json()
        return made

    def resource(self, name: str = "Murphy's Pub", **more: Any) -> requests.Response:
        return self.call("POST", "/resources", {
            "id": "local-1", "resource_name": name, "resource_type": "load", "ven_name": "Herning",
            "attributes": [{"resource_id": "local-1", "attribute_name": "p_max_kw", "attribute_type": "power",
                            "attribute_values": ["12"]}],
            "service_location": {"meterpoint_id": "5707", "latitude": 56.1, "longitude": 8.9, "address": "x"},
        } | more)  # fmt: skip


def reading(ven_id: str, **more: Any) -> dict[str, Any]:
    return {
        "report_name": "Murphy's Pub_1768564800000", "ven_id": ven_id, "client_name": "Client_Herning",
        "report_type": "usage", "reading_type": "power", "start": "2026-01-16T12:00:00Z", "duration": "PT0S",
        "intervals": [{"id": 0, "payloads": [{"type": "USAGE", "values": [1.234]}]}],
        "resources": [{"resource_name": "Murphy's Pub"}], "load_component": "load_0",
    } | more  # fmt: skip
