"""The words of every custom error of the contracts; `refusals` fills them in.

`{0}`, `{1}`, ... are the arguments of the error in their order; a word after a colon says how one
is shown: `time`, `state`, `status` or `action`.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Words:
    """One refusal in words.

    Attributes:
        code: Stable name, snake_case; part of the API.
        sentence: What is wrong.
        step: What to do next.
    """

    code: str
    sentence: str
    step: str


_VOTED_ONLY = "The contract takes this from the consortium only, after a vote."
_PROPOSE = "sealtrail consortium propose"
_NO_CONTRACT = Words(
    code="no_contract",
    sentence="There is no contract at {0}.",
    step="compare the addresses with the network file",
)

_REGISTRY: Final = {
    "AnchorRegistryUnauthorized": Words(
        code="anchor_key_refused",
        sentence="The key {0} may not write to stream {1} now: its participant is suspended or "
        "removed, or the key is revoked, expired, not valid yet, or limited to other streams.",
        step="sealtrail key list",
    ),
    "AnchorRegistryOutOfSequence": Words(
        code="anchor_out_of_sequence",
        sentence="Stream {0} goes on with sequence {1}, not with {2}.",
        step="sealtrail status; two gateways must never share a key or a stream",
    ),
    "AnchorRegistryTipMismatch": Words(
        code="anchor_tip_mismatch",
        sentence="The next anchor of stream {0} must build on the tip {1}, and this one builds on "
        "{2}: it belongs to another past.",
        step="sealtrail status; a restored copy needs sealtrail db adopt-chain",
    ),
    "AnchorRegistryEmptyBatch": Words(
        code="anchor_empty",
        sentence="An anchor has at least one leaf and a root that is not zero.",
        step="sealtrail doctor",
    ),
    "AnchorRegistryStopped": Words(
        code="registry_stopped",
        sentence="This registry takes no more anchors: the participants named {0} as its "
        "successor.",
        step="put the network file that names the successor in place, then restart the gateway",
    ),
    "AnchorRegistryNothing": Words(
        code="anchor_nothing",
        sentence="The list of anchors is empty.",
        step="sealtrail doctor",
    ),
    "AnchorRegistryOnlyConsortium": Words(
        code="only_by_vote", sentence=_VOTED_ONLY, step=f"{_PROPOSE} successor"
    ),
    "AnchorRegistrySuccessorInvalid": Words(
        code="successor_invalid",
        sentence="{0} is no registry that was deployed as the successor of this one.",
        step="deploy the successor with this registry as its predecessor, then propose it",
    ),
    "AnchorRegistryNotNamed": Words(
        code="successor_not_named",
        sentence="The registry {0} still takes anchors: it has not named this one as its "
        "successor, so nothing can begin here.",
        step=f"{_PROPOSE} successor",
    ),
    "AnchorRegistryNoContract": _NO_CONTRACT,
}

_CONSORTIUM: Final = {
    "ConsortiumUnknownParticipant": Words(
        code="participant_not_found",
        sentence="There is no participant {0}.",
        step="sealtrail consortium list",
    ),
    "ConsortiumInvalidParticipant": Words(
        code="participant_invalid",
        sentence="What is said of participant {0} does not keep the rules: a slug has 1 to 32 of "
        "a-z, 0-9 and inner hyphens, a name 1 to 128 bytes, a URL at most 256; roles and the two "
        "keys are given.",
        step="correct participant.json",
    ),
    "ConsortiumSlugTaken": Words(
        code="slug_taken",
        sentence="The short name {0} is or was another participant's; none is ever used twice.",
        step="choose another slug; sealtrail consortium list shows those in use",
    ),
    "ConsortiumInvalidKey": Words(
        code="key_invalid",
        sentence="The key {0} cannot be entered: a key has an address that is not zero, a known "
        "purpose, a time of validity that is not over before it begins nor begins in the past, "
        "and only streams of its own participant, none twice.",
        step="sealtrail key rotate",
    ),
    "ConsortiumKeyInUse": Words(
        code="key_in_use",
        sentence="The address {0} has a function in the consortium already. An address serves one "
        "participant in one function for ever.",
        step="sealtrail key new",
    ),
    "ConsortiumInvalidStatus": Words(
        code="status_not_possible",
        sentence="Participant {0} is {1:status} and cannot become {2:status}.",
        step="sealtrail consortium show",
    ),
    "ConsortiumSetupMismatch": Words(
        code="setup_mismatch",
        sentence="A consortium begins with at least one participant and one list of keys for "
        "each; given were {0} participants and {1} lists.",
        step="sealtrail chain deploy",
    ),
    "ConsortiumNotVoter": Words(
        code="not_a_voter",
        sentence="{0} is not the admin key of an active participant with the role voter.",
        step="sealtrail consortium list; vote with the admin key of a voter",
    ),
    "ConsortiumNotAllowed": Words(
        code="not_your_participant",
        sentence="{0} is not the key that may do this for participant {1}.",
        step="sealtrail key list; use the admin key, or the recovery key where that one decides",
    ),
    "ConsortiumUnknownProposal": Words(
        code="proposal_not_found",
        sentence="There is no proposal {0}.",
        step="sealtrail consortium proposals",
    ),
    "ConsortiumProposalState": Words(
        code="proposal_state",
        sentence="Proposal {0} does not allow this now; it is {1:state}.",
        step="sealtrail consortium proposals",
    ),
    "ConsortiumDigestMismatch": Words(
        code="proposal_changed",
        sentence="Proposal {0} is not the one that you read: its digest is {1}, you approved {2}.",
        step="read it again with sealtrail consortium proposals before you approve",
    ),
    "ConsortiumInvalidArguments": Words(
        code="proposal_arguments",
        sentence="The arguments do not fit the action {0:action}, or name something that does not "
        "exist.",
        step=f"{_PROPOSE} --help",
    ),
}
_VOTING: Final = {
    "ConsortiumRemoved": Words(
        code="participant_removed",
        sentence="Participant {0} was removed; of it nothing changes any more, but its keys can "
        "still be revoked.",
        step="sealtrail consortium show",
    ),
    "ConsortiumInvalidUrl": Words(
        code="url_invalid",
        sentence="{0} is no address of a gateway: http:// or https://, at most 256 bytes.",
        step="correct the URL",
    ),
    "ConsortiumInvalidRoles": Words(
        code="roles_invalid",
        sentence="Participant {0} cannot get the roles {1}: none at all, one that does not exist, "
        "or those that it has.",
        step="sealtrail consortium show",
    ),
    "ConsortiumNoVeto": Words(
        code="no_veto",
        sentence="Proposal {0} is to {1:action}; only the replacement of an admin key can be "
        "vetoed.",
        step="sealtrail consortium proposals",
    ),
    "ConsortiumGasTooLow": Words(
        code="gas_too_low",
        sentence="Proposal {0} failed, perhaps for want of gas; nothing changed.",
        step="execute it with more gas",
    ),
    "ConsortiumNoMajority": Words(
        code="no_majority_left",
        sentence="Afterwards {0} voters would be left, {1} of them able to vote: too few to ever "
        "decide anything again.",
        step="reinstate or admit voters first",
    ),
    "ConsortiumInvalidPeriod": Words(
        code="period_invalid",
        sentence="A delay of {0} s with a lifetime of {1} s is not possible: the lifetime is not "
        "zero, and neither is longer than 2^32 - 1 seconds.",
        step="sealtrail chain deploy --help",
    ),
    "ConsortiumNoContract": _NO_CONTRACT,
}
_APPROVED = Words(
    code="already_approved",
    sentence="Participant {1} has approved proposal {0} already.",
    step="sealtrail consortium proposals",
)
NOT_APPROVED = Words(
    code="not_approved",
    sentence="Participant {1} has not approved proposal {0}, so there is nothing to take back.",
    step="sealtrail consortium proposals",
)

_CODES: Final = {
    "CodeRegistryOnlyConsortium": Words(
        code="only_by_vote", sentence=_VOTED_ONLY, step=f"{_PROPOSE} grant-prefix"
    ),
    "CodeRegistryNotAllowed": Words(
        code="not_your_prefix",
        sentence="{0} is not the admin key that may do this for participant {1}.",
        step="sealtrail code-prefix list",
    ),
    "CodeRegistryParticipant": Words(
        code="participant_not_active",
        sentence="Participant {0} is unknown, suspended or removed, and cannot have a prefix now.",
        step="sealtrail consortium list",
    ),
    "CodeRegistryInvalidPrefix": Words(
        code="prefix_invalid",
        sentence="{0} is no prefix: gs1: and 4 to 12 digits, or cn: and 7 digits.",
        step="sealtrail code-prefix --help",
    ),
    "CodeRegistryInvalidTime": Words(
        code="prefix_time",
        sentence="A prefix cannot be granted or ended for {0:time} to {1:time}: a grant begins "
        "now or later, and ends after that.",
        step="leave the times out, or choose later ones",
    ),
    "CodeRegistryOverlap": Words(
        code="prefix_overlap",
        sentence="Grant {1} holds {0}, or codes above or below it, at the same time.",
        step="sealtrail code-prefix list",
    ),
    "CodeRegistryUnknownGrant": Words(
        code="prefix_grant_not_found",
        sentence="There is no grant {0}.",
        step="sealtrail code-prefix list",
    ),
    "CodeRegistryEnded": Words(
        code="prefix_ended",
        sentence="Grant {0} ends at {1:time}; it has ended, or the new end would not be earlier.",
        step="sealtrail code-prefix list",
    ),
    "CodeRegistryOffer": Words(
        code="prefix_offer",
        sentence="Grant {0} is not offered like that: nothing is offered, it is offered already, "
        "or to another participant (it stands for {1}; 0 is nobody).",
        step="sealtrail code-prefix list",
    ),
    "CodeRegistryNoContract": _NO_CONTRACT,
}

_NOTICES: Final = {
    "NoticeBoardNotAllowed": Words(
        code="not_your_product",
        sentence="{0} may not speak for the product {1}: it is neither the admin key of the "
        "participant that owns the prefix, nor of an active regulator.",
        step="sealtrail code-prefix list shows whose product it is",
    ),
    "NoticeBoardInvalidLevel": Words(
        code="notice_level",
        sentence="Level {0} is not possible: levels are 1, the gravest, to 3, and an escalation "
        "goes to a smaller number.",
        step="sealtrail recall list",
    ),
    "NoticeBoardInvalidScope": Words(
        code="notice_scope",
        sentence="A notice is about one product ({0}): gs1: and 12 digits, or cn: and 7 digits, "
        "with up to 64 lots, none twice, or with a list of codes, not with both.",
        step="correct the product, the lots or the list",
    ),
    "NoticeBoardInvalidWording": Words(
        code="notice_wording",
        sentence="A notice needs a text of at most 2048 bytes in Chinese or English, and a URI of "
        "at most 512 only together with a digest; given were {0}, {1} and {2} bytes.",
        step="shorten the text; the full notice goes behind the URI",
    ),
    "NoticeBoardUnknownNotice": Words(
        code="notice_not_found",
        sentence="There is no notice {0}.",
        step="sealtrail recall list",
    ),
    "NoticeBoardLifted": Words(
        code="notice_lifted",
        sentence="Notice {0} was lifted at {1:time}, for good.",
        step="publish a new one: sealtrail recall open",
    ),
    "NoticeBoardForeignRegistry": Words(
        code="foreign_code_registry",
        sentence="The code registry {0} belongs to another consortium.",
        step="compare the addresses with the network file",
    ),
    "NoticeBoardNoContract": _NO_CONTRACT,
}

_FAULT = Words(
    code="contract_fault",
    sentence="The contract refuses a value that no rule of its own foresees.",
    step="sealtrail doctor; tell those who maintain the contracts",
)
_LIBRARY: Final = dict.fromkeys(
    (
        *("CheckpointUnorderedInsertion", "SafeCastOverflowedUintDowncast"),
        "ReentrancyGuardReentrantCall",
    ),
    _FAULT,
)
"""Errors of the library that the contracts build on; none of our calls leads to one."""

OTHER = Words(
    code="contract_refused",
    sentence="The contract refuses the call and gives no reason that is known here.",
    step="sealtrail doctor; compare the network file with the one that was agreed on",
)

REFUSALS: Final = MappingProxyType(
    {**_REGISTRY, **_CONSORTIUM, **_VOTING, **_CODES, **_NOTICES, **_LIBRARY}
    | {"ConsortiumApproval": _APPROVED}
)
"""Every custom error of every contract, by name; a test compares it with the ABIs."""
