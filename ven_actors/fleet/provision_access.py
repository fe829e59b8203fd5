"""From a configuration to what provisioning needs: business logic's access, the record, and each VEN as it shall be."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from ven_actors.config import FleetConfig
from ven_actors.config_checks import run_names
from ven_actors.control import ask_status
from ven_actors.credentials import CredentialSource
from ven_actors.errors import StateError, UsageError
from ven_actors.fleet.dialects import AUTO, EMBEDDED, asked_for, checked_name
from ven_actors.fleet.discovery import discovered
from ven_actors.fleet.embedded_vtn import OPERATOR, known_clients
from ven_actors.fleet.folder import LOCK_NAME, begun_of, check_store, preview_population
from ven_actors.fleet.provisioning import Provisioner, Wanted
from ven_actors.fleet.tls import ssl_context_of, warn_if_unchecked
from ven_actors.meters import DEMO_METERS
from ven_actors.model import Credentials
from ven_actors.openadr.addresses import checked_url
from ven_actors.openadr.api import Api
from ven_actors.openadr.choosing import AUTH_SERVER_PATH, dialect_by_url, find_dialect
from ven_actors.openadr.dialect import Dialect, StandardDialect
from ven_actors.openadr.dialects import DIALECTS
from ven_actors.openadr.exchange import Exchanger
from ven_actors.openadr.operator import Operator
from ven_actors.openadr.tokens import tokens_of
from ven_actors.openadr.traffic import Traffic
from ven_actors.openadr.transport import PlainSession, SharedAdapter
from ven_actors.storage.lock import FileLock
from ven_actors.storage.population import fleet_index
from ven_actors.storage.provision_record import RECORD_NAME, ProvisionRecord

BUSINESS_FLAG = "--business-credentials"
_PLACEHOLDERS = ("{ven}", "{resource}")
_LONGEST_TARGET = 128


@dataclass(frozen=True, slots=True)
class Targets:
    """Templates of targets, of vens and of resources; None means the dialect's usual one."""

    of_vens: tuple[str, ...] | None = None
    of_resources: tuple[str, ...] = ()

    def checked(self) -> Targets:
        """Raises `UsageError` for a placeholder that is none."""
        problems = []
        for flag, templates, known in (
            ("--target", self.of_vens or (), _PLACEHOLDERS[:1]),
            ("--resource-target", self.of_resources, _PLACEHOLDERS),
        ):
            for template in templates:
                rest = template
                for placeholder in known:
                    rest = rest.replace(placeholder, "")
                if "{" in rest or "}" in rest:
                    problems.append(f"{flag}: {template!r}: the placeholders are {' and '.join(known)}")
        if problems:
            raise UsageError("\n".join(problems))
        return self


class _Partner(NamedTuple):
    """The VTN: its URL, what binds the record to it, who we are there, its dialect (None: to be found out)."""

    url: str
    bound: str
    business: Credentials | None
    dialect: Dialect | None


@contextmanager
def provisioner_of(
    config: FleetConfig, environ: Mapping[str, str], business: str | None, *, dry_run: bool
) -> Iterator[Provisioner]:
    """A provisioner for the VTN of this configuration, or for the embedded VTN of the fleet that runs.

    `business` is what `--business-credentials` was given. Raises `UsageError`, `StateError`, `DataError`.
    """
    partner = _partner(config, environ, business)
    warn_if_unchecked(config)
    with ExitStack() as closing:
        folder = config.state
        if dry_run and not (folder / RECORD_NAME).exists():
            folder = Path(closing.enter_context(TemporaryDirectory(prefix="ven-actors-")))
        record = closing.enter_context(ProvisionRecord(folder, partner.bound))
        adapter = SharedAdapter(ssl_context_of(config), pool_size=1)
        closing.callback(adapter.close)
        api = _api(config, partner, adapter)
        dialect = _standard(partner.dialect or find_dialect(api, partner.url))
        yield Provisioner(Operator(api, dialect), dialect, record, dry_run)


def keep_begun(config: FleetConfig) -> None:
    """Let the state folder keep with which seed and approvals it is begun, for later runs of this and of a fleet.

    The store is left alone where a fleet runs on it or a registry has it all.
    """
    if ask_status(config.state) is not None:
        return
    names = run_names(config)
    if config.registry_path.exists() and not any(fleet_index(name) for name in names):
        return
    lock = FileLock(config.state / LOCK_NAME, shared=False)
    try:
        lock.acquire()
    except StateError:
        return  # a fleet is just starting, and keeps it itself
    try:
        check_store(config.state, begun_of(config).facts)
    finally:
        lock.release()


def wanted_vens(
    config: FleetConfig, environ: Mapping[str, str], dialect: StandardDialect, targets: Targets
) -> list[Wanted]:
    """Each VEN that a run with this configuration has at this VTN, with its approved resources.

    Raises `UsageError`, `DataError`.
    """
    population = {
        name: resources
        for name, resources in preview_population(config, DEMO_METERS).items()
        if asked_for(config, name)[1] == config.vtn_url
    }
    clients: dict[str, str] = {}
    if config.vtn_url is None:
        clients = {name: name for name in population}
    elif config.credentials is not None:
        clients = CredentialSource.load(config.credentials, environ).client_ids(population)
    elif dialect.vens_have_clients:
        raise UsageError("--credentials: missing; a ven is made for the OAuth client of its VEN, which is named there")
    usual = dialect.usual_targets if targets.of_vens is None else targets.of_vens
    wanted = []
    for name, resources in population.items():

        def of_resource(resource: str, name: str = name) -> tuple[str, ...]:
            return _filled(targets.of_resources, name, resource)

        wanted.append(Wanted(name, clients.get(name), resources, _filled(usual, name, ""), of_resource))
    return wanted


def _filled(templates: tuple[str, ...], ven: str, resource: str) -> tuple[str, ...]:
    filled = [each.replace("{ven}", ven).replace("{resource}", resource) for each in templates if each]
    for target in filled:
        if len(target) > _LONGEST_TARGET:
            raise UsageError(f"--target: {target!r} is longer than {_LONGEST_TARGET} characters")
    return tuple(dict.fromkeys(filled))


def _partner(config: FleetConfig, environ: Mapping[str, str], business: str | None) -> _Partner:
    config = discovered(config)
    wanted = checked_name(config.dialect, "--dialect")
    if config.vtn_url is not None:
        told = dialect_by_url(config.vtn_url) if wanted == AUTO else DIALECTS[wanted]
        return _Partner(config.vtn_url, config.vtn_url, _business(config, environ, business), told)
    running = ask_status(config.state)
    own = None if running is None else known_clients(config.state / "vtn", "bl").get(OPERATOR)
    if running is None or own is None:
        raise UsageError(
            f"--vtn-url: name the VTN; without it, it is the embedded one of a fleet that runs on {config.state}, "
            "and there is none"
        )
    for url in str(running["vtn"]["url"]).split(", "):
        dialect = dialect_by_url(url)
        if dialect is not None and wanted in {AUTO, dialect.name}:
            return _Partner(url, f"{EMBEDDED}, {dialect.name}", own, dialect)
    raise UsageError(f"--dialect: the fleet on {config.state} does not speak {wanted} with its embedded VTN")


def _business(config: FleetConfig, environ: Mapping[str, str], text: str | None) -> Credentials | None:
    if text is None:
        return None
    source = CredentialSource.load(text, environ, allow_http=config.insecure_http, flag=BUSINESS_FLAG)
    if source.template is None:
        raise UsageError(
            f"{BUSINESS_FLAG}: {text} has one client per VEN; business logic is one client, as in "
            "client_id=operator,client_secret_file=FILE, or in a TOML file with these two keys"
        )
    return source.for_ven("operator")


def _standard(dialect: Dialect) -> StandardDialect:
    if not isinstance(dialect, StandardDialect):
        raise UsageError(
            f"--dialect: {dialect.name} has no business logic that makes vens; its VENs register themselves"
        )
    return dialect


def _api(config: FleetConfig, partner: _Partner, adapter: SharedAdapter) -> Api:
    url = checked_url(partner.url, "VTN URL", allow_plain_http=config.insecure_http)
    exchanger = Exchanger(
        PlainSession(adapter),
        monotonic=time.monotonic,
        deadline_s=config.deadline_s,
        max_response_bytes=config.max_response_bytes,
        on_request=None,
        traffic=Traffic(config.rate, monotonic=time.monotonic),
    )
    tokens = tokens_of(
        partner.business,
        exchanger,
        base_url=url,
        auth_server_path=AUTH_SERVER_PATH if partner.dialect is None else partner.dialect.auth_server_path,
        by_basic=False,
        deadline_s=config.deadline_s,
        monotonic=time.monotonic,
        allow_plain_http=config.insecure_http,
    )
    return Api(exchanger, url, tokens)
