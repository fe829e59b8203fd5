"""TLS as the configuration has it: what is trusted, and one warning where nothing is checked."""

from __future__ import annotations

import ssl

import structlog

from ven_actors.config import FleetConfig
from ven_actors.openadr.transport import build_ssl_context

log = structlog.get_logger()

RISK = "anybody between here and the VTN can pose as the VTN and steal the secrets"
REMEDY = "leave --insecure-tls out, and name the VTN's own authority with --ca-file"


def ssl_context_of(config: FleetConfig) -> ssl.SSLContext:
    """Raises `UsageError` where the CA file cannot be used."""
    return build_ssl_context(config.ca_file, verify=not config.insecure_tls)


def warn_if_unchecked(config: FleetConfig) -> list[str]:
    """Log once that certificates are not checked, where that is so; the same in words for a summary."""
    if not config.insecure_tls:
        return []
    log.warning("certificates_unchecked", option="--insecure-tls", risk=RISK, remedy=REMEDY)
    return [f"certificates were not checked (--insecure-tls): {RISK}; {REMEDY}"]
