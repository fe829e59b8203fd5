"""A VTN's push side as a probe: subscriptions with echo check, notifier endpoints, and what was asked of them."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import requests

from ven_actors.testing.vtn import Fault

ANONYMOUS = {"method": "ANONYMOUS"}


class PushSideOfVtn:
    """Hand `self.hook` to an `InProcessVtn` as its `fault`."""

    def __init__(self) -> None:
        self.subscriptions: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, str]] = []
        self.checks_echo = True
        self.refuse: dict[tuple[str, str], int] = {}
        self.narrow_only = False
        self.operations: list[str] | None = None
        self.mqtt: dict[str, Any] | None = None
        self.topics: dict[str, dict[str, str]] = {}
        self._numbers = itertools.count(1)
        self.session = requests.Session()
        self.session.trust_env = False

    def hook(self, method: str, path: str, body: bytes) -> Fault | None:
        found = re.search(r"/(subscriptions|notifiers)(/.*)?$", path)
        if found is None:
            return None
        what, rest = found.group(1), found.group(2) or ""
        self.asked.append((method, what + rest))
        status = self.refuse.get((method, what + rest)) or self.refuse.get((method, what))
        if status is not None:
            return answer(status, {"title": "no"})
        if what == "notifiers":
            return self._notifiers(rest)
        return self._subscriptions(method, rest.lstrip("/"), json.loads(body) if body else None)

    def notify(self, subscription: dict[str, Any], bearer: str | None = None, **content: Any) -> int:
        """Call back as a VTN does; the status."""
        (operation,) = subscription["objectOperations"]
        notification = {"objectType": "EVENT", "operation": "CREATE", "object": {}} | content
        headers = {"Authorization": f"Bearer {bearer or operation['bearerToken']}"}
        return self.session.post(operation["callbackUrl"], json=notification, headers=headers, timeout=10).status_code

    def of(self, ven: str) -> list[dict[str, Any]]:
        return [each for each in self.subscriptions.values() if each["clientName"] == ven]

    def _notifiers(self, rest: str) -> Fault:
        if not rest:
            return answer(200, {"WEBHOOK": True} | ({} if self.mqtt is None else {"MQTT": self.mqtt}))
        topics = self.topics.get(rest.removeprefix("/mqtt/topics/"))
        return answer(404, {"title": "no such topics"}) if topics is None else answer(200, {"topics": topics})

    def _subscriptions(self, method: str, subscription_id: str, request: Any) -> Fault:
        if method == "GET":
            return answer(200, list(self.subscriptions.values()))
        if method in {"PUT", "DELETE"} and subscription_id not in self.subscriptions:
            return answer(404, {"title": "unknown"})
        if method == "DELETE":
            return answer(200, self.subscriptions.pop(subscription_id))
        refused = self._refused(request["objectOperations"][0])
        if refused is not None:
            return refused
        stored_id = subscription_id or f"s-{next(self._numbers)}"
        stored = {"id": stored_id, "objectType": "SUBSCRIPTION", **request}
        self.subscriptions[stored_id] = stored
        return answer(201 if method == "POST" else 200, stored)

    def _refused(self, operation: dict[str, Any]) -> Fault | None:
        if self.narrow_only and "VEN" in operation["objects"]:
            return answer(403, {"title": "not of your business"})
        if self.operations is not None and operation["operations"] != self.operations:
            return answer(400, {"title": f"operations are {self.operations}"})
        if self.checks_echo:
            echoed = self.session.get(f"{operation['callbackUrl']}?echo=hello", timeout=10)
            if (echoed.status_code, echoed.content) != (200, b"hello"):
                return answer(400, {"title": "the callback does not answer"})
        return None


def answer(status: int, content: Any) -> Fault:
    return Fault(
        act=False, status=status, body=json.dumps(content).encode(), headers={"Content-Type": "application/json"}
    )
