"""Rows of a CSV file as EPCIS events, by a mapping; every mistake told by its line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from node_gateway.codes.china.findings import Findings
from node_gateway.codes.csv.mapping import CsvMapping, Quantity, Rule, needed_columns
from node_gateway.codes.csv.values import CellError, PartyOf, Reader, is_date_name, latest_allowed
from node_gateway.csv_text import Row, Sheet

_PLACES: Final = (("read_point", "readPoint"), ("biz_location", "bizLocation"))
_LISTS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "ObjectEvent": (("codes", "epcList"), ("quantity", "quantityList")),
    "TransactionEvent": (("codes", "epcList"), ("quantity", "quantityList")),
    "AggregationEvent": (("codes", "childEPCs"), ("quantity", "childQuantityList")),
    "AssociationEvent": (("codes", "childEPCs"), ("quantity", "childQuantityList")),
    "TransformationEvent": (
        ("inputs", "inputEPCList"),
        ("outputs", "outputEPCList"),
        ("input_quantity", "inputQuantityList"),
        ("output_quantity", "outputQuantityList"),
    ),
}
_LOCATION_ROLE: Final = "location"


@dataclass(frozen=True, slots=True)
class MadeEvent:
    """An event, and the line of the first row that it comes from."""

    line: int
    event: dict[str, Any]


@dataclass(frozen=True)
class MadeEvents:
    """What a file becomes: its events if there is nothing in `findings`."""

    events: tuple[MadeEvent, ...]
    findings: Findings
    row_count: int
    skipped_count: int


@dataclass(frozen=True, slots=True)
class _Amount:
    of: str
    quantity: float
    uom: str


@dataclass
class _Draft:
    line: int
    head: dict[str, Any]
    codes: dict[str, dict[str, None]] = field(default_factory=dict)
    quantities: dict[str, dict[tuple[str, str], float]] = field(default_factory=dict)

    def add(self, name: str, one: str | _Amount) -> None:
        """A code counts once; amounts of one class in one unit are added up."""
        if isinstance(one, str):
            self.codes.setdefault(name, {})[one] = None
            return
        amounts = self.quantities.setdefault(name, {})
        key = (one.of, one.uom)
        amounts[key] = round(amounts.get(key, 0) + one.quantity, 6)

    def event(self) -> dict[str, Any]:
        made = {**self.head, **{name: list(some) for name, some in self.codes.items()}}
        for name, amounts in self.quantities.items():
            made[name] = [
                {"epcClass": of, "quantity": _plain(amount), **({"uom": uom} if uom else {})}
                for (of, uom), amount in amounts.items()
            ]
        return made


def _plain(amount: float) -> float:
    return int(amount) if float(amount).is_integer() else amount


class _Making:
    def __init__(self, mapping: CsvMapping, party_of: PartyOf, latest: datetime | None) -> None:
        self.mapping, self.reader, self.latest = mapping, Reader(mapping, party_of), latest
        self.findings = Findings()
        self.drafts: dict[tuple[object, ...], _Draft] = {}
        self.skipped = 0

    def add(self, row: Row) -> None:
        number = self._rule(row)
        if number is None:
            hint = "Add a rule, or one with skip = true."
            self.findings.add("no_rule", row.line, "no rule of the mapping fits this row", hint)
            return
        rule = self.mapping.event[number]
        if rule.skip:
            self.skipped += 1
            return
        wrong = self.findings.count
        head = dict(self._head(rule, row))
        goods = list(self._goods(rule, row))
        if self.findings.count == wrong:
            self._join(number, row, head, goods)

    def _rule(self, row: Row) -> int | None:
        for number, rule in enumerate(self.mapping.event):
            if all(row.cells.get(column, "") in texts for column, texts in rule.when.items()):
                return number
        return None

    def _join(
        self, number: int, row: Row, head: dict[str, Any], goods: list[tuple[str, str | _Amount]]
    ) -> None:
        group = tuple(row.cells.get(column, "") for column in self.mapping.event_per)
        key = (number, *group) if group else (number, row.line)
        draft = self.drafts.setdefault(key, _Draft(row.line, head))
        if draft.head != head:
            names = {*draft.head, *head}
            differing = sorted(name for name in names if draft.head.get(name) != head.get(name))
            self.findings.add(
                "group_differs",
                row.line,
                f"the event of line {draft.line} has another {', '.join(differing)}",
                "Name one more column in eventPer, or correct the row.",
            )
            return
        for name, one in goods:
            draft.add(name, one)

    def _head(self, rule: Rule, row: Row) -> Iterator[tuple[str, Any]]:
        cells, reader = row.cells, self.reader
        yield "type", rule.type
        time = self._try(row, reader.time, rule.event_time or "", cells)
        if time:
            if self.latest is not None and not latest_allowed(time[0], self.latest):
                self.findings.add("event_time_future", row.line, "the time lies in the future")
            yield "eventTime", time[0]
            yield "eventTimeZoneOffset", time[1]
        for name, template in (
            ("eventID", rule.event_id),
            ("action", rule.action),
            ("bizStep", rule.biz_step),
            ("disposition", rule.disposition),
        ):
            text = reader.text(template, cells, in_uri=True) if template else ""
            if text:
                yield name, text
        if rule.parent is not None:
            code = self._try(row, reader.code, rule.parent, cells)
            if code:
                yield "parentID", code
        for attribute, name in _PLACES:
            template = getattr(rule, attribute)
            place = self._try(row, reader.place, template, cells) if template else ""
            if place:
                yield name, {"id": place}
        yield from self._named(rule, row)

    def _named(self, rule: Rule, row: Row) -> Iterator[tuple[str, Any]]:
        cells, reader = row.cells, self.reader
        transactions = [
            {"type": kind, "bizTransaction": text}
            for kind, template in rule.transactions.items()
            if (text := reader.text(template, cells, in_uri=True))
        ]
        if transactions:
            yield "bizTransactionList", transactions
        for name, member, templates in (
            ("sourceList", "source", rule.sources),
            ("destinationList", "destination", rule.destinations),
        ):
            some = []
            for kind, template in templates.items():
                is_place = kind == _LOCATION_ROLE
                party = self._try(row, reader.place if is_place else reader.party, template, cells)
                if party:
                    some.append({"type": kind, member: party})
            if some:
                yield name, some
        ilmd = {}
        for name, template in rule.ilmd.items():
            read = reader.date if is_date_name(name) else reader.text
            value = self._try(row, read, template, cells)
            if value:
                ilmd[self._full(name)] = value
        if ilmd:
            yield "ilmd", ilmd
        for name, template in rule.more.items():
            if text := reader.text(template, cells):
                yield self._full(name), text

    def _goods(self, rule: Rule, row: Row) -> Iterator[tuple[str, str | _Amount]]:
        for attribute, name in _LISTS[rule.type or ""]:
            source = getattr(rule, attribute)
            if source is not None:
                read = self._amount if isinstance(source, Quantity) else self.reader.code
                one = self._try(row, read, source, row.cells)
                if one is not None:
                    yield name, one

    def _amount(self, source: Quantity, cells: Mapping[str, str]) -> _Amount | None:
        amount = self.reader.amount(source.quantity, cells)
        of = self.reader.code(source.of, cells)
        if amount is None or of is None:
            return None
        return _Amount(of, amount, self.reader.text(source.uom, cells) if source.uom else "")

    def _full(self, name: str) -> str:
        prefix, found, rest = name.partition(":")
        return (
            self.mapping.context[prefix] + rest
            if found and prefix in self.mapping.context
            else name
        )

    def _try(self, row: Row, read: Callable[..., Any], *given: Any) -> Any:
        """Return what `read` makes of cells; None, with a finding, if it makes nothing of them."""
        try:
            return read(*given)
        except CellError as error:
            self.findings.add(error.code, row.line, error.detail, error.hint)
            return None


def make_events(
    sheet: Sheet,
    mapping: CsvMapping,
    *,
    party_of: PartyOf = lambda _text: None,
    latest: datetime | None = None,
) -> MadeEvents:
    """Return the events of a table.

    Args:
        sheet: The table.
        mapping: What its columns mean.
        party_of: What master data have for the name of a party.
        latest: No event may be later.

    Cost: about 50 us per row.
    """
    making = _Making(mapping, party_of, latest)
    missing = sorted(needed_columns(mapping) - set(sheet.columns))
    for column in missing:
        making.findings.add("csv_column_missing", 1, f"no column {column}", "Or: {Column?}")
    if not missing:
        for row in sheet.rows:
            making.add(row)
    events = tuple(MadeEvent(one.line, one.event()) for one in making.drafts.values())
    return MadeEvents(events, making.findings, len(sheet.rows), making.skipped)
