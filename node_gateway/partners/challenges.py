"""Challenges of auditors: leaves of ours that are opened, and leaves of others that are asked for.

That a leaf is a decoy tells how much we do. So nobody learns it of a single leaf who may not learn
it of all: without a grant for full openings of everything, every challenge is answered alike,
whatever it asks for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from anchoring.answer_signature import AnswerSignature
from anchoring.challenge_signing import answered, sign_answer
from anchoring.challenges import (
    ANSWER_SIZE_BYTES_MAX,
    Leaf,
    OpenedLeaf,
    Seed,
    answer_text,
    challenge_text,
    parse_challenge,
)
from anchoring.core.batch import decoy_entry
from anchoring.core.merkle import HASH_SIZE
from anchoring.core.strict_json import parse_plain
from anchoring.errors import FormatError
from node_gateway.errors import NotFoundError, ParameterError, ScopeError, TooLargeError
from node_gateway.partners.channel import Voice
from node_gateway.partners.grant_reads import GrantReads
from node_gateway.partners.grant_terms import grant_terms
from node_gateway.partners.ports import PeerError, Peers
from node_gateway.services.opening import decoys_of, full_opening
from node_gateway.storage.errors import DatabaseDamagedError
from node_gateway.storage.ports import GatewayStore, StoredAnchor
from node_gateway.storage.tiles import batch_path

TARGET: Final = "/v1/peer/challenges"
OPENINGS_SIZE_BYTES_MAX: Final = 32 * 1024 * 1024
"""An answer with more opened events than this is asked for in parts, unless it is one event."""
_PROBLEM_SIZE_BYTES_MAX: Final = 64 * 1024


class GrantRequiredError(ScopeError):
    """The caller has no grant that lets it open everything of ours."""

    code = "grant_required"


class Challenges:
    """Answers challenges, and puts them to others.

    Args:
        store: What is opened.
        grants: Who may have it opened.
        peers: Asks other gateways.
        voice: Who speaks: our id and key.
    """

    def __init__(self, store: GatewayStore, grants: GrantReads, peers: Peers, voice: Voice) -> None:
        self._store, self._grants, self._peers = store, grants, peers
        self._voice, self._participant = voice, voice.participant

    async def answer(self, caller: int, challenge: bytes) -> bytes:
        """Open what a challenge asks for.

        Raises:
            FormatError: it is no challenge.
            GrantRequiredError: no grant of full openings of everything holds for the caller.
            NotFoundError: `anchor_not_found`: a leaf is of no final anchor of ours, or
                `entries_lost`: this database lost what its decoys come from.
            TooLargeError: `answer_too_large`: ask for fewer leaves at once.
        """
        seed, leaves = parse_challenge(challenge)
        await self._require_grant(caller)
        opened: list[OpenedLeaf] = []
        size_bytes = 0
        for leaf in leaves:
            opened.append(await self._open(caller, leaf))
            size_bytes += len(opened[-1].opening or b"")
            if size_bytes > OPENINGS_SIZE_BYTES_MAX and len(leaves) > 1:
                raise TooLargeError(
                    "these leaves hold too much for one answer",
                    code="answer_too_large",
                    hint="Ask for fewer leaves at once.",
                )
        return await asyncio.to_thread(self._signed, seed, leaves, opened)

    def _signed(self, seed: Seed, leaves: tuple[Leaf, ...], opened: Sequence[OpenedLeaf]) -> bytes:
        """Return an answer that is signed: what it opens wrongly, we said."""
        voice = self._voice
        at, network = int(voice.clock()), voice.network
        unsigned = AnswerSignature(network.chain_id, network.consortium, at)
        said = answered(self._participant, seed, leaves, opened, unsigned)
        return answer_text(self._participant, opened, sign_answer(said, voice.signer))

    async def put(self, participant: int, seed: Seed, leaves: tuple[Leaf, ...]) -> bytes:
        """Put a challenge to another participant's gateway and return its answer, unchecked.

        Raises:
            GrantRequiredError: we have no grant there.
            TooLargeError: `answer_too_large`.
            PeerError: no answer, or a refusal.
        """
        body = challenge_text(seed, leaves)
        answer = await self._peers.request(
            participant, "POST", TARGET, body=body, answer_size_bytes_max=ANSWER_SIZE_BYTES_MAX
        )
        if answer.ok:
            return answer.body
        code = _code_of(answer.body)
        if code == GrantRequiredError.code:
            raise GrantRequiredError("the other gateway opens leaves under a grant only")
        if code == "answer_too_large":
            raise TooLargeError("the answer would be too large", code=code)
        raise PeerError(
            participant,
            f"the gateway of {participant} refuses the challenge: {code}",
            code="challenge_refused",
            retryable=False,
            status=answer.status,
        )

    async def _require_grant(self, caller: int) -> None:
        for one in await self._grants.grants(caller):
            terms = grant_terms(one.terms)
            if terms.items.opening == "full" and terms.scope.is_open:
                return
        raise GrantRequiredError(
            "challenges are answered under a grant of full openings of everything",
            hint="Ask the participant for one.",
        )

    async def _open(self, caller: int, leaf: Leaf) -> OpenedLeaf:
        anchor = await self._anchor(leaf)
        raw = await self._store.batch_entries(leaf.stream, leaf.sequence)
        entry = raw[leaf.index * HASH_SIZE : (leaf.index + 1) * HASH_SIZE]
        if len(entry) != HASH_SIZE:
            raise NotFoundError("this database lost the list", code="entries_lost")
        tiles = await self._store.batch_tiles(leaf.stream, leaf.sequence, leaf.index)
        siblings = tuple(batch_path(tiles, leaf.index))
        stored = await self._store.event_by_entry(entry)
        if stored is None:
            nonce = await self._nonce(anchor, entry)
            return OpenedLeaf(leaf, siblings, nonce=nonce)
        if stored.header.erased:
            header = stored.header
            parts = (header.fields_size, header.fields_root, header.codes_root)
            return OpenedLeaf(leaf, siblings, erased=parts)
        if not await self._grants.may_open(caller, entry):  # revoked meanwhile
            raise GrantRequiredError("the grant does not hold any more")
        opening = await full_opening(self._store, entry, participant=self._participant)
        return OpenedLeaf(leaf, siblings, opening=await asyncio.to_thread(opening.to_json))

    async def _anchor(self, leaf: Leaf) -> StoredAnchor:
        stored = await self._store.anchor(leaf.stream, leaf.sequence)
        if stored is None or stored.state != "final" or leaf.index >= stored.anchor.size:
            raise NotFoundError("no such leaf of a final anchor", code="anchor_not_found")
        return stored

    async def _nonce(self, anchor: StoredAnchor, entry: bytes) -> bytes:
        nonces = await decoys_of(self._store, anchor.anchor.stream, anchor.anchor.sequence)
        found = await asyncio.to_thread(
            lambda: next((one for one in nonces if decoy_entry(one) == entry), None)
        )
        if found is None:
            raise DatabaseDamagedError("a leaf is neither an event nor a decoy")
        return found


def _code_of(body: bytes) -> str:
    """Return the code of a problem; what others call it is not passed on unless it is a code."""
    try:
        document = parse_plain(body, size_bytes_max=_PROBLEM_SIZE_BYTES_MAX)
    except FormatError:
        return "no_problem"
    code = document.get("code") if isinstance(document, dict) else None
    is_code = isinstance(code, str) and code.replace("_", "").isalnum() and len(code) <= 64
    return code if is_code and isinstance(code, str) else "no_problem"


def asked(raw: bytes) -> tuple[int, Seed, tuple[Leaf, ...]]:
    """Return whom a challenge is for: all its leaves are of one participant.

    Raises:
        FormatError: it is no challenge.
        ParameterError: `leaf_form`: its leaves are of several.
    """
    seed, leaves = parse_challenge(raw)
    participants = {one.participant for one in leaves}
    if len(participants) > 1:
        raise ParameterError(
            "a challenge is for one participant", code="leaf_form", hint="Split it."
        )
    return participants.pop(), seed, leaves
