"""The network: participants, keys, prefixes and proposals, as far as the chain was read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Protocol, TypeVar

from fastapi import APIRouter, Path, Query, Request

from anchoring.directory.model import ProposalState
from anchoring.directory.prefixes import normal_prefix
from node_gateway.api.deps import GatewayDep, address
from node_gateway.errors import NotFoundError
from node_gateway.services.consortium_wire import (
    consortium_wire,
    grant_wire,
    head_wire,
    participant_wire,
    proposal_wire,
    whole_participant_wire,
)
from node_gateway.services.gateway import Gateway
from node_gateway.services.governing_actions import moment_of

router = APIRouter(tags=["consortium"])

_NUMBER_MAX = 2**53 - 1
After = Annotated[int, Query(ge=0, le=_NUMBER_MAX, description="Number to go on from.")]
PerPage = Annotated[int, Query(alias="perPage", ge=1, le=1000)]


class _Numbered(Protocol):
    @property
    def id(self) -> int: ...


T = TypeVar("T", bound=_Numbered)


@router.get("/v1/consortium", operation_id="getConsortium")
async def get_consortium(request: Request, gateway: GatewayDep) -> dict[str, Any]:
    """Say what governs the network and how new that knowledge is. Problems: rate_limit."""
    gateway.lists.check(address(request))
    known = gateway.directory
    return consortium_wire(
        known.current, known.view, known.network, time=_now(gateway), age_s=known.age_s
    )


@router.get("/v1/consortium/participants", operation_id="listParticipants")
async def list_participants(
    request: Request, gateway: GatewayDep, after: After = 0, per_page: PerPage = 100
) -> dict[str, Any]:
    """List the participants, removed ones too. Problems: parameter, rate_limit."""
    gateway.lists.check(address(request))
    directory = gateway.directory.current
    page, more = _page(list(directory.participants.values()), after, per_page)
    return {
        "participants": [participant_wire(one) for one in page],
        "next": more,
        "head": head_wire(directory),
    }


@router.get("/v1/consortium/participants/{participant}", operation_id="getParticipant")
async def get_participant(
    request: Request,
    gateway: GatewayDep,
    participant: Annotated[str, Path(max_length=32, description="Id or slug.")],
) -> dict[str, Any]:
    """Return a participant with its history. Problems: participant_not_found, rate_limit."""
    gateway.lists.check(address(request))
    directory = gateway.directory.current
    found = directory.participant_by_slug(participant)
    if participant.isascii() and participant.isdecimal():
        # A slug may consist of digits; an id is what is meant then.
        found = directory.participants.get(int(participant), found)
    if found is None:
        raise NotFoundError(
            "no participant has this id or slug, as far as the chain was read here",
            code="participant_not_found",
        )
    return whole_participant_wire(found, directory, time=_now(gateway))


@router.get("/v1/consortium/proposals", operation_id="listProposals")
async def list_proposals(
    request: Request,
    gateway: GatewayDep,
    after: After = 0,
    per_page: PerPage = 100,
    state: Annotated[ProposalState | None, Query(description="Only those in this state.")] = None,
) -> dict[str, Any]:
    """List the proposals by number, with their states now. Problems: parameter, rate_limit."""
    gateway.lists.check(address(request))
    directory, network, now = gateway.directory.current, gateway.directory.network, _now(gateway)
    fitting = [
        one
        for one in directory.proposals.values()
        if state is None or one.state_at(directory, now) is state
    ]
    page, more = _page(fitting, after, per_page)
    return {
        "proposals": [proposal_wire(one, directory, network, time=now) for one in page],
        "next": more,
        "head": head_wire(directory),
    }


@router.get("/v1/consortium/proposals/{number}", operation_id="getProposal")
async def get_proposal(
    request: Request,
    gateway: GatewayDep,
    number: Annotated[int, Path(ge=1, le=_NUMBER_MAX, description="Number of the proposal.")],
) -> dict[str, Any]:
    """Return a proposal with its state now. Problems: proposal_not_found, rate_limit."""
    gateway.lists.check(address(request))
    directory = gateway.directory.current
    found = directory.proposals.get(number)
    if found is None:
        raise NotFoundError(
            "no proposal has this number, as far as the chain was read here",
            code="proposal_not_found",
        )
    return proposal_wire(found, directory, gateway.directory.network, time=_now(gateway))


@router.get("/v1/consortium/prefixes", operation_id="listPrefixes")
async def list_prefixes(
    request: Request,
    gateway: GatewayDep,
    after: After = 0,
    per_page: PerPage = 100,
    prefix: Annotated[
        str | None, Query(max_length=200, description="gs1:..., cn:..., a GTIN or a code.")
    ] = None,
    participant: Annotated[int | None, Query(ge=1, le=2**32 - 1)] = None,
    at: Annotated[str, Query(max_length=40, description="A time; otherwise now.")] = "",
) -> dict[str, Any]:
    """List the grants of prefixes; of one prefix also those above and below it, and its owner.

    With `at` only those that held then. Problems: parameter, prefix_form, time_form, rate_limit.
    """
    gateway.lists.check(address(request))
    directory = gateway.directory.current
    asked = None if prefix is None else normal_prefix(prefix)
    time = moment_of(at) or _now(gateway)
    fitting = [
        one
        for one in directory.grants.values()
        if participant in (None, one.participant)
        and (asked is None or asked.startswith(one.prefix) or one.prefix.startswith(asked))
        and (not at or one.holds_at(time))
    ]
    page, more = _page(fitting, after, per_page)
    owner = None if asked is None else directory.owner_at(asked, time)
    return {
        "prefix": asked,
        "owner": grant_wire(owner.grant, directory, time=time) if owner else None,
        "prefixes": [grant_wire(one, directory, time=time) for one in page],
        "next": more,
        "head": head_wire(directory),
    }


def _page(things: Sequence[T], after: int, size: int) -> tuple[Sequence[T], int | None]:
    """Return those behind `after`, and the number to go on from if there are more."""
    found = [one for one in things if one.id > after]
    return found[:size], found[size - 1].id if len(found) > size else None


def _now(gateway: Gateway) -> int:
    """Return the time that the next block would have, as far as anybody can say."""
    return max(gateway.directory.current.head.time, int(gateway.clock()))
