"""What the public answer about a code looks like; see `answers`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from node_gateway.api.answers import CorrectionMark, Hash, _Answer


class NoticeText(_Answer):
    """A sentence or more in both languages; one of them may be empty."""

    en: str
    zh: str


class Publisher(_Answer):
    """Who published a notice; the name is empty if the directory does not know it."""

    participant: int
    name: str


class NoticeShort(_Answer):
    """A recall as the chain has it. `level` is 1 (gravest) to 3; a `drill` blocks nothing."""

    id: int
    level: int
    drill: bool
    headline: NoticeText
    text: NoticeText
    uri: str | None
    uri_digest: Hash | None
    product: str
    scope: Literal["product", "lots", "list"]
    lots: list[str]
    publisher: Publisher
    by_regulator: bool
    since: str


class Banner(NoticeShort):
    """A recall that stands, beside a code that it means (`this_pack`) or may mean."""

    concerns: Literal["this_pack", "some_packs"]


class Maker(_Answer):
    """The participant that answers."""

    participant: int
    name: str


class Product(_Answer):
    """What the participant that commissioned a code discloses of it."""

    maker: Maker
    status: Literal["issued", "sold", "withdrawn"]
    gtin: str | None = None
    lot: str | None = None
    expiry: str | None = None
    month: str | None = None


class ProvenStep(_Answer):
    """One step of a code, as its bundle shows it. `anchoredAt` is a block's time."""

    participant: int
    name: str
    role: str
    type: str
    action: str | None
    step: str | None
    disposition: str | None
    takes_back: bool
    entry: Hash
    anchored_at: int
    month: str | None = None
    region: str | None = None
    city: str | None = None
    event_time: str | None = None
    lot: str | None = None
    expiry: str | None = None
    parent_id: str | None = Field(default=None, alias="parentID")


class PublishedStep(ProvenStep):
    """A step that its participant publishes. `proof` is a bundle `sealtrail/proof/v1`."""

    proof: dict[str, Any]


class PublicHole(_Answer):
    """Where the answer ends: what came before (`up`) or after (`down`) is not shown."""

    direction: Literal["up", "down"]
    reason: Literal["not_disclosed"]


class PublicAnswer(_Answer):
    """What anybody learns who holds a code. `proofs` is a set `sealtrail/proofs/v1`, or null."""

    code: str
    statement: str
    issued_here: bool
    sold: bool
    sold_times: int
    sold_again: bool
    sealing: bool
    product: Product | None = None
    notices: list[Banner]
    corrections: list[CorrectionMark]
    steps: list[PublishedStep]
    holes: list[PublicHole]
    proofs: dict[str, Any] | None
    truncated: bool | None = None
