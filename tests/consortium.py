"""A network for a test: participants with keys, all four contracts on an Anvil, folders if wanted.

    net = await found(anvil, [Person("maker"), Person("pharmacy", roles=4 | 32)], delay_s=2)
    await net.call(1, net.calls.propose(Suspend(2)))

With `folder`, every participant gets a gateway's folder as `sealtrail init` makes it (keystores of
low cost, settings, an empty database, the network file), named after its slug.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from eth_utils.crypto import keccak

from anchoring.chain.deploy import FirstKey, FirstParticipant, deploy
from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.governance_calls import GovernanceCalls
from anchoring.chain.governor import Governor, MinedCall, PreparedCall
from anchoring.chain.keystore import load_keystore
from anchoring.chain.logs import EvmLogReader
from anchoring.chain.network import Contract, Network, WitnessGroup, write_network
from anchoring.chain.rpc import EvmRpc
from anchoring.chain.signer import Signer
from anchoring.chain_follower import ChainFollower
from anchoring.directory.model import Directory
from anchoring.directory.store import MemoryDirectoryStore
from node_gateway.cli.init import Wanted, make_gateway
from tests.anvil import Anvil

MANUFACTURER, DISTRIBUTOR, PHARMACY, AUDITOR, REGULATOR, VOTER = 1, 2, 4, 8, 16, 32
SCRYPT_COST = 2
_DEPLOYER = Signer.from_key(b"\x03" * 32)


@dataclass(frozen=True)
class Person:
    """What a participant is to be; `prefixes` are granted at foundation."""

    slug: str
    roles: int = MANUFACTURER | VOTER
    prefixes: tuple[str, ...] = ()
    name: str = ""
    url: str = ""

    @property
    def full_name(self) -> str:
        return self.name or f"Example {self.slug.capitalize()}"


@dataclass(frozen=True)
class Member:
    """A participant's keys, and its folder if it has one."""

    id: int
    person: Person
    admin: Signer
    recovery: Signer
    anchor: Signer
    sign: Signer
    folder: Path | None = None

    @property
    def slug(self) -> str:
        return self.person.slug

    @property
    def config(self) -> Path:
        """The settings of its gateway."""
        assert self.folder is not None
        return self.folder / "sealtrail.toml"

    def first(self) -> FirstParticipant:
        """Return it as the contracts take it."""
        person = self.person
        return FirstParticipant(
            slug=person.slug,
            name=person.full_name,
            url=person.url or f"https://{person.slug}.example",
            roles=person.roles,
            admin_key=self.admin.address,
            recovery_key=self.recovery.address,
            keys=(FirstKey(self.anchor.address, 1), FirstKey(self.sign.address, 2)),
            prefixes=person.prefixes,
        )


@dataclass(frozen=True)
class Net:
    """A network that stands. Ids of participants count from 1."""

    anvil: Anvil
    network: Network
    members: tuple[Member, ...]
    delay_s: int
    lifetime_s: int
    calls: GovernanceCalls = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "calls", GovernanceCalls(self.network))

    def member(self, who: int | str) -> Member:
        """Return a founder by id or slug."""
        return next(one for one in self.members if who in (one.id, one.slug))

    async def call(self, who: int | str | Signer, call: PreparedCall) -> MinedCall:
        """Send a call with a founder's admin key, or with any key."""
        signer = who if isinstance(who, Signer) else self.member(who).admin
        rpc = EvmRpc(self.anvil.url)
        try:
            return await Governor(rpc, signer, self.network.chain_id).call(call)
        finally:
            await rpc.close()

    async def directory(self) -> Directory:
        """Return the directory as of the newest block, folded from the logs."""
        rpc = EvmRpc(self.anvil.url)
        try:
            follower = ChainFollower(
                EvmLogReader(rpc), MemoryDirectoryStore(), self.network, clock=lambda: 0.0
            )
            return await follower.catch_up()
        finally:
            await rpc.close()

    async def time(self) -> int:
        """Return the time of the newest block."""
        rpc = EvmRpc(self.anvil.url)
        try:
            return (await EvmReader(rpc).head()).time
        finally:
            await rpc.close()

    async def pass_time(self, seconds: int) -> None:
        """Let the chain's clock go on, and mine a block."""
        await asyncio.to_thread(self.anvil.rpc, "evm_increaseTime", seconds)
        await asyncio.to_thread(self.anvil.rpc, "evm_mine")


def key_of(slug: str, purpose: str) -> Signer:
    """Return a key that only tests use: `admin`, `recovery`, `anchor`, `sign`, or another name."""
    return Signer.from_key(bytes(keccak(text=f"test key {slug} {purpose}")))


def member_of(number: int, person: Person) -> Member:
    """Return a participant with keys that depend on its slug alone."""
    return Member(
        number,
        person,
        admin=key_of(person.slug, "admin"),
        recovery=key_of(person.slug, "recovery"),
        anchor=key_of(person.slug, "anchor"),
        sign=key_of(person.slug, "sign"),
    )


def with_folder(number: int, person: Person, folder: Path, rpc: str) -> Member:
    """Make a gateway's folder and return the participant with the keys in it."""
    made = folder / person.slug
    make_gateway(
        Wanted(
            folder=made,
            participant=number,
            slug=person.slug,
            name=person.full_name,
            url=person.url or f"https://{person.slug}.example",
            roles=person.roles,
            rpc=rpc,
            network="network.json",
        ),
        scrypt_cost=SCRYPT_COST,
    )
    return opened(number, person, made)


def opened(number: int, person: Person, folder: Path) -> Member:
    """Return a participant whose folder is there already."""
    passphrase = (folder / "keys" / "passphrase").read_text(encoding="utf-8").strip()
    keys = {
        name: load_keystore(folder / "keys" / f"{name}.json", passphrase)
        for name in ("admin", "recovery", "anchor", "sign")
    }
    return Member(number, person, folder=folder, **keys)


async def found(
    anvil: Anvil,
    people: Sequence[Person],
    *,
    delay_s: int = 2,
    lifetime_s: int = 3600,
    folder: Path | None = None,
) -> Net:
    """Deploy the contracts with `people` as the first participants."""
    members = [
        member_of(number, one)
        if folder is None
        else await asyncio.to_thread(with_folder, number, one, folder, anvil.url)
        for number, one in enumerate(people, start=1)
    ]
    rpc = EvmRpc(anvil.url)
    try:
        made = await deploy(
            rpc,
            _DEPLOYER,
            [one.first() for one in members],
            delay_s=delay_s,
            lifetime_s=lifetime_s,
        )
    finally:
        await rpc.close()
    identity = made.identity
    network = Network(
        chain_id=identity.chain_id,
        genesis_hash=identity.genesis_hash,
        consortium=made.consortium,
        registries=(Contract(identity.registry, identity.code_hash),),
        witnesses=(WitnessGroup("local", None, (anvil.url,)),),
        consortium_code_hash=made.consortium_code_hash,
        code_registry=made.code_registry,
        notice_board=made.notice_board,
    )
    net = Net(anvil, network, tuple(members), delay_s, lifetime_s)
    for one in members:
        if one.folder is not None:
            write_network(one.folder / "network.json", network)
    return net


def elsewhere(net: Net, **changes: object) -> Network:
    """Return a network file that says something else than the chain."""
    return replace(net.network, **changes)  # type: ignore[arg-type]
