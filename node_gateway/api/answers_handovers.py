"""What the answers about handovers look like; see `answers`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from node_gateway.api.answers import Hash, _Answer

State = Literal["held", "waiting", "putting", "said", "withdrawn", "failed"]


class PartnerAnswer(_Answer):
    """Another participant; `name` is null while the chain was not read so far."""

    participant: int
    name: str | None


class HandoverAnswer(_Answer):
    """A handover. `digest` names it for ever, at both ends; null before it was said."""

    number: int
    direction: Literal["in", "out"]
    partner: PartnerAnswer
    shipment: Hash
    state: State
    digest: Hash | None
    replaces: Hash | None
    event_count: int
    code_count: int
    created_at: str
    said_at: str | None
    withdrawn_at: str | None
    acknowledged_at: str | None
    problem: str | None


class ProofsAnswer(_Answer):
    """Events by whether they are sealed; the chain contradicts those that are `refused`.

    What came counts as our own chain endpoint has it; what we handed over, when its proof was said.
    """

    sealed: int
    sealing: int
    refused: int


class HandoverWithProofs(HandoverAnswer):
    """One handover."""

    proofs: ProofsAnswer


class Handovers(_Answer):
    """A page of handovers by number; `next` is the number to go on from, null at the end."""

    handovers: list[HandoverAnswer]
    next: int | None


class UnknownParty(_Answer):
    """A party that shipments wait for: how many, and the first of their events."""

    party: str
    count: int
    shipments: Annotated[list[Hash], Field(max_length=10)]


class Unaddressed(_Answer):
    """A page of such parties in bytewise order; `next` is the party to go on from."""

    parties: list[UnknownParty]
    next: str | None


class HandedCodeAnswer(_Answer):
    """A code of a handover; lot and expiry as the participant stated that commissioned it."""

    code: str
    parent: str | None
    lot: str | None
    expiry: str | None
    commissioned_by: int | None
    commissioning: Hash | None


class HandedCodes(_Answer):
    """A page of the codes of a handover in bytewise order; `next` is the code to go on from."""

    codes: list[HandedCodeAnswer]
    next: str | None


class ShownEvent(_Answer):
    """An event as a partner would get it: `shown` are the disclosed values by path."""

    act: str
    participant: int
    shown: dict[str, Any]
    code_count: int
    opened: bool


class HandoverPreview(_Answer):
    """What a receiver would be shown; the first 200 events one by one."""

    to: PartnerAnswer
    event_count: int
    code_count: int
    without_commissioning: int
    part_count: int
    size_bytes: int
    events: Annotated[list[ShownEvent], Field(max_length=200)]


ANSWERS: Final[Mapping[str, Mapping[int, type[BaseModel]]]] = {
    "listHandovers": {200: Handovers},
    "listUnaddressed": {200: Unaddressed},
    "getHandover": {200: HandoverWithProofs},
    "listHandedCodes": {200: HandedCodes},
    "sendHandover": {201: HandoverWithProofs},
    "resendHandover": {201: HandoverWithProofs},
    "previewHandover": {200: HandoverPreview},
}
"""By operation id and status."""
