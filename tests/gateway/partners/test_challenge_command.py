"""`sealtrail audit --challenge` as an operator types it: honest, silent, lying, edited."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from anchoring.chain.network import write_network
from anchoring.network_audit.rechecking import recheck
from tests.gateway.cli.conftest import Cli
from tests.gateway.partners.test_challenges import EVERYTHING, Scene, another_decoy, scene

__all__ = ["scene"]
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def commanded(
    scene: Scene, folder: Path, *options: str | Path, leaves: int = 200
) -> tuple[int, dict[str, Any]]:
    """Run `sealtrail audit --challenge` as the auditor types it; return its status and report."""
    network, url = folder / "network.json", scene.t.net.anvil.url
    write_network(network, scene.t.net.network)
    arguments = [
        *("audit", "--challenge", str(leaves), "--only", "challenges", "--json"),
        *("--who", str(scene.t.member("maker").id), "--ask", scene.t.url("auditor")),
        *("--network", str(network), "--rpc", f"a={url}", "--rpc", f"b={url}"),
        *map(str, options),
    ]
    cli, key = Cli(folder / "none.toml", {}), scene.auditor.admin_key
    said = await asyncio.to_thread(lambda: cli(*arguments, SEALTRAIL_API_KEY=key))
    return said.status, said.json()


async def test_the_command_asks_for_leaves_and_its_zip_shows_who_opened_them(
    scene: Scene, tmp_path: Path
) -> None:
    grant = await scene.give(EVERYTHING)
    file = tmp_path / "audit.zip"
    status, found = await commanded(scene, tmp_path, "--evidence", file, "--with-openings")
    await scene.revoke(grant)
    assert (status, found["findings"]) == (0, []), found
    score = found["participants"][0]["challenges"]
    assert score["asked"] == score["held"] > 15
    raw = await asyncio.to_thread(file.read_bytes)
    checked = recheck(raw, scene.t.net.network)
    assert (checked.problems, checked.counts["leaves"]) == ([], score["asked"])
    assert not [one for one in checked.unchecked if "signed" in one or "keys" in one]


async def test_the_command_says_that_there_is_no_grant(scene: Scene, tmp_path: Path) -> None:
    status, found = await commanded(scene, tmp_path)
    assert (status, found["findings"]) == (13, [])
    assert "there is none" in json.dumps(found["unchecked"])


async def test_the_command_finds_a_silent_gateway(scene: Scene, tmp_path: Path) -> None:
    grant = await scene.give(EVERYTHING)
    await scene.t.stop("maker")
    try:
        status, found = await commanded(scene, tmp_path)
    finally:
        await scene.t.start("maker")
    await scene.revoke(grant)
    assert (status, found["code"]) == (14, "challenge_unanswered")


async def test_the_command_finds_a_wrong_answer_and_its_zip_holds(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = await scene.give(EVERYTHING)
    challenges = scene.maker.gateway.partners.challenges
    monkeypatch.setattr(challenges, "answer", another_decoy(challenges.answer, scene.signed))
    file = tmp_path / "audit.zip"
    status, found = await commanded(scene, tmp_path, "--evidence", file, "--with-openings")
    monkeypatch.undo()
    await scene.revoke(grant)
    assert (status, found["code"]) == (14, "challenge_wrong")
    raw = await asyncio.to_thread(file.read_bytes)
    assert recheck(raw, scene.t.net.network).problems == [], "the maker signed what it opened"


async def test_the_command_finds_an_edited_database(scene: Scene, tmp_path: Path) -> None:
    """Somebody changed what the maker stored of an event: it cannot open the leaf any more."""
    grant = await scene.give(EVERYTHING)
    entry = bytes.fromhex(scene.events[0])
    database = scene.t.database("maker")
    await scene.t.stop("maker")
    kept = await asyncio.to_thread(_swap_secret, database, entry, b"\x13" * 32)
    await scene.t.start("maker")
    try:
        status, found = await commanded(scene, tmp_path)
    finally:
        await scene.t.stop("maker")
        await asyncio.to_thread(_swap_secret, database, entry, kept)
        await scene.t.start("maker")
    await scene.revoke(grant)
    assert (status, found["code"][:10]) == (14, "challenge_"), found
    assert {one["participant"] for one in found["findings"]} == {1}


def _swap_secret(database: Path, entry: bytes, secret: bytes) -> bytes:
    """Put another secret in an event's place, and return the one that was there."""
    with closing(sqlite3.connect(database)) as connection, connection:
        (kept,) = connection.execute(
            "SELECT secret FROM event WHERE entry = ?", (entry,)
        ).fetchone()
        connection.execute("UPDATE event SET secret = ? WHERE entry = ?", (secret, entry))
    assert kept != secret
    return bytes(kept)
