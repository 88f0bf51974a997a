"""Opening keys by the settings: keystores, remote signers and their credentials."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from anchoring.chain.keystore import create_keystore
from anchoring.chain.remote_signer import RemoteSigner
from anchoring.chain.signer import LegacyCall, Signer
from anchoring.errors import KeystoreError, SignerUnavailableError
from node_gateway.errors import SettingsError
from node_gateway.settings_keys import KeysSection
from node_gateway.signers import open_admin, open_anchor, open_keys
from tests.anchoring.chain.signing_server import SigningServer, certificate

KEY = b"\x01" * 32
CALL = LegacyCall(4242, 0, 21_000, b"\x42" * 20, b"")


def section(url: str = "https://signer.example", **members: Path) -> KeysSection:
    address = "0x" + Signer.from_key(KEY).address.hex()
    return KeysSection(
        anchor_signer=url,
        anchor_address=address,
        sign_keystore=Path("sign"),
        **members,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("content", "header"),
    [
        ("token-of-ours\n", "Bearer token-of-ours"),
        ("operator:pass-word", "Basic b3BlcmF0b3I6cGFzcy13b3Jk"),
    ],
)
async def test_credentials_come_from_a_file_that_may_change(
    tmp_path: Path, content: str, header: str
) -> None:
    token = tmp_path / "token"
    token.write_text("older")
    with SigningServer(KEY, authorization=header) as server:
        signer = open_anchor(section(server.url, anchor_signer_token_file=token))
        with pytest.raises(SignerUnavailableError, match="credentials"):
            await signer.sign_transaction(CALL)
        token.write_text(content)
        assert await signer.sign_transaction(CALL) == Signer.from_key(KEY).sign(CALL)
        token.unlink()
        with pytest.raises(SignerUnavailableError, match="token file: No such file"):
            await signer.sign_transaction(CALL)
        await signer.close()


@pytest.mark.parametrize("content", ["", "two words", "é", "a\nb", "x" * 9000])
def test_a_file_without_a_token_is_said_at_the_start(tmp_path: Path, content: str) -> None:
    token = tmp_path / "token"
    token.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match="no token") as caught:
        open_anchor(section(anchor_signer_token_file=token))
    assert caught.value.member == "keys.anchor_signer_token_file"


def test_i9_a_token_never_goes_in_the_clear(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("token-of-ours")
    with pytest.raises(SettingsError, match="in the clear"):
        open_anchor(section("http://signer.example", anchor_signer_token_file=token))
    assert isinstance(open_anchor(section("http://signer.example")), RemoteSigner)


def test_certificates_that_are_none_are_said(tmp_path: Path) -> None:
    none = tmp_path / "none.pem"
    none.write_text("nothing")
    good = certificate(tmp_path / "good")
    for member in ("signer_ca_file", "signer_certificate_file"):
        open_anchor(section().model_copy(update={member: good}))
        with pytest.raises(SettingsError) as caught:
            open_anchor(section().model_copy(update={member: none}))
        assert caught.value.member == f"keys.{member}"


def test_the_admin_key_is_opened_only_where_it_is_named(tmp_path: Path) -> None:
    for name in ("anchor", "sign", "admin"):
        create_keystore(tmp_path / f"{name}.json", "x", scrypt_cost=2)
    (tmp_path / "passphrase").write_text("x\n")
    files = {f"{name}_keystore": tmp_path / f"{name}.json" for name in ("anchor", "sign")}
    plain = KeysSection(passphrase_file=tmp_path / "passphrase", **files)  # type: ignore[arg-type]
    assert isinstance(open_keys(plain).anchor, Signer)
    with pytest.raises(SettingsError, match="no admin key"):
        open_admin(plain)
    admin = open_admin(plain, otherwise=tmp_path / "admin.json")
    named = plain.model_copy(update={"admin_keystore": tmp_path / "admin.json"})
    assert open_admin(named).address == admin.address
    with pytest.raises(KeystoreError):
        open_admin(plain, otherwise=tmp_path / "none.json")


def test_no_passphrase_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delitem(os.environ, "SEALTRAIL_PASSPHRASE", raising=False)
    with pytest.raises(SettingsError, match="no passphrase"):
        open_keys(KeysSection(anchor_keystore=tmp_path / "a", sign_keystore=tmp_path / "s"))
