"""The rules by name. Names and numbers are stable; both are kept in databases."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

Severity = Literal["info", "warning", "alarm"]


class Rule(IntEnum):
    """What an event can contradict. The number is what databases hold."""

    DOUBLE_COMMISSION = 1
    CHILD_MOVED_WHILE_AGGREGATED = 2
    ALREADY_AGGREGATED = 3
    NOT_A_CHILD = 4
    ALREADY_DISPENSED = 5
    EXPIRED = 6
    RECALLED = 7
    WRONG_RECEIVER = 8
    BEFORE_COMMISSIONING = 9
    LOT_EXPIRY_CONFLICT = 10
    AGGREGATION_CYCLE = 11
    DECOMMISSIONED = 12
    DUPLICATE_EVENT = 13
    FUTURE_TIME = 14
    COLD_CHAIN_EXCURSION = 15
    DIVERSION = 16
    NOT_COMMISSIONED = 17
    NOT_SHIPPED = 18
    IN_TRANSIT = 19
    BLOCKED = 20
    SOLD_AGAIN = 21

    @property
    def word(self) -> str:
        """The rule's name as it stands in answers."""
        return self.name.lower()


class Meaning(NamedTuple):
    """What a finding of a rule says to people."""

    severity: Severity
    en: str
    zh: str


MEANINGS: Final[Mapping[Rule, Meaning]] = MappingProxyType(
    {
        Rule.DOUBLE_COMMISSION: Meaning(
            "alarm",
            "The code is commissioned again although an earlier event already commissioned it.",
            "该码此前已被赋码激活，此事件再次激活。",
        ),
        Rule.CHILD_MOVED_WHILE_AGGREGATED: Meaning(
            "alarm",
            "The code is moved alone although it is still packed inside another unit.",
            "该码仍在上级包装内，却被单独流转。",
        ),
        Rule.ALREADY_AGGREGATED: Meaning(
            "alarm",
            "The code is packed although it is still packed inside another unit.",
            "该码仍在另一上级包装内，却被再次装箱。",
        ),
        Rule.NOT_A_CHILD: Meaning(
            "warning",
            "The code is taken out of a unit in which it is not packed.",
            "该码不在该上级包装内，却从中拆出。",
        ),
        Rule.ALREADY_DISPENSED: Meaning(
            "alarm",
            "The code is used again although it was dispensed and did not come back.",
            "该码已售出且未退回，却再次被使用。",
        ),
        Rule.EXPIRED: Meaning(
            "alarm",
            "The code is dispensed after its expiry date.",
            "该码在有效期之后被售出。",
        ),
        Rule.RECALLED: Meaning(
            "alarm",
            "The code is moved or dispensed although it was recalled.",
            "该码已被召回，却仍被流转或售出。",
        ),
        Rule.WRONG_RECEIVER: Meaning(
            "alarm",
            "The code is received by a party that it was not shipped to.",
            "收货方不是发货时指明的收货方。",
        ),
        Rule.BEFORE_COMMISSIONING: Meaning(
            "alarm",
            "The event states a time before the commissioning of the code.",
            "事件所述时间早于该码的激活时间。",
        ),
        Rule.LOT_EXPIRY_CONFLICT: Meaning(
            "alarm",
            "The lot has another expiry date than an earlier event gave it.",
            "同一批号的有效期与此前事件不一致。",
        ),
        Rule.AGGREGATION_CYCLE: Meaning(
            "alarm",
            "The code is packed into something that is itself packed inside it.",
            "包装关系成环：上级包装本身就在该码之内。",
        ),
        Rule.DECOMMISSIONED: Meaning(
            "alarm",
            "The code is used although it was destroyed, consumed or taken out of use.",
            "该码已注销、销毁或消耗，却仍被使用。",
        ),
        Rule.DUPLICATE_EVENT: Meaning(
            "warning",
            "The event says exactly what an earlier one says, under another eventID.",
            "该事件与此前事件内容完全相同，仅事件编号不同。",
        ),
        Rule.FUTURE_TIME: Meaning(
            "warning",
            "The event states a time after this gateway received it.",
            "事件所述时间晚于本网关的接收时间。",
        ),
        Rule.COLD_CHAIN_EXCURSION: Meaning(
            "alarm",
            "A sensor reports an alarm, or a temperature outside the limits of the product.",
            "传感器报警，或温度超出该产品的限定范围。",
        ),
        Rule.DIVERSION: Meaning(
            "warning",
            "The code is outside the regions for which the product is meant.",
            "该码出现在产品预定销售区域之外。",
        ),
        Rule.NOT_COMMISSIONED: Meaning(
            "info",
            "Its own company uses the code, but no commissioning of it is known here.",
            "所属企业使用了该码，但本网关没有其激活记录。",
        ),
        Rule.NOT_SHIPPED: Meaning(
            "warning",
            "The code is received, shipped or sold by somebody to whom it was not shipped.",
            "持有方未向其发货，该码却被另一方收货、发货或售出。",
        ),
        Rule.IN_TRANSIT: Meaning(
            "warning",
            "The code is sold or shipped again although its arrival was never stated.",
            "该码在途且未确认收货，却被售出或再次发货。",
        ),
        Rule.BLOCKED: Meaning(
            "warning",
            "The code is sold although its state forbids it: damaged, stolen, not conforming.",
            "该码处于不可销售状态（破损、被盗、不合格等），却被售出。",
        ),
        Rule.SOLD_AGAIN: Meaning(
            "alarm",
            "The code was sold again, here or elsewhere in the network: one sale is no original.",
            "该码在本处或网络中其他地方被再次售出，其中必有一次并非正品。",
        ),
    }
)


class Finding(NamedTuple):
    """One contradiction.

    Attributes:
        position: The event that is accused.
        rule: Which rule it breaks.
        code: The code concerned, empty where it is the event as a whole; for LOT_EXPIRY_CONFLICT
            the lot, `<product>/<lot>`.
        other: The event that it contradicts, 0 where it is none.
    """

    position: int
    rule: Rule
    code: str
    other: int


def rule_named(word: str) -> Rule | None:
    """Return the rule of a name, None if there is none."""
    return next((rule for rule in Rule if rule.word == word), None)
