import json
import traceback
from pathlib import Path

import pytest
from eth_account import Account

from anchoring.chain.keystore import create_keystore, load_keystore
from anchoring.chain.signer import LegacyCall
from anchoring.errors import KeystoreError

FAST = 4096


def test_a_created_key_opens_and_signs_as_its_address(tmp_path: Path) -> None:
    path = tmp_path / "anchor.json"
    address = create_keystore(path, "correct horse", scrypt_cost=FAST)
    assert path.stat().st_mode & 0o777 == 0o600
    content = json.loads(path.read_text())
    assert (content["version"], content["crypto"]["kdf"]) == (3, "scrypt")
    signer = load_keystore(path, "correct horse")
    assert signer.address == address
    raw, _ = signer.sign(LegacyCall(4242, 0, 21_000, b"\x01" * 20, b""))
    assert bytes.fromhex(Account.recover_transaction(raw)[2:]) == address


def test_two_keys_differ_and_none_is_overwritten(tmp_path: Path) -> None:
    first = create_keystore(tmp_path / "a.json", "x", scrypt_cost=FAST)
    assert first != create_keystore(tmp_path / "b.json", "x", scrypt_cost=FAST)
    with pytest.raises(KeystoreError) as caught:
        create_keystore(tmp_path / "a.json", "x", scrypt_cost=FAST)
    assert caught.value.code == "keystore_file"
    assert load_keystore(tmp_path / "a.json", "x").address == first


def test_i9_a_wrong_passphrase_is_said_and_nothing_secret_with_it(tmp_path: Path) -> None:
    path = tmp_path / "anchor.json"
    create_keystore(path, "correct horse", scrypt_cost=FAST)
    wrong = "battery staple"
    with pytest.raises(KeystoreError) as caught:
        load_keystore(path, wrong)
    assert caught.value.code == "keystore_passphrase"
    text = "".join(traceback.format_exception(caught.value))
    content = json.loads(path.read_text())["crypto"]
    for secret in ("correct", "battery", content["mac"], content["ciphertext"]):
        assert secret not in text.replace(str(path), "")


def test_an_empty_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeystoreError) as caught:
        create_keystore(tmp_path / "anchor.json", "", scrypt_cost=FAST)
    assert caught.value.code == "keystore_passphrase"
    assert not (tmp_path / "anchor.json").exists()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"version":3}',
        '{"version":3,"crypto":[]}',
        '{"version":1,"crypto":{"ciphertext":""}}',
        '{"version":3,"crypto":{"ciphertext":"zz"}}',
        '{"version":3,"crypto":{"ciphertext":"00","kdf":"none","kdfparams":{}}}',
    ],
)
def test_what_is_no_keystore_is_said(tmp_path: Path, content: str) -> None:
    path = tmp_path / "anchor.json"
    path.write_text(content)
    with pytest.raises(KeystoreError) as caught:
        load_keystore(path, "x")
    assert caught.value.code == "keystore_file"


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(KeystoreError) as caught:
        load_keystore(tmp_path / "none.json", "x")
    assert caught.value.code == "keystore_file"


def test_a_signer_shows_its_address_only(tmp_path: Path) -> None:
    path = tmp_path / "anchor.json"
    address = create_keystore(path, "x", scrypt_cost=FAST)
    signer = load_keystore(path, "x")
    assert repr(signer) == f"Signer(0x{address.hex()})"
