"""VTNs on the local network, by mDNS (R6; OpenADR 3.1.0 Definition, Discovery of Local VTNs). Needs zeroconf.

What answers may be anybody: it is a certificate, checked as for any other VTN, that makes an answer worth something.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from zeroconf import InterfaceChoice, ServiceBrowser, ServiceInfo, ServiceListener, Zeroconf

SERVICE = "_openadr3._tcp.local."
_ASK_WITHIN_MS = 2000
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class LocalVtn:
    """`url` names the host as the VTN does, by its `.local` name if it can be; `address` is its IP for want of that."""

    name: str
    url: str
    address: str = ""
    version: str = ""
    program_names: tuple[str, ...] = ()
    requires_auth: bool = True

    def is_called(self, wanted: str) -> bool:
        """Whether this is its name, or that of one of its programs; anything is right for an empty one."""
        return not wanted or wanted.casefold() in {each.casefold() for each in (self.name, *self.program_names)}


def discover(within_s: float, wanted: str = "", interfaces: Sequence[str] | None = None) -> tuple[LocalVtn, ...]:
    """All VTNs that announce themselves within that time, by name; with a name, only until one of it has.

    `interfaces` are addresses of ours to ask from, by default all. Raises `OSError` where nothing can be asked.
    """
    gathering = _Gathering(wanted)
    asked_from: Any = InterfaceChoice.All if interfaces is None else list(interfaces)
    with Zeroconf(interfaces=asked_from) as zeroconf:
        browser = ServiceBrowser(zeroconf, SERVICE, gathering)
        try:
            gathering.enough.wait(within_s)
        finally:
            browser.cancel()
    return tuple(sorted(gathering.found.values(), key=lambda vtn: vtn.name))


class _Gathering(ServiceListener):
    """Told by zeroconf's own thread."""

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self.found: dict[str, LocalVtn] = {}
        self.enough = threading.Event()

    def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        info = zc.get_service_info(type_, name, timeout=_ASK_WITHIN_MS)
        vtn = None if info is None else local_vtn(info)
        if vtn is not None:
            self.found[name] = vtn
            if self._wanted and vtn.is_called(self._wanted):
                self.enough.set()

    def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        self.add_service(zc, type_, name)

    def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        del zc, type_
        self.found.pop(name, None)


def local_vtn(info: ServiceInfo) -> LocalVtn | None:
    """What an announcement says; None where it leads nowhere.

    `local_url` is taken at its word, but for a bare IP address where there is a name; without it, https and
    `base_path`.
    """
    said = _texts(info.properties)
    host, address = (info.server or "").rstrip("."), next(iter(info.parsed_addresses()), "")
    scheme, port, path = "https", info.port, said.get("base_path", "")
    try:
        local = urlsplit(said.get("local_url", ""))
        if local.scheme in {"http", "https"} and local.hostname:
            scheme, port, path = local.scheme, local.port or info.port, local.path.rstrip("/") or path
            host = local.hostname if not (_is_ip(local.hostname) and host) else host
    except ValueError:
        return None
    if not (host or address) or not port:
        return None
    return LocalVtn(
        name=info.name.removesuffix(f".{SERVICE}"),
        url=url_of(scheme, host or address, port, path),
        address=address,
        version=said.get("version", ""),
        program_names=tuple(name for each in said.get("program_names", "").split(",") if (name := each.strip())),
        requires_auth=said.get("requires_auth", "True").strip().lower() != "false",
    )


def url_of(scheme: str, host: str, port: int, path: str) -> str:
    path = path.strip("/")
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}{f'/{path}' if path else ''}"


def _texts(properties: Mapping[bytes, bytes | None]) -> dict[str, str]:
    return {
        key.decode("utf-8", "replace").lower(): (value or b"")[:_LONGEST].decode("utf-8", "replace")
        for key, value in properties.items()
    }


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
