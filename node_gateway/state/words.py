"""Which business steps and dispositions mean what to the state of a code.

Source: CBV 2.0 sections 7.1 (business steps) and 7.2 (dispositions).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SHIPPING: Final = "shipping"
VOID_SHIPPING: Final = "void_shipping"
RECEIVING: Final = frozenset({"receiving", "accepting"})
SELLING: Final = frozenset({"dispensing", "retail_selling"})
MOVING: Final = frozenset({
    "shipping", "departing", "consigning", "loading", "transporting", "arriving", "receiving",
    "accepting", "dispensing", "retail_selling",
})  # fmt: skip
"""What a thing cannot do alone while it is inside another one."""
ENDING: Final[Mapping[str, str]] = MappingProxyType(
    {
        "destroying": "destroyed",
        "decommissioning": "decommissioned",
        "killing": "decommissioned",
        "dispensing": "dispensed",
        "retail_selling": "dispensed",
    }
)
ENDED_BY_DISPOSITION: Final[Mapping[str, str]] = MappingProxyType(
    {
        "destroyed": "destroyed",
        "disposed": "destroyed",
        "dispensed": "dispensed",
        "retail_sold": "dispensed",
        "stolen": "lost",
    }
)
NOT_ENDING: Final = MOVING - SELLING | {
    *("inspecting", "holding", "storing", "stocking", "packing", "unpacking", "picking"),
    *("cycle_counting", "stock_taking", "sensor_reporting", "void_shipping", "unloading"),
}
"""Steps after which a thing is still there, whatever the event's action."""
NOT_COMMISSIONING: Final = (NOT_ENDING - {"packing"}) | {
    *("dispensing", "retail_selling", "encoding", "reserving", "decommissioning", "destroying"),
    *("killing", "removing"),
}
"""Steps at which nothing begins, even with the action ADD."""
BEFORE_BEGINNING: Final = frozenset({"encoding", "reserving"})
"""Steps that come before a commissioning."""
PARTIAL: Final = "partially_dispensed"
RECALLED: Final = "recalled"
RETURNED: Final = "returned"
RELEASED: Final = frozenset({"active", "available", "conformant", "sellable_accessible"})
"""Dispositions that end a recall or a return that was said by a disposition alone."""
BLOCKED: Final = frozenset({
    "damaged", "mismatch_class", "mismatch_instance", "needs_replacement", "no_pedigree_match",
    "non_conformant", "non_sellable_other", "stolen", "unavailable",
})  # fmt: skip
"""Dispositions in which nothing may be sold."""
REMOVED: Final = frozenset({
    "damaged", "destroyed", "disposed", "expired", "inactive", "non_sellable_other", "recalled",
    "returned",
})  # fmt: skip
"""Dispositions that say a shipment takes goods out of trade, to be returned or destroyed."""
USING: Final = MOVING | {
    *("commissioning", "packing", "assembling", "repackaging", "installing", "picking"),
    *("staging_outbound", "stocking", "repairing", "replacing", "creating_class_instance"),
}
"""Steps that treat a thing as goods; others only look at it, or dispose of it."""
