"""Everything that runs while the demo lasts: a chain, another chain, the gateways."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.keystore import load_keystore
from anchoring.chain.network import Network, write_network
from anchoring.chain.rpc import EvmRpc
from anchoring.chain.signer import Signer
from anchoring.core.verify import CheckedBundle, check_bundles
from anchoring.errors import FormatError, VerificationError
from anchoring.verification import Outcome, Witness, verify_against_chain
from node_gateway.cli.chain import deploy_network
from node_gateway.demo.companies import FOUNDERS, NETWORK_FILE, NEWCOMER, CompanyGateway
from node_gateway.demo.processes import anvil, choose_ports, find_anvil
from node_gateway.demo.rearing import nursery

CHAIN_ID, OTHER_CHAIN_ID = 31_337, 31_338
DELAY_S = 2
"""In place of a week: whoever watches a demo does not wait for one."""
T = TypeVar("T")

QUORUM = 1
"""All gateways of the demo use one chain endpoint, so more than one witness would be a pretence."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """A chain with the contracts: what a viewer holds of it, and where it answers."""

    network: Network
    rpc_url: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """One final event and the bundle that its gateway gave for it, kept from before the attacks."""

    slug: str
    title: str
    entry: str
    bundle: bytes


@dataclass(frozen=True, slots=True)
class SecondAnchor:
    """An attempt to anchor another root in a place that is taken, as the chain saw it.

    Attributes:
        bundle: The bundle that would be verified, had the attempt succeeded.
        refusal: The contract's own error with its arguments, empty if it had none.
        was_taken: Whether the transaction that was sent changed anything.
    """

    bundle: bytes
    refusal: str
    was_taken: bool


@dataclass
class World:
    """What the story and the attacks happen in.

    Attributes:
        sealed: By the titles of the story.
        announced: The height of which the regulator says: the block after it draws my questions.
    """

    folder: Path
    ledger: Ledger
    other_ledger: Ledger
    gateways: dict[str, CompanyGateway]
    sealed: dict[str, Sealed] = field(default_factory=dict)
    second_anchor: SecondAnchor | None = None
    announced: int = 0

    @property
    def network_file(self) -> Path:
        """The viewer's network file."""
        return self.folder / NETWORK_FILE

    def key_of(self, slug: str, name: str) -> Signer:
        """Open one of a company's keys: what an operator can do who means ill."""
        return open_key(self.gateways[slug], name)


def open_key(gateway: CompanyGateway, name: str) -> Signer:
    """Open a keystore of a company."""
    keys = gateway.folder / "keys"
    passphrase = (keys / "passphrase").read_text(encoding="utf-8").strip()
    return load_keystore(keys / f"{name}.json", passphrase)


async def judge(raw: bytes, ledger: Ledger) -> str:
    """Return what a verifier says of a document: `verified`, or the code of its refusal.

    The verifier is the one behind `sealtrail verify`; it believes nothing of the document.
    """
    try:
        checked = check_bundles(raw)
    except (FormatError, VerificationError) as error:
        return error.code
    rpc = EvmRpc(ledger.rpc_url)
    try:
        for one in checked:
            code = await _judge_anchor(one, ledger.network, EvmReader(rpc))
            if code != Outcome.VERIFIED:
                return code
    finally:
        await rpc.close()
    return str(Outcome.VERIFIED)


async def _judge_anchor(checked: CheckedBundle, network: Network, reader: EvmReader) -> str:
    witness = Witness("local", None, reader.name, reader)
    verdict = await verify_against_chain(checked, network, [witness], quorum=QUORUM)
    if verdict.outcome is Outcome.VERIFIED and verdict.warnings:
        return verdict.warnings[0].code
    return verdict.code


@asynccontextmanager
async def running_world(folder: Path) -> AsyncIterator[World]:
    """Start everything, and end it again, newest first.

    Raises:
        DemoError: something cannot be started.
    """
    program, home = find_anvil(), folder / "home"
    home.mkdir()
    companies = (*FOUNDERS, NEWCOMER)
    ports = choose_ports([one.port for one in companies])
    async with AsyncExitStack() as stack:
        rpc_url = await stack.enter_async_context(anvil(program, home=home, chain_id=CHAIN_ID))
        other_url = await stack.enter_async_context(
            anvil(program, home=home, chain_id=OTHER_CHAIN_ID)
        )
        reared = await stack.enter_async_context(nursery(home=home, folder=folder))
        gateways = [
            CompanyGateway(company, folder / company.slug, home, port, reared)
            for company, port in zip(companies, ports, strict=True)
        ]
        stack.push_async_callback(_close_all, gateways)
        people = [await _whole(asyncio.to_thread(one.make, rpc=rpc_url)) for one in gateways]
        people.pop()  # the newcomer is no founder
        deployer = open_key(gateways[0], "admin")
        ledger, other_ledger = await asyncio.gather(
            _deploy(rpc_url, people, deployer), _deploy(other_url, people, deployer)
        )
        write_network(folder / NETWORK_FILE, ledger.network)
        await asyncio.gather(*(one.start() for one in gateways[: len(FOUNDERS)]))
        by_slug = {gateway.company.slug: gateway for gateway in gateways}
        yield World(folder, ledger, other_ledger, by_slug)


async def _close_all(gateways: Sequence[CompanyGateway]) -> None:
    await asyncio.gather(*(gateway.close() for gateway in gateways))


async def _deploy(rpc_url: str, people: list[dict[str, Any]], deployer: Signer) -> Ledger:
    """One key and the same first steps on both chains, so that even the addresses are equal."""
    return Ledger(await deploy_network(rpc_url, people, deployer, delay_s=DELAY_S), rpc_url)


async def _whole(work: Coroutine[Any, Any, T]) -> T:
    """Wait for a thread even when cancelled: it must not write to a folder that is gone."""
    running = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await running
        raise
