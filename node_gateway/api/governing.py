"""Governing with the gateway's own admin key, if the settings give it one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from anchoring.directory.model import Directory
from node_gateway.api.administration import AdminKey
from node_gateway.api.deps import BodyDep, GatewayDep, read
from node_gateway.api.governing_bodies import (
    EndIn,
    EscalationIn,
    NoticeIn,
    OfferIn,
    ProposalIn,
    WordingIn,
    action_of,
)
from node_gateway.errors import NotPossibleError
from node_gateway.services.gateway import Gateway
from node_gateway.services.governing import Governing
from node_gateway.services.governing_actions import digest_of_text, level_of, participant_of
from node_gateway.services.governing_wire import report
from node_gateway.services.governing_wishes import (
    AcceptPrefix,
    Approve,
    EscalateNotice,
    Execute,
    LiftNotice,
    OfferPrefix,
    Propose,
    PublishNotice,
    RefusePrefix,
    SurrenderPrefix,
    Veto,
    Wish,
    Withdraw,
)

router = APIRouter(tags=["governing"])

_NUMBER_MAX: Final = 2**53 - 1
Number = Annotated[int, Path(ge=1, le=_NUMBER_MAX, description="Number of the proposal.")]
Grant = Annotated[int, Path(ge=1, le=_NUMBER_MAX, description="Number of the grant.")]
Notice = Annotated[int, Path(ge=1, le=_NUMBER_MAX, description="Number of the notice.")]
DryRun = Annotated[
    bool, Query(alias="dryRun", description="Only say what would be signed; send nothing.")
]
_VOTES: Final[Mapping[str, Callable[[int], Wish]]] = MappingProxyType(
    {"approve": Approve, "withdraw": Withdraw, "execute": Execute, "veto": Veto}
)


def _body(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema()
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


@router.post("/v1/consortium/proposals", operation_id="propose", openapi_extra=_body(ProposalIn))
async def propose(
    admin: AdminKey, gateway: GatewayDep, body: BodyDep, dry_run: DryRun = False
) -> dict[str, Any]:
    """Propose an action, which also approves it. The action is rehearsed first.

    Nothing is sent if it would fail. Problems: admin_key_not_here, parameter, unknown_role,
    participant_not_found, participant_file, slug_taken, url_form, key_in_use, prefix_form,
    prefix_overlap, prefix_grant_not_found, status_not_possible, not_a_voter, already_proposed,
    chain_unavailable.
    """
    del admin
    wanted = read(ProposalIn, body)
    governing, evidence = _governing(gateway), digest_of_text(wanted.evidence)

    def wish(known: Directory) -> Wish:
        return Propose(action_of(wanted, known, governing.network), evidence)

    return await _govern(governing, wish, dry_run=dry_run)


@router.post("/v1/consortium/proposals/{number}/{vote}", operation_id="voteOnProposal")
async def vote_on_proposal(
    admin: AdminKey,
    gateway: GatewayDep,
    number: Number,
    vote: Literal["approve", "withdraw", "execute", "veto"],
    dry_run: DryRun = False,
) -> dict[str, Any]:
    """Approve a proposal, take the approval back, carry it out, or forbid it.

    What is approved is exactly what `words` say. Problems: admin_key_not_here, proposal_not_found,
    proposal_state, proposal_unreadable, not_a_voter, not_approved, no_veto, chain_unavailable.
    """
    del admin
    made = _VOTES[vote](number)
    return await _govern(_governing(gateway), lambda _: made, dry_run=dry_run)


@router.post(
    "/v1/code-prefixes/{grant}/offer", operation_id="offerPrefix", openapi_extra=_body(OfferIn)
)
async def offer_prefix(
    admin: AdminKey, gateway: GatewayDep, grant: Grant, body: BodyDep, dry_run: DryRun = False
) -> dict[str, Any]:
    """Offer a prefix of one's own to another participant.

    Problems: admin_key_not_here, prefix_grant_not_found, participant_not_found, not_your_prefix,
    prefix_offer, prefix_ended, participant_not_active, chain_unavailable.
    """
    del admin
    to = str(read(OfferIn, body).to)

    def wish(known: Directory) -> Wish:
        return OfferPrefix(grant, participant_of(to, known).id)

    return await _govern(_governing(gateway), wish, dry_run=dry_run)


@router.post(
    "/v1/code-prefixes/{grant}/surrender",
    operation_id="surrenderPrefix",
    openapi_extra=_body(EndIn),
)
async def surrender_prefix(
    admin: AdminKey, gateway: GatewayDep, grant: Grant, body: BodyDep, dry_run: DryRun = False
) -> dict[str, Any]:
    """Give a prefix of one's own up, now or from a time on.

    Problems: admin_key_not_here, prefix_grant_not_found, not_your_prefix, prefix_time,
    prefix_ended, chain_unavailable.
    """
    del admin
    made = SurrenderPrefix(grant, read(EndIn, body).until)
    return await _govern(_governing(gateway), lambda _: made, dry_run=dry_run)


@router.post("/v1/code-prefixes/{grant}/{answer}", operation_id="answerOffer")
async def answer_offer(
    admin: AdminKey,
    gateway: GatewayDep,
    grant: Grant,
    answer: Literal["accept", "refuse"],
    dry_run: DryRun = False,
) -> dict[str, Any]:
    """Take over a prefix that is offered, or make the offer void.

    Problems: admin_key_not_here, prefix_grant_not_found, prefix_offer, not_your_prefix,
    participant_not_active, chain_unavailable.
    """
    del admin
    made: Wish = AcceptPrefix(grant) if answer == "accept" else RefusePrefix(grant)
    return await _govern(_governing(gateway), lambda _: made, dry_run=dry_run)


@router.post("/v1/notices", operation_id="publishNotice", openapi_extra=_body(NoticeIn))
async def publish_notice(
    admin: AdminKey, gateway: GatewayDep, body: BodyDep, dry_run: DryRun = False
) -> dict[str, Any]:
    """Publish a recall, or an exercise of one, on the chain.

    Problems: admin_key_not_here, notice_level, notice_scope, notice_wording, notice_too_large,
    prefix_form, url_form, not_your_product, chain_unavailable.
    """
    del admin
    wanted = read(NoticeIn, body)
    made = PublishNotice(level_of(wanted.level), wanted.scope(), wanted.text(), wanted.drill)
    return await _govern(_governing(gateway), lambda _: made, dry_run=dry_run)


@router.post(
    "/v1/notices/{notice}/escalate",
    operation_id="escalateNotice",
    openapi_extra=_body(EscalationIn),
)
async def escalate_notice(
    admin: AdminKey, gateway: GatewayDep, notice: Notice, body: BodyDep, dry_run: DryRun = False
) -> dict[str, Any]:
    """Make a notice graver: a smaller level.

    Problems: admin_key_not_here, notice_not_found, notice_level, notice_lifted, notice_wording,
    notice_too_large, not_your_product, chain_unavailable.
    """
    del admin
    wanted = read(EscalationIn, body)
    made = EscalateNotice(notice, level_of(wanted.level), wanted.text())
    return await _govern(_governing(gateway), lambda _: made, dry_run=dry_run)


@router.post("/v1/notices/{notice}/lift", operation_id="liftNotice", openapi_extra=_body(WordingIn))
async def lift_notice(
    admin: AdminKey, gateway: GatewayDep, notice: Notice, body: BodyDep, dry_run: DryRun = False
) -> dict[str, Any]:
    """Lift a notice for good; the text says why.

    Problems: admin_key_not_here, notice_not_found, notice_wording, notice_too_large,
    not_your_product, chain_unavailable.
    """
    del admin
    made = LiftNotice(notice, read(WordingIn, body).text())
    return await _govern(_governing(gateway), lambda _: made, dry_run=dry_run)


def _governing(gateway: Gateway) -> Governing:
    if gateway.governing is None:
        raise NotPossibleError(
            "this gateway has no admin key, on purpose: whoever enters it would vote and recall",
            code="admin_key_not_here",
            hint="Use the command line where the admin key is, or name keys.admin_keystore.",
        )
    return gateway.governing


async def _govern(
    governing: Governing, wish: Callable[[Directory], Wish], *, dry_run: bool
) -> dict[str, Any]:
    plan = await governing.plan(wish(await governing.directory()))
    if dry_run:
        return report(plan, None)
    return report(plan, await governing.carry_out(plan))
