"""F17 with a backup of ours: made while the gateway runs, put back, and what comes up then."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from node_gateway.backup.creating import create_backup
from node_gateway.backup.errors import BackupDamagedError, BackupKeyError, BackupPlaceError
from node_gateway.backup.packing import identities_of, new_identity
from node_gateway.backup.restoring import Restored, prove_backup, restore_backup
from node_gateway.cli import database
from node_gateway.settings import load_settings
from tests.faults.auditing import accepted
from tests.faults.documents import event, single
from tests.faults.world import PASSPHRASE, Chain, Here, Home, Template, _toml, gateway_here
from tests.postgres import RunningPostgres


@dataclass
class Safe:
    """Makes backups of a home and puts them back; keeps the key."""

    home: Home
    folder: Path
    postgres: RunningPostgres | None

    def __post_init__(self) -> None:
        self.recipient = new_identity(self.folder / "identity")
        self.file = self.folder / "gateway.backup"

    def identities(self) -> list[object]:
        return list(identities_of(self.folder / "identity", lambda: "asked for no passphrase"))

    def create(self) -> None:
        settings = load_settings(self.home.config)
        create_backup(
            self.file, self.home.config, settings, recipients=[self.recipient], now_s=1_700_000_000
        )

    def restore(self, name: str = "restored") -> tuple[Restored, Home]:
        folder = self.folder / name
        empty = self.postgres.new_database() if self.postgres else None
        restored = restore_backup(self.file, self.identities(), folder, database=empty)
        config = folder / "sealtrail.toml"
        config.rename(folder / "gateway.toml")
        url = empty or f"sqlite:///{folder / 'sealtrail.db'}"
        home = replace(self.home, folder=folder, database=url)
        told = tomllib.loads(home.config.read_text())
        told["gateway"]["database"] = url  # what the command told the operator to correct
        nested = told["batching"].pop("dispensing")
        home.config.write_text(_toml({**told, "batching.dispensing": nested}))
        return restored, home


@pytest.fixture(params=["sqlite", "postgresql"])
def safe(chain: Chain, template: Template, tmp_path: Path, request: pytest.FixtureRequest) -> Safe:
    if request.param == "sqlite":
        return Safe(template.home(chain, tmp_path / "home"), tmp_path, None)
    url, key = request.getfixturevalue("new_postgres")()
    home = Template(template.file, key).home(chain, tmp_path / "home", database=url)
    return Safe(home, tmp_path, request.getfixturevalue("postgres"))


async def _anchor(chain: Chain, here: Here, *names: int) -> list[str]:
    entries = await here.capture(*(single(event(name)) for name in names))
    for _ in range(4):
        await here.slot()
        chain.mine()
    chain.mine()
    await here.step()
    assert {await here.state(entry) for entry in entries} == {"final"}
    return entries


async def test_f17_a_restored_backup_is_read_only_until_the_chain_is_adopted(
    chain: Chain, safe: Safe
) -> None:
    """I1 I5 I8: made beside a gateway that writes; every proof of then is there again."""
    async with gateway_here(safe.home) as here:
        old = await _anchor(chain, here, 1, 2)
        safe.create()
        lost = await _anchor(chain, here, 3)
        clock = here.clock
    restored, home = safe.restore()
    assert restored.by_hand[0] == "gateway.database"
    assert (home.folder / "passphrase").read_text() == PASSPHRASE
    async with gateway_here(home, clock=clock) as here:
        assert await here.readiness() == {"status": "read_only", "reason": "restored"}
        await here.slot()
        refused = await here.client.post("/epcis/events", content=single(event(4)))
        assert (refused.status_code, refused.json()["code"]) == (503, "read_only")
        for entry in old:
            await accepted(chain, (await here.client.get(f"/v1/events/{entry}/bundle")).content)
        assert (await here.client.get(f"/v1/events/{lost[0]}")).status_code == 404
    assert all(one["adopted"] > 0 for one in await database._adopt(home.config))
    async with gateway_here(home, clock=clock) as here:
        assert await here.readiness() == {"status": "ready"}
        assert (await _anchor(chain, here, 1, 5))[0] == old[0]


async def test_f17_a_backup_is_not_trusted_even_if_the_chain_holds_nothing_newer(
    chain: Chain, safe: Safe
) -> None:
    """I1 I8: an event may have been acknowledged after the copy, and nothing on chain shows it."""
    async with gateway_here(safe.home) as here:
        await _anchor(chain, here, 1)
        safe.create()
        clock = here.clock
        (waiting,) = await here.capture(single(event(2)))
    _, home = safe.restore()
    for _ in range(2):  # starting again does not wear it off
        async with gateway_here(home, clock=clock) as here:
            await here.slot()
            assert await here.readiness() == {"status": "read_only", "reason": "restored"}
            assert (await here.client.get(f"/v1/events/{waiting}")).status_code == 404
    issued = {"sscc": "690123456", "count": 1, "order": "after"}
    assert [one["adopted"] for one in await database._adopt(home.config)] == [0, 0]
    async with gateway_here(home, clock=clock) as here:
        assert await here.readiness() == {"status": "ready"}
        # Codes may have been issued after the copy: only the operator knows how many.
        answer = await here.client.post("/v1/codes/issue", json=issued)
        assert (answer.status_code, answer.json()["code"]) == (409, "issuing_restored")


async def test_a_backup_opens_with_its_key_alone_and_holds_nothing_in_the_clear(
    safe: Safe, tmp_path: Path
) -> None:
    safe.create()
    raw = safe.file.read_bytes()
    for secret in (PASSPHRASE.encode(), b"anchor_keystore", b"CREATE TABLE", b"manifest.json"):
        assert secret not in raw
    new_identity(tmp_path / "other")
    with pytest.raises(BackupKeyError, match="does not open"):
        prove_backup(safe.file, identities_of(tmp_path / "other", lambda: ""))
    assert prove_backup(safe.file, safe.identities())["participant"] == 1
    assert safe.file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("change", ["first", "middle", "last", "cut", "cut by one", "empty"])
def test_a_damaged_backup_is_refused_and_nothing_is_put_back(safe: Safe, change: str) -> None:
    safe.create()
    raw = bytearray(safe.file.read_bytes())
    spots = {"first": 0, "middle": len(raw) // 2, "last": len(raw) - 1}
    if change in spots:
        raw[spots[change]] ^= 1
    else:
        del raw[{"cut": len(raw) // 2, "cut by one": len(raw) - 1, "empty": 0}[change] :]
    safe.file.write_bytes(raw)
    with pytest.raises(BackupDamagedError):
        safe.restore("damaged")
    assert not (safe.folder / "damaged").exists()
    assert not list(safe.folder.glob(".damaged*"))


def test_a_backup_never_writes_over_anything(safe: Safe) -> None:
    safe.create()
    with pytest.raises(BackupPlaceError, match="exists"):
        safe.create()
    (safe.folder / "there").mkdir()
    (safe.folder / "there" / "file").write_text("mine")
    with pytest.raises(BackupPlaceError, match="not empty"):
        restore_backup(safe.file, safe.identities(), safe.folder / "there")
    assert (safe.folder / "there" / "file").read_text() == "mine"


def test_a_database_that_holds_something_is_not_filled(safe: Safe) -> None:
    if safe.postgres is None:
        safe.create()
        restored, _ = safe.restore()
        assert restored.folder.is_dir()
        return
    safe.create()
    with pytest.raises(BackupPlaceError, match="not empty"):
        restore_backup(
            safe.file, safe.identities(), safe.folder / "again", database=safe.home.database
        )


def test_an_encrypted_identity_asks_for_its_passphrase(safe: Safe, tmp_path: Path) -> None:
    import pyrage

    safe.create()
    plain = (tmp_path / "identity").read_bytes()
    (tmp_path / "sealed").write_bytes(pyrage.passphrase.encrypt(plain, "of the operator"))
    asked: list[str] = []

    def ask(answer: str) -> Callable[[], str]:
        def answered() -> str:
            asked.append(answer)
            return answer

        return answered

    identities = identities_of(tmp_path / "sealed", ask("of the operator"))
    assert prove_backup(safe.file, identities)["participant"] == 1
    with pytest.raises(BackupKeyError, match="passphrase"):
        identities_of(tmp_path / "sealed", ask("another"))
    assert asked == ["of the operator", "another"]


def test_what_lies_outside_the_folder_is_named(safe: Safe, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text(json.dumps({}))
    text = safe.home.config.read_text()
    safe.home.config.write_text(
        text.replace("[gateway]\n", f'[gateway]\nlocations_file = "{elsewhere}"\n')
    )
    safe.create()
    restored, home = safe.restore()
    assert "gateway.locations_file" in restored.by_hand
    (kept,) = (home.folder / "outside").iterdir()
    assert kept.read_text() == "{}"
