"""`ven-actors resources`: make, list, check, approve, suspend and remove the resources of a registry."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from ven_actors.cli.changing import changing
from ven_actors.cli.registry_options import registry_options
from ven_actors.errors import DataError, UsageError
from ven_actors.fleet.begun import Begun, made_by_count
from ven_actors.fleet.progress import progress_bar
from ven_actors.meters import DEMO_METERS
from ven_actors.model import RegistrationStatus, Resource
from ven_actors.simulation.profiles import Profiles
from ven_actors.storage.population import DEMO_APPROVED, Approve
from ven_actors.storage.registry import Registry, make_demo

_WIDE = 140

seed_option = click.option(
    "--seed", type=int, help="Seed of the VENs that run --count makes.  [default: that of the state folder, else 1]"
)


class AllOrCount(click.ParamType[Any]):
    """`all`, or how many."""

    name = "all|count"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Approve:
        text = str(value)
        if text == "all":
            return "all"
        if not (text.isascii() and text.isdigit()):
            self.fail(f"{text!r} is neither 'all' nor a whole number", param, ctx)
        return int(text)


@click.group()
def resources() -> None:
    """Make, list and change the resources that the VENs stand for.

    The database is a fleet's input. While a fleet runs on the state folder, approve, suspend and remove change it and
    tell the fleet, which then runs what is approved; make is refused.
    """


@resources.command()
@registry_options("--out", "--db")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same resources.")
@click.option(
    "--approve", type=AllOrCount(), default=DEMO_APPROVED, show_default=True, help="How many per VEN are APPROVED."
)
@click.option(
    "--profiles",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Use the meters of this profile file.  [default: the demo's]",
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def make(*, db: Path, state: Path, seed: int, approve: Approve, profiles: Path | None, force: bool) -> None:
    """Write the demo's 10,562 resources in 40 Danish towns, each town a VEN."""
    del state
    meters = DEMO_METERS if profiles is None else Profiles.open(profiles).meters
    with progress_bar("making resources") as advance:
        make_demo(db, seed, approve, advance, meters=meters, replace=force)
    with Registry.open(db) as registry:
        found = registry.statistics()
    click.echo(
        f"{db}: {found['total_resources']} resources of {found['total_vens']} VENs, "
        f"{found['total_by_status']['APPROVED']} approved"
    )


@resources.command("list")
@registry_options("--db")
@seed_option
@click.option("--ven", "vens", multiple=True, help="Only this VEN; may be given several times.")
@click.option("--status", type=click.Choice(list(RegistrationStatus), case_sensitive=False), help="Only this status.")
@click.option("--limit", type=click.IntRange(min=1), help="Show at most so many resources.")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
def list_command(
    *,
    db: Path,
    state: Path,
    seed: int | None,
    vens: tuple[str, ...],
    status: str | None,
    limit: int | None,
    as_json: bool,
) -> None:
    """Show the VENs and how many resources each has; with --ven, --status or --limit the resources themselves.

    VENs that run --count makes are shown if they are named.
    """
    with Registry.open(db) as registry:
        if not vens and status is None and limit is None:
            _show_statistics(registry.statistics(), as_json)
            return
        wanted = None if status is None else RegistrationStatus(status)
        begun = Begun.of(state, seed, DEMO_APPROVED)
        made = made_by_count(vens, registry.ven_names())
        registry.require(ven for ven in vens if ven not in made)
        found = [
            one
            for ven in vens or registry.ven_names()
            for one in (begun.resources(ven) if ven in made else registry.resources(ven))
            if wanted in {None, one.status}
        ]
    shown = found[:limit]
    if as_json:
        click.echo(json.dumps([asdict(resource) for resource in shown], ensure_ascii=False, indent=1))
        return
    _show_resources(shown)
    click.echo(f"{len(shown)} of {len(found)} resources")


@resources.command()
@registry_options("--db")
@click.option(
    "--profiles", type=click.Path(dir_okay=False, path_type=Path), help="Also look whether this file has all meters."
)
@click.option("--migrate", is_flag=True, help="Bring an older database up to date first; a copy of it stays beside it.")
@click.pass_context
def check(ctx: click.Context, *, db: Path, state: Path, profiles: Path | None, migrate: bool) -> None:
    """Check the whole database: structure, values, uniqueness. Exit code 1 if something is found, 2 if it is broken."""
    del state
    with Registry.open(db, writable=migrate) as registry:
        found = registry.statistics()
        findings = [
            f"{what} {value!r} stands there {times} times"
            for what, values in registry.duplicates().items()
            for value, times in values.items()
        ]
        if profiles is not None:
            findings += _missing_meters(registry, Profiles.open(profiles))
    for finding in findings:
        click.echo(f"{db}: {finding}")
    if findings:
        ctx.exit(1)
    click.echo(f"{db}: good, {found['total_resources']} resources of {found['total_vens']} VENs, all of them unique")


@resources.command()
@registry_options("--db")
@seed_option
@click.argument("vens", metavar="[VEN]...", nargs=-1)
@click.option("--all", "all_vens", is_flag=True, help="All VENs.")
@click.option("--count", type=click.IntRange(min=0), help="Approve until so many of a VEN are.  [default: all pending]")
@click.option("--suspended", is_flag=True, help="Suspended ones too.")
@click.option("--resource", "ids", multiple=True, metavar="ID", help="This resource, whatever its status.")
@click.pass_context
def approve(
    ctx: click.Context,
    *,
    db: Path,
    state: Path,
    seed: int | None,
    vens: tuple[str, ...],
    all_vens: bool,
    count: int | None,
    suspended: bool,
    ids: tuple[str, ...],
) -> None:
    """Approve pending resources, of some VENs or all, or single ones by their id."""
    _refuse_unclear(vens, all_vens, ids)
    if ids and (count is not None or suspended):
        raise UsageError("--count and --suspended go with VENs or --all, not with --resource")
    begun = Begun.of(state, seed, DEMO_APPROVED)
    with changing(ctx, db, state) as registry:
        begun.enter_those_with(registry, ids, state)
        for resource_id in ids:
            registry.set_status(resource_id, RegistrationStatus.APPROVED)
        begun.enter(registry, vens)
        names = registry.ven_names() if all_vens else vens
        registry.require(names)
        upto: Approve = "all" if count is None else count
        changed = sum(registry.approve(name, upto, suspended=suspended) for name in names)
        left = registry.statistics(names)["total_by_status"]["SUSPENDED"] if names else 0
    hint = f"; {left} stay suspended (--suspended approves them too)" if left and count is None else ""
    click.echo(f"{db}: {changed + len(ids)} approved{hint}")


@resources.command()
@registry_options("--db")
@seed_option
@click.argument("vens", metavar="[VEN]...", nargs=-1)
@click.option("--all", "all_vens", is_flag=True, help="All VENs.")
@click.option(
    "--keep",
    type=click.IntRange(min=0),
    help="Suspend only approved resources, and leave this many of each VEN approved.",
)
@click.option("--resource", "ids", multiple=True, metavar="ID", help="A resource, by its id.")
@click.pass_context
def suspend(
    ctx: click.Context,
    *,
    db: Path,
    state: Path,
    seed: int | None,
    vens: tuple[str, ...],
    all_vens: bool,
    keep: int | None,
    ids: tuple[str, ...],
) -> None:
    """Suspend all resources of some VENs or of all, or single ones by their id."""
    _refuse_unclear(vens, all_vens, ids)
    if ids and keep is not None:
        raise UsageError("--keep needs VENs or --all, and cannot be combined with --resource")
    begun = Begun.of(state, seed, DEMO_APPROVED)
    with changing(ctx, db, state) as registry:
        begun.enter_those_with(registry, ids, state)
        for resource_id in ids:
            registry.set_status(resource_id, RegistrationStatus.SUSPENDED)
        begun.enter(registry, vens)
        names = registry.ven_names() if all_vens else vens
        registry.require(names)
        changed = sum(registry.suspend(name, keep) for name in names)
    click.echo(f"{db}: {changed + len(ids)} suspended")


@resources.command()
@registry_options("--db")
@click.option("--resource", "ids", multiple=True, required=True, metavar="ID", help="A resource, by its id.")
@click.option(
    "--at-vtn",
    is_flag=True,
    help="Let the running fleet delete it at its VTN too, once its last readings are delivered.",
)
@click.pass_context
def remove(ctx: click.Context, *, db: Path, state: Path, ids: tuple[str, ...], at_vtn: bool) -> None:
    """Remove single resources by their id, for good. Readings already made are still delivered."""
    removed: list[tuple[str, str]] = []
    with changing(ctx, db, state, delete=removed if at_vtn else None) as registry:
        Begun.of(state, None, DEMO_APPROVED).enter_those_with(registry, ids, state)
        removed += [registry.remove(resource_id) for resource_id in ids]
    click.echo(f"{db}: {len(removed)} removed")


def _refuse_unclear(vens: tuple[str, ...], all_vens: bool, ids: tuple[str, ...]) -> None:
    if [bool(vens), all_vens, bool(ids)].count(True) != 1:
        raise UsageError("say which resources: either VENs, or --all, or --resource ID")


def _missing_meters(registry: Registry, profiles: Profiles) -> list[str]:
    missing: dict[str, Resource] = {}
    for name in registry.ven_names():
        for resource in registry.resources(name):
            for load in resource.loads:
                if load.meter not in profiles.column_by_meter:
                    missing.setdefault(load.meter, resource)
    findings = []
    for meter, resource in missing.items():
        try:
            profiles.require(meter, f"resource {resource.name!r} of VEN {resource.ven_name!r}")
        except DataError as error:
            findings.append(str(error))
    return findings


def _show_statistics(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    table = Table("VEN")
    for status in ("approved", "pending", "suspended", "total"):
        table.add_column(status, justify="right")
    for name, counts in found["by_ven"].items():
        table.add_row(name, *(str(counts[status]) for status in ("approved", "pending", "suspended", "total")))
    by_status = found["total_by_status"]
    table.add_section()
    table.add_row(
        f"{found['total_vens']} VENs",
        *(str(by_status[status]) for status in ("APPROVED", "PENDING", "SUSPENDED")),
        str(found["total_resources"]),
    )
    Console().print(table)


def _show_resources(found: list[Resource]) -> None:
    """Ids whole, as `--resource` takes them; the rest only where there is room."""
    console = Console()
    is_wide = console.width >= _WIDE
    table = Table("VEN", "name", *(("kind", "meter point", "place") if is_wide else ()))
    for head in ("status", "resource id"):
        table.add_column(head, no_wrap=True, overflow="fold")
    for one in found:
        more = (one.kind, one.meter_point_id, one.place) if is_wide else ()
        table.add_row(one.ven_name, one.name, *more, one.status, one.resource_id)
    console.print(table)
