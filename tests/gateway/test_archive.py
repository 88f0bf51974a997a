"""A participant leaves; another party serves what it published, and it verifies as before."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.network import Network
from anchoring.chain.rpc import EvmRpc
from anchoring.core.merkle import build_levels, leaf_hash, tree_root
from anchoring.core.verify import about_code, check_bundles
from anchoring.verification import ChainVerdict, Outcome, Witness, verify_against_chain
from node_gateway.api.anchors import anchor_wire
from node_gateway.archive.reading import Archives, answer, open_archive
from node_gateway.archive.sealing import ArchiveDamagedError, answer_id, seal, unseal
from node_gateway.archive.writing import Origin, write_archive
from tests.anvil import Anvil
from tests.gateway.running import (
    Running,
    Wishes,
    commissioning,
    running_gateway,
    serial,
    sgtin,
)

SALT = bytes(range(16))


async def archived(up: Running, path: Path) -> Path:
    gateway = up.gateway
    origin = Origin(1, "maker", "Maker", int(time.time()))
    made = await write_archive(path, gateway.store, gateway.public, origin, wire=anchor_wire)
    assert made.anchors > 0
    return path


def look_up(code: str) -> str:
    return f"/archives/maker/v1/public/codes/{quote(code, safe='')}"


@dataclass(frozen=True)
class Left:
    """A host that serves the archive of a gateway that is gone, and what that one answered."""

    host: Running
    code: str
    file: Path
    before: dict[str, Any]
    anchors: list[dict[str, Any]]
    network: Network


@pytest.fixture
async def left(anvil: Anvil, template: Path, tmp_path: Path) -> AsyncIterator[Left]:
    # A serial that no hash and no number contains by chance.
    code = f"https://id.gs1.org/01/06901234123456/21/ZYXW-{serial()}-QRST"
    hosted = tmp_path / "hosted"
    hosted.mkdir()
    async with running_gateway(anvil, template, tmp_path / "maker", Wishes()) as maker:
        await maker.entry(commissioning(code, sgtin()))
        before = (await maker.client.get(f"/v1/public/codes/{quote(code, safe='')}")).json()
        anchors = (await maker.client.get("/v1/anchors")).json()["anchors"]
        file = await archived(maker, hosted / "maker.archive")
        network = maker.deployed.network
    (hosted / "torn.archive").write_bytes(b"SQLite format 3\x00 and nothing more")
    async with running_gateway(anvil, template, tmp_path / "host", Wishes(hosting=hosted)) as host:
        yield Left(host, code, file, before, anchors, network)


async def verdict_of(left: Left, proofs: object) -> ChainVerdict:
    """What a viewer with the network file of the one that left says of the first bundle."""
    checked = about_code(check_bundles(json.dumps(proofs).encode()), left.code)
    rpc = EvmRpc(left.host.anvil.url)
    try:
        witness = Witness("local", None, "local", EvmReader(rpc))
        return await verify_against_chain(checked[0], left.network, [witness], quorum=1)
    finally:
        await rpc.close()


async def test_another_party_answers_as_the_gateway_did(left: Left) -> None:
    stranger, before = left.host.stranger(), left.before
    listed = (await stranger.get("/v1/archives")).json()["archives"]
    assert [(one["slug"], one["base"]) for one in listed] == [("maker", "/archives/maker")]
    answered = (await stranger.get(look_up(left.code))).json()
    assert answered["archive"]["name"] == "Maker"
    same = ("code", "issuedHere", "sold", "product", "proofs", "corrections", "notices")
    assert {name: answered[name] for name in same} == {name: before[name] for name in same}
    assert (await verdict_of(left, answered["proofs"])).outcome is Outcome.VERIFIED
    page = (await stranger.get("/archives/maker/v1/anchors")).json()
    assert page["anchors"] == [one for one in left.anchors if one["state"] == "final"]


async def test_its_lists_are_those_that_were_anchored(left: Left) -> None:
    raw = json.dumps(left.before["proofs"]).encode()
    anchor = check_bundles(raw)[0].bundle.anchor
    path = f"/archives/maker/v1/streams/{anchor.stream}/anchors/{anchor.sequence}/entries"
    entries = (await left.host.stranger().get(path)).json()["entries"]
    leaves = b"".join(leaf_hash(bytes.fromhex(one)) for one in entries)
    assert tree_root(build_levels(leaves)) == anchor.root
    assert len(entries) == anchor.size


async def test_who_hosts_it_can_read_no_code_in_it(left: Left) -> None:
    code, file, before = left.code, left.file, left.before
    raw = file.read_bytes()
    for planted in (code, code.rsplit("/", 1)[1], "L-2026-03", before["proofs"]["format"]):
        assert planted.encode() not in raw
    archive = open_archive(file)
    with closing(sqlite3.connect(file)) as opened:
        sizes = {len(sealed) for (sealed,) in opened.execute("SELECT sealed FROM answer")}
        ids = [one for (one,) in opened.execute("SELECT id FROM answer")]
    assert all((size - 16) % 1024 == 0 for size in sizes)
    assert answer_id(archive.salt, code) in ids


async def test_what_is_not_in_it_is_told_apart_from_what_is_no_code(left: Left) -> None:
    stranger = left.host.stranger()
    unknown = (await stranger.get(look_up(sgtin(serial())))).json()
    assert (unknown["issuedHere"], unknown["sold"], unknown["proofs"]) == (False, False, None)
    malformed = await stranger.get(look_up("https://id.gs1.org/01/06901234123457/21/1"))
    assert (malformed.status_code, malformed.json()["code"]) == (400, "check_digit")
    for path in ("/archives/nobody/v1/anchors", look_up(sgtin()).replace("maker", "x")):
        refused = await stranger.get(path)
        assert (refused.status_code, refused.json()["code"]) == (404, "archive_not_found")
    missing = await stranger.get("/archives/maker/v1/streams/65536/anchors/9999/entries")
    assert (missing.status_code, missing.json()["code"]) == (404, "anchor_not_found")


async def test_a_changed_answer_does_not_open(left: Left, tmp_path: Path) -> None:
    host, code, file = left.host, left.code, left.file
    archive = open_archive(file)
    changed = tmp_path / "changed.archive"
    changed.write_bytes(file.read_bytes())
    with closing(sqlite3.connect(changed)) as opened:
        name = answer_id(archive.salt, code)
        (sealed,) = opened.execute("SELECT sealed FROM answer WHERE id = ?", (name,)).fetchone()
        flipped = bytes([sealed[0] ^ 1]) + sealed[1:]
        opened.execute("UPDATE answer SET sealed = ? WHERE id = ?", (flipped, name))
        opened.commit()
    host.gateway.archives._by_slug["maker"] = open_archive(changed)
    refused = await host.stranger().get(look_up(code))
    assert (refused.status_code, refused.json()["code"]) == (500, "archive_damaged")


@pytest.mark.parametrize("planted", [b"[]", b"not JSON", b'{"product": null}'])
async def test_an_answer_that_is_none_is_said_to_be_damage(left: Left, planted: bytes) -> None:
    """Whoever wrote the archive may have sealed anything."""
    archive = open_archive(left.file)
    with closing(sqlite3.connect(left.file)) as opened:
        sealed = seal(archive.salt, left.code, planted)
        opened.execute("UPDATE answer SET sealed = ?", (sealed,))
        opened.commit()
    with pytest.raises(ArchiveDamagedError):
        await answer(archive, left.code)


async def test_an_archive_is_never_overwritten(left: Left) -> None:
    host, file = left.host, left.file
    origin = Origin(1, "maker", "Maker", 0)
    with pytest.raises(FileExistsError):
        await write_archive(file, host.gateway.store, host.gateway.public, origin, wire=anchor_wire)


def test_an_answer_opens_with_its_own_code_only() -> None:
    sealed = seal(SALT, "urn:a", b"{}")
    assert unseal(SALT, "urn:a", sealed) == b"{}"
    for code, salt in (("urn:b", SALT), ("urn:a", bytes(16))):
        with pytest.raises(ArchiveDamagedError):
            unseal(salt, code, sealed)


def test_a_bomb_is_not_inflated(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = seal(SALT, "urn:a", bytes(2_000_000))
    assert len(sealed) < 4096
    monkeypatch.setattr("node_gateway.archive.sealing.ANSWER_SIZE_BYTES_MAX", 1_000_000)
    with pytest.raises(ArchiveDamagedError, match="too large"):
        unseal(SALT, "urn:a", sealed)


def test_files_that_are_no_archives_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.archive").write_bytes(b"nothing")
    (tmp_path / "b.txt").write_bytes(b"nothing")
    assert Archives(tmp_path).all() == []
    assert Archives(None).all() == []
