"""Push as the configuration asks for it: what the fleet's VENs share, opened before any of them starts."""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ven_actors.config import FleetConfig
from ven_actors.errors import UsageError
from ven_actors.fleet.dialects import Route
from ven_actors.fleet.tls import ssl_context_of
from ven_actors.openadr.dialect import StandardDialect
from ven_actors.push.callbacks import CallbackServer
from ven_actors.push.desk import Brokers, PushDesk

MOST_VENS_BY_ITSELF = 100


@dataclass(frozen=True, slots=True)
class PushChoice:
    """How a run hears of changes: its configuration with the ways written out, and for which VENs (None: all)."""

    config: FleetConfig
    vens: frozenset[str] | None = None


def choose_push(config: FleetConfig, routes: Mapping[str, Route], embedded_urls: Collection[str]) -> PushChoice:
    """What `auto` comes to: the embedded VTN calls its VENs while these are few; VENs of other VTNs poll.

    The VTN is on this machine, so that polling costs next to nothing: it goes on as without push.
    """
    if config.push != ("auto",):
        return PushChoice(config)
    called = frozenset(name for name, route in routes.items() if route.url in embedded_urls and _can_call(route))
    if not 0 < len(called) <= MOST_VENS_BY_ITSELF:
        return PushChoice(replace(config, push=()))
    return PushChoice(replace(config, push=("webhook",), push_poll_every_s=0.0), called)


def _can_call(route: Route) -> bool:
    return isinstance(route.choice.dialect, StandardDialect)


def open_push(
    config: FleetConfig, monotonic: Callable[[], float] = time.monotonic, vens: Collection[str] | None = None
) -> PushDesk | None:
    """Listen for callbacks and make ready for MQTT; None where no push is asked for. `vens` None means all.

    Raises `UsageError`: the address cannot be listened on, the certificate cannot be used, an extra is missing.
    """
    if not config.push:
        return None
    brokers = _brokers(config, monotonic) if "mqtt" in config.push else None
    callbacks = callback_server(config, monotonic) if "webhook" in config.push else None
    return PushDesk(callbacks, brokers, monotonic, vens)


def callback_server(config: FleetConfig, monotonic: Callable[[], float] = time.monotonic) -> CallbackServer:
    """What a VTN is to call, listening already. Raises `UsageError` as `open_push` does."""
    return CallbackServer(
        config.webhook_host,
        config.webhook_port,
        public_url=config.webhook_url or "",
        tls=None if config.webhook_cert is None else _server_context(config.webhook_cert),
        monotonic=monotonic,
    )


def check_push(config: FleetConfig) -> None:
    """Raise `UsageError` where the extra that push needs is missing, before anything is opened."""
    if "mqtt" not in config.push:
        return
    try:
        import ven_actors.push.brokers  # noqa: F401, PLC0415 - an extra, needed only here
    except ImportError as error:
        raise UsageError(
            f"--push mqtt needs paho-mqtt, which cannot be imported ({error}): pip install '.[mqtt]' in a clone"
        ) from None


def _brokers(config: FleetConfig, monotonic: Callable[[], float]) -> Brokers:
    check_push(config)
    from ven_actors.push.brokers import MqttBrokers  # noqa: PLC0415 - an extra, needed only here

    tls = ssl_context_of(config)
    rng = random.Random(f"{config.seed} brokers")  # noqa: S311 - jitter, not secrets
    return MqttBrokers(tls, allow_plain=config.insecure_http, monotonic=monotonic, rng=rng)


def _server_context(path: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # Without a password of ours, a locked key would ask on the terminal.
        context.load_cert_chain(path, password=b"")
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"--webhook-cert: {path} cannot be used ({error}); it must hold a PEM certificate and its unlocked key"
        ) from None
    return context
