"""What bundles about one code state of it, put together: sales, the end of its life, the expiry.

Everything is read from `sealtrail:act` and a disclosed expiry date. The browsers' twin is
`node_gateway/web/src/core/stated.ts`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from anchoring.core.act import Act
from anchoring.core.verify import CheckedBundle
from anchoring.verdicts import CodeState, Facts
from anchoring.verification_model import ChainVerdict

THINGS_PATH: Final = "$['epcList'][*]"
EXPIRY_PATH: Final = "$['ilmd']['cbvmda:itemExpirationDate']"
SELLING: Final = ("dispensing", "retail_selling")
PARTIAL: Final = "partially_dispensed"
ENDING: Final = {
    "destroying": "destroyed",
    "decommissioning": "decommissioned",
    "killing": "decommissioned",
}
ENDED_BY_DISPOSITION: Final = {
    "destroyed": "destroyed",
    "disposed": "destroyed",
    "dispensed": "sold",
    "retail_sold": "sold",
    "stolen": "lost",
}
STILL_THERE: Final = frozenset({
    *("shipping", "departing", "consigning", "loading", "transporting", "arriving", "receiving"),
    *("accepting", "inspecting", "holding", "storing", "stocking", "packing", "unpacking"),
    *("picking", "cycle_counting", "stock_taking", "sensor_reporting", "void_shipping"),
    *("unloading", "commissioning"),
})  # fmt: skip
"""Steps after which a thing is in trade, whatever the event's action."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What the bundles state of one code, as far as nothing of it was taken back.

    Attributes:
        sales: Sales less the returns that are shown; at least 1 if there is a sale.
        is_destroyed: Whether one says that it was destroyed or taken out of use.
        expires: The earliest expiry date that is disclosed.
    """

    sales: int
    is_destroyed: bool
    expires: str | None


def stated_of(code: str, checked: Iterable[CheckedBundle]) -> Stated:
    """Put together what the bundles that disclose a code state of it."""
    standing = _standing([one for one in checked if code in one.code_values])
    things = [one for one in standing if _names(one, code)]
    ends = Counter(end_of(one.act) for one in things)
    returns = sum(one.act.disposition == "returned" for one in things)
    values = [one.values.get(EXPIRY_PATH) for one in standing]
    dates = [value for value in values if isinstance(value, str)]
    return Stated(
        sales=max(ends["sold"] - returns, min(ends["sold"], 1)),
        is_destroyed=bool(ends["destroyed"] or ends["decommissioned"]),
        expires=min(dates, default=None),
    )


def end_of(act: Act) -> str | None:
    """Return how an event on things ends them: sold, destroyed, decommissioned, lost or not."""
    if act.type != "ObjectEvent":
        return None
    step, by_disposition = act.biz_step, ENDED_BY_DISPOSITION.get(act.disposition)
    if step in SELLING:
        return None if act.disposition == PARTIAL else "sold"
    if step in ENDING:
        return (by_disposition if ENDING[step] == "decommissioned" else None) or ENDING[step]
    if step in STILL_THERE or act.action == "ADD":
        return None
    if act.action == "DELETE":
        return by_disposition or "decommissioned"
    return by_disposition if by_disposition != "lost" else None


def facts_of(
    code: str, judged: Sequence[tuple[CheckedBundle, ChainVerdict]], *, today: str
) -> Facts:
    """Return what bundles about a code, and the witnesses asked about them, tell of it."""
    about = [(one, verdict) for one, verdict in judged if code in one.code_values]
    stated = stated_of(code, [one for one, _ in about])
    return Facts(
        outcomes=tuple(verdict.outcome for _, verdict in about),
        code=CodeState.RECORDED if about else CodeState.UNKNOWN,
        sales=stated.sales,
        warnings=tuple(one.code for _, verdict in about for one in verdict.warnings),
        is_destroyed=stated.is_destroyed,
        expires=stated.expires,
        today=today,
    )


def _names(one: CheckedBundle, code: str) -> bool:
    return any(item.item.path == THINGS_PATH and item.item.value == code for item in one.codes)


def _standing(checked: list[CheckedBundle]) -> list[CheckedBundle]:
    """Leave out declarations of errors, and for each the oldest statement that it repeats.

    A declaration has the eventID of what it takes back, which is not always disclosed; but it
    repeats the act, and comes from the same participant.
    """
    ordered = sorted(checked, key=lambda one: one.bundle.anchored_at.block_time)
    declared = Counter(_statement(one) for one in ordered if one.act.has_error_declaration)
    standing = []
    for one in ordered:
        if one.act.has_error_declaration:
            continue
        if declared[_statement(one)]:
            declared[_statement(one)] -= 1
        else:
            standing.append(one)
    return standing


def _statement(one: CheckedBundle) -> tuple[int, str]:
    return one.bundle.participant, one.act.text[:-1]


__all__ = ["Stated", "end_of", "facts_of", "stated_of"]
