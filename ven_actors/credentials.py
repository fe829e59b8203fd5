"""Credentials of the VENs for an outside VTN: from a CSV or TOML file, or from a template with the VEN's name.

    ven,client_id,client_secret,token_url          client_id={ven},client_secret_file=/run/secrets/{ven}
    Herning,herning-1,s3cret,                       client_id=fleet,client_secret_env=SECRET_{ven}

The secret itself, the file that holds it (relative to the file that names it), a variable, or a file in systemd's
credentials directory; instead of a client's secret it may be a bearer token that was given to the VEN. Errors name
file, row and key, never a secret.
"""

from __future__ import annotations

import re
import shlex
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ven_actors.config_sources import nearest
from ven_actors.config_urls import is_plain_http_to_elsewhere
from ven_actors.credential_entries import Entry, filled, read_text, template_of
from ven_actors.credential_files import entries_of_csv, entries_of_toml
from ven_actors.errors import UsageError
from ven_actors.model import Credentials, GivenToken, Secret
from ven_actors.secret import secret_of_file, token_problem

SYSTEMD_VARIABLE = "CREDENTIALS_DIRECTORY"
_TEMPLATE_START = re.compile(r"\s*(client_\w*|token\w*|scope|audience|form\.\w*)\s*=")


@dataclass(frozen=True, slots=True)
class CredentialSource:
    """Where credentials come from.

    `template` stands for every VEN without an entry of its own; without one only the VENs of `entries` have
    credentials. `exposed` are the files with secrets, among those read so far, that every user can read.
    """

    environ: Mapping[str, str]
    folder: Path
    origin: str
    entries: Mapping[str, Entry] = field(default_factory=dict)
    template: Entry | None = None
    allow_http: bool = False
    exposed: dict[Path, None] = field(default_factory=dict)

    @classmethod
    def load(
        cls, text: str, environ: Mapping[str, str], *, allow_http: bool = False, flag: str = "--credentials"
    ) -> CredentialSource:
        """Read what `flag` was given: the path of a file, or a template. UsageError lists all that is wrong."""
        if _TEMPLATE_START.match(text):
            return cls(environ, Path(), flag, template=template_of(text, flag), allow_http=allow_http)
        path = Path(text).expanduser()
        content, mode = read_text(path, flag)
        if path.suffix.lower() == ".toml":
            entries, shared = entries_of_toml(path, content)
        else:
            entries, shared = entries_of_csv(path, content), None
        source = cls(environ, path.parent, str(path), entries, shared, allow_http)
        if any(entry.secret for entry in (*entries.values(), shared) if entry is not None):
            source._look_at_mode(path, mode)
        return source

    @property
    def warnings(self) -> tuple[str, ...]:
        """For the operator; complete once the secrets have been read."""
        if not self.exposed:
            return ()
        first, *more = self.exposed
        others = f" (and {len(more)} more files)" if more else ""
        command = shlex.join(["chmod", "600", *map(str, self.exposed)])
        return (f"{first}{others} holds a secret and can be read by every user; run: {command}",)

    def for_ven(self, name: str) -> Credentials | None:
        """The credentials of one VEN, None where the source has none for it; reads its secret file now.

        Raises UsageError where the secret cannot be had.
        """
        entry = self._entry(name)
        if entry is None:
            return None
        self._check_token_url(entry)
        secret = self._secret(entry)
        if entry.is_token:
            return Credentials(entry.client_id, Secret(""), token=self._given(entry, secret))
        return Credentials(entry.client_id, secret, entry.token_url, entry.basic, entry.form)

    def client_ids(self, names: Iterable[str]) -> dict[str, str]:
        """The client of each VEN, no secret being read. Raises UsageError naming all that have none."""
        entries = {name: self._entry(name) for name in names}
        missing = [self._no_entry(name) for name, entry in entries.items() if entry is None]
        missing += [
            f"{entry.origin}: client_id is missing; with a token it names the client that the ven of {name} is made for"
            for name, entry in entries.items()
            if entry is not None and not entry.client_id
        ]
        if missing:
            raise UsageError("\n".join(missing))
        return {name: entry.client_id for name, entry in entries.items() if entry is not None}

    def for_vens(self, names: Iterable[str]) -> dict[str, Credentials]:
        """The credentials of all these VENs; UsageError lists every one that is missing or unreadable."""
        found: dict[str, Credentials] = {}
        problems = []
        for name in names:
            try:
                credentials = self.for_ven(name)
            except UsageError as error:
                problems.append(str(error))
                continue
            if credentials is None:
                problems.append(self._no_entry(name))
            else:
                found[name] = credentials
        if problems:
            raise UsageError("\n".join(problems))
        return found

    def _entry(self, name: str) -> Entry | None:
        own = self.entries.get(name)
        return filled(self.template, name) if own is None and self.template is not None else own

    def _no_entry(self, name: str) -> str:
        hint = f"; the nearest is {nearest(name, self.entries)}" if self.entries else ""
        return f"{self.origin}: no entry for VEN {name!r}{hint}"

    def _check_token_url(self, entry: Entry) -> None:
        if entry.token_url and is_plain_http_to_elsewhere(entry.token_url) and not self.allow_http:
            raise UsageError(
                f"{entry.origin}: token_url is plain http to another machine, which would show the secret to the "
                "network; use https, or allow it with --insecure-http"
            )

    def _secret(self, entry: Entry) -> Secret:
        if entry.secret is not None:
            return entry.secret
        if entry.secret_env:
            value = self.environ.get(entry.secret_env, "")
            if not value:
                raise UsageError(
                    f"{entry.origin}: the variable {entry.secret_env} is not set; put the {_what(entry)} there"
                )
            return Secret(value)
        path = self._path(entry)
        assert path is not None
        try:
            secret = secret_of_file(path)
            mode = path.stat().st_mode
        except OSError as error:
            raise UsageError(
                f"{entry.origin}: the {_what(entry)} file {path} cannot be read ({error.strerror})"
            ) from None
        except ValueError as error:
            raise UsageError(f"{entry.origin}: the {_what(entry)} file {path} {error}") from None
        self._look_at_mode(path, mode)
        return secret

    def _given(self, entry: Entry, token: Secret) -> GivenToken:
        path = self._path(entry)
        problem = token_problem(token)
        if problem:
            where = "" if path is None else f" in {path}"
            raise UsageError(f"{entry.origin}: the token{where} {problem}")
        where = entry.origin if entry.secret is not None else f"the variable {entry.secret_env}"
        return GivenToken(token, where if path is None else str(path), path)

    def _path(self, entry: Entry) -> Path | None:
        """The file that holds the secret, where one does."""
        if entry.secret_credential:
            return self._path_of_systemd(entry)
        return self.folder / Path(entry.secret_file).expanduser() if entry.secret_file else None

    def _path_of_systemd(self, entry: Entry) -> Path:
        name, folder = entry.secret_credential, self.environ.get(SYSTEMD_VARIABLE, "")
        key = "token" if entry.is_token else "client_secret"
        if "/" in name or name in {".", ".."}:
            raise UsageError(f"{entry.origin}: {key}_credential {name!r} must be a name, not a path")
        if not folder:
            raise UsageError(
                f"{entry.origin}: there is no credentials directory ({SYSTEMD_VARIABLE} is not set); run the fleet as "
                f"a systemd service with LoadCredential={name}:FILE, or use {key}_file"
            )
        return Path(folder) / name

    def _look_at_mode(self, path: Path, mode: int) -> None:
        if mode & stat.S_IROTH:
            self.exposed[path] = None


def _what(entry: Entry) -> str:
    return "token" if entry.is_token else "secret"
