"""What an action means, in plain English: read before anybody signs.

Names come from the directory, which the caller read at a block; names are those that participants
gave themselves, so that the id, which nobody chooses, always stands beside them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from anchoring.chain.governance import (
    NO_ADDRESS,
    NO_EVIDENCE,
    Action,
    ActionKind,
    Admit,
    ChangeRoles,
    ChangeVoter,
    GrantPrefix,
    NameSuccessor,
    Reinstate,
    Remove,
    ReplaceAdminKey,
    RevokePrefix,
    Suspend,
    decode_action,
    kind_of,
)
from anchoring.chain.network import Network
from anchoring.directory.model import (
    ROLE_VOTER,
    Directory,
    Participant,
    Proposal,
    ProposalState,
    Status,
    approvals_needed,
)
from anchoring.errors import FormatError

ROLE_NAMES: Final = ("manufacturer", "distributor", "pharmacy", "auditor", "regulator", "voter")
_WEAK_BELOW_VOTERS: Final = 4
_PURPOSES: Final = {1: "anchor", 2: "sign"}
_UNITS: Final = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def voters(directory: Directory) -> list[Participant]:
    """Return the electorate: participants with the role voter that are not removed."""
    return [
        one
        for one in directory.participants.values()
        if one.roles[-1].value & ROLE_VOTER and one.status is not Status.REMOVED
    ]


def words(action: Action, directory: Directory, network: Network) -> tuple[str, ...]:
    """Return sentences: what changes and for whom, then what it takes.

    Args:
        action: What is proposed.
        directory: The network as of the block that the caller read.
        network: The reader's own network file; contracts that it does not name are pointed out.
    """
    said = [*_what(action, directory)]
    said += _strangers(action, network)
    return (*said, *takes(kind_of(action), directory))


def takes(kind: ActionKind, directory: Directory) -> tuple[str, ...]:
    """Return what an action of this kind needs before it holds."""
    electorate = voters(directory)
    needed = approvals_needed(len(electorate), heavy=kind.is_heavy)
    count = f"{needed} of {len(electorate)} voters must approve"
    if kind.is_heavy:
        text = (
            f"It is a heavy action: {count} (more than half, and at least two thirds); then it "
            f"waits for {duration(directory.delay_s)} before anyone may execute it."
        )
    else:
        text = f"It is an ordinary action: {count} (more than half); then anyone may execute it."
    said = [text]
    suspended = [one for one in electorate if one.status is Status.SUSPENDED]
    if suspended:
        said.append(f"{_names(suspended)} counts as a voter but cannot vote while suspended.")
    if len(electorate) < _WEAK_BELOW_VOTERS:
        said.append("With fewer than four voters votes protect little.")
    return tuple(said)


def proposal_words(proposal: Proposal, directory: Directory, network: Network) -> tuple[str, ...]:
    """Return what stands under a proposal's number, who is for it, and where it stands.

    Arguments that cannot be read are said to be so; nobody should approve them.
    """
    said = [f"Proposal {proposal.id}, by {named(proposal.proposer, directory)}:"]
    try:
        said += words(decode_action(proposal.action, proposal.arguments), directory, network)
    except FormatError as error:
        said.append(f"Nobody can say what it does: {error}. Do not approve it.")
    if proposal.evidence != NO_EVIDENCE:
        said.append(f"Its evidence is a file with the SHA-256 {proposal.evidence.hex()}.")
    approved = ", ".join(named(one, directory) for one in proposal.approvals) or "nobody"
    return (*said, f"Approved so far: {approved}.", _stands(proposal))


def _stands(proposal: Proposal) -> str:
    lapses = f"it lapses on {moment(proposal.lapses_at)}"
    if proposal.ended is ProposalState.FAILED:
        return "It was executed and failed: the contracts refused the action; nothing changed."
    if proposal.ended is not None:
        return f"It is over: {proposal.ended.value}."
    if proposal.executable_from:
        return f"It may be executed from {moment(proposal.executable_from)} on; {lapses}."
    return f"Approvals are missing; {lapses}."


def named(participant: int, directory: Directory) -> str:
    """Return a participant's name with its id; an unknown id is said to be unknown."""
    one = directory.participants.get(participant)
    return f"{one.name} (participant {one.id})" if one else f"unknown participant {participant}"


def role_names(roles: int) -> str:
    """Return the names of the bits of `roles`."""
    names = [name for bit, name in enumerate(ROLE_NAMES) if roles >> bit & 1]
    strange = roles >> len(ROLE_NAMES)
    return ", ".join([*names, *(["roles that nobody knows"] if strange else [])]) or "no role"


def duration(seconds: int) -> str:
    """Return a time span in its largest whole unit."""
    for size, unit in _UNITS:
        if seconds and seconds % size == 0:
            count = seconds // size
            return f"{count} {unit}{'s' if count != 1 else ''}"
    return "no time"


def moment(seconds: int) -> str:
    """Return a time in UTC; one beyond the calendar as it is."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return f"second {seconds}"


def _period(start: int, end: int) -> str:
    begins = f"from {moment(start)}" if start else "from then on"
    return f"{begins}, {f'until {moment(end)}' if end else 'without an end'}"


def _names(some: Iterable[Participant]) -> str:
    return ", ".join(f"{one.name} (participant {one.id})" for one in some)


def _what(action: Action, directory: Directory) -> list[str]:
    if isinstance(action, Admit):
        return _admission(action, directory)
    if isinstance(action, GrantPrefix):
        period = _period(action.valid_from, action.valid_until)
        who = named(action.participant, directory)
        return [f"{who} may commission codes under {prefix_words(action.prefix)}, {period}."]
    if isinstance(action, RevokePrefix):
        return [_revocation(action, directory)]
    if isinstance(action, NameSuccessor):
        return [
            (
                f"The anchor registry 0x{action.registry.hex()} stops taking anchors for ever; "
                f"0x{action.successor.hex()} continues it. Every gateway needs a new network file."
            )
        ]
    return _about_one(action, directory)


def _about_one(
    action: Suspend | Reinstate | ChangeRoles | Remove | ChangeVoter | ReplaceAdminKey,
    directory: Directory,
) -> list[str]:
    who = named(action.participant, directory)
    if isinstance(action, Suspend):
        return [f"{who} is suspended: it can neither anchor nor vote; what it anchored stays."]
    if isinstance(action, Reinstate):
        return [f"{who} is active again: it may anchor, and vote if it is a voter."]
    if isinstance(action, Remove):
        return [f"{who} is removed for ever; what it anchored before stays verifiable."]
    if isinstance(action, ChangeVoter):
        return [f"{who} {'gets a vote' if action.voter else 'loses its vote'}."]
    if isinstance(action, ChangeRoles):
        return [
            (
                f"The roles of {who} become: {role_names(action.roles & ~ROLE_VOTER)}. "
                "Whether it is a voter stays as it is."
            )
        ]
    kept = action.recovery_key == NO_ADDRESS
    rest = "stays" if kept else f"becomes 0x{action.recovery_key.hex()}"
    return [
        (
            f"The admin key of {who} becomes 0x{action.admin_key.hex()}, its recovery key {rest}. "
            "Whoever holds the new key speaks for it, in a new key epoch that verifiers show."
        ),
        f"{who} can forbid this with its old admin key or its recovery key until it is executed.",
    ]


def _admission(action: Admit, directory: Directory) -> list[str]:
    one = action.newcomer
    url = one.url or "no gateway"
    said = [
        (
            f"{one.name} is admitted under the short name {one.slug}, as {role_names(one.roles)}; "
            f"gateway: {url}."
        ),
        f"Its admin key is 0x{one.admin_key.hex()}, its recovery key 0x{one.recovery_key.hex()}.",
    ]
    for key in one.keys:
        purpose = _PURPOSES.get(key.purpose, f"unknown purpose {key.purpose}")
        streams = f", only streams {', '.join(map(str, key.streams))}" if key.streams else ""
        period = _period(key.valid_from, key.valid_until)
        said.append(f"Key to {purpose}: 0x{key.address.hex()}, {period}{streams}.")
    if one.prefixes:
        asked = ", ".join(one.prefixes)
        said.append(f"It asks for {asked}; that is not part of this, and needs votes of its own.")
    if one.roles & ROLE_VOTER:
        count = len(voters(directory)) + 1
        said.append(f"It votes: there will be {count} voters.")
    return said


def _revocation(action: RevokePrefix, directory: Directory) -> str:
    ends = f"on {moment(action.valid_until)}" if action.valid_until else "when it is executed"
    grant = directory.grants.get(action.grant)
    if grant is None:
        return f"Grant {action.grant}, which is unknown, ends {ends}."
    who = named(grant.participant, directory)
    return (
        f"{who} loses {prefix_words(grant.prefix)} (grant {grant.id}) {ends}, without being asked; "
        "codes that it commissioned before stay what they are."
    )


def prefix_words(prefix: str) -> str:
    """Return what a prefix string of the CodeRegistry stands for."""
    scheme, _, digits = prefix.partition(":")
    if scheme == "gs1":
        kind = "the product" if len(digits) == 12 else "the company prefix"
        return f"{prefix} ({kind} {digits} of GS1)"
    return f"{prefix} (drug identification code {digits})" if scheme == "cn" else prefix


def _strangers(action: Action, network: Network) -> list[str]:
    """Name contracts that are not those of the reader's own network file."""
    named_one: bytes | None = None
    known: tuple[bytes, ...] = ()
    if isinstance(action, GrantPrefix | RevokePrefix):
        named_one = action.code_registry
        known = (network.code_registry.address,) if network.code_registry else ()
    elif isinstance(action, NameSuccessor):
        named_one, known = action.registry, tuple(one.address for one in network.registries)
    if named_one is None or named_one in known:
        return []
    return [f"Attention: your network file does not name the contract 0x{named_one.hex()}."]
