"""Five founders, and the genesis file that they agree on, made once and run as often as needed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from anchoring.chain.deploy import FirstKey, FirstParticipant
from anchoring.chain.foundation import Foundation
from anchoring.chain.genesis import Genesis, make_genesis
from anchoring.chain.rpc import EvmRpc
from anchoring.chain.signer import LegacyCall, Signer
from tests.anvil import Anvil

CHAIN_ID = 4242
FOUNDED = 1_700_000_000
DELAY_S = 3600
LIFETIME_S = 7200
COUNT = 5


@cache
def signer(name: str) -> Signer:
    """Return a key that only tests use."""
    return Signer.from_key(sha256(f"founder {name}".encode()).digest())


def founder(number: int) -> FirstParticipant:
    """Return one; the second is limited to one stream, the last has no prefix."""
    streams = (((2 << 16) + 5),) if number == 2 else ()
    return FirstParticipant(
        slug=f"maker-{number}",
        name=f"制造商 {number}",
        url=f"https://maker-{number}.example" if number != 3 else "",
        roles=1 | 32,
        admin_key=signer(f"admin {number}").address,
        recovery_key=signer(f"recovery {number}").address,
        keys=(
            FirstKey(signer(f"anchor {number}").address, 1, streams=streams),
            FirstKey(signer(f"sign {number}").address, 2, valid_until=FOUNDED + 10**9),
        ),
        prefixes=(f"gs1:95060000{number}", f"cn:123456{number}") if number != COUNT else (),
    )


FOUNDATION = Foundation(
    tuple(founder(number) for number in range(1, COUNT + 1)), DELAY_S, LIFETIME_S
)
VALIDATORS = tuple(signer(f"validator {number}").address for number in range(4))


async def genesis_of(foundation: Foundation = FOUNDATION, *, timestamp: int = FOUNDED) -> Genesis:
    """Make a genesis file on a fresh Anvil."""
    with Anvil("--timestamp", str(timestamp - 1)) as anvil:
        rpc = EvmRpc(anvil.url)
        try:
            return await make_genesis(
                rpc, foundation, VALIDATORS, chain_id=CHAIN_ID, timestamp=timestamp
            )
        finally:
            await rpc.close()


@contextmanager
def running(genesis: Genesis, folder: Path, *flags: str) -> Iterator[Anvil]:
    """Run a chain that begins with the file."""
    file = folder / "genesis.json"
    file.write_text(json.dumps(genesis.document), encoding="utf-8")
    with Anvil("--init", str(file), "--accounts", "0", *flags) as anvil:
        yield anvil


def send(anvil: Anvil, sender: Signer, to: bytes, data: bytes) -> dict[str, Any]:
    """Send and mine one call; returns its receipt, whatever the outcome."""
    nonce = int(anvil.rpc("eth_getTransactionCount", "0x" + sender.address.hex(), "latest"), 16)
    raw, tx_hash = sender.sign(LegacyCall(CHAIN_ID, nonce, 5_000_000, to, data))
    anvil.rpc("eth_sendRawTransaction", "0x" + raw.hex())
    anvil.rpc("evm_mine")
    receipt: dict[str, Any] = anvil.rpc("eth_getTransactionReceipt", "0x" + tx_hash.hex())
    return receipt
