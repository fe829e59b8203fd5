"""How the senders of a fleet are shared out between its VTNs."""

from collections import Counter
from typing import Any

from ven_actors.config import FleetConfig
from ven_actors.fleet.dialects import Route
from ven_actors.fleet.wiring import Wiring
from ven_actors.messages import SenderReady
from ven_actors.openadr.choosing import Choice
from ven_actors.testing.probe import Probe

ROUTES = {
    "Herning": "https://one.example/openadr3/3.1.0",
    "Aalborg": "https://one.example:443/openadr3/3.0.1",
    "Lemvig": "https://one.example:8443/openadr3",
    "Skive": "https://two.example/",
}


def test_each_origin_has_as_many_senders_as_are_configured_and_each_ven_reports_to_its_own() -> None:
    unused: Any = None
    wiring = Wiring(
        FleetConfig(senders=3), {name: Route(url, Choice(None)) for name, url in ROUTES.items()},
        dict.fromkeys(ROUTES, ()), unused, None, unused, unused, None, unused,
    )  # fmt: skip
    reporter: Any = Probe("reporter")
    supervisor: Any = Probe("supervisor")
    wiring.refs["reporter"], wiring.supervisor = reporter, supervisor
    specs = [spec for spec in wiring._specs() if spec.level == "senders"]
    assert len({spec.name for spec in specs}) == len(specs) == 9
    for spec in specs:
        ref = spec.start(1)
        ref.stop()
    ready = Counter(message.origin for message in reporter.of(SenderReady))
    assert ready == dict.fromkeys(["https://one.example:443", "https://one.example:8443", "https://two.example:443"], 3)
    assert {wiring._origin_of(name) for name in ("Herning", "Aalborg")} == {"https://one.example:443"}
    assert wiring._origin_of("Nobody") == ""
    wiring.close()
