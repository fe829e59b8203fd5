"""schemathesis over the embedded VTN: each version, each role, held against the official files.

Examples, coverage and fuzzing; statuses, content types and schemas by schemathesis, and each answer once more by the
tests' own reading of the official file. As a command, for long campaigns:

    python tests/campaign.py --cases 5000
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import schemathesis
import yaml
from schemathesis.engine import events, from_schema

from ven_actors.testing.vtn import BL, VEN, Client, InProcessVtn

sys.path.append(str(Path(__file__).parent / "helpers"))  # as a command; in the suite, pytest's `pythonpath` does it

import spec31
import spec301

FILES = {"3.0.1": ("3.0.1", spec301), "3.1": ("3.1.0", spec31)}
CLIENTS = {"ven": VEN, "bl": BL}
# The statuses that the files do not list and that a server cannot do without; each is answered with a problem.
UNLISTED = {
    "401": "no token or a bad one: 3.0.1 does not know the status, 3.1 leaves it out once",
    "405": "a method that the path does not have",
    "413": "a body beyond the VTN's limit",
    "415": "a body that is no JSON by its content type",
}
NO_SOURCES = {"responses": False}  # the stock does that; schemathesis's own way can take minutes for one operation
PER_ROUND = 20  # fuzzed cases per operation; a round builds on what the ones before it have stored
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)


@dataclass(slots=True)
class Outcome:
    """What a campaign sent and what was wrong, each thing once."""

    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: dict[str, str] = field(default_factory=dict)


class Stock:
    """Objects that are there, so that cases get beyond "there is no such object": their ids stand in for invented ones.

    Every other id that a case has invented, in its path, its query or its body, is replaced.
    """

    def __init__(self, vtn: InProcessVtn, seed: int) -> None:
        self._vtn = vtn
        self._draw = random.Random(seed)
        self._ids: dict[str, str] = {}
        self._cases = 0

    def _fill(self) -> None:
        """Make what has been deleted since."""
        vtn = self._vtn
        program = (vtn.programs() or [vtn.create_program(programName="stock")])[0]
        event = (vtn.events() or [vtn.create_event(programID=program["id"], intervals=[])])[0]
        mine = [ven for ven in vtn.vens() if ven["clientID"] == VEN.name]
        ven = (mine or [vtn.create_ven(clientID=VEN.name, venName="stock")])[0]
        its = [resource for resource in vtn.resources() if resource["venID"] == ven["id"]]
        its = its or [vtn.create_resource(clientID=VEN.name, venID=ven["id"], resourceName="stock")]
        reports = [report["id"] for report in vtn.reports()] or [self._report(event["id"])]
        self._ids = {
            "programID": program["id"],
            "eventID": event["id"],
            "venID": ven["id"],
            "resourceID": its[0]["id"],
            "reportID": reports[0],
        }

    def _report(self, event_id: str) -> str:
        url = self._vtn.base_url
        body = {"eventID": event_id, "clientName": "stock", "resources": []}
        headers = {"Authorization": f"Bearer {token(url, VEN)}"}
        made = requests.post(f"{url}/reports", json=body, headers=headers, timeout=20)
        made.raise_for_status()
        return str(made.json()["id"])

    def put_into(self, case: schemathesis.Case) -> None:
        if self._cases % 25 == 0:
            self._fill()
        self._cases += 1
        for place in (case.path_parameters, case.query, case.body):
            if isinstance(place, dict):
                for name in place.keys() & self._ids.keys():
                    if self._draw.random() < 0.5:
                        place[name] = self._ids[name]


def token(url: str, client: Client) -> str:
    form = {"grant_type": "client_credentials", "client_id": client.name, "client_secret": client.secret}
    return str(requests.post(f"{url}/auth/token", data=form, timeout=20).json()["access_token"])


class _Loader(yaml.SafeLoader):
    """JSON has no dates: what looks like one stays text."""


_Loader.add_constructor("tag:yaml.org,2002:timestamp", yaml.SafeLoader.construct_yaml_str)


def spec_folder() -> Path:
    return Path(os.environ.get("OPENADR_SPEC_DIR") or Path(__file__).parents[2] / "shared" / "spec")


def absent_files(folder: Path) -> list[Path]:
    files = [folder / release / "openadr3.yaml" for release, _ in FILES.values()]
    return [file for file in files if not file.is_file()]


def corrected(file: Path, mistakes: Any) -> dict[str, Any]:
    """The official file as it would have to be: its own mistakes put right, the unlisted statuses added."""
    document: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), _Loader)
    mistakes.put_right(document)
    for item in document["paths"].values():
        for method, operation in item.items():
            if method != "parameters":
                problem = {"$ref": "#/components/schemas/problem"}
                answer = {"description": "unlisted", "content": {"application/json": {"schema": problem}}}
                operation["responses"] = dict.fromkeys(UNLISTED, answer) | operation["responses"]
    _without_discriminators(document)
    return document


def _without_discriminators(node: Any) -> None:
    """They have no mapping to the schemas' names."""
    if isinstance(node, list):
        for item in node:
            _without_discriminators(item)
    elif isinstance(node, dict):
        node.pop("discriminator", None)
        for value in node.values():
            _without_discriminators(value)


def config(url: str, client: Client, seed: int, examples: int, *, coverage: bool) -> schemathesis.Config:
    return schemathesis.Config.from_dict(
        {
            "seed": seed,
            "base-url": url,
            "headers": {"Authorization": f"Bearer {token(url, client)}"},
            "continue-on-failure": True,
            "generation": {"database": "none", "no-shrink": True, "max-examples": examples},
            "checks": {"enabled": False, **{name: {"enabled": True} for name in CHECKS}},
            "phases": {
                "examples": {"enabled": coverage, "extra-data-sources": NO_SOURCES},
                "coverage": {"enabled": coverage, "extra-data-sources": NO_SOURCES},
                "fuzzing": {"extra-data-sources": NO_SOURCES, "error-feedback": {"enabled": False}},
                "stateful": {"enabled": False},
            },
        }
    )


def run(
    vtn: InProcessVtn, folder: Path, version: str, role: str, cases: int, *, seed: int = 1, coverage: bool = True
) -> Outcome:
    """At least that many cases, in rounds with a seed each; only the first has examples and coverage."""
    release, mistakes = FILES[version]
    file = folder / release / "openadr3.yaml"
    document = corrected(file, mistakes)
    official = spec31.OfficialFile(file, mistakes.put_right, mistakes.PREFIX)
    operations = sum(method != "parameters" for item in document["paths"].values() for method in item)
    outcome, stock = Outcome(), Stock(vtn, seed)
    while outcome.cases < cases:
        examples = min(PER_ROUND, max(1, -(-(cases - outcome.cases) // operations)))
        settings = config(vtn.base_urls[version], CLIENTS[role], seed, examples, coverage=coverage)
        schema = schemathesis.openapi.from_dict(document, config=settings)
        with _before_each_call(stock.put_into):
            for event in from_schema(schema).execute():
                _judge(event, outcome)
                _read(vtn, official, mistakes.PREFIX, outcome)
        seed, coverage = seed + 1, False
    return outcome


@contextlib.contextmanager
def _before_each_call(work: Callable[[schemathesis.Case], None]) -> Iterator[None]:
    def before_call(context: Any, case: schemathesis.Case, kwargs: Any) -> None:
        work(case)

    schemathesis.hook(before_call)
    try:
        yield
    finally:
        schemathesis.hooks.unregister(before_call)


def _judge(event: Any, outcome: Outcome) -> None:
    if isinstance(event, events.NonFatalError):
        trace = "".join(traceback.format_exception(event.value))[-2000:]
        outcome.wrong.setdefault(f"{event.label}: {event.value}", trace)
    elif isinstance(event, events.FatalError):
        raise event.exception
    elif isinstance(event, events.ScenarioFinished):
        outcome.cases += len(event.recorder.interactions)
        for checks in event.recorder.checks.values():
            for check in checks:
                if check.failure_info is not None:
                    failure = check.failure_info.failure
                    key = f"{event.recorder.label}: {failure.title}: {failure.message[:300]}"
                    outcome.wrong.setdefault(key, check.failure_info.code_sample[:2000])


def _read(vtn: InProcessVtn, official: Any, prefix: str, outcome: Outcome) -> None:
    while vtn.requests:
        sent = vtn.requests.pop(0)
        if not sent.path.startswith(prefix):
            continue  # the stock is made through one version
        outcome.statuses[sent.status] += 1
        if sent.method not in ("GET", "POST", "PUT", "DELETE"):
            continue
        for line in official.check_answer(sent.method, sent.path, sent.status, sent.answer):
            outcome.wrong.setdefault(line, sent.query[:200] + " " + repr(sent.body[:500]))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", type=int, default=5000, help="at least so many in all (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="(default: %(default)s)")
    arguments = parser.parse_args()
    folder = spec_folder()
    if absent := absent_files(folder):
        print(f"nothing is checked: there is no {absent[0]}; set OPENADR_SPEC_DIR")
        return 0
    failed = False
    pairs = [(version, role) for version in FILES for role in CLIENTS]
    for version, role in pairs:
        began = time.monotonic()
        with InProcessVtn(strict=True) as vtn:
            outcome = run(vtn, folder, version, role, -(-arguments.cases // len(pairs)), seed=arguments.seed)
        statuses = ", ".join(f"{status}: {count}" for status, count in sorted(outcome.statuses.items()))
        print(f"{version} {role}: {outcome.cases} cases in {time.monotonic() - began:.0f} s ({statuses})", flush=True)
        for line, sample in outcome.wrong.items():
            print(f"  WRONG {line}\n    {sample}", flush=True)
        failed = failed or bool(outcome.wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
