"""What the public answer about a code looks like; see `answers`."""

from __future__ import annotations

from typing import Any, Literal

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


class PublicAnswer(_Answer):
    """What anybody learns who holds a code. `proofs` is a set `sealtrail/proofs/v1`, or null."""

    code: str
    statement: str
    issued_here: bool
    sold: bool
    sealing: bool
    product: Product | None = None
    notices: list[Banner]
    corrections: list[CorrectionMark]
    proofs: dict[str, Any] | None
    truncated: bool | None = None
