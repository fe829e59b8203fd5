"""What is examined: one VEN, its VTN, and the doors between them, opened when a check first needs them."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from ven_actors.config import FleetConfig
from ven_actors.credentials import CredentialSource
from ven_actors.fleet.checks.door import Door
from ven_actors.fleet.dialects import asked_for, vtn_of
from ven_actors.fleet.tls import ssl_context_of
from ven_actors.model import Credentials, Enrolment, Resource
from ven_actors.openadr.choosing import AUTH_SERVER_PATH, Choice, find_dialect
from ven_actors.openadr.client import VtnClient
from ven_actors.openadr.conversation import StandardConversation
from ven_actors.openadr.dialect import Dialect, StandardDialect
from ven_actors.openadr.enrolment import Enroller
from ven_actors.openadr.events import Crawl
from ven_actors.openadr.reading import Reader
from ven_actors.openadr.targeting import Own
from ven_actors.openadr.traffic import Traffic
from ven_actors.openadr.transport import SharedAdapter
from ven_actors.storage.store import read_enrolment, read_meta


@dataclass
class Case:
    """A context manager. `wall_s` and `monotonic` are in seconds; `write` allows changes on the VTN.

    `embedded` are the credentials for the embedded VTN, None for any other.

    What is opened on first use raises what opening it raises: `UsageError` for files and secrets, `VtnError`.
    """

    config: FleetConfig
    url: str
    ven_name: str
    resources: tuple[Resource, ...]
    choice: Choice
    environ: Mapping[str, str]
    wall_s: Callable[[], float]
    monotonic: Callable[[], float]
    write: bool = False
    embedded: Credentials | None = None

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        self.is_encrypted = parts.scheme == "https"
        self.host = parts.hostname or ""
        self.port = parts.port or (443 if self.is_encrypted else 80)
        self._adapters: list[SharedAdapter] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for adapter in self._adapters:
            adapter.close()

    @cached_property
    def dialect(self) -> Dialect:
        """The dialect that is told, or found out now."""
        return self.choice.dialect or self.choice.settle(find_dialect(self.door.api, self.url))

    @property
    def standard(self) -> StandardDialect:
        """The dialect, for checks of what only the standard has."""
        assert isinstance(self.dialect, StandardDialect)
        return self.dialect

    @cached_property
    def ssl_context(self) -> ssl.SSLContext:
        return ssl_context_of(self.config)

    @cached_property
    def credential_source(self) -> CredentialSource | None:
        if self.config.credentials is None or self.embedded is not None:
            return None
        return CredentialSource.load(self.config.credentials, self.environ, allow_http=self.config.insecure_http)

    @cached_property
    def credentials(self) -> Credentials | None:
        source = self.credential_source
        return self.embedded if source is None else source.for_vens([self.ven_name])[self.ven_name]

    @cached_property
    def _traffic(self) -> Traffic:
        return Traffic(self.config.rate, monotonic=self.monotonic)

    @cached_property
    def door(self) -> Door:
        told = self.choice.dialect
        return Door(
            self.url,
            self.credentials,
            adapter=self._adapter(),
            auth_server_path=AUTH_SERVER_PATH if told is None else told.auth_server_path,
            by_basic=told is not None and told.token_by_basic,
            deadline_s=self.config.deadline_s,
            max_response_bytes=self.config.max_response_bytes,
            allow_plain_http=self.config.insecure_http,
            wall_s=self.wall_s,
            monotonic=self.monotonic,
            traffic=self._traffic,
        )

    @cached_property
    def client(self) -> VtnClient:
        """The client that the fleet itself would use."""
        return VtnClient(
            self.url,
            self.ven_name,
            self.credentials,
            dialect=self.choice,
            adapter=self._adapter(),
            monotonic=self.monotonic,
            traffic=self._traffic,
            deadline_s=self.config.deadline_s,
            max_response_bytes=self.config.max_response_bytes,
            allow_plain_http=self.config.insecure_http,
            targets=self.config.targets,
            strict=self.config.parsing == "strict",
            programs=self.config.programs,
        )

    @cached_property
    def enroller(self) -> Enroller:
        """What looks for the VEN as the fleet does, and how far it came."""
        return Enroller(self.door.api, self.standard, Reader(strict=self.config.parsing == "strict"))

    @cached_property
    def registered(self) -> Own | None:
        """The VEN and its resources as they stand at the VTN, with their targets; None where it is unknown there."""
        return self.enroller.find(self.ven_name, [resource.name for resource in self.resources])

    @cached_property
    def known(self) -> Enrolment | None:
        """What this VTN gave the VEN in an earlier run, as the state folder has it."""
        bound = read_meta(self.config.state) or {}
        here = asked_for(self.config, self.ven_name)[1]
        if here is None or vtn_of(bound, self.ven_name) != here:
            return None
        return read_enrolment(self.config.state, self.ven_name)

    @cached_property
    def crawl(self) -> Crawl:
        """As the fleet would read it, were it registered; without registering it."""
        own = self.registered or Own(self.ven_name)
        resources = {resource.name: own.resources.get(resource.name, frozenset()) for resource in self.resources}
        own, strict = replace(own, resources=resources), self.config.parsing == "strict"
        chosen = self.config.programs
        return StandardConversation(
            self.door.api, self.standard, self.ven_name, own=own, strict=strict, programs=chosen
        ).crawl()

    def connect(self) -> socket.socket:
        """A new connection, its time-out that of a request. Raises `OSError`."""
        return socket.create_connection((self.host, self.port), timeout=self.config.deadline_s)

    def _adapter(self) -> SharedAdapter:
        self._adapters.append(SharedAdapter(self.ssl_context, pool_size=2))
        return self._adapters[-1]
