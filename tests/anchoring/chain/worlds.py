"""The same world twice: a chain in memory and a real Anvil with the real contracts."""

from hashlib import sha256
from typing import Protocol

from anchoring.chain.deploy import FirstKey, FirstParticipant, deploy
from anchoring.chain.evm import EvmChain
from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.memory import CONSORTIUM, MemoryChain
from anchoring.chain.memory_ports import MemoryReader, MemoryWriter
from anchoring.chain.rpc import EvmRpc
from anchoring.chain.signer import LegacyCall, Signer
from anchoring.core.anchor import ZERO_HASH, Anchor
from anchoring.ports import AnchorChain, AnchorReader, ChainIdentity
from tests.anchoring.chain.outbox import MemoryOutbox
from tests.anvil import Anvil

STREAM = 1 << 16
SECOND_STREAM = (1 << 16) + 1
OTHERS_STREAM = 2 << 16
START = 1_700_000_000


def key(name: str) -> bytes:
    """Return a private key that only tests use."""
    return sha256(name.encode()).digest()


def signer(name: str) -> Signer:
    return Signer.from_key(key(name))


class Clock:
    """Stands still until told."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


class World(Protocol):
    """What a test may do to a chain. Nothing is mined unless the test says so."""

    writer: AnchorChain
    reader: AnchorReader
    consortium: bytes
    identity: ChainIdentity

    def mine(self, count: int = 1) -> None: ...
    def reorg(self, depth: int) -> None: ...
    def drop(self, tx_hash: bytes) -> None: ...
    def foreign(self) -> None: ...
    def pooled(self) -> int: ...
    def reset(self) -> None: ...
    def new_writer(self, name: str) -> AnchorChain: ...
    async def close(self) -> None: ...


class MemoryWorld:
    def __init__(self) -> None:
        self.clock = Clock()
        self.chain = MemoryChain(clock=self.clock)
        self.consortium = CONSORTIUM
        members = self.chain.consortium
        for name in ("anchor-1", "anchor-2"):
            number = members.admit(name.replace("anchor", "maker"))
            members.add_key(number, signer(name).address)
            members.add_key(number, signer(name.replace("anchor", "sign")).address, purpose=2)
        self.writer = MemoryWriter(self.chain, signer("anchor-1").address)
        self.reader = MemoryReader(self.chain)
        self.identity = ChainIdentity(
            self.chain.chain_id, self.chain.blocks[0].ref.block_hash, self.writer.registry, b""
        )

    def new_writer(self, name: str) -> AnchorChain:
        return MemoryWriter(self.chain, signer(name).address)

    def mine(self, count: int = 1) -> None:
        self.chain.mine(count)

    def reorg(self, depth: int) -> None:
        self.chain.reorg(depth)

    def drop(self, tx_hash: bytes) -> None:
        assert self.chain.drop(tx_hash)

    def foreign(self) -> None:
        self.chain.consume_nonce(self.writer.sender)

    def pooled(self) -> int:
        return len(self.chain.pool)

    def reset(self) -> None:
        self.chain.restart("another")

    async def close(self) -> None:
        pass


class AnvilWorld:
    """Made by `anvil_world`, because deployment is async."""

    def __init__(self, anvil: Anvil) -> None:
        self.anvil = anvil
        self.clock = Clock()
        self.rpc = EvmRpc(anvil.url)
        self._open = [self.rpc]

    def new_writer(self, name: str) -> EvmChain:
        rpc = EvmRpc(self.anvil.url)
        self._open.append(rpc)
        registry = self.identity.registry
        return EvmChain(rpc, signer(name), chain_id=4242, registry=registry)

    async def set_up(self) -> None:
        deployment = await deploy(self.rpc, signer("deployer"), first_participants())
        self.identity, self.consortium = deployment.identity, deployment.consortium
        self.writer = self.new_writer("anchor-1")
        self.reader = EvmReader(self.rpc)
        self.anvil.rpc("evm_setAutomine", False)

    def mine(self, count: int = 1) -> None:
        for _ in range(count):
            self.anvil.rpc("evm_mine")

    def reorg(self, depth: int) -> None:
        self.anvil.rpc("anvil_reorg", depth, [])

    def drop(self, tx_hash: bytes) -> None:
        assert self.anvil.rpc("anvil_dropTransaction", "0x" + tx_hash.hex())

    def foreign(self) -> None:
        nonce = int(
            self.anvil.rpc("eth_getTransactionCount", "0x" + self.writer.sender.hex(), "latest"), 16
        )
        call = LegacyCall(4242, nonce, 50_000, bytes.fromhex("99" * 20), b"")
        raw, _ = signer("anchor-1").sign(call)
        self.anvil.rpc("eth_sendRawTransaction", "0x" + raw.hex())
        self.mine()

    def pooled(self) -> int:
        status = self.anvil.rpc("txpool_status")
        return int(status["pending"], 16) + int(status["queued"], 16)

    def reset(self) -> None:
        """End the chain and start another at the same address, with the same genesis."""
        port = self.anvil.port
        self.anvil.close()
        self.anvil = Anvil(port=port)

    async def close(self) -> None:
        for rpc in self._open:
            await rpc.close()
        self.anvil.close()


def first_participants() -> list[FirstParticipant]:
    """Return three participants with one anchor key each; the third is limited to a stream."""
    made = []
    for number in (1, 2, 3):
        streams = () if number < 3 else ((3 << 16) + 7,)
        made.append(
            FirstParticipant(
                slug=f"maker-{number}",
                name=f"Maker {number}",
                url=f"https://maker-{number}.example",
                roles=1 | 32,
                admin_key=signer(f"admin-{number}").address,
                recovery_key=signer(f"recovery-{number}").address,
                keys=(
                    FirstKey(signer(f"anchor-{number}").address, purpose=1, streams=streams),
                    FirstKey(signer(f"sign-{number}").address, purpose=2),
                ),
            )
        )
    return made


async def anvil_world(*flags: str) -> AnvilWorld:
    world = AnvilWorld(Anvil(*flags))
    try:
        await world.set_up()
    except BaseException:
        await world.close()
        raise
    return world


class Batcher:
    """Makes the next anchor of a stream from what the outbox holds, as the gateway does."""

    def __init__(self, outbox: MemoryOutbox, chain: AnchorChain, *, salt: str = "") -> None:
        self._outbox, self._chain, self._salt = outbox, chain, salt

    async def batch(self, stream: int = STREAM, *, created_at: int = START) -> Anchor:
        last = await self._outbox.last_batched(stream)
        sequence = last.sequence + 1 if last else 1
        tip = self.tip(last) if last else ZERO_HASH
        root = sha256(f"{self._salt}/{stream}/{sequence}".encode()).digest()
        anchor = Anchor(stream, sequence, root, 16, tip)
        self._outbox.batch(anchor, created_at=created_at)
        return anchor

    def tip(self, anchor: Anchor) -> bytes:
        return anchor.tip(chain_id=self._chain.chain_id, registry=self._chain.registry)
