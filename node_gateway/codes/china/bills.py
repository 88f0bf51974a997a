"""In and out bills (入出库单据): which codes moved under which number, when, and with whom.

Rows of one type, number, time and partner become one `Bill`. Whatever could name a person is
dropped where it is read: it is counted by the name of its attribute and never kept, quoted or
logged. An attribute that nobody knows is passed over, so it cannot bring anything in either.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from node_gateway.codes.china.bill_types import BillType, bill_type_of
from node_gateway.codes.china.dates import time_of
from node_gateway.codes.china.drug_code import DrugCodeError, packed_code, unpacked_code
from node_gateway.codes.china.findings import FileFormError, Findings
from node_gateway.codes.china.reading import attributes_of, read_xml

ROWS_MAX: Final = 2_000_000
BILLS_MAX: Final = 500_000
NUMBER_LENGTH_MAX: Final = 100
PARTNER_LENGTH_MAX: Final = 100
_PARTNERS: Final = ("fromcorpid", "tocorpid", "destcorpid")
_NO_PARTNER: Final = ("", "-1", "null")
_TYPE_NAMES: Final = ("billtype", "type")
_HEAD: Final = frozenset({"name", "mainaction", "version", *_TYPE_NAMES})
# What a person is called, reached, insured or identified by, in the words of the platform and of
# tills. One too many costs nothing: such an attribute would be passed over anyway.
_PERSONAL: Final = re.compile(
    r"actor|oper|name$|person|people|patient|buyer|customer|consumer|member|doctor|physician|nurse"
    r"|pharmacist|user|agent|executer|executor|supervis|tel|phone|mobile|contact|mail|wechat|addr"
    r"|idcard|idno|cardno|cardnum|cert|passport|licen[cs]e|insur|social|sex|gender|age$|birth"
    r"|symptom|diagnos|prescri|vaccinat|guardian|inject"
    r"|人|者|姓名|身份|证件|电话|手机|地址|性别|年龄|生日|出生|医保|患|医师|医生|病|会员|卡号|处方|接种",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Bill:
    """Rows that happened together.

    Attributes:
        line: Line of its first row.
        number: The bill's number.
        time: When, RFC 3339 with offset.
        from_corp: Who sent it, as the platform's id; empty if not stated, or a person.
        to_corp: Who gets it, likewise.
        dest_corp: Where it really goes (type 207), likewise.
        codes: Packed codes in file order.
        lines: Their lines.
    """

    line: int
    type: BillType
    number: str
    time: str
    from_corp: str
    to_corp: str
    dest_corp: str
    codes: array[int] = field(default_factory=lambda: array("Q"))
    lines: array[int] = field(default_factory=lambda: array("I"))

    @property
    def parts(self) -> tuple[int, str, str, str, str, str]:
        """What makes rows one bill."""
        partners = (self.from_corp, self.to_corp, self.dest_corp)
        return (self.type.number, self.number, self.time, *partners)


class BillFile:
    """A file of bills in memory.

    Attributes:
        bills: By type, number, time and partner, in file order.
        findings: Everything that is wrong with it.
        row_count: `Data` elements, also those that are wrong.
        personal: How many values that could name a person were dropped, by attribute.
        ignored: How many attributes nobody knows were passed over, by name.
    """

    def __init__(self) -> None:
        self.bills: list[Bill] = []
        self.findings = Findings()
        self.row_count = 0
        self.personal: dict[str, int] = {}
        self.ignored: dict[str, int] = {}

    @property
    def is_valid(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.findings.count == 0

    def by_number(self) -> dict[str, list[Bill]]:
        """Return the bills of each number."""
        found: dict[str, list[Bill]] = {}
        for bill in self.bills:
            found.setdefault(bill.number, []).append(bill)
        return found


def content_of(bills: Sequence[Bill]) -> bytes:
    """Return what tells a bill's content from another's (32 bytes), whatever the order of rows."""
    digest = sha256()
    for bill in sorted(bills, key=lambda one: one.parts):
        for part in bill.parts:
            raw = str(part).encode()
            digest.update(len(raw).to_bytes(4) + raw)
        digest.update(len(bill.codes).to_bytes(4))
        for code in sorted(bill.codes):
            digest.update(code.to_bytes(8))
    return digest.digest()


def read_bills(parts: Iterable[bytes], *, bill_type: int | None = None) -> BillFile:
    """Read and check a file of bills.

    Args:
        parts: The file in pieces.
        bill_type: The type, where the file does not say it (the platform takes it beside the
            file). It decides over the names of events.

    Raises:
        FileFormError: it is no XML, or has more rows than allowed.
    """
    reader = _Reader("" if bill_type is None else str(bill_type))
    read_xml(parts, reader.start, lambda _name: None)
    file = reader.file
    if not file.row_count and not file.findings.count:
        file.findings.add("no_codes", 0, "the file holds no codes", "Is it a file of bills?")
    for number, bills in file.by_number().items():
        del number
        if len({one.type.number for one in bills}) > 1:
            file.findings.add(
                "bill_conflict", bills[-1].line, "one bill number stands for two types of bill"
            )
    return file


class _Reader:
    """Takes the elements of a file of bills one by one."""

    def __init__(self, stated: str) -> None:
        self.file = BillFile()
        self._stated = stated
        self._type: BillType | None = None
        self._bills: dict[tuple[int, str, str, str, str, str], Bill] = {}
        self._seen: dict[tuple[int, str, str, str, str, str], set[int]] = {}
        self._times: dict[str, str | None] = {}

    def start(self, name: str, given: dict[str, str], line: int) -> None:
        if name == "data":
            self._data(attributes_of(given), line)
        elif name == "event":
            values = attributes_of(given)
            stated = self._stated or next((values[one] for one in _TYPE_NAMES if one in values), "")
            self._type = bill_type_of(values.get("name", ""), stated)
            self._drop(values, _HEAD)
            if self._type is None:
                self.file.findings.add(
                    "unknown_bill_type",
                    line,
                    "neither the event's name nor a number tells the type of these bills",
                    "Give the type with the file, such as 107.",
                )

    def _data(self, values: dict[str, str], line: int) -> None:
        file = self.file
        file.row_count += 1
        if file.row_count > ROWS_MAX:
            raise FileFormError(f"more than {ROWS_MAX} rows", code="too_many_codes", line=line)
        code, number = values.pop("code", ""), values.pop("corporderid", "").strip()
        time, partners = self._time(values.pop("actdate", "")), self._partners(values)
        self._drop(values, frozenset())
        good = self._check(number, time, partners, line)
        try:
            packed = packed_code(code)
        except DrugCodeError as error:
            file.findings.add(error.code, line, f"Code: {error.detail}", error.hint)
            return
        if not good or self._type is None or time is None:
            return
        key = (self._type.number, number, time, *partners)
        bill = self._bills.get(key)
        if bill is None:
            bill = self._new_bill(self._type, number, time, partners, line)
            self._bills[key], self._seen[key] = bill, set()
        seen = self._seen[key]
        if packed in seen:
            detail = "this code stands in this bill already"
            file.findings.add("duplicate_code", line, detail, "Name it once.")
            return
        seen.add(packed)
        bill.codes.append(packed)
        bill.lines.append(min(line, 0xFFFF_FFFF))

    def _new_bill(
        self, kind: BillType, number: str, time: str, partners: tuple[str, str, str], line: int
    ) -> Bill:
        if len(self._bills) >= BILLS_MAX:
            raise FileFormError(f"more than {BILLS_MAX} bills", code="too_many_bills", line=line)
        bill = Bill(line, kind, number, time, *partners)
        self.file.bills.append(bill)
        return bill

    def _check(
        self, number: str, time: str | None, partners: tuple[str, str, str], line: int
    ) -> bool:
        findings = self.file.findings
        before = findings.count
        if not number:
            findings.add("attribute_missing", line, "CorpOrderID, the bill's number, is missing")
        elif len(number) > NUMBER_LENGTH_MAX or not number.isprintable():
            findings.add("bill_number_form", line, "CorpOrderID is no bill number")
        if time is None:
            findings.add("date_form", line, "ActDate is no time", "Such as 2026-03-01 10:00:00.")
        if any(len(one) > PARTNER_LENGTH_MAX or not one.isprintable() for one in partners):
            findings.add("partner_form", line, "FromCorpID or ToCorpID is no id of a company")
        return findings.count == before

    def _partners(self, values: dict[str, str]) -> tuple[str, str, str]:
        """Take the other side out of a row; a person on it is dropped."""
        found = {name: values.pop(name, "").strip() for name in _PARTNERS}
        found = {name: "" if one in _NO_PARTNER else one for name, one in found.items()}
        kind = self._type
        if kind is None or kind.counterparty == "person":
            shown = "tocorpid" if kind is None or kind.direction == "out" else "fromcorpid"
            hidden = (shown, "destcorpid")
            for name in hidden:
                if found[name]:
                    self.file.personal[name] = self.file.personal.get(name, 0) + 1
                    found[name] = ""
        return found["fromcorpid"], found["tocorpid"], found["destcorpid"]

    def _time(self, text: str) -> str | None:
        if text not in self._times:
            if len(self._times) > 10_000:
                self._times.clear()
            self._times[text] = time_of(text)
        return self._times[text]

    def _drop(self, values: dict[str, str], known: frozenset[str]) -> None:
        for name, value in values.items():
            if name in known:
                continue
            personal = bool(value.strip()) and _PERSONAL.search(name) is not None
            counts = self.file.personal if personal else self.file.ignored
            if name in counts or len(counts) < 100:
                counts[name] = counts.get(name, 0) + 1


def texts_of(bill: Bill) -> list[str]:
    """Return the codes of a bill, 20 digits each."""
    return [unpacked_code(code) for code in bill.codes]
