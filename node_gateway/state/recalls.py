"""What a notice says of one code, and which events bring goods to people in spite of it. Pure.

A notice is no event: it changes no state and is folded into none. It is laid over the states when
somebody asks (docs/adr/0009-notices-are-laid-over-states.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

from anchoring.directory.lots import lot_key
from anchoring.directory.model import Directory, Notice
from anchoring.directory.prefixes import product_of_code
from node_gateway.state.words import REMOVED, SELLING, SHIPPING

LEAVING: Final = frozenset({SHIPPING, "departing", "consigning", *SELLING})
"""Steps by which goods go on to somebody else."""
RELEASING: Final = "sellable_accessible"
_RETURN: Final = "rma"


class Match(StrEnum):
    """How surely a notice means a code."""

    MEANT = "meant"
    LOT_UNKNOWN = "lot_unknown"
    LIST_UNKNOWN = "list_unknown"


class Concern(NamedTuple):
    """A notice that means a code, or may.

    Attributes:
        code: The code itself, or one that is packed in it.
    """

    notice: Notice
    match: Match
    code: str


class Known(NamedTuple):
    """What is known of a code that decides whether a notice means it.

    Attributes:
        lots: Every lot that is stated for it, by `lot_key`; none if nobody knows.
        lists: Digests of the lists that hold it, or something that it is packed in.
    """

    lots: frozenset[str] = frozenset()
    lists: frozenset[bytes] = frozenset()


class StandingNotices:
    """The notices that stand in a directory, by product.

    Attributes:
        directory: Where they are from.
        any_real: Whether any of them is more than an exercise.
    """

    def __init__(self, directory: Directory, only: Notice | None = None) -> None:
        """Take all that stand in a directory, or one of its notices whether it stands or not."""
        self.directory = directory
        self._by_product: dict[str, tuple[Notice, ...]] = {}
        chosen = [one for one in directory.notices.values() if one.level]
        for one in chosen if only is None else [only]:
            self._by_product[one.product] = (*self._by_product.get(one.product, ()), one)
        every = [one for some in self._by_product.values() for one in some]
        self.any_real = any(not one.drill for one in every)
        self.any_list = any(one.has_list for one in every)

    def __bool__(self) -> bool:
        """Tell whether any notice stands."""
        return bool(self._by_product)

    def all(self) -> list[Notice]:
        """Return all of them, by number."""
        every = [one for some in self._by_product.values() for one in some]
        return sorted(every, key=lambda one: one.id)

    def about(self, code: str) -> tuple[Notice, ...]:
        """Return the notices about the product of a code."""
        product = product_of_code(code)
        return () if product is None else self._by_product.get(product, ())


def match_of(notice: Notice, known: Known, lists_loaded: Collection[bytes]) -> Match | None:
    """Return how surely a notice means a code of its product, None if it does not.

    Args:
        notice: About the product of the code.
        known: Of the code.
        lists_loaded: Digests of the lists that are here as a whole.
    """
    if notice.has_list:
        if notice.digest in known.lists:
            return Match.MEANT
        return None if notice.digest in lists_loaded else Match.LIST_UNKNOWN
    if not notice.lots:
        return Match.MEANT
    if not known.lots:
        return Match.LOT_UNKNOWN
    return None if known.lots.isdisjoint(map(lot_key, notice.lots)) else Match.MEANT


def gravest_first(concerns: Iterable[Concern]) -> list[Concern]:
    """Return concerns in the order in which they are shown: exercises last."""
    return sorted(
        concerns,
        key=lambda one: (
            *(one.notice.drill, one.match is not Match.MEANT),
            *(one.notice.level, one.notice.id, one.code),
        ),
    )


def brings_to_people(event: Mapping[str, Any], *, by_document: bool = True) -> bool:
    """Tell whether an event brings goods to the next party, to people, or back on sale.

    What takes recalled goods out of trade passes: back to the supplier, to destruction, a return.

    Args:
        event: Normalised.
        by_document: Whether a return authorisation makes a return of a shipment that does not call
            itself one. Of events that others wrote, yes; an operator who ships can name any
            document, and has an operation of its own for sending back.
    """
    step, disposition = event.get("bizStep"), event.get("disposition")
    if "errorDeclaration" in event:
        return False
    if step in SELLING:
        return True
    if step in LEAVING:
        listed = event.get("bizTransactionList") or ()
        back = by_document and any(one.get("type") == _RETURN for one in listed)
        return not back and disposition not in REMOVED
    return step == "inspecting" and disposition == RELEASING
