"""From what witnesses answered to one verdict.

Precedence: tampered, not authorised, recalled, disagreement; that something could not be checked is
said only when nothing else can be said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from anchoring.ports import BlockRef
from anchoring.verification_asking import CONTRADICTS, UNSEALED, Asked
from anchoring.verification_findings import NOT_AUTHORISED, RECALLED, Findings, unite
from anchoring.verification_model import (
    ChainVerdict,
    ChainWarning,
    Outcome,
    Seals,
    WitnessLine,
    WitnessState,
)

_ANSWERS = (WitnessState.AGREES, WitnessState.REFUSES)


def verdict_of(
    asked: Sequence[Asked],
    findings: Sequence[tuple[str, Findings]],
    *,
    quorum: int,
    at: BlockRef | None,
    seals: Seals | None,
    seals_suffice: bool,
    notes: tuple[ChainWarning, ...],
) -> ChainVerdict:
    """Return the verdict on one bundle."""
    sealed_proof = _is_proven_and_sealed(asked, seals) and seals_suffice
    anchored = _on_anchor(asked, quorum=1 if sealed_proof else quorum)
    if anchored.outcome is Outcome.VERIFIED:
        anchored = replace(anchored, text=_held(anchored, asked, seals))
    told = {name for name, _ in findings}
    warnings = [*unite(findings), *_about_witnesses(asked)]
    if anchored.outcome is Outcome.VERIFIED and len(told) < quorum:
        text = f"only {len(told)} of {quorum} organisations could tell of recalls and suspensions"
        warnings.append(ChainWarning("warnings_unchecked", text))
    verdict = replace(
        anchored, quorum=quorum, at=at, seals=seals, notes=notes, warnings=tuple(warnings)
    )
    return verdict if verdict.outcome is Outcome.REFUSED else _beside(verdict, findings)


def _beside(verdict: ChainVerdict, findings: Sequence[tuple[str, Findings]]) -> ChainVerdict:
    """Let what stands beside the anchor decide, where it weighs more."""
    owns = {found.owns for _, found in findings} - {None}
    refused = [one for one in verdict.warnings if one.code == NOT_AUTHORISED]
    recalls = [one for one in verdict.warnings if one.code == RECALLED]
    also = [] if verdict.outcome is Outcome.VERIFIED else [ChainWarning(verdict.code, verdict.text)]
    if owns == {False}:
        outcome, text = Outcome.NOT_AUTHORISED, refused[0].text
    elif recalls:
        outcome, text = Outcome.RECALLED, recalls[0].text
    elif False in owns:
        outcome = Outcome.DISAGREEMENT
        text = "the witnesses contradict each other on who may commission these codes"
    else:
        return verdict
    code = "witness_disagreement" if outcome is Outcome.DISAGREEMENT else str(outcome)
    warnings = (*verdict.warnings, *(one for one in also if one.code != code))
    return replace(verdict, outcome=outcome, code=code, text=text, warnings=warnings)


def _on_anchor(asked: Sequence[Asked], *, quorum: int) -> ChainVerdict:
    """Judge what the witnesses say of the anchor alone."""

    def organisations(state: WitnessState) -> list[str]:
        return sorted({one.witness.organisation for one in asked if one.state is state})

    agreeing, refusing = organisations(WitnessState.AGREES), organisations(WitnessState.REFUSES)
    refusals = [one for one in asked if one.state is WitnessState.REFUSES]
    # One state, one answer: two different refusals contradict each other as well.
    answers = {one.code for one in asked if one.state in _ANSWERS}
    forked = any(one.state is WitnessState.FORKED and one.code != UNSEALED for one in asked)
    if forked or len(answers) > 1:
        outcome, code = Outcome.DISAGREEMENT, "witness_disagreement"
        text = "the witnesses contradict each other"
    elif len(agreeing) >= quorum:
        outcome, code, text = Outcome.VERIFIED, "verified", ""
    elif len(refusing) >= quorum:
        outcome, code, text = Outcome.REFUSED, refusals[0].code, refusals[0].text
    else:
        outcome = Outcome.CANNOT_CHECK
        code, text = _why_unchecked(asked, quorum=quorum, counted=len(agreeing) + len(refusing))
    is_anchored = outcome is Outcome.VERIFIED
    registries = {one.registry for one in asked if one.registry is not None}
    return ChainVerdict(
        outcome=outcome,
        code=code,
        text=text,
        quorum=quorum,
        is_anchored=is_anchored,
        agreeing=tuple(agreeing),
        at=None,
        registry=registries.pop() if is_anchored else None,
        witnesses=tuple(_line(one) for one in asked),
        warnings=(),
    )


def _line(one: Asked) -> WitnessLine:
    text = f"{one.text}, and proves it" if one.proven and one.state in _ANSWERS else one.text
    return WitnessLine(
        one.witness.organisation,
        one.witness.name,
        one.state or WitnessState.UNAVAILABLE,
        one.code,
        text,
        proven=bool(one.proven) and one.state in _ANSWERS,
    )


def _is_proven_and_sealed(asked: Sequence[Asked], seals: Seals | None) -> bool:
    proven = any(one.proven and one.state in _ANSWERS for one in asked)
    return proven and seals is not None and seals.is_enough


def _held(verdict: ChainVerdict, asked: Sequence[Asked], seals: Seals | None) -> str:
    """Say who says so, and no more than that: two organisations are two parties that say so."""
    count = len(verdict.agreeing)
    who = "1 organisation says" if count == 1 else f"{count} organisations say"
    text = f"{who} that the chain holds this anchor"
    if seals is not None and _is_proven_and_sealed(asked, seals):
        return (
            f"{text}, and it is proven under a block sealed by {seals.count} of "
            f"{seals.validators} known validators"
        )
    return text


def _about_witnesses(asked: Sequence[Asked]) -> list[ChainWarning]:
    """Witnesses that are set aside for a lie are named; nobody else is blamed."""
    found = []
    for one in asked:
        if one.code in (CONTRADICTS, UNSEALED):
            text = f"{one.witness.organisation} ({one.witness.name}) {one.text}: it is set aside"
            found.append(ChainWarning("witness_" + one.code, text))
    return found


def _why_unchecked(asked: Sequence[Asked], *, quorum: int, counted: int) -> tuple[str, str]:
    needed = f"{counted} of the {quorum} organisations needed answered"
    states = {one.state for one in asked} - {WitnessState.EXCLUDED}
    if states == {WitnessState.STALE}:
        return "witness_stale", "no witness has seen the anchor's block yet"
    if states == {WitnessState.UNAVAILABLE}:
        return "chain_unavailable", f"no witness answered; {needed}"
    if states == {WitnessState.WRONG_CHAIN}:
        return "chain_mismatch", "no witness is on the chain of the network file"
    return "quorum_not_met", needed
