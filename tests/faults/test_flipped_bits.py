"""F20: one bit flips in the database. It is found before it is signed or served as valid."""

from __future__ import annotations

import random
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from anchoring.errors import AnchoringError
from node_gateway.errors import GatewayError
from node_gateway.services.disclosing import Disclosing
from node_gateway.settings import PoliciesSection
from node_gateway.storage.engine import open_store
from node_gateway.storage.errors import StorageError
from tests.faults.auditing import accepted, stored_raw
from tests.faults.documents import event, large, single
from tests.faults.world import STREAM, Chain, Home, Template, gateway_here

# Every column that a bundle is made of. The chain alone knows the last one: verifiers refuse it.
SERVED = [
    ("event", "secret"),
    ("event", "fields_root"),
    ("event", "codes_root"),
    ("chunk", "data"),
    ("batch", "root"),
    ("batch_page", "entries"),
    ("batch_tile", "nodes"),
    ("code_tile", "nodes"),
    ("batch", "previous_tip"),
]


class Final:
    """A database with final events, small and large ones, and what it served when it was whole."""

    def __init__(self, home: Home, bundles: dict[str, bytes], codes: dict[str, str]) -> None:
        self.home, self.bundles, self.codes = home, bundles, codes

    def copy(self, folder: Path) -> Home:
        folder.mkdir()
        target = folder / "gateway.db"
        shutil.copy(self.home.file, target)
        return replace(self.home, database=f"sqlite:///{target}")

    async def served(self, home: Home) -> dict[str, bytes | str]:
        """Ask a database for every bundle; the code of the error where it gives none."""
        answers: dict[str, bytes | str] = {}
        try:
            store = await open_store(home.database)
        except Exception as error:  # noqa: BLE001 - whatever a damaged file makes the driver say
            return dict.fromkeys(self.bundles, type(error).__name__)
        try:
            disclosing = Disclosing(store, PoliciesSection())
            for entry in self.bundles:
                codes = [self.codes[entry]] if entry in self.codes else []
                try:
                    bundle = await disclosing.bundle(
                        bytes.fromhex(entry), audience="owner", codes=codes
                    )
                    answers[entry] = bundle.to_json()
                except (StorageError, GatewayError, AnchoringError) as error:
                    answers[entry] = error.code
                except Exception as error:  # noqa: BLE001
                    answers[entry] = type(error).__name__
        finally:
            await store.close()
        return answers


@pytest.fixture
async def final(chain: Chain, template: Template, tmp_path: Path) -> Final:
    home = template.home(chain, tmp_path / "home", batching={"padding": "fixed:4096"})
    big = large(7)
    async with gateway_here(home) as here:
        (whole,) = await here.capture(single(big))
        entries = [whole, *await here.capture(*(single(event(100 + n)) for n in range(4)))]
        for _ in range(3):
            await here.slot()
            chain.mine()
        await here.step()
        code = here.gateway.canonical_code(big["epcList"][3])
        bundles = {}
        for entry in entries:
            params = {"code": code} if entry == whole else {}
            answer = await here.client.get(f"/v1/events/{entry}/bundle", params=params)
            await accepted(chain, answer.content)
            bundles[entry] = answer.content
    with sqlite3.connect(home.file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    made = Final(home, bundles, {whole: code})
    assert await made.served(made.copy(tmp_path / "whole")) == bundles
    return made


def _flipped(value: bytes, rng: random.Random) -> bytes:
    bits = bytearray(value)
    bits[rng.randrange(len(bits))] ^= 1 << rng.randrange(8)
    return bytes(bits)


async def _is_refused(chain: Chain, raw: bytes) -> bool:
    try:
        await accepted(chain, raw)
    except AnchoringError:
        return True
    return False


async def test_f20_a_flipped_bit_in_a_row_is_never_served_as_valid(
    final: Final, chain: Chain, tmp_path: Path, is_long: bool
) -> None:
    rng = random.Random(20)
    for number, (table, column) in enumerate(SERVED * (20 if is_long else 2)):
        home = final.copy(tmp_path / str(number))
        _flip_rows(home, table, column, rng)
        answers = await final.served(home)
        assert answers != final.bundles, (table, column)  # noticed, or this proves nothing
        for entry, answer in answers.items():
            if isinstance(answer, bytes) and answer != final.bundles[entry]:
                assert column == "previous_tip"
                assert await _is_refused(chain, answer)


def _flip_rows(home: Home, table: str, column: str, rng: random.Random) -> None:
    """Flip one bit of one column in every row: whatever is read of it is then wrong."""
    key = "stream, sequence" if table == "batch" else "rowid"
    with sqlite3.connect(home.file) as connection:
        rows = connection.execute(f"SELECT {key}, {column} FROM {table}").fetchall()
        where = " AND ".join(f"{one} = ?" for one in key.split(", "))
        for *names, value in rows:
            connection.execute(
                f"UPDATE {table} SET {column} = ? WHERE {where}", (_flipped(value, rng), *names)
            )


async def test_f20_a_flipped_bit_in_a_page_is_never_served_as_valid(
    final: Final, chain: Chain, tmp_path: Path, is_long: bool
) -> None:
    rng = random.Random(22)
    for number in range(400 if is_long else 25):
        home = final.copy(tmp_path / str(number))
        _flip_in_file(home.file, rng)
        for entry, answer in (await final.served(home)).items():
            if isinstance(answer, bytes) and answer != final.bundles[entry]:
                assert await _is_refused(chain, answer)


def _flip_in_file(file: Path, rng: random.Random) -> None:
    with file.open("r+b") as raw:
        raw.seek(rng.randrange(file.stat().st_size))
        at, value = raw.tell(), raw.read(1)[0]
        raw.seek(at)
        raw.write(bytes([value ^ 1 << rng.randrange(8)]))


@pytest.mark.parametrize("column", ["root", "entries"])
async def test_f20_a_flipped_bit_in_a_batch_is_found_before_it_is_sent(
    column: str, chain: Chain, template: Template, tmp_path: Path
) -> None:
    """The root is computed twice: when the batch is made, and from what is stored."""
    home = template.home(chain, tmp_path / "home")
    async with gateway_here(home) as here:
        await here.capture(single(event(1)))
        await here.gateway.batcher.batch_now(here.gateway.streams.ordinary)
    _flip_rows(home, "batch" if column == "root" else "batch_page", column, random.Random(23))
    async with gateway_here(home) as here:
        for _ in range(3):
            await here.slot()
            chain.mine()
            assert await here.readiness() == {"status": "read_only", "reason": "database_damaged"}
        assert stored_raw(home) == []
        head = await chain.reader.head()
        at = await chain.reader.stream_head(chain.registry, STREAM, at=head.block_hash)
        assert at.sequence == 0


async def test_f20_a_flipped_bit_in_signed_bytes_is_found_before_they_are_sent(
    chain: Chain, template: Template, tmp_path: Path
) -> None:
    home = template.home(chain, tmp_path / "home")
    async with gateway_here(home) as here:
        await here.capture(single(event(1)))
        await here.slot()
        (raw,) = stored_raw(home)
    chain.anvil.rpc("anvil_dropAllTransactions")
    chain.mine()
    with sqlite3.connect(home.file) as connection:
        wrong = raw[:-40] + bytes([raw[-40] ^ 1]) + raw[-39:]
        connection.execute("UPDATE signed_transaction SET raw = ?", (wrong,))
    async with gateway_here(home) as here:
        await here.slot()
        answer: dict[str, Any] = await here.readiness()
        assert answer["status"] == "fatal"
        assert int(chain.anvil.rpc("txpool_status")["pending"], 16) == 0
