"""All that tells clients of changes, built together and closed together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ven_actors.vtn.facts import Clock, Role
from ven_actors.vtn.push.announcer import Announcer
from ven_actors.vtn.push.broker import Broker, MqttPlan
from ven_actors.vtn.push.callbacks import CallbackPlan, Callbacks
from ven_actors.vtn.push.lanes import Lanes, Patience
from ven_actors.vtn.push.subscribers import Subscribers
from ven_actors.vtn.push.topics import MqttTeller, Topics
from ven_actors.vtn.rules import Rules


@dataclass(frozen=True, slots=True)
class PushPlan:
    callbacks: CallbackPlan = field(default_factory=CallbackPlan)
    patience: Patience = field(default_factory=Patience)
    mqtt: MqttPlan | None = None


class Push:
    """`announcer` is for the rules and the store's worker, `callbacks` for whoever makes subscriptions.

    Raises `BrokerError` for MQTT options that cannot be used; a broker that is away is none.
    """

    def __init__(self, plan: PushPlan, mono_s: Clock) -> None:
        self.announcer = Announcer()
        self.callbacks = Callbacks(plan.callbacks, mono_s)
        self._lanes = Lanes(self.callbacks.send, mono_s, plan.patience)
        self.mqtt = plan.mqtt
        self._broker = None if plan.mqtt is None else Broker(plan.mqtt)

    def tell(self, rules: Rules, role_of: Callable[[str], Role | None]) -> None:
        """From now on; before the store's thread starts."""
        self.announcer.add(Subscribers(rules, role_of, self._lanes))
        if self._broker is not None and self.mqtt is not None:
            self.announcer.add(MqttTeller(rules, Topics(self.mqtt.prefix), self._broker.publish))

    def close(self) -> None:
        if self._broker is not None:
            self._broker.close()
        self._lanes.close()
        self.callbacks.close()
