"""Verification against the chain: what witnesses of several organisations say of a bundle.

A witness is a chain endpoint that the viewer chose. Witnesses of the participant that is verified
never count. Two agreeing organisations mean "two parties say so", no more; a proof by
`eth_getProof` under a block that known validators sealed means that the validators say so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from anchoring.chain.network import Network
from anchoring.core.verify import CheckedBundle
from anchoring.verification_asking import (
    Asked,
    agree_on_block,
    hear,
    leave_out_stale,
    meet,
    seals_of,
    still_open,
)
from anchoring.verification_findings import findings_of, notes_of
from anchoring.verification_model import (
    WORST_FIRST,
    ChainVerdict,
    ChainWarning,
    Outcome,
    Seals,
    Witness,
    WitnessLine,
    WitnessState,
)
from anchoring.verification_verdict import verdict_of

__all__ = [
    "QUORUM_DEFAULT",
    "WORST_FIRST",
    "ChainVerdict",
    "ChainWarning",
    "Outcome",
    "Seals",
    "Witness",
    "WitnessLine",
    "WitnessState",
    "verify_against_chain",
]

QUORUM_DEFAULT = 2

_TELLING = (WitnessState.AGREES, WitnessState.REFUSES, WitnessState.FORKED)


async def verify_against_chain(
    checked: CheckedBundle,
    network: Network,
    witnesses: Sequence[Witness],
    *,
    quorum: int = QUORUM_DEFAULT,
    seals_suffice: bool = False,
) -> ChainVerdict:
    """Compare a checked bundle with what witnesses hold, all at one block hash.

    Args:
        checked: From `anchoring.core.verify`: the bundle holds in itself.
        network: The viewer's own; nothing of the chain is taken from the bundle.
        witnesses: Endpoints grouped by organisation; the issuer's own are left out here. Of a
            set each bundle is asked about apart, so that only the witnesses of its own
            participant do not count for it.
        quorum: Number of organisations that must agree, from 1.
        seals_suffice: Take one witness for the anchor itself, if it proves the record under a
            block that enough of the network file's validators sealed. Recalls and suspensions can
            still be withheld by a lone witness: a warning says so.

    Raises:
        ValueError: the quorum is below 1: then silence would verify.
    """
    if quorum < 1:
        raise ValueError("a quorum counts from 1")
    asked = [Asked(one) for one in witnesses]
    for one in asked:
        if one.witness.participant == checked.bundle.participant:
            text = "is the participant's own witness and does not count"
            one.settle(WitnessState.EXCLUDED, "own_witness", text)
    await asyncio.gather(*(meet(one, network) for one in still_open(asked)))
    block_number = checked.bundle.anchored_at.block_number
    leave_out_stale(asked, block_number=block_number, quorum=quorum)
    at = await agree_on_block(still_open(asked), network)
    seals = None
    if at is not None:
        answering = still_open(asked)
        await hear(answering, checked, network, at)
        seals = await seals_of(answering, at, network)
    # A stale witness may show a recall that was lifted since: it is heard only if nobody else is.
    telling = [one for one in asked if one.state in _TELLING or one.is_without_state] or [
        one for one in asked if one.state is WitnessState.STALE
    ]
    told = await asyncio.gather(*(findings_of(one, checked, network) for one in telling))
    return verdict_of(
        asked,
        [(one.witness.organisation, found) for one, found in zip(telling, told, strict=True)],
        quorum=quorum,
        at=at,
        seals=seals,
        seals_suffice=seals_suffice,
        notes=notes_of(checked, network),
    )
