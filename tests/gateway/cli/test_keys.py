"""`sealtrail key`: files of keys, made, imported and named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from eth_account import Account

from anchoring.chain.keystore import create_keystore, load_keystore
from anchoring.chain.signer import Signer
from tests.gateway.cli.conftest import Cli

KEY = b"\x51" * 32
WORDS = {"SEALTRAIL_PASSPHRASE": "a passphrase"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make keystores that open quickly."""
    monkeypatch.setattr("anchoring.chain.keystore.SCRYPT_COST", 2)


def shown(address: bytes) -> str:
    return f"0x{address.hex()}"


@pytest.mark.parametrize("prefix", ["", "0x"])
def test_a_key_is_imported_from_hex(tmp_path: Path, prefix: str) -> None:
    source, file = tmp_path / "source", tmp_path / "key.json"
    source.write_text(f"{prefix}{KEY.hex()}\n")
    said = Cli(tmp_path)("key", "import", str(file), "--from", str(source), **WORDS)
    assert said.status == 0, said.err
    assert said.out.strip() == shown(Signer.from_key(KEY).address)
    assert load_keystore(file, "a passphrase").address == Signer.from_key(KEY).address
    assert KEY.hex() not in said.out + said.err + file.read_text()
    assert Cli(tmp_path)("key", "address", str(file)).out.strip() == said.out.strip()
    again = Cli(tmp_path)("key", "import", str(file), "--from", str(source), **WORDS)
    assert (again.status, bool(again.tries())) == (1, True)


def test_a_key_is_imported_from_another_keystore(tmp_path: Path) -> None:
    source, file, words = tmp_path / "source", tmp_path / "key.json", tmp_path / "words"
    source.write_text(json.dumps(Account.encrypt(KEY, "theirs", kdf="pbkdf2", iterations=2)))
    words.write_text("theirs\n")
    cli = Cli(tmp_path)
    without = cli("key", "import", str(file), "--from", str(source), **WORDS)
    assert (without.status, "its own passphrase" in without.err) == (1, True)
    wanted = ("--from", str(source), "--source-passphrase-file", str(words))
    said = cli("key", "import", str(file), *wanted, **WORDS)
    assert said.out.strip() == shown(Signer.from_key(KEY).address), said.err
    assert load_keystore(file, "a passphrase").address == Signer.from_key(KEY).address
    words.write_text("others")
    wrong = cli("key", "import", str(tmp_path / "b.json"), *wanted, **WORDS)
    assert wrong.status == 1
    assert "wrong passphrase for the source" in wrong.err


@pytest.mark.parametrize(
    "text", ["", "00" * 32, "ff" * 32, "ab" * 31, "0x" + "zz" * 32, "[" * 70_000, "é" * 64]
)
def test_i9_what_is_no_key_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    source, file = tmp_path / "source", tmp_path / "key.json"
    source.write_text(text, encoding="utf-8")
    said = Cli(tmp_path)("key", "import", str(file), "--from", str(source), **WORDS)
    assert said.status == 1
    assert said.tries()
    assert not text or text not in said.err
    assert not file.exists()


def test_a_key_is_never_an_argument(tmp_path: Path) -> None:
    said = Cli(tmp_path)("key", "import", str(tmp_path / "k"), "--from", KEY.hex(), **WORDS)
    assert said.status == 1  # taken for the name of a file, which is not there
    assert Cli(tmp_path)("key", "import", str(tmp_path / "k"), "0x" + KEY.hex()).status == 2


def test_a_file_that_names_no_address_is_said(tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    create_keystore(file, "x", scrypt_cost=2)
    content = json.loads(file.read_text())
    for change in ({"address": None}, {"address": "ab"}, {"address": "zz" * 20}):
        file.write_text(json.dumps(content | change))
        said = Cli(tmp_path)("key", "address", str(file))
        assert (said.status, "names no address" in said.err) == (1, True)
