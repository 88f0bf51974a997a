"""What the answers about notices look like; see `answers`."""

from __future__ import annotations

from typing import Literal

from node_gateway.api.answers import Hash, _Answer
from node_gateway.api.answers_public import NoticeShort, NoticeText

Match = Literal["meant", "lot_unknown", "list_unknown"]


class ConcernAnswer(NoticeShort):
    """A notice that means a code or may mean it; `inside` is the code in it that is meant."""

    match: Match
    inside: str | None


class NoticeStepAnswer(_Answer):
    """Publication, escalation or lifting (`level` 0) of a notice."""

    at: str
    by: int
    level: int
    text: NoticeText
    uri: str | None
    uri_digest: Hash | None


class NoticeAnswer(NoticeShort):
    """A notice with its history; `level` is 0 once it is lifted.

    `listDigest` names a list of codes (docs/reference/formats.md) that is not public.
    """

    list_digest: Hash | None
    lifted_at: str | None
    steps: list[NoticeStepAnswer]


class ReadUpTo(_Answer):
    """The newest block that this gateway has read; `time` is null before the first one."""

    number: int
    time: str | None


class Notices(_Answer):
    """A page of notices by number; `next` is the number to go on from, null at the end."""

    notices: list[NoticeAnswer]
    next: int | None
    head: ReadUpTo


class AffectedCode(_Answer):
    """A code known here that a notice means, or may mean."""

    code: str
    status: str
    lot: str | None
    match: Match
    parents: list[str]


class AffectedCodes(_Answer):
    """Codes known here that a notice means, or may mean, in bytewise order.

    `counts` (by `match`, then by status) come with the first page; `countedAll` is false where
    there are more codes than are counted.
    """

    notice: int
    counts: dict[Match, dict[str, int]] | None
    counted_all: bool | None
    codes: list[AffectedCode]
    next: str | None


class NoticeFinding(_Answer):
    """An event by which a recalled code went on although the notice stood."""

    rule: Literal["recall_notice"]
    code: str
    event: Hash
    stated_at: str
    biz_step: str | None
    disposition: str | None
    overridden: bool


class NoticeFindings(_Answer):
    """A page of them by code; `next` is the code to go on from, null at the end."""

    notice: int
    findings: list[NoticeFinding]
    next: str | None


class LoadedList(_Answer):
    """A list of codes that was taken in."""

    notice: int
    digest: Hash
    code_count: int
