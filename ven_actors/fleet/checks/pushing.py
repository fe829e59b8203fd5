"""The check of webhooks (`--write`, with `--push webhook`): a trial subscription, which is deleted again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ven_actors.errors import VtnRefused
from ven_actors.fleet.checks.case import Case
from ven_actors.fleet.checks.finding import Finding, good, warning
from ven_actors.fleet.push import callback_server
from ven_actors.openadr.subscriptions import Subscriber
from ven_actors.push.callbacks import CallbackServer

_POLLED = "without push the fleet learns of a change only with its next poll"


def subscriptions(case: Case) -> Finding:
    """Subscribe under a name of its own, so that a fleet that runs keeps what it has; see whether the VTN calls."""
    if "webhook" not in case.config.push:
        return good("not needed: --push webhook is not asked for")
    program_ids: tuple[str | None, ...] = (None,)
    if case.standard.subscriptions_name_program:
        program_ids = case.crawl.program_ids[:1]
    if not program_ids:
        return warning("there is no program to subscribe to", _POLLED, "see the check of programs")
    with _listening(case) as server:
        return _tried(case, server, program_ids[0])


def _tried(case: Case, server: CallbackServer, program_id: str | None) -> Finding:
    name = f"{case.ven_name}-doctor"
    subscriber = Subscriber(case.door.api, case.standard, name)
    callback = server.open(name, program_id, lambda: None)
    try:
        for subscription_id in subscriber.keep({program_id: callback}, frozenset()):
            subscriber.remove(subscription_id)
    except VtnRefused as error:
        return warning(str(error), _POLLED, f"have the VTN reach {callback.url} and take subscriptions of a VEN")
    if not server.has_called(name, program_id):
        return warning(
            f"the VTN takes a subscription without calling {callback.url}",
            "it may never call; until it does, the fleet polls",
            "have the VTN reach that address, or name another with --webhook-url",
        )
    verbs = ", with operations as HTTP verbs, which are not the standard's words" if subscriber.uses_verbs else ""
    return good(f"a subscription was accepted{verbs}, its callback was called, and it was deleted again")


@contextlib.contextmanager
def _listening(case: Case) -> Iterator[CallbackServer]:
    server = callback_server(case.config, case.monotonic)
    server.start()
    try:
        yield server
    finally:
        server.stop()
