"""Verification against the chain: what witnesses of several organisations say of a bundle.

A witness is a chain endpoint that the viewer chose. Witnesses of the participant that is verified
never count. Two agreeing organisations mean "two parties say so", no more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from anchoring.chain.network import Network
from anchoring.core.verify import CheckedBundle, check_anchored
from anchoring.errors import ChainError, VerificationError
from anchoring.ports import AnchoredLog, AnchorReader, BlockRef, KeyState

QUORUM_DEFAULT = 2
PURPOSE_ANCHOR = 1
ACTIVE = 1
_STATUS_WORDS = {0: "unknown", 1: "active", 2: "suspended", 3: "removed"}


@dataclass(frozen=True, slots=True)
class Witness:
    """One endpoint. `participant` is its organisation's id, None for an outsider."""

    organisation: str
    participant: int | None
    name: str
    reader: AnchorReader


class Outcome(StrEnum):
    """What verification came to. Only `verified` is a pass."""

    VERIFIED = "verified"
    REFUSED = "refused"
    DISAGREEMENT = "disagreement"
    CANNOT_CHECK = "cannot_check"


class WitnessState(StrEnum):
    """What became of one witness."""

    AGREES = "agrees"
    REFUSES = "refuses"
    STALE = "stale"
    UNAVAILABLE = "unavailable"
    WRONG_CHAIN = "wrong_chain"
    FORKED = "forked"
    EXCLUDED = "excluded"


_ANSWERS = (WitnessState.AGREES, WitnessState.REFUSES)


@dataclass(frozen=True, slots=True)
class WitnessLine:
    """One witness's answer. `code` is a refusal code or names why it does not count."""

    organisation: str
    name: str
    state: WitnessState
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class ChainWarning:
    """Something a viewer must see beside a result; one witness that shows it is enough."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """The result for one bundle.

    Attributes:
        code: Stable; `verified`, a refusal code, `witness_disagreement`, `witness_stale`,
            `chain_unavailable`, `chain_mismatch` or `quorum_not_met`.
        agreeing: Names of organisations that agree.
        at: The block at which all were asked, None if none could be.
        registry: The registry that holds the anchor, None unless verified.
    """

    outcome: Outcome
    code: str
    text: str
    quorum: int
    agreeing: tuple[str, ...]
    at: BlockRef | None
    registry: bytes | None
    witnesses: tuple[WitnessLine, ...]
    warnings: tuple[ChainWarning, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        at = self.at
        return {
            "outcome": str(self.outcome),
            "code": self.code,
            "text": self.text,
            "quorum": self.quorum,
            "agreeing": list(self.agreeing),
            "at": {"number": at.number, "hash": at.block_hash.hex()} if at else None,
            "registry": self.registry.hex() if self.registry else None,
            "witnesses": [
                {
                    "organisation": one.organisation,
                    "name": one.name,
                    "state": str(one.state),
                    "code": one.code,
                    "text": one.text,
                }
                for one in self.witnesses
            ],
            "warnings": [{"code": one.code, "text": one.text} for one in self.warnings],
        }


@dataclass(slots=True)
class _Asked:
    """One witness on its way through the questions."""

    witness: Witness
    state: WitnessState | None = None
    code: str = ""
    text: str = ""
    head: BlockRef | None = None
    registry: bytes | None = None

    def settle(self, state: WitnessState, code: str, text: str) -> None:
        self.state, self.code, self.text = state, code, text


async def verify_against_chain(
    checked: CheckedBundle,
    network: Network,
    witnesses: Sequence[Witness],
    *,
    quorum: int = QUORUM_DEFAULT,
) -> ChainVerdict:
    """Compare a checked bundle with what witnesses hold, all at one block hash.

    Args:
        checked: From `anchoring.core.verify`: the bundle holds in itself.
        network: The viewer's own; nothing of the chain is taken from the bundle.
        witnesses: Endpoints grouped by organisation; the issuer's own are left out here. Of a
            set each bundle is asked about apart, so that only the witnesses of its own
            participant do not count for it.
        quorum: Number of organisations that must agree, from 1.

    Raises:
        ValueError: the quorum is below 1: then silence would verify.
    """
    if quorum < 1:
        raise ValueError("a quorum counts from 1")
    asked = [_Asked(one) for one in witnesses]
    for one in asked:
        if one.witness.participant == checked.bundle.participant:
            text = "is the participant's own witness and does not count"
            one.settle(WitnessState.EXCLUDED, "own_witness", text)
    await asyncio.gather(*(_meet(one, network) for one in _open(asked)))
    for one in _open(asked):
        if one.head is not None and one.head.number < checked.bundle.anchored_at.block_number:
            text = f"has seen block {one.head.number} only, the anchor is in a later one"
            one.settle(WitnessState.STALE, "witness_stale", text)
    at = await _agree_on_block(_open(asked))
    answering = _open(asked)
    if at is not None:
        await asyncio.gather(*(_ask(one, checked, network, at) for one in answering))
    warnings = await _warnings(answering, checked, network, at)
    return _verdict(asked, quorum=quorum, at=at, warnings=warnings)


def _open(asked: Sequence[_Asked]) -> list[_Asked]:
    return [one for one in asked if one.state is None]


async def _meet(one: _Asked, network: Network) -> None:
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


async def _agree_on_block(asked: Sequence[_Asked]) -> BlockRef | None:
    """Take the lowest head and have every witness name its hash; tells forks apart."""
    lowest = min((one.head.number for one in asked if one.head), default=None)
    if lowest is None:
        return None
    found: list[tuple[_Asked, BlockRef]] = []
    for one in asked:
        try:
            block = await one.witness.reader.block(lowest)
        except ChainError as error:
            one.settle(WitnessState.UNAVAILABLE, error.code, str(error))
            continue
        if block is None:
            one.settle(WitnessState.STALE, "witness_stale", f"no longer has block {lowest}")
        else:
            found.append((one, block))
    if len({block.block_hash for _, block in found}) > 1:
        for one, block in found:
            text = f"holds block {lowest} to be {block.block_hash.hex()[:12]}"
            one.settle(WitnessState.FORKED, "witness_disagreement", text)
        return None
    return found[0][1] if found else None


async def _ask(one: _Asked, checked: CheckedBundle, network: Network, at: BlockRef) -> None:
    reader, anchor = one.witness.reader, checked.bundle.anchor
    slots: list[tuple[bytes, bytes]] = []
    try:
        for registry in network.registries:
            code_hash = await reader.code_hash(registry.address, at=at.block_hash)
            if code_hash != registry.code_hash:
                what = "no contract" if code_hash is None else "other code"
                text = f"has {what} at the registry 0x{registry.address.hex()}"
                one.settle(WitnessState.WRONG_CHAIN, "chain_mismatch", text)
                return
            slot = await reader.record(
                registry.address, anchor.stream, anchor.sequence, at=at.block_hash
            )
            slots.append((registry.address, slot))
    except ChainError as error:
        one.settle(WitnessState.UNAVAILABLE, error.code, str(error))
        return
    try:
        one.registry = check_anchored(checked, chain_id=network.chain_id, slots=slots)
    except VerificationError as error:
        one.settle(WitnessState.REFUSES, error.code, str(error))
    else:
        one.settle(WitnessState.AGREES, "verified", "holds the record that the bundle implies")


def _verdict(
    asked: Sequence[_Asked],
    *,
    quorum: int,
    at: BlockRef | None,
    warnings: tuple[ChainWarning, ...],
) -> ChainVerdict:
    def organisations(state: WitnessState) -> list[str]:
        return sorted({one.witness.organisation for one in asked if one.state is state})

    agreeing, refusing = organisations(WitnessState.AGREES), organisations(WitnessState.REFUSES)
    refusals = [one for one in asked if one.state is WitnessState.REFUSES]
    # One state, one answer: two different refusals contradict each other as well.
    answers = {one.code for one in asked if one.state in _ANSWERS}
    if organisations(WitnessState.FORKED) or len(answers) > 1:
        outcome, code = Outcome.DISAGREEMENT, "witness_disagreement"
        text = "the witnesses contradict each other"
    elif len(agreeing) >= quorum:
        outcome, code = Outcome.VERIFIED, "verified"
        text = f"{len(agreeing)} organisations hold this anchor"
    elif len(refusing) >= quorum:
        outcome, code, text = Outcome.REFUSED, refusals[0].code, refusals[0].text
    else:
        outcome = Outcome.CANNOT_CHECK
        code, text = _why_unchecked(asked, quorum=quorum, counted=len(agreeing) + len(refusing))
    registries = {one.registry for one in asked if one.registry is not None}
    return ChainVerdict(
        outcome=outcome,
        code=code,
        text=text,
        quorum=quorum,
        agreeing=tuple(agreeing),
        at=at,
        registry=registries.pop() if outcome is Outcome.VERIFIED else None,
        witnesses=tuple(
            WitnessLine(
                one.witness.organisation,
                one.witness.name,
                one.state or WitnessState.UNAVAILABLE,
                one.code,
                one.text,
            )
            for one in asked
        ),
        warnings=warnings,
    )


def _why_unchecked(asked: Sequence[_Asked], *, quorum: int, counted: int) -> tuple[str, str]:
    needed = f"{counted} of the {quorum} organisations needed answered"
    states = {one.state for one in asked} - {WitnessState.EXCLUDED}
    if states == {WitnessState.STALE}:
        return "witness_stale", "no witness has seen the anchor's block yet"
    if states == {WitnessState.UNAVAILABLE}:
        return "chain_unavailable", f"no witness answered; {needed}"
    if states == {WitnessState.WRONG_CHAIN}:
        return "chain_mismatch", "no witness is on the chain of the network file"
    return "quorum_not_met", needed


async def _warnings(
    answering: Sequence[_Asked], checked: CheckedBundle, network: Network, at: BlockRef | None
) -> tuple[ChainWarning, ...]:
    """Ask every witness that answered; the union counts."""
    found: dict[str, ChainWarning] = {}
    for one in answering:
        if at is None or one.registry is None:
            continue
        try:
            warnings = await _warnings_of(
                one.witness.reader, checked, network, registry=one.registry, at=at
            )
        except ChainError as error:
            text = f"{one.witness.name} did not tell status and key: {error}"
            warnings = [ChainWarning("warnings_unchecked", text)]
        found |= {warning.code: warning for warning in warnings}
    return tuple(found[code] for code in sorted(found))


async def _warnings_of(
    reader: AnchorReader,
    checked: CheckedBundle,
    network: Network,
    *,
    registry: bytes,
    at: BlockRef,
) -> list[ChainWarning]:
    bundle, consortium, block = checked.bundle, network.consortium, at.block_hash
    number, time = bundle.anchored_at.block_number, bundle.anchored_at.block_time
    participant = bundle.participant
    found = []
    then = await reader.status_at(consortium, participant, time, at=block)
    now = await reader.status_at(consortium, participant, at.time, at=block)
    if then != ACTIVE:
        text = f"the participant was {_STATUS_WORDS.get(then, then)} when this was anchored"
        found.append(ChainWarning("participant_not_active_then", text))
    if now != ACTIVE:
        word = _STATUS_WORDS.get(now, str(now))
        found.append(ChainWarning(f"participant_{word}", f"the participant is {word} now"))
    logs: list[AnchoredLog] = await reader.anchored(
        registry,
        first_block=number,
        last_block=number,
        stream=bundle.anchor.stream,
        sequence=bundle.anchor.sequence,
    )
    if not logs:  # else whoever keeps the log back would keep a compromised key from view
        text = "the log of this anchor was not shown, so nothing is known of the key behind it"
        found.append(ChainWarning("warnings_unchecked", text))
    for log in logs:
        valid = await reader.key_valid_at(
            consortium,
            log.signer,
            participant=participant,
            purpose=PURPOSE_ANCHOR,
            time=time,
            at=block,
        )
        key = await reader.key(consortium, log.signer, at=block)
        found += _key_warnings(key, valid=valid, time=time)
    return found


def _key_warnings(key: KeyState | None, *, valid: bool, time: int) -> list[ChainWarning]:
    found = []
    if key is not None and key.compromised_since and key.compromised_since <= time:
        text = "the key that anchored this was reported compromised since before that time"
        found.append(ChainWarning("key_compromised", text))
    elif not valid:
        text = "the key that anchored this was not the participant's at that time"
        found.append(ChainWarning("key_not_valid_then", text))
    elif key is not None and key.revoked_at:
        found.append(ChainWarning("key_revoked", "the key that anchored this was revoked since"))
    return found
