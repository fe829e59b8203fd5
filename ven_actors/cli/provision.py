"""`ven-actors provision` and `deprovision`: what business logic does for the VENs of a fleet, and its undoing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import click
import msgspec

from ven_actors.cli.run_options import CONFIG_OPTION, OptionsInSections, options_named
from ven_actors.cli.seams import seams_of
from ven_actors.config import FleetConfig
from ven_actors.config_applies import Command
from ven_actors.config_sources import load_config
from ven_actors.errors import UsageError, VtnError
from ven_actors.fleet.discovery import discovered
from ven_actors.fleet.provision_access import BUSINESS_FLAG, Targets, keep_begun, provisioner_of, wanted_vens
from ven_actors.fleet.provisioning import Did, Outcome

EXIT_FAILED = 3
_ACCESS = ("state", "vtn_url", "dialect", "ca_file", "insecure_tls", "insecure_http", "deadline", "max_response")
_WHO = ("vens", "count", "registry", "approve", "seed", "credentials")
_COMMON = [
    click.Option(
        [BUSINESS_FLAG, "business"],
        metavar="FILE|TEMPLATE",
        help="The OAuth client of business logic, like client_id=operator,client_secret_file=FILE; left out: no token.",
    ),
    click.Option(["--dry-run"], is_flag=True, help="Only look, and say what would be done."),
    click.Option(["--json", "as_json"], is_flag=True, help="Print JSON."),
    CONFIG_OPTION,
]


class _Report:
    """Prints what is done while it is done, but for what was found as it should be."""

    def __init__(self, *, dry_run: bool, as_json: bool) -> None:
        self._dry_run = dry_run
        self._as_json = as_json
        self.outcomes: list[Outcome] = []

    def take(self, outcomes: Iterable[Outcome]) -> None:
        try:
            for outcome in outcomes:
                self._take(outcome)
        except VtnError as error:
            self._take(Outcome(Did.FAILED, "vtn", "", "", f"{error}; run the same again to go on"))

    def end(self) -> int:
        counts = Counter((outcome.kind, outcome.did.value) for outcome in self.outcomes)
        is_good = not any(outcome.did in {Did.FAILED, Did.KEPT} for outcome in self.outcomes)
        if self._as_json:
            done = [outcome._asdict() for outcome in self.outcomes]
            content = msgspec.json.encode({"good": is_good, "dry_run": self._dry_run, "outcomes": done})
            click.echo(msgspec.json.format(content, indent=2))
        else:
            words = ", ".join(
                f"{count} {kind}{'s' * (count != 1)} {did}"
                for (kind, did), count in sorted(counts.items())
                if kind != "vtn"
            )
            if words or is_good:  # what failed is said by now
                click.echo(f"{'would be: ' if self._dry_run else ''}{words or 'nothing to do'}")
        return 0 if is_good else EXIT_FAILED

    def _take(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        if self._as_json or outcome.did is Did.FOUND:
            return
        would = "would be " if self._dry_run and outcome.did is not Did.FAILED else ""
        who = outcome.name if outcome.kind != "resource" else f"{outcome.ven}: {outcome.name}"
        click.echo(
            f"{would}{outcome.did.value} {outcome.kind} {who}".rstrip() + (f": {outcome.words}" * bool(outcome.words))
        )


def _config(
    flags: Mapping[str, Any], environ: Mapping[str, str], options: Collection[str], business: str | None
) -> FleetConfig:
    config = load_config(flags, environ, Command(options)).config
    if business is not None and config.vtn_url is None:
        raise UsageError(
            f"{BUSINESS_FLAG}: cannot apply: the embedded VTN has a business-logic client of its own; name the VTN "
            "with --vtn-url, or leave this out"
        )
    return discovered(config)


def provision_command(
    ctx: click.Context,
    /,
    business: str | None,
    target: tuple[str, ...],
    resource_target: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
    **flags: Any,
) -> int:
    """Make vens, resources and targets at the VTN as its business logic, for the VENs of a later run.

    What is there is used, whoever made it; only targets are added to it. A second run changes nothing, and one that
    broke off is gone on with. What was made is kept in the state folder, for `deprovision`. In OpenADR 3.1 a ven is
    made for the client that --credentials names for its VEN. Exit code 3 if something failed.
    """
    environ = seams_of(ctx).environ
    config = _config(flags, environ, (*_ACCESS, *_WHO), business)
    targets = Targets(target or None, resource_target).checked()
    report = _Report(dry_run=dry_run, as_json=as_json)
    with provisioner_of(config, environ, business, dry_run=dry_run) as provisioner:
        vens = wanted_vens(config, environ, provisioner.dialect, targets)
        if not dry_run:
            keep_begun(config)
        report.take(outcome for wanted in vens for outcome in provisioner.provision(wanted))
    return report.end()


def deprovision_command(ctx: click.Context, /, business: str | None, dry_run: bool, as_json: bool, **flags: Any) -> int:
    """Take back what `provision` did with this state folder: delete what it made, and the targets that it added.

    What somebody else made stays, and so does a ven that still has resources which were not provisioned. Exit code 3
    if something failed or had to stay; run it again then.
    """
    environ = seams_of(ctx).environ
    config = _config(flags, environ, _ACCESS, business)
    if not config.state.is_dir():
        raise UsageError(
            f"--state: {config.state} is no folder that is there; name the one that `provision` was run with"
        )
    report = _Report(dry_run=dry_run, as_json=as_json)
    with provisioner_of(config, environ, business, dry_run=dry_run) as provisioner:
        report.take(provisioner.deprovision())
    return report.end()


provision = OptionsInSections(
    "provision",
    callback=click.pass_context(provision_command),
    params=[
        *_COMMON,
        click.Option(
            ["--target"],
            multiple=True,
            metavar="TARGET",
            help="Target of each ven; may be repeated; empty: none. [default: {ven}; 3.0.1: VEN_NAME={ven}]",
        ),
        click.Option(
            ["--resource-target"],
            multiple=True,
            metavar="TARGET",
            help="Target of each resource, like {ven}.{resource}; may be repeated. [default: none]",
        ),
        *options_named((*_ACCESS, *_WHO)),
    ],
    help=provision_command.__doc__,
    short_help="Make vens, resources and targets at a VTN.",
)

deprovision = OptionsInSections(
    "deprovision",
    callback=click.pass_context(deprovision_command),
    params=[*_COMMON, *options_named(_ACCESS)],
    help=deprovision_command.__doc__,
    short_help="Take back what `provision` did.",
)
