"""A network of makers on a real chain that anchor every hour, with a gateway that serves lists."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread

from anchoring.chain.network import Network, WitnessGroup, write_network
from anchoring.chain.rpc import EvmRpc
from anchoring.network_audit.auditor import Endpoint, NetworkAudit, NetworkAuditor
from anchoring.network_audit.challenging import Asking
from anchoring.network_audit.material import Material
from anchoring.network_audit.options import AuditOptions
from anchoring.network_audit.reading import AuditReader
from anchoring.network_audit.schedule import Limits
from tests.anchoring.chain.sealed import Issuer, network_of
from tests.anchoring.chain.worlds import AnvilWorld, anvil_world
from tests.anchoring.cli_scene import Gateway, Handler

HOUR_S = 3600
BLOCK_S = 40
ROUNDS = 6
LIMITS = Limits(grace_s=60)


class _View:
    """The world as one maker sees it: with its own anchor key."""

    def __init__(self, world: AnvilWorld, name: str) -> None:
        self.writer = world.new_writer(name)
        self.mine = world.mine


@dataclass
class NetworkScene:
    world: AnvilWorld
    issuers: dict[int, Issuer]
    gateway: Gateway
    url: str
    network: Network
    folder: Path

    async def round(
        self, *participants: int, after_s: int = HOUR_S, with_blocks: bool = True
    ) -> None:
        """Let time pass, then the named participants anchor one batch each."""
        if with_blocks:
            count = hex(after_s // BLOCK_S)
            await asyncio.to_thread(self.world.anvil.rpc, "anvil_mine", count, hex(BLOCK_S))
        else:
            await asyncio.to_thread(self.world.anvil.rpc, "evm_increaseTime", after_s)
        for number in participants:
            issuer = self.issuers[number]
            made = await issuer.seal(issuer.commit(len(issuer.sealed) + 1))
            self.gateway.lists[issuer.stream, made.anchor.sequence] = list(made.batch.entries)

    async def audit(
        self,
        material: Material | None = None,
        *,
        asking: Asking | None = None,
        options: AuditOptions | None = None,
        rpc: tuple[str, ...] = ("a", "b"),
        addresses: dict[int, str] | None = None,
    ) -> NetworkAudit:
        wanted = options or AuditOptions(limits=LIMITS, with_evidence=True)
        wanted = replace(wanted, addresses={1: self.url, 2: self.url, **(addresses or {})})
        url = self.world.anvil.url
        endpoints = [Endpoint(name, None, AuditReader(EvmRpc(url))) for name in rpc]
        try:
            auditor = NetworkAuditor(self.network, endpoints, wanted, asking=asking)
            return await auditor.audit(material)
        finally:
            for one in endpoints:
                await one.reader.close()


async def _set_up(folder: Path) -> NetworkScene:
    world = await anvil_world()
    issuers = {
        number: Issuer(_View(world, f"anchor-{number}"), stream=number << 16)  # type: ignore[arg-type]
        for number in (1, 2)
    }
    url = world.anvil.url
    groups = (WitnessGroup("a", None, (url,)), WitnessGroup("b", None, (url,)))
    network = await network_of(world, *groups)
    gateway = Gateway(("127.0.0.1", 0), Handler)
    gateway.lists, gateway.pages, gateway.asked = {}, {}, []
    Thread(target=gateway.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{gateway.server_port}"
    write_network(folder / "network.json", network)
    made = NetworkScene(world, issuers, gateway, address, network, folder)
    for _ in range(ROUNDS):
        await made.round(1, 2)
    return made


@contextmanager
def open_network_scene(folder: Path, loop: asyncio.AbstractEventLoop) -> Iterator[NetworkScene]:
    made = loop.run_until_complete(_set_up(folder))
    try:
        yield made
    finally:
        loop.run_until_complete(made.world.close())
        made.gateway.shutdown()
        made.gateway.server_close()
