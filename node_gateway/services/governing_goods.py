"""Plans for prefixes of codes and for notices: words, and the prepared call."""

from __future__ import annotations

from typing import Final

from anchoring.chain.governance_calls import GovernanceCalls, NoticeScope, NoticeText
from anchoring.chain.governance_words import moment, named, prefix_words
from anchoring.directory.model import Directory, Notice
from node_gateway.errors import NotFoundError, NotPossibleError
from node_gateway.services.governing_wishes import (
    AcceptPrefix,
    LiftNotice,
    NoticeWish,
    OfferPrefix,
    Plan,
    PrefixWish,
    PublishNotice,
    SurrenderPrefix,
)

_LEVELS: Final = {1: "gravest", 2: "grave", 3: "least grave"}
_GRANTS: Final = "sealtrail code-prefix list"


def prefix_plan(wish: PrefixWish, directory: Directory, calls: GovernanceCalls) -> Plan:
    """Return the plan for a prefix; errors as `Planner.plan`."""
    grant = directory.grants.get(wish.grant)
    if grant is None:
        raise NotFoundError(
            f"there is no grant {wish.grant}", code="prefix_grant_not_found", hint=_GRANTS
        )
    what = f"{prefix_words(grant.prefix)} (grant {grant.id})"
    owner = named(grant.participant, directory)
    if isinstance(wish, OfferPrefix):
        to = named(wish.to, directory)
        if grant.offered_to == wish.to:
            said = f"{what} is offered to {to} already; nothing to do."
            return Plan((said,), None, grant=grant.id)
        said = f"{owner} offers {what} to {to}; nothing changes until that participant accepts."
        return Plan((said,), calls.offer_prefix(grant.id, wish.to), grant=grant.id)
    if isinstance(wish, SurrenderPrefix):
        ends = f"on {moment(wish.until)}" if wish.until else "now"
        said = f"{owner} gives {what} up {ends}; then nobody may commission codes under it."
        return Plan((said,), calls.surrender_prefix(grant.id, wish.until), grant=grant.id)
    if not grant.offered_to:
        raise NotPossibleError(
            f"grant {grant.id} is offered to nobody", code="prefix_offer", hint=_GRANTS
        )
    to = named(grant.offered_to, directory)
    if isinstance(wish, AcceptPrefix):
        said = f"{to} takes over {what} from {owner}, from this block on."
        return Plan((said,), calls.accept_prefix(grant.id), grant=grant.id)
    said = f"The offer of {what} by {owner} to {to} becomes void."
    return Plan((said,), calls.withdraw_offer(grant.id), grant=grant.id)


def notice_plan(
    wish: NoticeWish, directory: Directory, calls: GovernanceCalls, *, publisher: int
) -> Plan:
    """Return the plan for a notice; errors as `Planner.plan`.

    Args:
        wish: What is wanted.
        directory: The network as it was read.
        calls: Prepares calls.
        publisher: The participant that would sign, 0 if it is none.
    """
    if isinstance(wish, PublishNotice):
        return _publish(wish, directory, calls, publisher)
    one = directory.notices.get(wish.notice)
    if one is None:
        raise NotFoundError(
            f"there is no notice {wish.notice}",
            code="notice_not_found",
            hint="sealtrail recall list",
        )
    what = f"Notice {one.id} about {prefix_words(one.product)}"
    if isinstance(wish, LiftNotice):
        if not one.level:
            said = f"{what} was lifted on {moment(one.steps[-1].at)}; nothing to do."
            return Plan((said,), None, notice=one.id)
        said = f"{what} is lifted for good; what it blocked may go on."
        call = calls.lift_notice(one.id, wish.text)
    else:
        if one.level == wish.level:
            said = f"{what} has level {one.level} already; nothing to do."
            return Plan((said,), None, notice=one.id)
        said = f"{what} becomes graver: level {wish.level} in place of {one.level}."
        call = calls.escalate_notice(one.id, wish.level, wish.text)
    return Plan((said, *_text_words(wish.text)), call, notice=one.id)


def _publish(
    wish: PublishNotice, directory: Directory, calls: GovernanceCalls, publisher: int
) -> Plan:
    for one in directory.notices_of(wish.scope.product):
        if one.publisher == publisher and _says(one, wish):
            said = f"Notice {one.id} says exactly this already; nothing to do."
            return Plan((said,), None, notice=one.id)
    kind = "A recall drill" if wish.drill else "A recall"
    first = (
        f"{kind} of level {wish.level} ({_LEVELS.get(wish.level, 'unknown')}) is published "
        f"for {prefix_words(wish.scope.product)}: {_scope_words(wish.scope)}."
    )
    call = calls.publish_notice(wish.level, wish.scope, wish.text, drill=wish.drill)
    return Plan((first, _effect(drill=wish.drill), *_text_words(wish.text)), call)


def _says(one: Notice, wish: PublishNotice) -> bool:
    text = one.steps[0].wording
    return (one.level, one.drill, one.lots, one.digest, text.zh, text.en) == (
        wish.level,
        wish.drill,
        wish.scope.lots,
        wish.scope.list_digest,
        wish.text.zh,
        wish.text.en,
    )


def _scope_words(scope: NoticeScope) -> str:
    if scope.lots:
        return f"lot{'s' if len(scope.lots) > 1 else ''} {', '.join(scope.lots)}"
    if any(scope.list_digest):
        return f"the codes of a list that is not public, digest {scope.list_digest.hex()}"
    return "everything of it"


def _effect(*, drill: bool) -> str:
    if drill:
        return "It is marked as an exercise everywhere, and blocks nothing."
    return (
        "Every gateway of the network refuses to ship or dispense these, and shows the recall to "
        "whoever asks. Nobody can take it away; it can only be lifted."
    )


def _text_words(text: NoticeText) -> list[str]:
    said = [f"{name}: {one}" for name, one in (("Chinese", text.zh), ("English", text.en)) if one]
    if text.uri:
        said.append(f"The full notice: {text.uri} (SHA-256 {text.uri_digest.hex()}).")
    return said
