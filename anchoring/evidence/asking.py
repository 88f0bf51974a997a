"""Asking witnesses for what a file does not prove itself.

All are asked at one block that they agree on; an answer counts if enough organisations give the
same. Witnesses of a participant that a file accuses never count.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Sequence

from anchoring.chain.network import Network
from anchoring.errors import ChainError
from anchoring.evidence.check import EvidenceOutcome, EvidenceVerdict, check_evidence
from anchoring.evidence.facts import (
    Answer,
    Facts,
    Need,
    NeedHalts,
    NeedKey,
    NeedRecords,
    NeedStatuses,
    gaps_of,
)
from anchoring.evidence.model import Evidence
from anchoring.ports import BlockRef
from anchoring.verification_asking import Asked, agree_on_block, leave_out_stale, meet, still_open
from anchoring.verification_model import Witness
from anchoring.witness_ports import WitnessReader

ROUNDS_MAX = 6
BLOCKS_MAX = 20_000
"""Blocks that are asked for to see whether the chain stood still; a longer time stays unchecked."""
_AT_ONCE = 32


async def check_with_witnesses(
    evidence: Evidence, facts: Facts, witnesses: Sequence[Witness], *, quorum: int
) -> EvidenceVerdict:
    """Judge a file, asking witnesses for what it lacks.

    Args:
        evidence: From `parse_evidence`.
        facts: What is known without them; what they answer is noted there.
        witnesses: Endpoints that the viewer chose.
        quorum: Number of organisations that must give one answer, from 1.
    """
    verdict = check_evidence(evidence, facts)
    asked: set[Need] = set()
    for _ in range(ROUNDS_MAX):
        needs = [one for one in verdict.needs if one not in asked]
        if verdict.outcome is not EvidenceOutcome.CANNOT_CHECK or not needs:
            break
        asked |= set(needs)
        counting = [one for one in witnesses if one.participant not in verdict.by]
        await _ask(needs, facts, counting, quorum)
        verdict = check_evidence(evidence, facts)
    return verdict


async def _ask(
    needs: Collection[Need], facts: Facts, witnesses: Sequence[Witness], quorum: int
) -> None:
    network = facts.network
    asked = [Asked(one) for one in witnesses]
    await asyncio.gather(*(meet(one, network) for one in still_open(asked)))
    leave_out_stale(asked, block_number=0, quorum=quorum)
    at = await agree_on_block(still_open(asked), network)
    if at is None:
        return
    for need in needs:
        answers = await asyncio.gather(
            *(_answer(one.witness.reader, need, network, at) for one in still_open(asked))
        )
        by_answer: defaultdict[Answer, set[str]] = defaultdict(set)
        for one, answer in zip(still_open(asked), answers, strict=True):
            if answer is not None:
                by_answer[answer].add(one.witness.organisation)
        agreed = [one for one, names in by_answer.items() if len(names) >= quorum]
        if len(by_answer) == 1 and agreed:
            facts.tell(need, _told(agreed[0], sorted(by_answer[agreed[0]]), at))


def _told(answer: Answer, organisations: Sequence[str], at: BlockRef) -> Answer:
    basis = f"{', '.join(organisations)} say so of block {at.number}"
    return Answer(answer.as_of, basis, answer.key, answer.records, answer.spans)


async def _answer(
    reader: WitnessReader, need: Need, network: Network, at: BlockRef
) -> Answer | None:
    """Return one witness's answer; none if it has none, or if its newest block is too old."""
    if at.time < need.since:
        return None
    consortium = network.consortium
    try:
        match need:
            case NeedKey():
                key = await reader.key(consortium, need.address, at=at.block_hash)
                return Answer(at.time, "", key=key)
            case NeedRecords():
                return await _records(reader, need, network, at)
            case NeedStatuses():
                changes = await reader.status_changes(
                    consortium, need.participant, at=at.block_hash
                )
                return Answer(at.time, "", spans=tuple(changes)) if changes else None
            case NeedHalts():
                return await _halts(reader, need, at)
    except ChainError:
        return None


async def _records(
    reader: WitnessReader, need: NeedRecords, network: Network, at: BlockRef
) -> Answer | None:
    held = []
    for one in network.registries:
        if await reader.code_hash(one.address, at=at.block_hash) != one.code_hash:
            return None
        record = await reader.record(one.address, need.stream, need.sequence, at=at.block_hash)
        held.append((one.address, record))
    return Answer(at.time, "", records=tuple(held))


async def _halts(reader: WitnessReader, need: NeedHalts, at: BlockRef) -> Answer | None:
    first = await _last_block_until(reader, need.start, at)
    last = await _last_block_until(reader, need.since, at) + 1
    if last > at.number or last - first > BLOCKS_MAX:
        return None
    times: list[int] = []
    for begin in range(first, last + 1, _AT_ONCE):
        numbers = range(begin, min(begin + _AT_ONCE, last + 1))
        blocks = await asyncio.gather(*(reader.block(one) for one in numbers))
        times += [one.time for one in blocks if one is not None]
    return Answer(at.time, "", spans=gaps_of(times)) if len(times) == last - first + 1 else None


async def _last_block_until(reader: WitnessReader, time: int, at: BlockRef) -> int:
    """Return the number of the last block that is not later than `time`, at least 0."""
    low, high = 0, at.number
    while low < high:
        middle = (low + high + 1) // 2
        block = await reader.block(middle)
        if block is not None and block.time <= time:
            low = middle
        else:
            high = middle - 1
    return low
