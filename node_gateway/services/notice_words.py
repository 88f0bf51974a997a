"""Notices in words: for whoever is refused, for operators, and for anybody who asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, Literal

from anchoring.directory.model import Directory, Notice, NoticeStep
from node_gateway.errors import Spot
from node_gateway.state.recalls import Concern, Match

RECALL_NOTICE: Final = "recall_notice"
RECALL_LOT_UNKNOWN: Final = "recall_lot_unknown"
RECALL_LIST_UNKNOWN: Final = "recall_list_unknown"
RECALL_CONTENTS_UNKNOWN: Final = "recall_contents_unknown"
Scope = Literal["product", "lots", "list"]

_SPOT_CODES: Final[Mapping[Match, str]] = MappingProxyType(
    {
        Match.MEANT: RECALL_NOTICE,
        Match.LOT_UNKNOWN: RECALL_LOT_UNKNOWN,
        Match.LIST_UNKNOWN: RECALL_LIST_UNKNOWN,
    }
)
_HINTS: Final[Mapping[Match, str]] = MappingProxyType(
    {
        Match.MEANT: "Set it aside (hold), send it back (send-back) or destroy it.",
        Match.LOT_UNKNOWN: "Scan the whole DataMatrix, or state the lot (--lot).",
        Match.LIST_UNKNOWN: "Ask the publisher for the list: sealtrail notice load NUMBER FILE.",
    }
)
_HEADLINES: Final[Mapping[Scope, tuple[str, str]]] = MappingProxyType(
    {
        "product": ("Product recalled", "该产品召回"),
        "lots": ("Lot recalled", "该批次召回"),
        "list": ("Some packs recalled", "部分包装召回"),
    }
)
_LEVELS: Final = ("", "一级", "二级", "三级")


def scope_of(notice: Notice) -> Scope:
    """Return what of its product a notice means."""
    if notice.has_list:
        return "list"
    return "lots" if notice.lots else "product"


def spots_of(concerns: Iterable[Concern], code: str, pointer: str) -> Iterable[Spot]:
    """Yield what forbids to hand on a code: one spot per notice that is no exercise."""
    for one in concerns:
        if not one.notice.drill:
            yield Spot(_SPOT_CODES[one.match], _sentence(one, code), pointer, _HINTS[one.match])


def too_much(codes_max: int) -> Spot:
    """Return what forbids to hand on more than can be held against the notices."""
    return Spot(
        RECALL_CONTENTS_UNKNOWN,
        f"More than {codes_max} codes are packed in these goods, or too deep: not all of them "
        "were held against the recalls that stand.",
        "/codes",
        "Ship them in several parts.",
    )


def headline(notice: Notice) -> dict[str, str]:
    """Return one line for people; of an exercise it says so first."""
    en, zh = _HEADLINES[scope_of(notice)]
    if not notice.level:
        en, zh = f"Recall lifted ({en})", f"召回已解除（{zh}）"
    else:
        en, zh = f"{en} (level {notice.level})", f"{zh}（{_LEVELS[notice.level]}）"
    if notice.drill:
        return {"en": f"Exercise, not a real recall: {en}", "zh": f"演练，并非真实召回：{zh}"}
    return {"en": en, "zh": zh}


def notice_wire(notice: Notice, directory: Directory) -> dict[str, Any]:
    """Return everything that the chain says of a notice, as JSON."""
    last = notice.steps[-1]
    return {
        **_short_wire(notice, directory),
        "listDigest": notice.digest.hex() if notice.has_list else None,
        "liftedAt": None if notice.level else _time(last.at),
        "steps": [_step_wire(one) for one in notice.steps],
    }


def concern_wire(concern: Concern, code: str, directory: Directory) -> dict[str, Any]:
    """Return a notice as the operator sees it beside a code that it means, or may mean."""
    return {
        **_short_wire(concern.notice, directory),
        "match": concern.match.value,
        "inside": None if concern.code == code else concern.code,
    }


def banner_wire(concern: Concern, directory: Directory) -> dict[str, Any]:
    """Return a notice as anybody sees it who asks about a code."""
    concerns = "this_pack" if concern.match is Match.MEANT else "some_packs"
    return {**_short_wire(concern.notice, directory), "concerns": concerns}


def is_recalled(concerns: Sequence[Concern]) -> bool:
    """Tell whether a code is to be shown as recalled: surely, and by no exercise."""
    return any(one.match is Match.MEANT and not one.notice.drill for one in concerns)


def _short_wire(notice: Notice, directory: Directory) -> dict[str, Any]:
    publisher = directory.participants.get(notice.publisher)
    last = notice.steps[-1]
    return {
        "id": notice.id,
        "level": notice.level,
        "drill": notice.drill,
        "headline": headline(notice),
        "text": {
            "en": _latest(step.wording.en for step in notice.steps),
            "zh": _latest(step.wording.zh for step in notice.steps),
        },
        "uri": last.wording.uri or None,
        "uriDigest": last.wording.uri_digest.hex() if last.wording.uri else None,
        "product": notice.product,
        "scope": scope_of(notice),
        "lots": list(notice.lots),
        "publisher": {
            "participant": notice.publisher,
            "name": publisher.name if publisher is not None else "",
        },
        "byRegulator": notice.by_regulator,
        "since": _time(notice.steps[0].at),
    }


def _latest(texts: Iterable[str]) -> str:
    """Return the newest text of a language; a step may say nothing new in one of them."""
    return next((text for text in reversed(list(texts)) if text), "")


def _step_wire(step: NoticeStep) -> dict[str, Any]:
    return {
        "at": _time(step.at),
        "by": step.by,
        "level": step.level,
        "text": {"en": step.wording.en, "zh": step.wording.zh},
        "uri": step.wording.uri or None,
        "uriDigest": step.wording.uri_digest.hex() if step.wording.uri else None,
    }


def _sentence(one: Concern, code: str) -> str:
    what = "this code" if one.code == code else "something that is packed in this unit"
    begin = f"Notice {one.notice.id} (level {one.notice.level}) recalls"
    if one.match is Match.MEANT:
        return f"{begin} {what}."
    if one.match is Match.LOT_UNKNOWN:
        lots = ", ".join(one.notice.lots)
        return f"{begin} lots of the product ({lots}); the lot of {what} is not known here."
    return f"{begin} packs of the product by a list that is not here; {what} may be one of them."


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
