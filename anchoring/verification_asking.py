"""Asking witnesses for one anchor, all at one block hash, and holding them to what they prove."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from anchoring.chain.headers import known_sealers
from anchoring.chain.network import Contract, Network
from anchoring.chain.proofs import ProofError
from anchoring.core.verify import CheckedBundle, check_anchored
from anchoring.errors import ChainError, FormatError, VerificationError
from anchoring.ports import LOOK_AGAIN_S, BlockRef
from anchoring.verification_model import Seals, Witness, WitnessState
from anchoring.witness_ports import ProvenRecord

STALE_S = 300
"""A head that is so much older than those of enough others is stale. A witness that shows an old
block can neither hide what came since nor move the question to where others have no state."""


CONTRADICTS = "contradicts_itself"
UNSEALED = "block_not_sealed"


@dataclass(slots=True)
class Asked:
    """One witness on its way through the questions."""

    witness: Witness
    state: WitnessState | None = None
    code: str = ""
    text: str = ""
    head: BlockRef | None = None
    registry: bytes | None = None
    held: list[tuple[bytes | None, bytes | None]] = field(default_factory=list)
    """(code hash, record) of every listed registry, as it says; no record where other code is."""
    proven: list[ProvenRecord] = field(default_factory=list)
    """The same, as it proves; empty if it gives no proof."""

    @property
    def is_without_state(self) -> bool:
        """Whether it is on the chain, but did not answer about the block that was agreed on.

        What it knows of its own newest block counts: else whoever moves the question to a block
        of which others have no state any more would silence them.
        """
        return self.head is not None and self.state is WitnessState.UNAVAILABLE

    def settle(self, state: WitnessState, code: str, text: str) -> None:
        """Note what became of it."""
        self.state, self.code, self.text = state, code, text

    def forget(self) -> None:
        """Forget what it said of the registries."""
        self.state, self.code, self.text = None, "", ""
        self.registry, self.held, self.proven = None, [], []


def still_open(asked: Sequence[Asked]) -> list[Asked]:
    """Return those of which it is not known yet what becomes of them."""
    return [one for one in asked if one.state is None]


async def meet(one: Asked, network: Network) -> None:
    """Ask for chain and newest block."""
    reader = one.witness.reader
    try:
        chain_id, genesis_hash = await reader.chain_id(), await reader.genesis_hash()
        one.head = await reader.head()
    except ChainError as error:
        one.settle(WitnessState.UNAVAILABLE, error.code, str(error))
        return
    if (chain_id, genesis_hash) != (network.chain_id, network.genesis_hash):
        text = f"is on chain {chain_id} with genesis {genesis_hash.hex()[:12]}"
        one.settle(WitnessState.WRONG_CHAIN, "chain_mismatch", text)


def leave_out_stale(asked: Sequence[Asked], *, block_number: int, quorum: int) -> None:
    """Settle those whose newest block is too old.

    What is new is what the second organisation from the newest has (or the one that completes the
    quorum), so that nobody makes others stale by inventing a block.
    """
    newest: dict[str, int] = {}
    for one in asked:
        if one.head is not None and one.state is None:
            known = newest.get(one.witness.organisation, 0)
            newest[one.witness.organisation] = max(known, one.head.time)
    times = sorted(newest.values(), reverse=True)
    since = times[min(len(times), max(quorum, 2)) - 1] - STALE_S if times else 0
    for one in still_open(asked):
        if one.head is None:
            continue
        number = one.head.number
        if number < block_number:
            text = f"has seen block {number} only, the anchor is in a later one"
        elif one.head.time < since:
            text = f"has seen block {number} only, and others have much newer ones"
        else:
            continue
        one.settle(WitnessState.STALE, "witness_stale", text)


async def agree_on_block(asked: Sequence[Asked], network: Network) -> BlockRef | None:
    """Take the lowest head and have every witness name its hash; tells forks apart."""
    lowest = min((one.head.number for one in asked if one.head), default=None)
    if lowest is None:
        return None
    blocks = await asyncio.gather(*(_named(one, lowest) for one in asked))
    found = [(one, block) for one, block in zip(asked, blocks, strict=True) if block is not None]
    hashes = {block.block_hash for _, block in found}
    if len(hashes) > 1:
        hashes = await _sealed_hashes(found, network)
        single = len(hashes) == 1
        for one, block in found:
            if single and block.block_hash in hashes:
                continue
            text = f"holds block {lowest} to be {block.block_hash.hex()[:12]}"
            if single:
                one.settle(WitnessState.FORKED, UNSEALED, f"{text}, which is not sealed")
            else:
                one.settle(WitnessState.FORKED, "witness_disagreement", text)
    left = [block for one, block in found if one.state is None]
    return left[0] if left else None


async def _named(one: Asked, number: int) -> BlockRef | None:
    try:
        block = await one.witness.reader.block(number)
    except ChainError as error:
        one.settle(WitnessState.UNAVAILABLE, error.code, str(error))
        return None
    if block is None:
        one.settle(WitnessState.STALE, "witness_stale", f"no longer has block {number}")
    return block


async def _sealed_hashes(found: Sequence[tuple[Asked, BlockRef]], network: Network) -> set[bytes]:
    """Return the hashes under which enough known validators sealed a block."""
    sealed: set[bytes] = set()
    for one, block in found:
        seals = await _seals(one, block.block_hash, network)
        if seals is not None and seals.is_enough:
            sealed.add(block.block_hash)
    return sealed


async def seals_of(asked: Sequence[Asked], at: BlockRef, network: Network) -> Seals | None:
    """Return who sealed a block; of several answers the best, for seals are signatures."""
    found = await asyncio.gather(*(_seals(one, at.block_hash, network) for one in asked))
    known = [seals for seals in found if seals is not None]
    return max(known, key=lambda seals: seals.count, default=None)


async def _seals(one: Asked, block_hash: bytes, network: Network) -> Seals | None:
    if not network.validators:
        return None
    try:
        sealers = await one.witness.reader.sealers(block_hash)
    except (ChainError, FormatError):
        return None
    count, is_enough = known_sealers(sealers, network.validators)
    return Seals(count, len(network.validators), is_enough)


async def hear(
    answering: Sequence[Asked], checked: CheckedBundle, network: Network, at: BlockRef
) -> None:
    """Ask witnesses at one block, and set aside those that contradict what it holds, twice."""
    await asyncio.gather(*(_ask(one, checked, network, at) for one in answering))
    _hold_to_proof(answering)
    doubtful = [one for one in answering if one.code == CONTRADICTS]
    if not doubtful:
        return
    await asyncio.sleep(LOOK_AGAIN_S)
    for one in doubtful:
        one.forget()
    await asyncio.gather(*(_ask(one, checked, network, at) for one in doubtful))
    _hold_to_proof(answering)


async def _ask(one: Asked, checked: CheckedBundle, network: Network, at: BlockRef) -> None:
    """Ask one witness what the registries hold, and have it prove that if it can."""
    reader, anchor = one.witness.reader, checked.bundle.anchor
    place = (anchor.stream, anchor.sequence)
    try:
        for registry in network.registries:
            record = None
            code_hash = await reader.code_hash(registry.address, at=at.block_hash)
            if code_hash == registry.code_hash:
                record = await reader.record(registry.address, *place, at=at.block_hash)
            one.held.append((code_hash, record))
    except ChainError as error:
        one.settle(WitnessState.UNAVAILABLE, error.code, str(error))
        return
    await _prove(one, network.registries, place, at)
    if one.state is None:
        _judge(one, checked, network)


async def _prove(
    one: Asked, registries: Sequence[Contract], place: tuple[int, int], at: BlockRef
) -> None:
    """Have a witness prove what it said; one that cannot is believed as before."""
    proven: list[ProvenRecord] = []
    try:
        for registry in registries:
            proof = await one.witness.reader.prove_record(
                registry.address, *place, at=at.block_hash
            )
            proven.append(proof)
    except (ChainError, FormatError):
        return
    except ProofError:
        text = "gives a proof that does not hold under the block that it names"
        one.settle(WitnessState.CONTRADICTS_ITSELF, CONTRADICTS, text)
        return
    one.proven = proven


def _judge(one: Asked, checked: CheckedBundle, network: Network) -> None:
    slots: list[tuple[bytes, bytes]] = []
    for registry, (code_hash, record) in zip(network.registries, one.held, strict=True):
        if record is None:
            what = "no contract" if code_hash is None else "other code"
            text = f"has {what} at the registry 0x{registry.address.hex()}"
            one.settle(WitnessState.WRONG_CHAIN, "chain_mismatch", text)
            return
        slots.append((registry.address, record))
    try:
        one.registry = check_anchored(checked, chain_id=network.chain_id, slots=slots)
    except VerificationError as error:
        one.settle(WitnessState.REFUSES, error.code, str(error))
    else:
        one.settle(WitnessState.AGREES, "verified", "holds the record that the bundle implies")


def _hold_to_proof(asked: Sequence[Asked]) -> None:
    """Set aside whoever says otherwise than the block that it names itself holds.

    All named the same block hash, and a proof under that hash is the same for everybody.
    """
    proven = next((one.proven for one in asked if one.proven), None)
    if proven is None:
        return
    for one in asked:
        said = zip(one.held, proven, strict=False)
        if all(
            code == true.code_hash and record in (None, true.record)
            for (code, record), true in said
        ):
            continue
        one.registry = None
        text = "says otherwise than what the block that it names holds"
        one.settle(WitnessState.CONTRADICTS_ITSELF, CONTRADICTS, text)
