"""The configuration: an unknown key is an error, a mistake is said with its place."""

from pathlib import Path

import pytest

from node_gateway.errors import SettingsError
from node_gateway.settings import load_settings

GOOD = """
[gateway]
participant = 7
database = "sqlite:///own.db"
[chain]
rpc = "http://127.0.0.1:8545"
network_file = "network.json"
[keys]
anchor_keystore = "keys/anchor.json"
sign_keystore = "/elsewhere/sign.json"
"""


def refused(folder: Path, text: str) -> SettingsError:
    file = folder / "sealtrail.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as raised:
        load_settings(file)
    return raised.value


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    file = tmp_path / "sealtrail.toml"
    file.write_text(GOOD)
    settings = load_settings(file)
    assert settings.chain.network_file == tmp_path / "network.json"
    assert settings.keys.anchor_keystore == tmp_path / "keys/anchor.json"
    assert settings.keys.sign_keystore == Path("/elsewhere/sign.json")
    assert settings.gateway.database == f"sqlite:///{tmp_path / 'own.db'}"


@pytest.mark.parametrize(
    ("text", "member", "hint"),
    [
        (GOOD + "[batching]\ncadense_s = 3\n", "batching.cadense_s", "cadence_s"),
        (GOOD + "[batchin]\ncadence_s = 3\n", "batchin", "batching"),
        (GOOD + "[batching.dispensing]\npaddin = 'no'\n", "batching.dispensing.paddin", "padding"),
        (GOOD.replace("participant", "partisipant"), "gateway.participant", None),
        (GOOD + "[batching]\ncadence_s = 'often'\n", "batching.cadence_s", None),
        (GOOD + "[batching]\npadding = 'fixed:17'\n", "batching", None),
        (GOOD + "[batching]\ncadence_s = 60\npromise_s = 61\n", "batching", None),
        (GOOD.replace("= 7", "= -1"), "gateway.participant", None),
        (GOOD.replace("= 7", "= 4294967296"), "gateway.participant", None),
        (GOOD + "[limits]\nlevels_max = 65\n", "limits.levels_max", None),
        (GOOD + "[[policies.public]]\npaths = ['ilmd']\n", "policies.public.0", None),
        (GOOD + "[log]\nform = 'xml'\n", "log.form", None),
    ],
)  # fmt: skip
def test_mistakes(tmp_path: Path, text: str, member: str, hint: str | None) -> None:
    error = refused(tmp_path, text)
    assert member in str(error)
    assert error.member == member
    if hint:
        assert error.hint == f"did you mean {hint}?"


def test_no_toml_and_no_file(tmp_path: Path) -> None:
    assert "no TOML" in str(refused(tmp_path, "gateway = ["))
    for path in (tmp_path / "missing.toml", tmp_path):
        with pytest.raises(SettingsError, match="cannot read") as raised:
            load_settings(path)
        assert raised.value.hint


def test_the_environment_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "sealtrail.toml"
    file.write_text(GOOD + "[batching]\ncadence_s = 60\npadding = 'none'\n")
    monkeypatch.setenv("SEALTRAIL_BATCHING__CADENCE_S", "5")
    monkeypatch.setenv("SEALTRAIL_PASSPHRASE", "no section of ours")
    batching = load_settings(file).batching
    assert (batching.cadence_s, batching.padding) == (5, "none")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("SEALTRAIL_BATCHIN__CADENCE_S", "5", "did you mean batching?"),
        ("SEALTRAIL_BATCHING__CADENSE_S", "5", "did you mean cadence_s?"),
        ("SEALTRAIL_GATEWAY", "http://planted-value", "SEALTRAIL_BATCHING__CADENCE_S"),
    ],
)
def test_mistakes_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    error = refused(tmp_path, GOOD)
    assert said in str(error.hint)
    assert "planted" not in str(error)


def test_a_secret_at_the_wrong_place_is_not_repeated(tmp_path: Path) -> None:
    text = GOOD + "passphrase = 'PLANTED-passphrase'\n"
    error = refused(tmp_path, text)
    assert "keys.passphrase" in str(error)
    assert "PLANTED" not in f"{error} {error.hint} {error.__cause__} {error.__context__}"


def keys(*lines: str) -> str:
    """Return settings whose section of keys holds these lines and the key of receipts."""
    head = GOOD[: GOOD.index("[keys]")]
    return "\n".join([head, "[keys]", 'sign_keystore = "sign.json"', *lines, ""])


SIGNER = 'anchor_signer = "https://signer.example:9000"'
ADDRESS = f'anchor_address = "0x{"ab" * 20}"'


def test_the_anchor_key_may_be_elsewhere(tmp_path: Path) -> None:
    file = tmp_path / "sealtrail.toml"
    file.write_text(keys(SIGNER, ADDRESS, 'anchor_signer_token_file = "token"'))
    section = load_settings(file).keys
    assert section.anchor_keystore is None
    assert section.anchor_signer_token_file == tmp_path / "token"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((), "anchor_keystore is missing"),
        ((SIGNER,), "anchor_signer and anchor_address go together"),
        ((ADDRESS, 'anchor_keystore = "a"'), "anchor_signer and anchor_address go together"),
        ((SIGNER, ADDRESS, 'anchor_keystore = "a"'), "not both"),
        (('anchor_keystore = "a"', 'anchor_signer_token_file = "t"'), "needs anchor_signer"),
        (('anchor_signer = "signer"', ADDRESS), "http:// or https:// address"),
        (('anchor_signer = "https://[x"', ADDRESS), "http:// or https:// address"),
        (('anchor_signer = "https://me:pass-word@a"', ADDRESS), "anchor_signer_token_file"),
        ((SIGNER, 'anchor_address = "0xab"'), "40 hex digits"),
        (('anchor_keystore = "a"', 'admin_signer = "https://a"'), "admin_address go together"),
    ],
)
def test_where_a_key_is_must_be_clear(tmp_path: Path, lines: tuple[str, ...], said: str) -> None:
    error = refused(tmp_path, keys(*lines))
    assert said in str(error)
    assert "pass-word" not in str(error)
