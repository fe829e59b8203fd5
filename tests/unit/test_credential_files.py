"""Credentials in TOML files, in systemd's credentials directory, by HTTP Basic; who else can read them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ven_actors.credentials import CredentialSource
from ven_actors.errors import CredentialsRefused, UsageError
from ven_actors.model import Credentials, Secret
from ven_actors.openadr.client import VtnClient
from ven_actors.openadr.events import Program
from ven_actors.openadr.transport import SharedAdapter
from ven_actors.openadr.v310 import V310
from ven_actors.testing.vtn import VEN, Client, InProcessVtn, Role


def toml_file(tmp_path: Path, text: str, mode: int = 0o600) -> str:
    path = tmp_path / "clients.toml"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def loaded(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> CredentialSource:
    return CredentialSource.load(toml_file(tmp_path, text), environ or {})


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        loaded(tmp_path, text)
    return str(caught.value).replace(f"{tmp_path}/clients.toml: ", "").splitlines()


def ven_problem(source: CredentialSource, ven: str = "Herning") -> str:
    with pytest.raises(UsageError) as caught:
        source.for_ven(ven)
    return str(caught.value)


# --- TOML ------------------------------------------------------------------------------------------------------


def test_r1_a_template_in_a_file_stands_for_every_ven_without_a_table(tmp_path: Path) -> None:
    (tmp_path / "Aalborg.secret").write_text("from file\n")
    text = """
        client_id = "ven-{ven}"
        client_secret_file = "{ven}.secret"
        token_url = "https://id.example/{ven}/token"
        [vens.Herning]
        client_id = "herning-1"
        client_secret = " s3{ret "
        [vens."Fleet-0001"]
        client_secret_env = "SECRET_{ven}"
    """
    source = loaded(tmp_path, text, {"SECRET_FLEET_0001": "from variable"})
    assert source.for_vens(["Herning", "Fleet-0001", "Aalborg"]) == {
        "Herning": Credentials("herning-1", Secret(" s3{ret "), "https://id.example/Herning/token"),
        "Fleet-0001": Credentials("ven-Fleet-0001", Secret("from variable"), "https://id.example/Fleet-0001/token"),
        "Aalborg": Credentials("ven-Aalborg", Secret("from file"), "https://id.example/Aalborg/token"),
    }


def test_r1_one_client_may_serve_all(tmp_path: Path) -> None:
    source = loaded(tmp_path, 'client_id = "fleet"\nclient_secret = "s3cret"\n')
    assert set(source.for_vens(["Herning", "Aalborg"]).values()) == {Credentials("fleet", Secret("s3cret"))}


def test_r1_what_the_tables_have_in_common_is_no_template(tmp_path: Path) -> None:
    text = 'client_id = "{ven}"\ntoken_auth = "basic"\n[vens.Herning]\nclient_secret = "s3cret"\n'
    source = loaded(tmp_path, text)
    assert source.for_ven("Herning") == Credentials("Herning", Secret("s3cret"), basic=True)
    with pytest.raises(UsageError, match="no entry for VEN 'Hernig'; the nearest is Herning"):
        source.for_vens(["Herning", "Hernig"])


def test_all_that_is_wrong_in_a_toml_file_is_told_at_once_and_no_secret_with_it(tmp_path: Path) -> None:
    text = """
        client_idd = "x"
        token_auth = "digest"
        client_secret_file = "{name}"
        [vens]
        Flat = "hunter2"
        [vens.Herning]
        client_id = "h"
        client_secret = "hunter2"
        client_secret_env = "ALSO"
        token_auth = "form"
        [vens.Aalborg]
        client_id = 7
        client_secret = "hunter2"
        token_url = "id.example"
        token_auth = "form"
        [vens."a/b"]
        client_id = "x"
        client_secret_file = "{ven}"
        token_auth = "form"
        [vens.Lemvig]
        client_id = "l"
        client_secret = "hunter2"
        passwort = "hunter2"
    """
    found = problems(tmp_path, text)
    wanted = [
        "unknown key 'client_idd'; the nearest is client_id",
        "client_secret_file: the only placeholder is {ven}",
        "token_auth must be form (the usual one) or basic, not 'digest'",
        "vens.Flat: is no table; write [vens.Flat]",
        "vens.Herning: needs exactly one of",
        "vens.Aalborg: client_id must be text in quotes",
        "vens.Aalborg: client_id is missing",
        "vens.Aalborg: token_url 'id.example' is no http",
        "vens.a/b: 'a/b' cannot stand in a path",
        "vens.Lemvig: unknown key 'passwort'",
    ]
    for words, line in zip(wanted, found, strict=True):
        assert line.startswith(words)
    assert "hunter2" not in "".join(found)


@pytest.mark.parametrize(
    ("top", "told"),
    [
        ("client_id = 5\nclient_secret_env = 'S'", "client_id must be text in quotes"),
        ("client_id = 'a'\nclient_secret_env = 5", "client_secret_env must be text in quotes"),
        ("client_id = 'a'\nclient_secret_env = 'S'\ntoken_url = 'nix'", "token_url 'nix' is no http"),
        ("client_id = 'a'\nclient_secret_env = 'S'\nclient_secret = 's'", "needs exactly one of"),
    ],
)
def test_what_is_wrong_at_the_top_is_told_once_and_not_for_every_ven(tmp_path: Path, top: str, told: str) -> None:
    (line,) = problems(tmp_path, f"{top}\n[vens.Herning]\n[vens.Aalborg]\n[vens.Lemvig]\n")
    assert line.startswith(told)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "client_id is missing"),
        ('client_id = "x"', "has none"),
        ('vens = "Herning"', "vens is no table"),
        ("client_id = x", "is not TOML"),
        ('client_id = "x"\nclient_secret = "hunter2"\ntoken_auth = "digest"', "form (the usual one) or basic, not"),
        ("vens = " + "[" * 100_000, "is not TOML"),
    ],
)
def test_what_is_no_file_of_credentials_is_refused(tmp_path: Path, text: str, words: str) -> None:
    found = "\n".join(problems(tmp_path, text))
    assert words in found
    assert "hunter2" not in found


def test_a_token_auth_that_is_none_is_told_for_a_template_and_a_row(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="token_auth must be form"):
        CredentialSource.load("client_id=x,client_secret_env=A,token_auth=digest", {})
    path = tmp_path / "clients.csv"
    path.write_text("ven,client_id,client_secret,token_auth\nHerning,h,hunter2,digest\n")
    with pytest.raises(UsageError, match="line 2: token_auth must be form"):
        CredentialSource.load(str(path), {})


# --- systemd's credentials -------------------------------------------------------------------------------------


def test_a_secret_may_be_a_credential_of_systemd(tmp_path: Path) -> None:
    (tmp_path / "ven-Herning").write_text("s3cret\n")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    source = CredentialSource.load("client_id={ven},client_secret_credential=ven-{ven}", environ)
    assert source.for_ven("Herning") == Credentials("Herning", Secret("s3cret"))
    assert f"the secret file {tmp_path}/ven-Aalborg cannot be read" in ven_problem(source, "Aalborg")


def test_outside_a_service_there_is_no_credentials_directory(tmp_path: Path) -> None:
    source = CredentialSource.load("client_id={ven},client_secret_credential=ven-{ven}", {})
    assert "CREDENTIALS_DIRECTORY is not set" in ven_problem(source)
    assert "LoadCredential=ven-Herning:FILE" in ven_problem(source)


@pytest.mark.parametrize("name", ["../shadow", "..", "."])
def test_a_credential_is_a_name_and_no_path(tmp_path: Path, name: str) -> None:
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    source = CredentialSource.load(f"client_id=x,client_secret_credential={name}", environ)
    assert "must be a name, not a path" in ven_problem(source)


# --- who else can read them ------------------------------------------------------------------------------------


def test_secret_files_that_everybody_can_read_are_told_in_one_line(tmp_path: Path) -> None:
    for name in ("Herning", "Aalborg", "Lemvig"):
        (tmp_path / name).write_text("s3cret")
        (tmp_path / name).chmod(0o600 if name == "Herning" else 0o644)
    source = CredentialSource.load(f"client_id=x,client_secret_file={tmp_path}/{{ven}}", {})
    assert source.warnings == ()
    source.for_vens(["Herning", "Aalborg", "Lemvig"])
    (warning,) = source.warnings
    assert warning.startswith(f"{tmp_path}/Aalborg (and 1 more files) holds a secret and can be read by every user")


def test_a_file_without_secrets_may_be_read_by_everybody(tmp_path: Path) -> None:
    (tmp_path / "Herning").write_text("s3cret")
    (tmp_path / "Herning").chmod(0o600)
    text = 'client_id = "{ven}"\nclient_secret_file = "{ven}"\n'
    source = CredentialSource.load(toml_file(tmp_path, text, 0o644), {})
    assert source.for_ven("Herning") is not None
    assert source.warnings == ()
    source = CredentialSource.load(toml_file(tmp_path, 'client_id = "x"\nclient_secret = "y"\n', 0o644), {})
    assert "clients.toml holds a secret" in source.warnings[0]


def test_neither_a_source_nor_its_errors_show_a_secret(tmp_path: Path) -> None:
    text = 'client_id = "{ven}"\nclient_secret = "hunter2"\n[vens.Herning]\nclient_secret = "hunter2"\n'
    source = loaded(tmp_path, text)
    assert "hunter2" not in f"{source!r} {source.for_ven('Herning')!r} {source.for_ven('Aalborg')}"


# --- at a VTN --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token_auth", ["form", "basic"])
@pytest.mark.parametrize("secret", ["ven-1-secret", "s&cret: +%41ø"])
def test_r4_form_and_basic_are_both_accepted_and_never_sent_together(
    tmp_path: Path, token_auth: str, secret: str
) -> None:
    (tmp_path / "secret").write_text(secret)
    text = f"client_id=ven-1,client_secret_file={tmp_path}/secret,token_auth={token_auth}"
    credentials = CredentialSource.load(text, {}).for_ven("ven-1")
    adapter = SharedAdapter()
    with InProcessVtn([Client("ven-1", secret, Role.VEN)]) as vtn:
        client = VtnClient(
            vtn.base_url, "ven-1", credentials, dialect=V310(), adapter=adapter, monotonic=time.monotonic
        )
        assert client.crawl().programs == ()
        client.close()
        (asked,) = [exchange for exchange in vtn.requests if exchange.path.endswith("/auth/token")]
    adapter.close()
    assert ("authorization" in asked.headers) == (token_auth == "basic")
    assert (b"client_secret" in asked.body) == (token_auth == "form")


def test_r1_a_secret_that_was_changed_is_read_anew_at_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("old")
    text = f"client_id={VEN.name},client_secret_file={tmp_path}/secret"
    adapter = SharedAdapter()
    with InProcessVtn([VEN]) as vtn:

        def programs() -> tuple[Program, ...]:
            credentials = CredentialSource.load(text, {}).for_ven(VEN.name)
            client = VtnClient(
                vtn.base_url, VEN.name, credentials, dialect=V310(), adapter=adapter, monotonic=time.monotonic
            )
            try:
                return client.crawl().programs
            finally:
                client.close()

        with pytest.raises(CredentialsRefused):
            programs()
        (tmp_path / "secret").write_text(VEN.secret)
        assert programs() == ()
    adapter.close()
