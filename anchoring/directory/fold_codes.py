"""Logs of the CodeRegistry about prefixes, and of the NoticeBoard about recalls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from anchoring.directory.fold_state import (
    Handler,
    State,
    contradicts,
    known,
    require_next,
    text,
)
from anchoring.directory.parts import Notice, NoticeStep, PrefixGrant, Wording
from anchoring.directory.prefixes import is_prefix, is_product

_RawScope = tuple[bytes, tuple[bytes, ...], bytes]
_RawWording = tuple[bytes, bytes, bytes, bytes]
_LEVEL_LEAST: Final = 3


def _granted(
    state: State, _at: int, number: int, participant: int, prefix: bytes, start: int, end: int
) -> None:
    require_next(state.grants, number, "grant")
    state.participant(participant)
    if not is_prefix(text(prefix)):
        contradicts(f"grant {number} is of something that is no prefix")
    state.grants[number] = PrefixGrant(number, text(prefix), participant, start, end)


def _ended(state: State, _at: int, number: int, end: int) -> None:
    grant = known(state.grants, number, "grant")
    if grant.valid_until and end > grant.valid_until:
        contradicts(f"grant {number} ends later than it did")
    state.grants[number] = replace(grant, valid_until=end)


def _offered(state: State, _at: int, number: int, to: int) -> None:
    grant = known(state.grants, number, "grant")
    state.participant(to)
    state.grants[number] = replace(grant, offered_to=to)


def _offer_withdrawn(state: State, _at: int, number: int) -> None:
    grant = known(state.grants, number, "grant")
    state.grants[number] = replace(grant, offered_to=0)


def _handed_over(state: State, _at: int, number: int, new: int, to: int) -> None:
    grant, taken = known(state.grants, number, "grant"), known(state.grants, new, "grant")
    if (grant.offered_to, grant.prefix) != (to, taken.prefix) or taken.participant != to:
        contradicts(f"grant {number} is handed over to somebody whom it was not offered to")
    state.grants[number] = replace(grant, offered_to=0)


def _published(
    state: State,
    at: int,
    number: int,
    publisher: int,
    level: int,
    drill: bool,
    by_regulator: bool,
    scope: _RawScope,
    wording: _RawWording,
) -> None:
    require_next(state.notices, number, "notice")
    state.participant(publisher)
    product, lots, digest = scope
    if not is_product(text(product)) or not 1 <= level <= _LEVEL_LEAST:
        contradicts(f"notice {number} has no product, or no level")
    state.notices[number] = Notice(
        id=number,
        publisher=publisher,
        by_regulator=by_regulator,
        drill=drill,
        product=text(product),
        lots=tuple(text(one) for one in lots),
        digest=digest,
        steps=(NoticeStep(at, publisher, level, _wording(wording), by_regulator),),
    )


def _escalated(
    state: State, at: int, number: int, by: int, level: int, regulator: bool, wording: _RawWording
) -> None:
    if not 1 <= level < known(state.notices, number, "notice").level:
        contradicts(f"notice {number} is escalated to level {level}")
    _stepped(state, number, NoticeStep(at, by, level, _wording(wording), regulator))


def _lifted(
    state: State, at: int, number: int, by: int, regulator: bool, wording: _RawWording
) -> None:
    _stepped(state, number, NoticeStep(at, by, 0, _wording(wording), regulator))


def _stepped(state: State, number: int, step: NoticeStep) -> None:
    notice = known(state.notices, number, "notice")
    state.participant(step.by)
    if not notice.level:
        contradicts(f"notice {number} goes on after it was lifted")
    state.notices[number] = replace(
        notice,
        steps=(*notice.steps, step),
        by_regulator=notice.by_regulator or (step.level > 0 and step.by_regulator),
    )


def _wording(raw: _RawWording) -> Wording:
    zh, en, uri, uri_digest = raw
    return Wording(zh=text(zh), en=text(en), uri=text(uri), uri_digest=uri_digest)


CODE_HANDLERS: Final[Mapping[str, Handler]] = MappingProxyType(
    {
        "PrefixGranted": _granted,
        "PrefixEnded": _ended,
        "PrefixOffered": _offered,
        "PrefixOfferWithdrawn": _offer_withdrawn,
        "PrefixHandedOver": _handed_over,
        "NoticePublished": _published,
        "NoticeEscalated": _escalated,
        "NoticeLifted": _lifted,
    }
)
