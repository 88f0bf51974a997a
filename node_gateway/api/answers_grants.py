"""What the answers about grants and delegations look like; see `answers`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel

from node_gateway.api.answers import Hash, _Answer

State = Literal["pending", "active", "expired", "revoked"]


class PermissionAnswer(_Answer):
    """A grant or a delegation; times are Unix seconds, `terms` as docs/reference/http.md says."""

    id: str
    participant: int
    slug: str | None
    state: State
    purpose: str
    valid_from: int
    valid_until: int
    created_at: int
    created_by: str
    revoked_at: int | None
    revoked_by: str | None
    terms: dict[str, Any]


class GrantList(_Answer):
    """A page of grants by number; `next` is the number to go on from, null at the end."""

    grants: list[PermissionAnswer]
    next: int | None


class DelegationList(_Answer):
    """A page of delegations by number."""

    delegations: list[PermissionAnswer]
    next: int | None


class ReadAnswer(_Answer):
    """One read under a grant; `items` is the JSON text that the log covers."""

    number: int
    grant: str
    at_ms: int
    kind: Literal["listed", "bundle", "codes-opening", "opening", "challenge"]
    entry: Hash
    items: str


class ReadList(_Answer):
    """A page of what a participant read, oldest first."""

    participant: int
    reads: list[ReadAnswer]
    next: int | None


class ReadCheck(_Answer):
    """Whether the log of reads holds; `broken` has a sentence for each chain that does not."""

    holds: bool
    grantees: int
    reads: int
    stated: int
    final: int
    broken: list[str]


class ReadsStated(_Answer):
    """The event that states how far the log is; null where it did not go on."""

    entry: Hash | None


class AudienceView(_Answer):
    """What an audience sees of an event."""

    sees: bool
    paths: list[str]
    codes: str


class Receiver(_Answer):
    """A participant."""

    participant: int
    slug: str | None


class Handed(_Answer):
    """A handover by which a partner got an event."""

    participant: int
    slug: str | None
    at: int
    withdrawn: bool


class PartnerView(AudienceView):
    """What direct partners see: by handover (`gotIt` says who did), and when they trace.

    `acknowledged`: what the sender of the goods sees of a receiving event, by our answer.
    """

    trace: Literal["no", "coarse", "full"]
    acknowledged: AudienceView | None
    receiver: Receiver | None
    got_it: list[Handed]


class ChainView(_Answer):
    """What those see who had the goods."""

    sees: bool
    paths: list[str]


class GrantView(_Answer):
    """A grant that covers an event, ended ones too."""

    id: str
    grantee: int
    slug: str | None
    state: State
    valid_until: int
    paths: list[str]
    codes: bool
    opening: Literal["none", "codes", "full"]


class ReadsOf(_Answer):
    """How often an event was read under grants, and the latest reads, newest first."""

    count: int
    latest: list[dict[str, Any]]


class Foreseen(_Answer):
    """Who will see an event by presets and policies."""

    entry: Hash | None
    state: str | None
    preset: Literal["private", "partner", "chain", "public"]
    preset_from: Literal["event", "settings"]
    public: AudienceView
    chain_of_custody: ChainView
    partners: PartnerView
    chain: str


class EventVisibility(Foreseen):
    """Who can see an event; `private` are the items that nobody else may see."""

    grants: list[GrantView]
    reads: ReadsOf
    private: list[str]


class Visibilities(_Answer):
    """The same for the events of a draft."""

    events: list[Foreseen]


class HeldGrant(_Answer):
    """A grant that the caller has."""

    id: str
    purpose: str
    valid_from: int
    valid_until: int
    terms: dict[str, Any]


class HeldGrants(_Answer):
    """The grants that the caller has now."""

    owner: int
    grants: list[HeldGrant]


class GrantedEvents(_Answer):
    """A page of entries under a grant; `next` is the entry to go on from, null at the end."""

    entries: list[Hash]
    next: Hash | None


class SignedReads(_Answer):
    """What the caller read: a signed statement, and the bundle that proves the anchored end."""

    statement: dict[str, Any]
    proof: dict[str, Any] | None


class ComparedReads(_Answer):
    """What an owner says that we read; `anchored` is the read up to which an anchor proves it."""

    owner: int
    holds: bool
    anchored: int | None
    reads: list[ReadAnswer]
    more: bool
    next: int
    statement: dict[str, Any]
    proof: dict[str, Any] | None


class DelegatedRequestAnswer(_Answer):
    """A provider's signed request, and the owner's signed answer."""

    participant: int
    key: str
    operation: str
    delegation: str
    outcome: Literal["asked", "done", "refused"]
    entry: Hash | None
    statement: dict[str, Any]
    answer: dict[str, Any] | None


class ActedAnswer(_Answer):
    """What was done in an owner's name."""

    owner: int
    key: str
    operation: str
    entry: Hash
    repeated: bool


_OPENING: Final = "A full opening (docs/reference/formats.md)."
_CODES_OPENING: Final = "A codes opening (docs/reference/formats.md)."
_BUNDLE: Final = "A bundle, `sealtrail/proof/v1` (docs/reference/formats.md)."
ANSWERS: Final[Mapping[str, Mapping[int, type[BaseModel] | str]]] = {
    "giveGrant": {201: PermissionAnswer},
    "listGrants": {200: GrantList},
    "getGrant": {200: PermissionAnswer},
    "revokeGrant": {200: PermissionAnswer},
    "listReads": {200: ReadList},
    "checkReads": {200: ReadCheck},
    "stateReads": {201: ReadsStated},
    "getVisibility": {200: EventVisibility},
    "foreseeVisibility": {200: Visibilities},
    "listHeldGrants": {200: HeldGrants},
    "listGrantedEvents": {200: GrantedEvents},
    "getGrantedBundle": {200: _BUNDLE},
    "getGrantedOpening": {200: _OPENING},
    "getGrantedCodesOpening": {200: _CODES_OPENING},
    "stateOwnReads": {200: SignedReads},
    "listGrantsOf": {200: HeldGrants},
    "compareReads": {200: ComparedReads},
    "listEventsGrantedUs": {200: GrantedEvents},
    "fetchGrantedBundle": {200: _BUNDLE},
    "fetchGrantedOpening": {200: _OPENING},
    "fetchGrantedCodesOpening": {200: _CODES_OPENING},
    "delegate": {201: PermissionAnswer},
    "listDelegations": {200: DelegationList},
    "revokeDelegation": {200: PermissionAnswer},
    "getDelegatedRequest": {200: DelegatedRequestAnswer},
    "actFor": {200: ActedAnswer, 201: ActedAnswer},
    "actDelegated": {200: "A signed statement, `sealtrail/statement/v1`."},
}
"""By operation: the model of an answer, or words for one whose form is defined elsewhere."""
