"""The reference page says what the tables of the code say."""

import re

from node_gateway.codes.china.bill_types import ALREADY_ACTIVE, BILL_TYPES, COMMISSIONING
from tests.rules.source import ROOT

PAGE = ROOT / "docs" / "reference" / "china-drug-codes.md"


def test_the_table_of_bills_is_the_mapping() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if re.match(r"\| \d{3} \|", line)]
    assert rows == [
        f"| {one.number} | {one.name} | {f'`{one.event}`' if one.event else '-'} | "
        f"`{one.biz_step}` | `{one.disposition}` | `{one.action}` | {one.counterparty} | "
        f"{one.why} |"
        for one in BILL_TYPES.values()
    ]


def test_the_one_type_with_two_meanings_says_both() -> None:
    assert ", ".join(ALREADY_ACTIVE) in BILL_TYPES[COMMISSIONING].why


def test_every_type_has_its_reason_and_no_two_are_told_alike() -> None:
    assert all(one.why for one in BILL_TYPES.values())
    assert len({one.why for one in BILL_TYPES.values()}) == len(BILL_TYPES)
    assert len({one.name for one in BILL_TYPES.values()}) == len(BILL_TYPES)
