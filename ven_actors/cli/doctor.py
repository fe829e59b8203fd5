"""`ven-actors doctor`: what stands between one VEN and its VTN, check by check."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import click
import msgspec

from ven_actors.cli.run_options import CONFIG_OPTION, OptionsInSections, options_named
from ven_actors.cli.seams import seams_of
from ven_actors.config_applies import Command
from ven_actors.config_sources import load_config
from ven_actors.errors import DataError, StateError, UsageError
from ven_actors.fleet.doctor import STEPS, Finding, Verdict, case_of, examine, unconfigured

EXIT_BAD = 3
_OPTIONS = (
    *("vens", "count", "state", "registry", "approve", "seed"),
    *(
        "vtn_url",
        "dialect",
        "groups",
        "targets",
        "programs",
        "parsing",
        "credentials",
        "ca_file",
        "insecure_tls",
        "insecure_http",
        "deadline",
        "max_response",
    ),
    *("push", "webhook_url", "webhook_host", "webhook_port", "webhook_cert"),
    *("interval", "report_every", "poll_every"),
)
_NAME_WIDTH = max(len(step.name) for step in STEPS)
_VERDICT_WIDTH = max(map(len, Verdict))
_COLOURS = {Verdict.GOOD: "green", Verdict.WARNING: "yellow", Verdict.BAD: "red", Verdict.SKIPPED: "bright_black"}


def doctor_command(ctx: click.Context, /, write: bool, as_json: bool, **flags: Any) -> int:
    """Try, step by step, everything that one VEN (the first of --vens) needs from the VTN at --vtn-url.

    Says for each check: good, or what is wrong, why that matters and what to do. Nothing on the VTN is changed
    unless --write is given: then the VEN and its first resource are registered, as the fleet would do, and one
    report without a measured value is sent and deleted again; with --push webhook a subscription as well. Without
    --vtn-url the embedded VTN is examined: that of the fleet running on --state, else one of its own. Exit code 3
    if a check is bad.
    """
    environ = seams_of(ctx).environ
    found: list[tuple[str, Finding]] = []
    who: dict[str, str | None] = {"ven": None, "vtn": None}

    def take(findings: Iterable[tuple[str, Finding]]) -> None:
        for name, finding in findings:
            found.append((name, finding))
            if not as_json:
                _print(name, finding)

    try:
        with case_of(load_config(flags, environ, Command(_OPTIONS)).config, environ, write=write) as case:
            who = {"ven": case.ven_name, "vtn": case.url}
            take(examine(case))
    except (UsageError, DataError, StateError) as error:
        take(unconfigured(error))
    is_good = all(finding.verdict is not Verdict.BAD for _, finding in found)
    if as_json:
        checks = [{"check": name, **asdict(finding)} for name, finding in found]
        content = msgspec.json.encode({**who, "good": is_good, "checks": checks})
        click.echo(msgspec.json.format(content, indent=2))
    return 0 if is_good else EXIT_BAD


def _print(name: str, finding: Finding) -> None:
    verdict = click.style(f"{finding.verdict:<{_VERDICT_WIDTH}}", fg=_COLOURS[finding.verdict])
    click.echo(f"{verdict}  {name:<{_NAME_WIDTH}}  {finding.what}")
    indent = " " * (_VERDICT_WIDTH + _NAME_WIDTH + 4)
    for title, text in (("why", finding.why), ("do", finding.remedy)):
        if text:
            click.echo(f"{indent}{title}: {text}")


doctor = OptionsInSections(
    "doctor",
    callback=click.pass_context(doctor_command),
    params=[
        click.Option(["--write"], is_flag=True, help="Also try what changes something on the VTN."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print JSON."),
        CONFIG_OPTION,
        *options_named(_OPTIONS),
    ],
    help=doctor_command.__doc__,
    short_help="Find out what stands between a VEN and its VTN.",
)
