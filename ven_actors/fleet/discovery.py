"""`--vtn-url mdns:` made a URL: the VTN that announces itself on the local network."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from ven_actors.config import FleetConfig
from ven_actors.config_urls import MDNS, http_url, is_plain_http_to_elsewhere
from ven_actors.errors import UsageError

if TYPE_CHECKING:
    from ven_actors.openadr.discovery import LocalVtn

log = structlog.get_logger()

WITHIN_S = 3.0
Discover = Callable[[float, str], "tuple[LocalVtn, ...]"]


def discovered(config: FleetConfig, discover: Discover | None = None) -> FleetConfig:
    """`config` with the URL of the VTN that was found, where it asks for that.

    Raises `UsageError`: none is found, several are, it must not be used, or the extra is missing.
    """
    if config.vtn_url is None or not config.vtn_url.startswith(MDNS):
        return config
    wanted = config.vtn_url.removeprefix(MDNS)
    try:
        found = (discover or _zeroconf())(WITHIN_S, wanted)
    except OSError as error:
        raise UsageError(f"--vtn-url {config.vtn_url}: the local network cannot be asked ({error})") from None
    vtn = _the_one(config.vtn_url, wanted, found)
    url = _checked(vtn.url if not vtn.address or _is_known(vtn.url) else _by_address(vtn), vtn, config)
    log.info("vtn_discovered", name=vtn.name, url=url, version=vtn.version, programs=list(vtn.program_names))
    if vtn.requires_auth and config.credentials is None:
        log.warning("vtn_wants_credentials", name=vtn.name, remedy="give --credentials")
    return replace(config, vtn_url=url)


def _zeroconf() -> Discover:
    try:
        from ven_actors.openadr.discovery import discover  # noqa: PLC0415 - an extra, needed only here
    except ImportError as error:
        raise UsageError(
            f"--vtn-url {MDNS} needs zeroconf, which cannot be imported ({error}): pip install '.[mdns]' in a clone"
        ) from None
    return discover


def _the_one(asked: str, wanted: str, found: tuple[LocalVtn, ...]) -> LocalVtn:
    called = [vtn for vtn in found if vtn.is_called(wanted)]
    if len(called) == 1:
        return called[0]
    names = ", ".join(f"{vtn.name!r} at {vtn.url}" for vtn in called or found)
    if called:
        raise UsageError(f"--vtn-url {asked}: there are several, {names}; name one, as in {MDNS}NAME, or give its URL")
    others = f"; there are {names}" if found else ""
    raise UsageError(
        f"--vtn-url {asked}: no such VTN has announced itself on the local network within {WITHIN_S:g} s{others}; "
        "is it up, on the same network, and announcing _openadr3._tcp? Else give its URL"
    )


def _checked(url: str, vtn: LocalVtn, config: FleetConfig) -> str:
    try:
        url = http_url().read(url)
    except ValueError as error:
        raise UsageError(f"the VTN {vtn.name!r} announces a URL that {error}") from None
    if is_plain_http_to_elsewhere(url) and not config.insecure_http:
        raise UsageError(
            f"the VTN {vtn.name!r} announces {url}: plain http to another machine would show the credentials to the "
            "network; allow it with --insecure-http, or have the VTN speak https"
        )
    return url


def _is_known(url: str) -> bool:
    """Whether this machine can look the host up; `.local` names take what not every machine has (nss-mdns)."""
    try:
        socket.getaddrinfo(urlsplit(url).hostname, None)
    except (OSError, ValueError):
        return False
    return True


def _by_address(vtn: LocalVtn) -> str:
    parts = urlsplit(vtn.url)
    log.warning("vtn_name_unknown", host=parts.hostname, used=vtn.address, remedy="install libnss-mdns")
    shown = f"[{vtn.address}]" if ":" in vtn.address else vtn.address
    return parts._replace(netloc=f"{shown}:{parts.port}").geturl()
