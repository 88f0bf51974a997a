"""Making a file checkable offline: fetches from an endpoint whatever its check needs.

The endpoint is not believed: what it shows is in the file, and whoever checks it checks that, too.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from anchoring.chain.network import Network
from anchoring.chain.proofs import ProofError, record_slot
from anchoring.chain.proving import EvmProver, ShownHeader
from anchoring.evidence.asking import BLOCKS_MAX
from anchoring.evidence.chain_material import AccountProof, ChainMaterial, RawHeader
from anchoring.evidence.check import EvidenceOutcome, EvidenceVerdict, check_evidence
from anchoring.evidence.facts import (
    Facts,
    Need,
    NeedHalts,
    NeedKey,
    NeedRecords,
    NeedStatuses,
    Trusted,
)
from anchoring.evidence.layout import (
    STATUS_CHANGES_MAX,
    key_slot,
    status_count_slot,
    status_slot,
)
from anchoring.evidence.model import Evidence
from anchoring.ports import LOOK_AGAIN_S

ROUNDS_MAX = 8


async def with_proofs(
    evidence: Evidence, network: Network, prover: EvmProver
) -> tuple[Evidence, EvidenceVerdict]:
    """Return the file with all proofs that an endpoint can give, and how it then stands.

    The verdict trusts the endpoint's newest block; somebody else needs the seals of validators, or
    that block's hash from elsewhere.

    Raises:
        ChainUnavailableError: the endpoint does not answer.
        FormatError, VerificationError: it shows headers or proofs that do not hold, twice.
    """
    try:
        return await _with_proofs(evidence, network, prover)
    except ProofError:
        await asyncio.sleep(LOOK_AGAIN_S)
        return await _with_proofs(evidence, network, prover)


async def _with_proofs(
    evidence: Evidence, network: Network, prover: EvmProver
) -> tuple[Evidence, EvidenceVerdict]:
    head = await prover.head()
    gathered = _Gathered(network, prover, head, evidence.chain)
    made = evidence
    for _ in range(ROUNDS_MAX):
        made = replace(evidence, chain=gathered.material())
        verdict = await asyncio.to_thread(_judged, made, network, head)
        if verdict.outcome is not EvidenceOutcome.CANNOT_CHECK:
            break
        if not await gathered.gather(verdict.needs):
            break
    return made, verdict


def _judged(made: Evidence, network: Network, head: ShownHeader) -> EvidenceVerdict:
    """Judge a file; beside the event loop, for that of a whole shipment takes seconds."""
    trusted = Trusted(blocks=frozenset({head.block_hash}))
    return check_evidence(made, Facts(network, made.chain, trusted))


class _Gathered:
    """Headers and slots that are gathered for one file, all of one newest block."""

    def __init__(
        self, network: Network, prover: EvmProver, head: ShownHeader, given: ChainMaterial
    ) -> None:
        self._network, self._prover, self._head, self._given = network, prover, head, given
        self._headers: dict[int, ShownHeader] = {head.number: head}
        self._slots: defaultdict[bytes, dict[bytes, None]] = defaultdict(dict)
        self._proofs: list[AccountProof] = []

    def material(self) -> ChainMaterial:
        """Return what was given, and what was gathered in place of older proofs."""
        known = {one.block_hash for one in self._given.headers}
        ordered = [self._headers[number] for number in sorted(self._headers)]
        headers = [RawHeader(one.block_hash, one.rlp) for one in ordered]
        return replace(
            self._given,
            headers=(
                *self._given.headers,
                *(one for one in headers if one.block_hash not in known),
            ),
            proofs=(*self._given.proofs, *self._proofs),
        )

    async def gather(self, needs: Iterable[Need]) -> bool:
        """Fetch what is needed; tell whether anything is new."""
        before = (len(self._headers), sum(map(len, self._slots.values())))
        for need in needs:
            match need:
                case NeedKey():
                    self._want(self._network.consortium, [key_slot(need.address)])
                case NeedRecords():
                    slot = record_slot(need.stream, need.sequence)
                    for one in self._network.registries:
                        self._want(one.address, [slot])
                case NeedStatuses():
                    await self._want_statuses(need.participant)
                case NeedHalts():
                    await self._want_headers(need)
        self._proofs = [await self._proof(one) for one in self._slots]
        return before != (len(self._headers), sum(map(len, self._slots.values())))

    def _want(self, address: bytes, slots: Sequence[bytes]) -> None:
        self._slots[address].update(dict.fromkeys(slots))

    async def _want_statuses(self, participant: int) -> None:
        consortium, at = self._network.consortium, self._head.block_hash
        counted = status_count_slot(participant)
        shown = await self._prover.storage(consortium, counted, at=at)
        count = min(int.from_bytes(shown), STATUS_CHANGES_MAX)
        slots = [status_slot(participant, index) for index in range(count)]
        self._want(consortium, [counted, *slots])

    async def _want_headers(self, need: NeedHalts) -> None:
        """Fetch every header from the newest down to one that is not later than the start."""
        number = min(self._headers)
        while number > 0 and self._headers[number].time > need.start:
            if len(self._headers) >= BLOCKS_MAX:
                return
            number -= 1
            self._headers[number] = await self._prover.header(number)

    async def _proof(self, address: bytes) -> AccountProof:
        at = self._head.block_hash
        shown = await self._prover.prove(address, list(self._slots[address]), at=at)
        return AccountProof(at, address, shown.account, shown.slots)
