"""Every kind of bill (入出库单据) of the platform, and the EPCIS event that it means.

Source of numbers and names: the platform's interface for in and out bills. The mapping is ours;
docs/reference/china-drug-codes.md gives the reason for each row (a test compares).
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Direction = Literal["in", "out"]
Counterparty = Literal["company", "person", "none"]

BILL_TYPE: Final = "urn:x-cn-bill-type:"
"""Before the number of a bill type: the type of an event's business transaction."""
COMMISSIONING: Final = 101
"""The one type whose event depends on whether its codes are active already."""


@dataclass(frozen=True, slots=True)
class BillType:
    """One kind of bill.

    Attributes:
        number: The platform's number: 1xx in, 2xx out, 3xx to people.
        name: The platform's name.
        event: Name of the `Event` element; empty for kinds that no file names so.
        counterparty: Who is on the other side. A person never enters an event.
        why: Why it is mapped so.
    """

    number: int
    name: str
    event: str
    biz_step: str
    disposition: str
    action: Literal["ADD", "OBSERVE", "DELETE"]
    counterparty: Counterparty
    why: str

    @property
    def direction(self) -> Direction:
        """Whether goods come in or go out."""
        return "in" if self.number < 200 else "out"

    @property
    def uri(self) -> str:
        """What stands in an event."""
        return f"{BILL_TYPE}{self.number}"

    @property
    def main_action(self) -> str:
        """The `MainAction` of its element."""
        return "WareHouseIn" if self.direction == "in" else "WareHouseOut"


_ROWS: Final[tuple[BillType, ...]] = (
    BillType(
        101, "生产入库", "ProduceWareHouseIn",
        "commissioning", "active", "ADD", "company",
        "first sight of codes; if a relation file has activated them before: storing, "
        "sellable_not_accessible, OBSERVE",
    ),
    BillType(
        102, "采购入库", "PurchaseWareHouseIn",
        "receiving", "in_progress", "OBSERVE", "company",
        "bought goods arrive",
    ),
    BillType(
        103, "退货入库", "ReturnWareHouseIn",
        "receiving", "returned", "OBSERVE", "company",
        "a company sends goods back",
    ),
    BillType(
        104, "调拨入库", "AllocateWareHouseIn",
        "receiving", "in_progress", "OBSERVE", "company",
        "arrival from another warehouse",
    ),
    BillType(
        106, "零头入库", "",
        "storing", "sellable_not_accessible", "OBSERVE", "none",
        "the odd rest of a lot goes into stock; nobody sends it",
    ),
    BillType(
        107, "供应入库", "",
        "receiving", "in_progress", "OBSERVE", "company",
        "supplied without a sale, as vaccines are",
    ),
    BillType(
        108, "召回入库", "",
        "receiving", "recalled", "OBSERVE", "company",
        "recalled goods come back",
    ),
    BillType(
        110, "赠品入库", "",
        "receiving", "non_sellable_other", "OBSERVE", "company",
        "a gift arrives; it is not for sale",
    ),
    BillType(
        111, "盘盈入库", "",
        "stock_taking", "sellable_not_accessible", "OBSERVE", "none",
        "a count found more than the books had",
    ),
    BillType(
        112, "报废入库", "",
        "holding", "non_sellable_other", "OBSERVE", "company",
        "scrap is kept until it is destroyed",
    ),
    BillType(
        113, "其他入库", "",
        "receiving", "in_progress", "OBSERVE", "company",
        "it comes in; the bill says no more",
    ),
    BillType(
        116, "消费者退货入库", "",
        "receiving", "returned", "OBSERVE", "person",
        "a consumer brings a pack back",
    ),
    BillType(
        201, "销售出库", "SalesWareHouseOut",
        "shipping", "in_transit", "OBSERVE", "company",
        "sold to a company",
    ),
    BillType(
        202, "退货出库", "ReturnWareHouseOut",
        "shipping", "returned", "OBSERVE", "company",
        "sent back to the supplier",
    ),
    BillType(
        203, "调拨出库", "AllocateWareHouseOut",
        "shipping", "in_transit", "OBSERVE", "company",
        "to another warehouse",
    ),
    BillType(
        204, "返工出库", "ReworkWareHouseOut",
        "repairing", "in_progress", "OBSERVE", "company",
        "taken out to be worked over",
    ),
    BillType(
        205, "销毁出库", "DestoryWareHouseOut",
        "destroying", "destroyed", "DELETE", "company",
        "destroyed; the platform's own spelling of the event",
    ),
    BillType(
        206, "抽检出库", "CheckWareHouseOut",
        "sampling", "in_progress", "OBSERVE", "company",
        "a sample for inspection",
    ),
    BillType(
        207, "直调出库", "DirectAllocateWareHouseOut",
        "shipping", "in_transit", "OBSERVE", "company",
        "straight to the buyer's customer: ToCorpID buys, DestCorpID gets it",
    ),
    BillType(
        208, "生产出库", "",
        "picking", "in_progress", "OBSERVE", "company",
        "taken out of stock for production",
    ),
    BillType(
        209, "供应出库", "",
        "shipping", "in_transit", "OBSERVE", "company",
        "supplied without a sale, the other side of 107",
    ),
    BillType(
        210, "零头出库", "",
        "picking", "in_progress", "OBSERVE", "none",
        "the odd rest of a lot leaves stock to be packed with another",
    ),
    BillType(
        211, "召回出库", "",
        "shipping", "recalled", "OBSERVE", "company",
        "recalled goods go back to who recalls them",
    ),
    BillType(
        212, "赠品出库", "",
        "shipping", "non_sellable_other", "OBSERVE", "company",
        "given away; the other side of 110",
    ),
    BillType(
        214, "盘亏出库", "",
        "stock_taking", "unknown", "OBSERVE", "none",
        "a count found less; not DELETE, since a later count may find it (111)",
    ),
    BillType(
        215, "损坏出库", "",
        "decommissioning", "damaged", "DELETE", "company",
        "broken",
    ),
    BillType(
        216, "报废出库", "",
        "destroying", "disposed", "DELETE", "company",
        "scrapped",
    ),
    BillType(
        217, "其他出库", "",
        "other", "in_progress", "OBSERVE", "company",
        "it leaves; the bill does not say that somebody will receive it",
    ),
    BillType(
        237, "直调退货", "",
        "shipping", "returned", "OBSERVE", "company",
        "the way back of 207",
    ),
    BillType(
        321, "零售出库/使用出库", "",
        "dispensing", "dispensed", "DELETE", "person",
        "sold or used; the buyer is a person",
    ),
    BillType(
        322, "疫苗接种", "",
        "dispensing", "dispensed", "DELETE", "person",
        "a vaccine is given",
    ),
    BillType(
        323, "零售出库(variant)", "",
        "dispensing", "dispensed", "DELETE", "person",
        "medicine is handed out to a patient; told from 321 by the type alone",
    ),
)  # fmt: skip
BILL_TYPES: Final = MappingProxyType({one.number: one for one in _ROWS})
"""By number."""
ALREADY_ACTIVE: Final = ("storing", "sellable_not_accessible", "OBSERVE")
"""What a bill 101 means for codes that are active: bizStep, disposition, action."""

_SPELLINGS: Final = {"DestroyWareHouseOut": 205, "SaleWareHouseOut": 201}
_BY_EVENT: Final = MappingProxyType(
    {
        **{one.event.lower(): one.number for one in _ROWS if one.event},
        **{name.lower(): number for name, number in _SPELLINGS.items()},
        **{one.name: one.number for one in _ROWS},
    }
)


def bill_type_of(name: str, stated: str = "") -> BillType | None:
    """Return the type of a bill, None if nobody knows it.

    Args:
        name: The event's name in English or Chinese, or a type's number.
        stated: A type's number that stands beside it, or was given with the file; it decides.
    """
    if stated.strip():
        return BILL_TYPES.get(_number(stated))
    number = _BY_EVENT.get(name.strip().lower())
    return BILL_TYPES.get(_number(name) if number is None else number)


def bill_type_of_event(step: str, disposition: str) -> BillType | None:
    """Return the first type with this bizStep, of those with this disposition if there are any."""
    same = [one for one in BILL_TYPES.values() if one.biz_step == step]
    exact = [one for one in same if one.disposition == disposition]
    return next(iter([*exact, *same]), None)


def bill_type_of_uri(uri: str) -> BillType | None:
    """Return the type that stands in an event, None if it is none."""
    return (
        BILL_TYPES.get(_number(uri.removeprefix(BILL_TYPE))) if uri.startswith(BILL_TYPE) else None
    )


def _number(text: str) -> int:
    text = text.strip()
    return int(text) if len(text) == 3 and text.isascii() and text.isdigit() else 0
