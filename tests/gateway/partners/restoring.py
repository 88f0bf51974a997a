"""Backups of the gateways of a town, and what an operator does to put one back."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anchoring.chain.evm import EvmChain
from anchoring.chain.rpc import EvmRpc
from node_gateway.backup.creating import create_backup
from node_gateway.backup.packing import identities_of, new_identity
from node_gateway.backup.restoring import restore_backup
from node_gateway.services.adopting import adopt_chain
from node_gateway.settings import Settings, load_settings
from node_gateway.streams import Streams
from node_gateway.wiring import network_of, open_database
from tests.gateway.running import Wishes
from tests.partners import Town
from tests.postgres import RunningPostgres


@dataclass
class Vault:
    """The backup of one gateway of a town, and its key.

    Attributes:
        postgres: Where its database is; None: it is a file.
    """

    t: Town
    slug: str
    folder: Path
    postgres: RunningPostgres | None = None

    def __post_init__(self) -> None:
        self._recipient = new_identity(self.folder / "identity")
        self._file = self.folder / "gateway.backup"

    async def create(self) -> None:
        """Make a backup while the gateway runs."""
        config = self._config(self.t[self.slug].gateway.settings.gateway.database)
        await asyncio.to_thread(
            lambda: create_backup(
                self._file,
                config,
                load_settings(config),
                recipients=[self._recipient],
                now_s=int(self.t[self.slug].gateway.clock()),
            )
        )

    async def restore(self, wishes: Wishes) -> list[dict[str, Any]]:
        """Put it back in the place of what is there, and take over what the chain holds.

        The gateway is stopped; returns what was adopted.
        """
        empty = self.postgres.new_database() if self.postgres else None
        identities = list(identities_of(self.folder / "identity", lambda: "no passphrase"))
        made = self.folder / "restored"
        await asyncio.to_thread(
            lambda: restore_backup(self._file, identities, made, database=empty)
        )
        place = self.t.database(self.slug)
        if empty is None:
            for beside in place.parent.glob("gateway.db*"):
                beside.unlink()
            (found,) = made.glob("*.db")
            shutil.move(found, place)
        config = self._config(empty or f"sqlite:///{place}")
        adopted = await self._adopt(load_settings(config))
        await self.t.start(self.slug, wishes.but(database=empty))
        return adopted

    async def _adopt(self, settings: Settings) -> list[dict[str, Any]]:
        """Do what `sealtrail db adopt-chain` does, with the key that the town has opened."""
        rpc, network = EvmRpc(settings.chain.rpc), network_of(settings)
        registry, key = network.registries[0].address, self.t.member(self.slug).anchor
        streams = Streams.from_settings(settings.gateway.participant, settings.batching)
        try:
            async with open_database(settings) as store:
                return await adopt_chain(
                    store,
                    EvmChain(rpc, key, chain_id=network.chain_id, registry=registry),
                    streams.all,
                    network=network,
                    confirmations=0,
                    now_s=int(time.time()),
                )
        finally:
            await rpc.close()

    def _config(self, url: str) -> Path:
        """Write the settings that a backup holds: those of the town, as a file."""
        folder = self.t.database(self.slug).parent
        for name in ("anchor", "sign"):
            (folder / name).write_text("{}")
        member = self.t.member(self.slug)
        sections = {
            "gateway": {"participant": member.id, "database": url},
            "chain": {
                "rpc": self.t.net.anvil.url,
                "network_file": str(folder / "network.json"),
                "confirmations": 0,
            },
            "keys": {
                "anchor_keystore": str(folder / "anchor"),
                "sign_keystore": str(folder / "sign"),
            },
        }
        lines = []
        for name, members in sections.items():
            lines += [f"[{name}]", *(f"{key} = {json.dumps(one)}" for key, one in members.items())]
        config = folder / "gateway.toml"
        config.write_text("\n".join(lines) + "\n")
        return config
