"""One check on its way: what it found out, what it could not, and whom it concerns."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from anchoring.core.anchor import ZERO_HASH as NO_RECORD
from anchoring.core.anchor import Anchor, AnchoredAt, record
from anchoring.evidence.facts import (
    ANY_PURPOSE,
    Answer,
    Facts,
    Need,
    NeedKey,
    NeedRecords,
)
from anchoring.evidence.model import EvidenceRefusedError
from anchoring.evidence.signed import SignedOnChain, signed_anchors
from anchoring.ports import KeyState

PURPOSE_ANCHOR, PURPOSE_SIGN = 1, 2
_PURPOSES = {PURPOSE_ANCHOR: "anchor", PURPOSE_SIGN: "sign"}


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that could not be checked. `code` is stable."""

    code: str
    text: str


@dataclass(slots=True)
class Inquiry:
    """Collects lines for people; a contradiction is raised, what is not known is noted.

    Attributes:
        needs: What witnesses could answer.
        said: What was shown, one sentence each.
        basis: On whose word, or under which proof.
    """

    facts: Facts
    needs: list[Need] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    basis: list[str] = field(default_factory=list)

    def ask(self, need: Need, *, code: str, unknown: str) -> Answer | None:
        """Return what is known; else note what is missing, in the words of `unknown`."""
        answer = self.facts.answer(need)
        if answer is None:
            self.needs.append(need)
            self.lacks(code, unknown)
        return answer

    def lacks(self, code: str, text: str) -> None:
        """Note something that could not be checked."""
        if all(one.text != text for one in self.missing):
            self.missing.append(Missing(code, text))

    def rests_on(self, text: str) -> None:
        """Note on what a finding rests."""
        if text not in self.basis:
            self.basis.append(text)

    def signed_by(
        self,
        address: bytes,
        participant: int,
        purpose: int,
        *,
        at: int | None,
        what: str,
        may_be_younger: bool = False,
    ) -> bool:
        """Tell whether a signature was the participant's.

        Args:
            address: Recovered from the signature.
            participant: Whom the statement names.
            purpose: 1 anchor, 2 sign.
            at: The time that the statement carries; None: it carries none.
            what: Names the statement, for people.
            may_be_younger: A key that began after `at` will do: a message that waits is signed
                again when the key is changed.

        Raises:
            EvidenceRefusedError: the key is nobody's, another participant's, for another purpose,
                or was not valid then.
        """
        name = f"0x{address.hex()}"
        text = f"{what} is signed by key {name}; whose key that is was not checked"
        answer = self.ask(NeedKey(address, at or 0), code="key_unchecked", unknown=text)
        if answer is None:
            return False
        key = answer.key
        if key is None:
            raise EvidenceRefusedError(f"{what}: {name} is nobody's key", "key_unknown")
        if key.participant != participant:
            text = f"{what}: {name} is a key of participant {key.participant}, not {participant}"
            raise EvidenceRefusedError(text, "key_of_another")
        if key.purpose not in (ANY_PURPOSE, purpose):
            raise EvidenceRefusedError(
                f"{what}: {name} is no key to {_PURPOSES[purpose]} with", "key_purpose"
            )
        if key.compromised_since:
            self.lacks(
                "key_compromised",
                f"{what} is signed by key {name}, which participant {participant} reported stolen: "
                "whoever holds it can sign anything, with any time",
            )
            return False
        if at is not None and not _valid_at(key, at, may_be_younger=may_be_younger):
            raise EvidenceRefusedError(f"{what}: key {name} was not valid then", "key_invalid")
        self.rests_on(f"key {name} is participant {participant}'s: {_said_by(answer)}")
        return True

    def anchored(self, anchor: Anchor, at: AnchoredAt) -> bool:
        """Tell whether the chain holds an anchor at that block.

        Raises:
            EvidenceRefusedError: the chain holds none there, or another one.
        """
        answer = self._records(anchor, since=at.block_time)
        if answer is None:
            return False
        self._check_record(anchor, at, answer)
        self.rests_on(f"anchor {_name(anchor)} is on the chain: {_said_by(answer)}")
        return True

    def own_anchor(self, anchor: Anchor, at: AnchoredAt) -> bool:
        """Tell whether an anchor is the participant's own: on the chain, or signed by its key.

        The chain takes anchors of a participant from its keys only, so either way nobody else can
        have made it.

        Raises:
            EvidenceRefusedError: the chain holds none there, or another one, and nothing in the
                file is signed by the participant.
        """
        if self._signed(anchor):
            return True
        if self.anchored(anchor, at):
            return True
        for signed in self._transactions(anchor):
            need = NeedKey(signed.sender)
            if self.facts.answer(need) is None:
                self.needs.append(need)
        return False

    def _signed(self, anchor: Anchor) -> bool:
        for signed in self._transactions(anchor):
            answer = self.facts.answer(NeedKey(signed.sender))
            key = answer.key if answer is not None else None
            if answer is None or key is None or key.compromised_since:
                continue
            fits = key.purpose in (ANY_PURPOSE, PURPOSE_ANCHOR)
            if fits and key.participant == anchor.participant:
                name = f"0x{signed.sender.hex()}"
                self.rests_on(f"anchor {_name(anchor)} is signed by key {name}")
                self.rests_on(
                    f"key {name} is participant {anchor.participant}'s: {_said_by(answer)}"
                )
                return True
        return False

    def _transactions(self, anchor: Anchor) -> list[SignedOnChain]:
        """Return the file's transactions that anchor exactly this; others prove nothing."""
        found = []
        for raw in self.facts.material.transactions:
            try:
                signed = signed_anchors(raw, self.facts.network)
            except EvidenceRefusedError:
                continue
            if anchor in signed.anchors:
                found.append(signed)
        return found

    def _records(self, anchor: Anchor, *, since: int) -> Answer | None:
        text = f"that the chain holds anchor {_name(anchor)} was not checked"
        need = NeedRecords(anchor.stream, anchor.sequence, since)
        return self.ask(need, code="anchor_unchecked", unknown=text)

    def _check_record(self, anchor: Anchor, at: AnchoredAt, answer: Answer) -> None:
        held = [one for one in answer.records if one[1] != NO_RECORD]
        if len(held) > 1:
            raise EvidenceRefusedError("several registries hold this place", "anchor_ambiguous")
        if not held:
            text = f"the chain holds no anchor {_name(anchor)}"
            raise EvidenceRefusedError(text, "anchor_not_found")
        registry, slot = held[0]
        tip = anchor.tip(chain_id=self.facts.network.chain_id, registry=registry)
        if record(tip, at.block_number, at.block_time) != slot:
            text = f"the chain holds another anchor {_name(anchor)} than the file says"
            raise EvidenceRefusedError(text, "record_mismatch")


def _valid_at(key: KeyState, time: int, *, may_be_younger: bool) -> bool:
    begun = (may_be_younger or key.valid_from <= time) and (
        not key.valid_until or time < key.valid_until
    )
    return begun and (not key.revoked_at or time < key.revoked_at)


def _name(anchor: Anchor) -> str:
    return f"{anchor.stream}/{anchor.sequence}"


def _said_by(answer: Answer) -> str:
    if not answer.as_of:
        return answer.basis
    return f"{answer.basis}, as of {iso(answer.as_of)}"


def iso(time: int) -> str:
    """Return Unix seconds as UTC text; a time that no calendar has, as a number."""
    try:
        return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return f"{time} s"
