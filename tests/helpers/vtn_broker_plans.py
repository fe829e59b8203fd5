"""Plans of a VTN that publishes by MQTT."""

from __future__ import annotations

from ven_actors.testing.vtn import Client, Role
from ven_actors.vtn.push.broker import MqttPlan
from ven_actors.vtn.push.callbacks import CallbackPlan
from ven_actors.vtn.push.house import PushPlan

OTHER = Client("ven-2", "ven-2-secret", Role.VEN)
NOBODY_URL = "mqtt://127.0.0.1:1"


def push(plan: MqttPlan) -> PushPlan:
    return PushPlan(CallbackPlan(loopback_only=True), mqtt=plan)
