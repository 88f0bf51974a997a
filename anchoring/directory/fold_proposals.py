"""Logs of the Consortium about proposals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from anchoring.directory.fold_state import Handler, State, contradicts, known, require_next
from anchoring.directory.model import Proposal, ProposalState


def _made(
    state: State,
    at: int,
    number: int,
    action: int,
    proposer: int,
    arguments: bytes,
    digest: bytes,
    evidence: bytes,
    lapses_at: int,
) -> None:
    require_next(state.proposals, number, "proposal")
    state.participant(proposer)
    state.proposals[number] = Proposal(
        id=number,
        action=action,
        arguments=arguments,
        digest=digest,
        evidence=evidence,
        proposer=proposer,
        proposed_at=at,
        approvals=(),
        executable_from=0,
        lapses_at=lapses_at,
    )


def _running(state: State, number: int) -> Proposal:
    found = known(state.proposals, number, "proposal")
    if found.ended is not None:
        contradicts(f"proposal {number} goes on after it has ended ({found.ended})")
    return found


def _approved(state: State, _at: int, number: int, participant: int) -> None:
    found = _running(state, number)
    state.participant(participant)
    if participant in found.approvals:
        contradicts(f"participant {participant} approves proposal {number} twice")
    state.proposals[number] = replace(found, approvals=(*found.approvals, participant))


def _approval_withdrawn(state: State, at: int, number: int, participant: int) -> None:
    found = _running(state, number)
    if participant not in found.approvals:
        contradicts(f"participant {participant} takes back what it did not approve")
    left = tuple(one for one in found.approvals if one != participant)
    ended = None if left else ProposalState.WITHDRAWN
    state.proposals[number] = replace(
        found, approvals=left, ended=ended, ended_at=at if ended else 0
    )


def _threshold(state: State, _at: int, number: int, executable_from: int, lapses_at: int) -> None:
    found = known(state.proposals, number, "proposal")
    if found.ended is not None and executable_from:
        contradicts(f"proposal {number} reaches its threshold after it has ended")
    state.proposals[number] = replace(found, executable_from=executable_from, lapses_at=lapses_at)


def _ended(
    state: State, at: int, number: int, how: ProposalState, reason: bytes = b"", by: bytes = b""
) -> None:
    found = _running(state, number)
    state.proposals[number] = replace(found, ended=how, ended_at=at, reason=reason, vetoed_by=by)


def _executed(state: State, at: int, number: int) -> None:
    _ended(state, at, number, ProposalState.EXECUTED)


def _failed(state: State, at: int, number: int, reason: bytes) -> None:
    _ended(state, at, number, ProposalState.FAILED, reason=reason)


def _vetoed(state: State, at: int, number: int, by: bytes) -> None:
    _ended(state, at, number, ProposalState.VETOED, by=by)


PROPOSAL_HANDLERS: Final[Mapping[str, Handler]] = MappingProxyType(
    {
        "ProposalMade": _made,
        "ProposalApproved": _approved,
        "ProposalApprovalWithdrawn": _approval_withdrawn,
        "ProposalThreshold": _threshold,
        "ProposalExecuted": _executed,
        "ProposalFailed": _failed,
        "ProposalVetoed": _vetoed,
    }
)
