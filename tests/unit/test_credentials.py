from pathlib import Path

import pytest

from ven_actors.credentials import CredentialSource
from ven_actors.errors import UsageError
from ven_actors.model import Credentials, Secret


def csv_file(tmp_path: Path, text: str | bytes, mode: int = 0o600) -> str:
    path = tmp_path / "clients.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)
    return str(path)


def problems(text: str, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(UsageError) as caught:
        CredentialSource.load(text, environ or {})
    return str(caught.value).splitlines()


def ven_problem(source: CredentialSource, ven: str = "Herning") -> str:
    with pytest.raises(UsageError) as caught:
        source.for_ven(ven)
    return str(caught.value)


# --- CSV -------------------------------------------------------------------------------------------------------


def test_a_row_gives_its_ven_id_secret_and_token_url(tmp_path: Path) -> None:
    text = "\ufeffven,client_id,client_secret,token_url\nHerning,h-1,s3cret,https://id.example/token\n\nAalborg,a-1,other,\n"
    source = CredentialSource.load(csv_file(tmp_path, text), {})
    assert source.for_ven("Herning") == Credentials("h-1", Secret("s3cret"), "https://id.example/token")
    assert source.for_ven("Aalborg") == Credentials("a-1", Secret("other"))
    assert source.for_ven("Lemvig") is None
    assert source.warnings == ()


def test_a_row_may_name_a_file_beside_the_csv_or_a_variable_instead_of_the_secret(tmp_path: Path) -> None:
    (tmp_path / "herning.secret").write_text("from file\n")
    text = "ven,client_id,client_secret_file,client_secret_env\nHerning,h,herning.secret,\nAalborg,a,,SECRET_A\n"
    source = CredentialSource.load(csv_file(tmp_path, text), {"SECRET_A": "from variable"})
    found = source.for_vens(["Herning", "Aalborg"])
    assert [found[name].client_secret.reveal() for name in found] == ["from file", "from variable"]


def test_a_file_that_everybody_can_read_is_warned_about(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "ven,client_id,client_secret\nHerning,h,s3cret\n", 0o644)
    (warning,) = CredentialSource.load(path, {}).warnings
    assert f"chmod 600 {path}" in warning


def test_all_that_is_wrong_in_a_file_is_told_at_once_and_no_secret_with_it(tmp_path: Path) -> None:
    text = (
        "ven,client_id,client_secret,client_secret_file,token_url\n"
        "Herning,h,hunter2,also.txt,\n"
        ",h,hunter2,,\n"
        "Aalborg,,hunter2,,\n"
        "Lemvig,l,,,\n"
        "Skive,s,hunter2,,ftp://x\n"
        "Skive,s,hunter2,,\n"
        "Struer,hunter2\n"
    )
    path = csv_file(tmp_path, text)
    found = problems(path)
    assert [line.removeprefix(f"{path}: ").split(":")[0] for line in found] == [f"line {n}" for n in range(2, 9)]
    assert (
        "exactly one of client_secret, client_secret_file, client_secret_env, client_secret_credential, has "
        "client_secret and client_secret_file" in (found[0])
    )
    assert "ven is missing" in found[1]
    assert "client_id is missing" in found[2]
    assert "has none" in found[3]
    assert "token_url 'ftp://x' is no http" in found[4]
    assert "stands there already" in found[5]
    assert "has 2 cells, the header has 5" in found[6]
    assert "hunter2" not in "".join(found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("Herning,h,hunter2\n", "first line must name the columns"),
        ("ven,client_id,secret\n", "unknown column 'secret'; the nearest is client_secret"),
        ("ven,client_secret\n", "client_id is missing"),
        ("ven,client_id\n", "needs one of the columns"),
        ("ven,client_id,client_secret,ven\n", "names a column twice"),
        ('ven,client_id,client_secret\nHerning,h,"hunter2', "is not CSV"),
        ('ven,client_id,client_secret\nHerning,h,"hunter2"x\n', "is not CSV"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"x" * (16 * 2**20 + 1), "is larger than"),
    ],
)
def test_what_is_no_list_of_credentials_is_refused(tmp_path: Path, text: str | bytes, words: str) -> None:
    found = "\n".join(problems(csv_file(tmp_path, text)))
    assert words in found
    assert "hunter2" not in found


def test_a_file_that_is_not_there_is_told_with_both_ways_to_write_it(tmp_path: Path) -> None:
    (found,) = problems(str(tmp_path / "no.csv"))
    assert "no.csv cannot be read (No such file or directory); name a CSV or TOML file, or write a template" in found


def test_every_ven_without_a_row_and_every_missing_secret_is_told_at_once(tmp_path: Path) -> None:
    text = "ven,client_id,client_secret_file,client_secret_env\nHerning,h,no.secret,\nAalborg,a,,NO_SUCH\n"
    source = CredentialSource.load(csv_file(tmp_path, text), {})
    with pytest.raises(UsageError) as caught:
        source.for_vens(["Herning", "Aalborg", "Hernig"])
    first, second, third = str(caught.value).splitlines()
    assert "line 2: the secret file" in first
    assert "line 3: the variable NO_SUCH is not set" in second
    assert third.endswith("no entry for VEN 'Hernig'; the nearest is Herning")


def test_a_list_without_rows_has_no_nearest_name(tmp_path: Path) -> None:
    source = CredentialSource.load(csv_file(tmp_path, "ven,client_id,client_secret\n"), {})
    with pytest.raises(UsageError, match=r"no entry for VEN 'Herning'$"):
        source.for_vens(["Herning"])


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff", b"x" * 65537])
def test_a_secret_file_that_holds_no_secret_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "Herning").write_bytes(content)
    source = CredentialSource.load(f"client_id=x,client_secret_file={tmp_path}/{{ven}}", {})
    assert f"the secret file {tmp_path}/Herning is" in ven_problem(source)


# --- templates -------------------------------------------------------------------------------------------------


def test_a_template_is_filled_with_the_name_of_the_ven(tmp_path: Path) -> None:
    (tmp_path / "Herning").write_text("s3cret")
    text = f" client_id=ven-{{ven}}, client_secret_file={tmp_path}/{{ven}} ,token_url=https://id.example/{{ven}}/token"
    credentials = CredentialSource.load(text, {}).for_vens(["Herning"])["Herning"]
    assert credentials == Credentials("ven-Herning", Secret("s3cret"), "https://id.example/Herning/token")


def test_in_the_name_of_a_variable_the_ven_is_upper_case() -> None:
    source = CredentialSource.load("client_id=x,client_secret_env=SECRET_{ven}", {"SECRET_FLEET_0001": "s3cret"})
    assert source.for_ven("Fleet-0001") == Credentials("x", Secret("s3cret"))
    assert "SECRET_HERNING is not set" in ven_problem(source)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("client_id=x", "has none"),
        ("client_secret_env=X", "client_id is missing"),
        ("client_id=x,client_secret_env=A,client_secret_file=b", "has client_secret_file and client_secret_env"),
        ("client_id=x,client_secret_fil=b", "unknown key 'client_secret_fil'; the nearest is client_secret_file"),
        ("client_id=x,client_id=y,client_secret_env=A", "client_id stands there twice"),
        ("client_id={name},client_secret_env=A", "the only placeholder is {ven}"),
        ("client_id=x,client_secret_env", "must be KEY=VALUE"),
        ("client_id=,client_secret_env=A", "must be KEY=VALUE"),
        ("client_id=x,client_secret_env=A,token_url=id.example", "token_url 'id.example' is no http"),
    ],
)
def test_a_bad_template_is_refused_with_what_is_wrong(text: str, words: str) -> None:
    assert any(words in line for line in problems(text))


def test_a_secret_on_the_command_line_is_refused_and_not_repeated() -> None:
    (found,) = problems("client_id=x,client_secret=hunter2,hun=ter3")
    assert "client_secret_file=" in found
    assert "hunter2" not in found
    assert "ter3" not in found


@pytest.mark.parametrize("name", ["../etc", "..", ".", ""])
def test_a_name_cannot_lead_out_of_the_folder_of_secrets(name: str) -> None:
    assert "cannot stand in a path" in ven_problem(
        CredentialSource.load("client_id=x,client_secret_file=/r/{ven}", {}), name
    )


def test_a_token_url_must_not_show_the_secret_to_the_network() -> None:
    text, environ = "client_id=x,client_secret_env=A,token_url=http://id.example/token", {"A": "s3cret"}
    assert "--insecure-http" in ven_problem(CredentialSource.load(text, environ))
    assert CredentialSource.load(text, environ, allow_http=True).for_ven("Herning") is not None


def test_a_source_does_not_show_its_secrets(tmp_path: Path) -> None:
    source = CredentialSource.load(csv_file(tmp_path, "ven,client_id,client_secret\nHerning,h,hunter2\n"), {})
    assert "hunter2" not in repr(source)
    assert "hunter2" not in repr(source.for_ven("Herning"))
