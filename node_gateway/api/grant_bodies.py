"""Bodies about grants and delegations, read into terms with identifiers in canonical form."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from anchoring.directory.prefixes import is_product, normal_prefix
from anchoring.errors import FormatError
from node_gateway.epcis.errors import EpcisError
from node_gateway.epcis.query import Span
from node_gateway.epcis.times import time_ms
from node_gateway.errors import NotFoundError, ParameterError
from node_gateway.partners.grant_terms import DelegationTerms, GrantTerms, Items, Scope
from node_gateway.partners.grants import Wish
from node_gateway.services.gateway import Gateway
from node_gateway.settings import PolicySection
from node_gateway.storage.granted_goods import lot_key, product_key

TEXT_LENGTH_MAX = 1000
LIST_MAX = 1000
WORDS_MAX = 100
_LOT = re.compile(r"[!-\"%-?A-Z_a-z]{1,20}")  # GS1 set 82, as of (10)
_ID_DIGITS_MAX = 10
Text = Annotated[str, Field(min_length=1, max_length=TEXT_LENGTH_MAX)]
Words = Annotated[list[Text], Field(max_length=WORDS_MAX)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class LotIn(_In):
    """A lot of a product: a GTIN, `gs1:` and 12 digits, or `cn:` and 7."""

    product: Text
    lot: Text


class GoodsIn(_In):
    """Goods; together they are a union."""

    codes: Annotated[list[Text], Field(max_length=LIST_MAX)] = []
    lots: Annotated[list[LotIn], Field(max_length=LIST_MAX)] = []
    products: Annotated[list[Text], Field(max_length=LIST_MAX)] = []


class ScopeIn(GoodsIn):
    """Which events: about any of the goods, and all the rest must hold. Times with offset."""

    steps: Words = []
    types: Words = []
    places: Words = []
    event_from: Annotated[Text | None, Field(alias="eventFrom")] = None
    event_before: Annotated[Text | None, Field(alias="eventBefore")] = None
    captured_from: Annotated[Text | None, Field(alias="capturedFrom")] = None
    captured_before: Annotated[Text | None, Field(alias="capturedBefore")] = None
    all: bool = False


class ItemsIn(_In):
    """What of an event."""

    preset: Literal["public", "partner"] | None = None
    paths: Words = []
    codes: bool = True
    opening: Literal["none", "codes", "full"] = "none"


class GrantIn(_In):
    """A grant: to whom, what for, until when (a time with offset), which items of which events."""

    participant: Text
    purpose: Text
    until: Text
    start: Annotated[Text | None, Field(alias="from")] = None
    items: ItemsIn
    scope: ScopeIn


class DelegationIn(GoodsIn):
    """A delegation: to whom, what for, until when, which operations on what goods, where to."""

    participant: Text
    purpose: Text
    until: Text
    start: Annotated[Text | None, Field(alias="from")] = None
    operations: Words
    places: Words = []
    receivers: Annotated[
        Words,
        Field(description="Ids or short names of whom goods may be sent to; empty: to anybody."),
    ] = []


def grant_wish(gateway: Gateway, wanted: GrantIn) -> Wish:
    """Return a grant as it was asked for.

    Raises:
        ParameterError, EpcisError, NotFoundError: something in it cannot be.
    """
    scope, items = wanted.scope, wanted.items
    terms = GrantTerms(
        Items(items.preset, _paths(items.paths), items.codes, items.opening),
        Scope(
            goods=_goods(gateway, scope),
            steps=tuple(scope.steps),
            types=tuple(scope.types),
            places=tuple(gateway.naming.place(one) for one in scope.places),
            event_time=_span(scope.event_from, scope.event_before),
            captured=_span(scope.captured_from, scope.captured_before),
        ),
    )
    if terms.scope.is_open != scope.all:
        raise ParameterError(
            "name goods, steps, types, places or times; or all of it, and nothing else",
            code="grant_scope",
            hint='"all": true lets read every event there is and will be.',
        )
    return Wish(
        to=participant_of(gateway, wanted.participant),
        terms=terms.to_wire(),
        purpose=wanted.purpose,
        valid_until=_seconds(wanted.until, "until"),
        valid_from=None if wanted.start is None else _seconds(wanted.start, "from"),
    )


def delegation_wish(gateway: Gateway, wanted: DelegationIn) -> Wish:
    """Return a delegation as it was asked for; errors as `grant_wish`."""
    terms = DelegationTerms(
        operations=tuple(dict.fromkeys(wanted.operations)),
        goods=_goods(gateway, wanted),
        places=tuple(gateway.naming.place(one) for one in wanted.places),
        receivers=tuple(sorted({participant_of(gateway, one) for one in wanted.receivers})),
    )
    return Wish(
        to=participant_of(gateway, wanted.participant),
        terms=terms.to_wire(),
        purpose=wanted.purpose,
        valid_until=_seconds(wanted.until, "until"),
        valid_from=None if wanted.start is None else _seconds(wanted.start, "from"),
    )


def participant_of(gateway: Gateway, text: str) -> int:
    """Return the id of a participant by id or short name.

    Raises:
        NotFoundError: nobody has it.
    """
    directory = gateway.directory.current
    if text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS_MAX:
        found = directory.participants.get(int(text))
    else:
        found = directory.participant_by_slug(text)
    if found is None:
        raise NotFoundError(
            "no participant has this id or short name", code="participant_not_found"
        )
    return found.id


def slugs_of(gateway: Gateway) -> dict[int, str]:
    """Return the short names of all participants by id."""
    return {number: one.slug for number, one in gateway.directory.current.participants.items()}


def _goods(gateway: Gateway, wanted: GoodsIn) -> tuple[str, ...]:
    goods = [gateway.canonical_code(one) for one in wanted.codes]
    goods += [product_key(_product(one)) for one in wanted.products]
    for one in wanted.lots:
        if not _LOT.fullmatch(one.lot):
            raise ParameterError(
                "a lot has 1 to 20 characters of GS1 set 82", code="lot_form", hint="Correct it."
            )
        goods.append(lot_key(_product(one.product), one.lot))
    return tuple(sorted(set(goods)))


def _product(text: str) -> str:
    try:
        prefix = normal_prefix(text)
    except FormatError as error:
        raise ParameterError(str(error), code="product_form") from None
    if not is_product(prefix):
        raise ParameterError(
            f"{text} is no single product",
            code="product_form",
            hint="A GTIN, gs1: and 12 digits, or cn: and 7.",
        )
    return prefix


def _paths(paths: list[str]) -> tuple[str, ...]:
    try:
        return PolicySection(paths=tuple(dict.fromkeys(paths))).paths
    except ValueError:
        raise ParameterError(
            "an item is `*`, a normalized path or the name of a derived item",
            code="grant_items",
            hint="Such as $['ilmd']['cbvmda:lotNumber'], or sealtrail:month.",
        ) from None


def _span(start: str | None, before: str | None) -> Span:
    return Span(
        None if start is None else _seconds(start, "From") * 1000,
        None if before is None else _seconds(before, "Before") * 1000,
    )


def _seconds(text: str, what: str) -> int:
    try:
        return time_ms(text) // 1000
    except EpcisError as error:
        raise ParameterError(
            f"{what}: {error.detail}", code=error.code, hint="Such as 2028-02-29T00:00:00+08:00."
        ) from None
