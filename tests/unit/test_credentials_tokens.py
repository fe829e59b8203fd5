"""Further fields of token requests, and bearer tokens that are given: in CSV, TOML and templates alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from ven_actors.credentials import CredentialSource
from ven_actors.errors import UsageError
from ven_actors.model import Credentials, GivenToken, Secret

NO_SECRET = Secret("")


def file_of(tmp_path: Path, name: str, text: str) -> str:
    path = tmp_path / name
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


def problem(text: str, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        CredentialSource.load(text, environ or {}).for_ven("Herning")
    assert "hunter2" not in str(caught.value)
    return str(caught.value)


# --- fields of the token request -------------------------------------------------------------------------------


def test_scope_audience_and_other_fields_come_from_columns(tmp_path: Path) -> None:
    header = "ven,client_id,client_secret,scope,audience,form.resource\n"
    text = header + "Herning,h,s,api://vtn/.default read_all,https://vtn,urn:vtn\nAalborg,a,s,,,\n"
    source = CredentialSource.load(file_of(tmp_path, "c.csv", text), {})
    form = (("scope", "api://vtn/.default read_all"), ("audience", "https://vtn"), ("resource", "urn:vtn"))
    assert source.for_ven("Herning") == Credentials("h", Secret("s"), form=form)
    assert source.for_ven("Aalborg") == Credentials("a", Secret("s"))


def test_they_come_from_toml_where_a_table_adds_to_the_top(tmp_path: Path) -> None:
    text = """
        client_id = "{ven}"
        client_secret = "s"
        scope = "of-{ven}"
        form.resource = "urn:vtn"
        [vens.Herning]
        audience = "https://vtn/{ven}"
        form = { tenant = "t1" }
    """
    source = CredentialSource.load(file_of(tmp_path, "c.toml", text), {})
    herning = source.for_ven("Herning")
    assert herning is not None
    assert dict(herning.form) == {
        "scope": "of-Herning", "resource": "urn:vtn", "audience": "https://vtn/Herning", "tenant": "t1",
    }  # fmt: skip
    aalborg = source.for_ven("Aalborg")
    assert aalborg is not None
    assert dict(aalborg.form) == {"scope": "of-Aalborg", "resource": "urn:vtn"}


@pytest.mark.parametrize("first", ["scope", "audience", "form.resource"])
def test_they_come_from_a_template_in_any_order(first: str) -> None:
    text = f"{first}=x y/{{ven}},client_id=c,client_secret_env=S"
    found = CredentialSource.load(text, {"S": "s"}).for_ven("Herning")
    assert found == Credentials("c", Secret("s"), form=((first.removeprefix("form."), "x y/Herning"),))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("form.scope=x", "form.scope has a key of its own"),
        ("form.grant_type=password", "form.grant_type has a key of its own, or is always the same"),
        ("form.=x", "'form.' does not name a field"),
        ("audience={name}", "audience: the only placeholder is {ven}"),
        ("scop=x", "unknown key 'scop'; the nearest is scope"),
    ],
)
def test_a_field_that_cannot_be_is_refused(more: str, words: str) -> None:
    assert words in problem(f"client_id=c,client_secret_env=S,{more}", {"S": "hunter2"})


def test_a_form_that_is_not_a_table_is_refused(tmp_path: Path) -> None:
    text = 'client_id = "c"\nclient_secret = "hunter2"\nform = "x"\n'
    assert "unknown key 'form'" in problem(file_of(tmp_path, "c.toml", text))
    text = 'client_id = "c"\nclient_secret = "hunter2"\nform.resource = 7\n'
    assert "form.resource must be text in quotes" in problem(file_of(tmp_path, "c.toml", text))


# --- given tokens ----------------------------------------------------------------------------------------------


def test_a_token_comes_from_a_column_a_file_or_a_variable(tmp_path: Path) -> None:
    token = tmp_path / "lemvig.token"
    token.write_text("from-file\n")
    text = "ven,client_id,token,token_file,token_env\nHerning,h-1,in-csv,,\nLemvig,,,lemvig.token,\nSkive,,,,T\n"
    path = file_of(tmp_path, "c.csv", text)
    source = CredentialSource.load(path, {"T": "in-variable"})
    found = source.for_vens(["Herning", "Lemvig", "Skive"])
    assert found == {
        "Herning": Credentials("h-1", NO_SECRET, token=GivenToken(Secret("in-csv"), f"{path}: line 2")),
        "Lemvig": Credentials("", NO_SECRET, token=GivenToken(Secret("from-file"), str(token), token)),
        "Skive": Credentials("", NO_SECRET, token=GivenToken(Secret("in-variable"), "the variable T")),
    }
    assert "in-csv" not in repr(found)


def test_a_csv_of_tokens_alone_needs_no_column_of_clients(tmp_path: Path) -> None:
    source = CredentialSource.load(file_of(tmp_path, "c.csv", "ven,token\nHerning,abc\n"), {})
    found = source.for_ven("Herning")
    assert found is not None
    assert found.token is not None
    assert found.token.value == Secret("abc")


def test_a_template_names_a_file_a_variable_or_a_credential_of_systemd(tmp_path: Path) -> None:
    (tmp_path / "Herning").write_text("abc")
    environ = {"T_HERNING": "abc", "CREDENTIALS_DIRECTORY": str(tmp_path)}
    for text in (f"token_file={tmp_path}/{{ven}}", "token_env=T_{ven}", "token_credential={ven}"):
        found = CredentialSource.load(text, environ).for_ven("Herning")
        assert found is not None
        assert found.token is not None
        assert found.token.value == Secret("abc")


def test_in_toml_a_token_of_one_ven_leaves_the_token_request_of_the_others_alone(tmp_path: Path) -> None:
    text = """
        client_id = "{ven}"
        client_secret = "s"
        token_url = "https://id"
        scope = "x"
        [vens.Herning]
        token = "abc"
    """
    path = file_of(tmp_path, "c.toml", text)
    source = CredentialSource.load(path, {})
    assert source.for_vens(["Herning", "Skive"]) == {
        "Herning": Credentials("Herning", NO_SECRET, token=GivenToken(Secret("abc"), f"{path}: vens.Herning")),
        "Skive": Credentials("Skive", Secret("s"), "https://id", form=(("scope", "x"),)),
    }


def test_a_token_alone_at_the_top_is_for_every_ven(tmp_path: Path) -> None:
    source = CredentialSource.load(file_of(tmp_path, "c.toml", 'token = "abc"\n'), {})
    assert source.for_vens(["Herning", "Skive"]).keys() == {"Herning", "Skive"}


def test_a_token_on_the_command_line_is_refused_and_not_repeated() -> None:
    found = problem("token=hunter2")
    assert "a token on the command line can be seen by every user" in found
    assert "token_file=" in found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("token_env=T,client_id=c,client_secret_env=S", "has client_secret_env and token_env"),
        ("token_env=T,scope=x", "scope cannot apply: a given token needs no request"),
        ("token_env=T,token_url=https://id", "token_url cannot apply"),
        ("token_env=T,form.resource=x", "form.resource cannot apply"),
        ("token_env=NONE", "the variable NONE is not set; put the token there"),
        ("token_file=/no/such", "the token file /no/such cannot be read"),
        ("token_credential=x", "or use token_file"),
        ("token_env=BEARER", "begins with the word Bearer; leave that word out"),
        ("token_env=SPACE", "has characters that no header can carry"),
    ],
)
def test_a_token_that_cannot_be_is_refused(text: str, words: str) -> None:
    assert words in problem(text, {"T": "abc", "S": "s", "BEARER": "Bearer hunter2", "SPACE": "hunter2 x"})


def test_a_file_of_tokens_that_everybody_can_read_is_warned_about(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("ven,token\nHerning,abc\n")
    path.chmod(0o644)
    (warning,) = CredentialSource.load(str(path), {}).warnings
    assert f"chmod 600 {path}" in warning


def test_for_which_client_a_ven_is_made_must_be_said_beside_its_token() -> None:
    source = CredentialSource.load("token_env=T", {"T": "abc"})
    with pytest.raises(UsageError, match="client_id is missing; with a token it names the client"):
        source.client_ids(["Herning"])
    assert CredentialSource.load("token_env=T,client_id=c-{ven}", {}).client_ids(["Skive"]) == {"Skive": "c-Skive"}
